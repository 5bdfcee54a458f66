#include "property/second_evaluator.h"

#include <algorithm>

namespace zhida::test {

namespace {

constexpr std::int64_t kMillion = 1'000'000;
const SecondEvaluator::Whole kMost = INT64_MAX;

bool too_wide(const SecondEvaluator::Exact& number) {
  const SecondEvaluator::Whole size = abs(numerator(number));
  return size >> 126 != 0 || denominator(number) >> 126 != 0;
}

/// A code without the section letter that may stand before it.
std::string digits_of(const std::string& code) {
  return !code.empty() && std::isalpha(static_cast<unsigned char>(code[0])) ? code.substr(1) : code;
}

/// Of sections only "C" is ever asked for: divisions 13 to 43.
bool in_industry(const std::string& code, const std::string& above) {
  if (above != "C") return digits_of(code).starts_with(digits_of(above));
  if (code.empty()) return false;
  if (std::isalpha(static_cast<unsigned char>(code[0]))) return code[0] == 'C' || code[0] == 'c';
  return code.size() >= 2 && code.substr(0, 2) >= "13" && code.substr(0, 2) <= "43";
}

bool in_region(const std::string& code, std::string above) {
  while (above.size() > 2 && above.substr(above.size() - 2) == "00") above.erase(above.size() - 2);
  return code.compare(0, above.size(), above) == 0;
}

/// `养老、医疗` as `|养老|医疗|`.
std::string listed_codes(std::string text) {
  for (const char* separator : {"、", "，", "；", ",", ";"})
    for (auto at = text.find(separator); at != std::string::npos; at = text.find(separator))
      text.replace(at, std::string(separator).size(), "|");
  return "|" + text + "|";
}

Json as_json(const FieldData& data) {
  if (const auto* truth = std::get_if<bool>(&data)) return *truth;
  if (const auto* number = std::get_if<std::int64_t>(&data)) return *number;
  return zhida::to_text(data);
}

/// Which alternative of FieldData a type is.
std::size_t alternative(const std::string& type) {
  if (type == "bool") return 0;
  if (type == "int" || type == "money" || type == "rate") return 1;
  return type == "date" ? 3 : 2;
}

}  // namespace

int SecondEvaluator::validity() const {
  const auto today = day_.to_string();
  if (policy_.contains("valid_from") && today < policy_["valid_from"].get<std::string>()) return 0;
  if (policy_.contains("valid_to") && today > policy_["valid_to"].get<std::string>()) return 0;
  return 2;
}

std::optional<FieldData> SecondEvaluator::regional(const Json& datum) const {
  std::string best;
  std::optional<FieldData> out;
  for (const auto& [region, data] : datum["values"].items()) {
    if (!in_region(firm_.division, region)) continue;
    auto width = region;
    while (width.size() > 2 && width.substr(width.size() - 2) == "00") width.erase(width.size() - 2);
    if (out && width.size() <= best.size()) continue;
    best = width;
    out = data.is_number() ? FieldData(data.get<std::int64_t>()) : FieldData(data.get<std::string>());
  }
  return out;
}

std::optional<SecondEvaluator::Value> SecondEvaluator::value(const std::string& field) const {
  if (policy_.contains("region_data"))
    for (const auto& datum : policy_["region_data"])
      if (datum["name"] == field) {
        const auto data = regional(datum);
        return data ? std::optional(Value{*data, day_, "region"}) : std::nullopt;
      }
  const auto found = firm_.fields.find(field);
  const bool reported = found != firm_.fields.end() && found->second.value;
  if (policy_.contains("derived") && (!reported || field.starts_with("amount.")))
    for (const auto& derived : policy_["derived"]) {
      if (derived["name"] != field) continue;
      // A sum of fields, rounded to a whole number; as old as its oldest part.
      const auto formula = derived["formula"].get<std::string>();
      bool wide = false;
      const auto exact = formula_of(formula, wide);
      if (!exact) return std::nullopt;
      auto oldest = day_;
      for (const auto& [name, state] : firm_.fields)
        if (state.value && formula.find(name) != std::string::npos) oldest = std::min(oldest, state.value->as_of);
      const auto whole = rounded(*exact, derived["rounding"], 1);
      if (abs(whole) > kMost) return std::nullopt;
      return Value{FieldData(whole.convert_to<std::int64_t>()), oldest, "derived"};
    }
  if (!reported) return std::nullopt;
  return Value{found->second.value->data, found->second.value->as_of, found->second.value->source};
}

std::optional<std::int64_t> SecondEvaluator::number(const std::string& field) const {
  const auto found = value(field);
  const auto* whole = found ? std::get_if<std::int64_t>(&found->data) : nullptr;
  return whole == nullptr ? std::nullopt : std::optional(*whole);
}

std::optional<std::string> SecondEvaluator::text(const std::string& field) const {
  const auto found = value(field);
  const auto* words = found ? std::get_if<std::string>(&found->data) : nullptr;
  return words == nullptr ? std::nullopt : std::optional(*words);
}

int SecondEvaluator::node(const Json& clause, bool below_not) {
  int out = 0;
  if (clause.contains("all")) {
    out = 2;
    for (const auto& child : clause["all"]) out = std::min(out, node(child, below_not));
  } else if (clause.contains("any")) {
    for (const auto& child : clause["any"]) out = std::max(out, node(child, below_not));
  } else if (clause.contains("not")) {
    out = 2 - node(clause["not"][0], !below_not);
  } else {
    out = leaf(clause);
    if (clause.contains("id")) told[clause["id"]] = out;
    return out == 1 && !in_sum_ && clause["on_unknown"] == "fail" ? (below_not ? 2 : 0) : out;
  }
  if (clause.contains("id")) told[clause["id"]] = out;
  return out;
}

int SecondEvaluator::leaf(const Json& clause) const {
  const auto field = clause["field"].get<std::string>();
  if (clause["op"] != "first_time") return leaf_on(clause, field);
  return std::min(leaf_on(clause, field), leaf_on(clause, field + "_first_time"));
}

int SecondEvaluator::leaf_on(const Json& clause, const std::string& field) const {
  const auto op = clause["op"].get<std::string>();
  const auto found = value(field);
  if (!found || found->data.index() != alternative(clause["type"])) return 1;
  if (clause.contains("max_age_days") &&
      (day_.days() - found->as_of.days()).count() > clause["max_age_days"].get<std::int64_t>())
    return 1;
  if (clause.contains("sources")) {
    const auto& sources = clause["sources"];
    if (std::find(sources.begin(), sources.end(), found->source) == sources.end()) return 1;
  }
  if (op == "exists") return 2;
  const auto data = as_json(found->data);
  if (op == "is_true" || op == "listed" || op == "first_time") return data == true ? 2 : 0;
  if (op == "is_false" || op == "not_listed") return data == true ? 0 : 2;
  if (op == "not_received" || op == "no_event_within") {
    const auto months = clause.value("months", 0);
    const auto last = months == 0 ? std::string("1000-01-01") : day_.plus_months(-months).to_string();
    return data.get<std::string>() <= last ? 2 : 0;
  }
  // Days as ISO text and codes compare as text, everything else as numbers; JSON's own order does both.
  std::vector<Json> operands;
  if (clause.contains("operands"))
    for (const auto& operand : clause["operands"]) {
      if (!operand.is_object()) {
        operands.push_back(operand);
        continue;
      }
      std::optional<FieldData> datum;
      for (const auto& each : policy_["region_data"])
        if (each["name"] == operand["region_datum"]) datum = regional(each);
      if (!datum) return 1;
      operands.push_back(as_json(*datum));
    }
  const auto any = [&](const auto& holds) { return std::any_of(operands.begin(), operands.end(), holds); };
  const bool equal = any([&](const Json& operand) { return operand == data; });
  bool holds = false;
  if (op == "eq" || op == "in")
    holds = equal;
  else if (op == "not_in")
    holds = !equal;
  else if (op == "gt")
    holds = data > operands[0];
  else if (op == "gte" || op == "date_gte")
    holds = data >= operands[0];
  else if (op == "lt")
    holds = data < operands[0];
  else if (op == "lte")
    holds = data <= operands[0];
  else if (op == "between" || op == "date_between")
    holds = data >= operands[0] && data <= operands[1];
  else if (op == "industry_in")
    holds = any([&](const Json& operand) { return in_industry(data, operand); });
  else if (op == "region_in")
    holds = any([&](const Json& operand) { return in_region(data, operand); });
  else if (op == "any_of" || op == "all_of") {
    const auto codes = listed_codes(data);
    const auto has = [&](const Json& operand) {
      return codes.find("|" + operand.get<std::string>() + "|") != std::string::npos;
    };
    holds = op == "any_of" ? any(has) : std::all_of(operands.begin(), operands.end(), has);
  } else {
    throw std::logic_error("an operator that the second evaluator does not know: " + op);
  }
  return holds ? 2 : 0;
}

// Sums.

SecondEvaluator::Whole SecondEvaluator::rounded(const Exact& sum, const std::string& mode, const Whole& unit) const {
  const Whole below = denominator(sum) * unit;
  const Whole above = abs(numerator(sum));
  Whole units = above / below;
  const Whole rest = above % below;
  if ((mode == "up" && rest > 0) || (mode == "half_up" && 2 * rest >= below)) ++units;
  return numerator(sum) < 0 ? Whole(-units * unit) : Whole(units * unit);
}

/// A sum is made from numbers up to a limit, so that it can be written whatever multiplies it: the greatest 64-bit
/// number over the greatest factor, and a sixteenth of it where more happens to the sum.
SecondEvaluator::Whole SecondEvaluator::most_over(const Whole& factor) const {
  const auto& amount = policy_["amount"];
  const bool more = amount.contains("multipliers") || amount.contains("plus") ||
                    (amount.contains("rounding") && amount["rounding"]["unit_fen"] != 1);
  return kMost / (factor < 1 ? Whole(1) : factor) / (more ? 16 : 1);
}

std::optional<SecondEvaluator::Whole> SecondEvaluator::within(const std::string& field, const Whole& factor) const {
  const auto found = number(field);
  if (!found || *found < 0 || *found > most_over(factor)) return std::nullopt;
  return Whole(*found);
}

/// `(a + b)`, `min(a, b)`, a field, `3`, `2.5 %`, `5000 元`: the canonical form, as far as the dice write it.
std::optional<SecondEvaluator::Exact> SecondEvaluator::formula(std::string_view& rest, bool& wide) const {
  const auto take = [&](std::string_view word) {
    if (!rest.starts_with(word)) return false;
    rest.remove_prefix(word.size());
    return true;
  };
  const bool minimum = take("min("), maximum = !minimum && take("max(");
  if (minimum || maximum || take("(")) {
    const auto left = formula(rest, wide);
    std::string sign = ",";
    if (minimum || maximum) {
      take(", ");
    } else {
      sign = rest.substr(1, 1);
      rest.remove_prefix(3);
    }
    const auto right = formula(rest, wide);
    take(")");
    if (!left || !right) return std::nullopt;
    if (sign == "/" && *right == 0) return std::nullopt;
    const Exact out = minimum       ? std::min(*left, *right)
                      : maximum     ? std::max(*left, *right)
                      : sign == "+" ? Exact(*left + *right)
                      : sign == "-" ? Exact(*left - *right)
                      : sign == "*" ? Exact(*left * *right)
                                    : Exact(*left / *right);
    // Comparing takes the difference.
    wide = wide || too_wide(out) || ((minimum || maximum) && too_wide(*left - *right));
    return out;
  }
  const auto end = std::min(rest.find_first_of(",)"), rest.find(" + "));
  auto word = std::string(rest.substr(0, std::min({end, rest.find(" - "), rest.find(" * "), rest.find(" / ")})));
  rest.remove_prefix(word.size());
  if (!std::isdigit(static_cast<unsigned char>(word[0]))) {
    const auto found = number(word);
    if (!found) return std::nullopt;
    return word.find("rate") != std::string::npos ? Exact(*found, kMillion) : Exact(*found);
  }
  const auto blank = word.find(' ');
  const Exact digits(Whole(word.substr(0, blank)));
  return blank == std::string::npos ? digits : word.ends_with("%") ? Exact(digits / 100) : Exact(digits * 100);
}

std::optional<SecondEvaluator::Exact> SecondEvaluator::formula_of(const std::string& written, bool& wide) const {
  std::string_view rest = written;
  return formula(rest, wide);
}

/// Σ count × sum.
SecondEvaluator::Part SecondEvaluator::multiplied_count(const Json& rule) const {
  Part out;
  for (const auto& [code, field] : rule["counts"].items()) {
    const Whole each = rule["amounts_fen"][code].get<std::int64_t>();
    const auto count = within(field, (each < 1 ? Whole(1) : each) * rule["counts"].size());
    if (!count) return {1, 0};
    out.sum += Exact(*count * each);
  }
  return out;
}

SecondEvaluator::Part SecondEvaluator::rule(const Json& rule, bool& wide) {
  const auto family = rule["family"].get<std::string>();
  const auto whole = [&](const char* key) { return Whole(rule[key].get<std::int64_t>()); };
  const auto share = [&](const std::optional<Whole>& base, const Whole& ppm) {
    return base ? Part{2, Exact(*base * ppm, kMillion)} : Part{1, 0};
  };
  if (family == "fixed") return {2, Exact(whole("amount_fen"))};
  if (family == "ratio") {
    const auto base = within(rule["base"], 1);
    if (!rule.contains("by")) return share(base, whole("rate_ppm"));
    const auto code = text(rule["by"]);
    if (code && !rule["rates_ppm"].contains(*code)) return {0, 0};
    return code ? share(base, rule["rates_ppm"][*code].get<std::int64_t>()) : Part{1, 0};
  }
  if (family == "lookup" && !rule.contains("tiers")) {
    if (rule.contains("counts")) return multiplied_count(rule);
    const auto code = text(rule["by"]);
    if (!code) return {1, 0};
    if (!rule["amounts_fen"].contains(*code)) return {0, 0};
    return {2, Exact(rule["amounts_fen"][*code].get<std::int64_t>())};
  }
  if (family == "per_unit") {
    Whole each, most = kMost;
    if (rule.contains("unit_datum")) {
      const auto datum = within(rule["unit_datum"], whole("unit_factor") * 1'000'000'000);
      if (!datum) return {1, 0};
      each = *datum * whole("unit_factor");
      most = 1'000'000'000;
    } else {
      each = whole("unit_amount_fen");
    }
    std::optional<Whole> units;
    if (rule.contains("units_max") || rule.contains("unit_datum")) {
      const auto count = number(rule["count"]);
      if (rule.contains("units_max")) most = kMost;
      if (count && *count >= 0 && *count <= most) units = *count;
    } else {
      units = within(rule["count"], each);
    }
    if (!units) return {1, 0};
    if (rule.contains("units_max")) units = std::min(*units, whole("units_max"));
    return {2, Exact(*units * each)};
  }
  if (rule.contains("tiers")) {
    bool open = false;
    for (const auto& tier : rule["tiers"]) {
      const int verdict = node(tier["when"], false);
      open = open || verdict == 1;
      if (verdict != 2) continue;
      if (tier.contains("amount_fen")) return {2, Exact(tier["amount_fen"].get<std::int64_t>())};
      return share(within(rule["base"], 1), tier["rate_ppm"].get<std::int64_t>());
    }
    return {open ? 1 : 0, 0};
  }
  if (family == "bands") {
    const auto base = within(rule["base"], 1);
    if (!base) return {1, 0};
    Exact sum = 0;
    Whole from = 0;
    for (const auto& band : rule["bands"]) {
      const Whole to = band.contains("upto_fen") ? std::min(Whole(band["upto_fen"].get<std::int64_t>()), *base) : *base;
      if (to > from) sum += Exact((to - from) * band["rate_ppm"].get<std::int64_t>(), kMillion), from = to;
    }
    return {2, sum};
  }
  if (family == "formula") {
    const auto exact = formula_of(rule["formula"], wide);
    if (!exact || *exact < 0) return {1, 0};
    if (rounded(*exact, policy_["amount"]["rounding"]["mode"], 1) > most_over(1)) return {1, 0};
    return {2, *exact};
  }
  const auto months = [&]() -> std::optional<Whole> {
    const auto count = number(rule["months"]);
    if (!count || *count < 0 || *count > 1'200) return std::nullopt;
    return rule.contains("months_max") ? std::min(Whole(*count), whole("months_max")) : Whole(*count);
  };
  if (family == "actual_cost") {
    if (!rule.contains("months")) return share(within(rule["base"], 1), whole("rate_ppm"));
    const auto counted = months();
    auto out = share(within(rule["base"], 1'200), whole("rate_ppm"));
    if (!counted) return {1, 0};
    out.sum *= Exact(*counted);
    return out;
  }
  if (family == "interest") {
    auto principal = within(rule["principal"], 1'200);
    const auto counted = months();
    std::optional<std::int64_t> rate = 0;
    if (rule.contains("rate_field")) {
      rate = number(rule["rate_field"]);
      if (!rate || *rate < 0 || *rate > kMillion) return {1, 0};
    } else {
      rate = rule["rate_ppm"].get<std::int64_t>();
    }
    if (!principal || !counted) return {1, 0};
    if (rule.contains("principal_max_fen")) principal = std::min(*principal, whole("principal_max_fen"));
    return {2, Exact(*principal * *rate * whole("share_ppm") * *counted, Whole(12) * kMillion * kMillion)};
  }
  throw std::logic_error("an amount family that the second evaluator does not know: " + family);
}

SecondEvaluator::Sum SecondEvaluator::schedule(const Json& rule) const {
  Sum out;
  const auto& table = rule["amounts_fen"];
  const auto& rounding = policy_["amount"]["rounding"];
  const Whole advance = rounded(Exact(Whole(table[rule["advance_code"].get<std::string>()].get<std::int64_t>()) *
                                          rule["advance_rate_ppm"].get<std::int64_t>(),
                                      kMillion),
                                rounding["mode"], rounding["unit_fen"].get<std::int64_t>());
  out.total = advance;
  if (advance > 0) out.tranches.emplace_back("advance", advance);
  const auto code = text(rule["by"]);
  if (!code || !table.contains(*code)) return out;
  const Whole rest = Whole(table[*code].get<std::int64_t>()) - advance;
  if (rest <= 0) return out;
  out.total = advance + rest;
  out.tranches.emplace_back("settlement", rest);
  return out;
}

SecondEvaluator::Sum SecondEvaluator::stages(const Json& rule) {
  Sum out;
  out.total = 0;
  for (const auto& stage : rule["stages"]) {
    if (node(stage["when"], false) != 2) continue;
    const Whole fen = stage["amount_fen"].get<std::int64_t>();
    *out.total += fen;
    if (fen > 0) out.tranches.emplace_back(stage["id"], fen);
  }
  return out;
}

SecondEvaluator::Sum SecondEvaluator::amount() {
  in_sum_ = true;
  auto out = sum();
  in_sum_ = false;
  return out;
}

SecondEvaluator::Sum SecondEvaluator::sum() {
  const auto& amount = policy_["amount"];
  const auto family = amount["family"].get<std::string>();
  if (family == "relief" || family == "none") return {};
  if (family == "schedule") return amount.contains("stages") ? stages(amount) : schedule(amount);
  Sum out;
  auto main = rule(amount, out.wide);
  out.verdict = main.verdict;
  std::optional<Whole> most;
  if (amount.contains("cap_fen")) most = amount["cap_fen"].get<std::int64_t>();
  if (amount.contains("multipliers"))
    for (const auto& multiplier : amount["multipliers"]) {
      const int verdict = node(multiplier["when"], false);
      if (verdict == 0) continue;
      out.verdict = std::min(out.verdict, verdict);
      main.sum *= Exact(multiplier["factor_ppm"].get<std::int64_t>(), kMillion);
      out.wide = out.wide || too_wide(main.sum);
      if (multiplier.contains("cap_fen")) most = multiplier["cap_fen"].get<std::int64_t>();
      break;
    }
  if (amount.contains("plus"))
    for (const auto& part : amount["plus"]) {
      const auto more = rule(part, out.wide);
      if (more.verdict == 0 && part.value("optional", false)) continue;
      out.verdict = std::min(out.verdict, more.verdict);
      // Added over a common denominator before anything is reduced.
      out.wide = out.wide || too_wide(Exact(numerator(main.sum) * denominator(more.sum))) ||
                 too_wide(Exact(numerator(more.sum) * denominator(main.sum)));
      main.sum += more.sum;
    }
  const auto mode = amount["rounding"]["mode"].get<std::string>();
  const Whole unit = amount["rounding"]["unit_fen"].get<std::int64_t>();
  if (amount.contains("field_caps"))
    for (const auto& cap : amount["field_caps"]) {
      const auto rate = cap["rate_ppm"].get<std::int64_t>();
      const auto base = within(cap["field"], (rate + kMillion - 1) / kMillion);
      if (!base) {
        out.verdict = std::min(out.verdict, 1);
        continue;
      }
      const auto own = rounded(Exact(*base * rate, kMillion), "down", unit);
      if (!most || own < *most) most = own;
    }
  if (out.verdict != 2) return out;
  // What the text names is paid as it stands; what was reckoned is rounded once.
  const bool stated = (family == "fixed" || (family == "lookup" && amount.contains("by"))) &&
                      !amount.contains("multipliers") && !amount.contains("plus");
  Whole total = rounded(main.sum, mode, stated ? Whole(1) : unit);
  if (total > kMost) {
    out.verdict = 1;
    return out;
  }
  if (most && total > *most) total = *most;
  out.total = total;
  if (total > 0) out.tranches.emplace_back("whole", total);
  if (amount.contains("co_funding")) {
    Whole rest = total;
    for (const auto& funder : amount["co_funding"]) {
      out.shares.emplace_back(funder["payer"], total * funder["share_ppm"].get<std::int64_t>() / kMillion);
      rest -= out.shares.back().second;
    }
    out.shares.front().second += rest;
  }
  return out;
}

}  // namespace zhida::test
