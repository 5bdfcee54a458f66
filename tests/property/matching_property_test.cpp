// Random conditions, amounts and profiles: evaluate() against a second evaluator that was written differently on
// purpose. It reads the published JSON form instead of the Policy, and computes with numbers instead of verdicts.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <random>

#include "base/json.h"
#include "stages/matching/evaluate.h"

namespace zhida::matching {
namespace {

__extension__ typedef __int128 Wide;

constexpr int kFields = 6;  // Of each type; few, so that clauses meet the same field again.

const char* const kCodes[] = {"A", "B", "C34", "3411", "3511", "330502", "330503", "330602", "330500"};

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::int64_t below(std::int64_t limit) { return std::uniform_int_distribution<std::int64_t>(0, limit - 1)(random_); }
  bool chance(int percent) { return below(100) < percent; }

  FieldData data(FieldType type) {
    switch (type) {
      case FieldType::boolean:
        return chance(50);
      case FieldType::date:
        return Date::parse("2025-01-01").value().plus_days(static_cast<int>(below(6)));
      case FieldType::code:
      case FieldType::text:
        return std::string(kCodes[below(std::size(kCodes))]);
      default:
        return below(8) - 1;
    }
  }

  FieldType type() {
    constexpr FieldType kTypes[] = {FieldType::boolean,  FieldType::integer, FieldType::money_fen,
                                    FieldType::rate_ppm, FieldType::date,    FieldType::code};
    return kTypes[below(std::size(kTypes))];
  }

  static std::string field_of(FieldType type, std::int64_t number) {
    return std::string(zhida::to_text(type)) + "." + std::to_string(number);
  }

  Clause condition() {
    Clause out;
    out.id = "c" + std::to_string(++ids_);
    out.text = "条件";
    out.type = type();
    out.field = field_of(out.type, below(kFields));
    std::vector<Operator> suited = {Operator::eq, Operator::exists};
    if (out.type == FieldType::boolean)
      suited = {Operator::eq,     Operator::exists,     Operator::is_true,   Operator::is_false,
                Operator::listed, Operator::not_listed, Operator::first_time};
    else if (out.type == FieldType::code)
      suited = {Operator::eq,     Operator::exists,      Operator::in,
                Operator::not_in, Operator::industry_in, Operator::region_in};
    else
      suited = {Operator::eq, Operator::gt, Operator::gte, Operator::lt, Operator::lte, Operator::between};
    if (out.type == FieldType::date) suited = {Operator::date_gte, Operator::date_between, Operator::lt};
    out.op = suited[static_cast<std::size_t>(below(static_cast<std::int64_t>(suited.size())))];
    switch (out.op) {
      case Operator::between:
      case Operator::date_between: {
        auto from = data(out.type), to = data(out.type);
        if (to < from) std::swap(from, to);
        out.operands = {from, to};
        break;
      }
      case Operator::in:
      case Operator::not_in:
        for (std::int64_t i = below(3); i >= 0; --i) out.operands.push_back(data(out.type));
        break;
      case Operator::industry_in:
        out.operands = {std::string(chance(50) ? "C" : "34")};
        break;
      case Operator::region_in:
        out.operands = {std::string(chance(50) ? "330500" : "330502")};
        break;
      case Operator::is_true:
      case Operator::is_false:
      case Operator::exists:
      case Operator::listed:
      case Operator::not_listed:
      case Operator::first_time:
        break;
      default:
        out.operands = {data(out.type)};
    }
    if (chance(10)) out.on_unknown = OnUnknown::fail;
    if (chance(10)) out.max_age_days = 10;
    return out;
  }

  Clause tree(int depth) {
    if (depth == 0 || chance(35)) return condition();
    Clause out;
    if (chance(50)) out.id = "g" + std::to_string(++ids_);
    const auto kind = below(5);
    out.kind = kind < 2 ? Clause::Kind::all : kind < 4 ? Clause::Kind::any : Clause::Kind::negation;
    const auto children = out.kind == Clause::Kind::negation ? 1 : 1 + below(4);
    for (std::int64_t i = 0; i < children; ++i) out.children.push_back(tree(depth - 1));
    return out;
  }

  std::int64_t large() {
    return chance(10) ? INT64_MAX - below(1000) : below(chance(50) ? 1000 : 1'000'000'000'000) - 5;
  }

  Amount amount() {
    Amount out;
    const auto code = field_of(FieldType::code, below(kFields));
    const auto sums = [&] {
      std::map<std::string, Money> table;
      for (const char* key : {"A", "B", "C34"}) table[key] = Money::from_fen(below(100'000'000));
      return table;
    };
    switch (below(6)) {
      case 0:
        out.rule = FixedAmount{Money::from_fen(below(1'000'000))};
        break;
      case 1:
        out.rule = RatioAmount{"big.base", below(1'000'001), "", {}};
        break;
      case 2:
        out.rule = RatioAmount{"big.base", 0, code, {{"A", below(1'000'001)}, {"B", below(1'000'001)}}};
        break;
      case 3:
        out.rule = LookupAmount{code, sums()};
        break;
      case 4:
        out.rule = PerUnitAmount{"big.base", Money::from_fen(below(1'000'000)),
                                 chance(50) ? std::optional<std::int64_t>(1 + below(5)) : std::nullopt};
        break;
      default:
        out.rule = ScheduleAmount{code, sums(), "A", below(1'000'001)};
    }
    if (!std::holds_alternative<ScheduleAmount>(out.rule) && chance(30)) out.cap = Money::from_fen(below(10'000'000));
    out.rounding = chance(33) ? Rounding::down : chance(50) ? Rounding::up : Rounding::half_up;
    constexpr std::int64_t kUnits[] = {1, 10, 100};
    out.rounding_unit_fen = kUnits[below(3)];
    return out;
  }

  Policy policy() {
    Policy out;
    out.id = PolicyId("P");
    out.when = tree(4);
    out.amount = amount();
    if (chance(20)) out.valid_from = Date::parse("2025-10-30").value().plus_days(static_cast<int>(below(8)));
    if (chance(20)) out.valid_to = Date::parse("2025-10-30").value().plus_days(static_cast<int>(below(8)));
    finish(out);
    return out;
  }

  FieldState state(FieldData data) {
    FieldState out;
    if (chance(25)) {
      out.reason = chance(33) ? UnknownReason::missing : chance(50) ? UnknownReason::stale : UnknownReason::conflict;
      return out;
    }
    ProfileValue value;
    value.data = std::move(data);
    value.as_of = Date::parse("2025-10-20").value().plus_days(static_cast<int>(below(14)));
    out.value = std::move(value);
    return out;
  }

  EnterpriseProfile profile() {
    EnterpriseProfile out;
    out.uscc = "U";
    for (const auto type : {FieldType::boolean, FieldType::integer, FieldType::money_fen, FieldType::rate_ppm,
                            FieldType::date, FieldType::code})
      for (std::int64_t i = 0; i < kFields; ++i) {
        if (!chance(15)) out.fields[field_of(type, i)] = state(data(type));
        if (type == FieldType::boolean && !chance(15))
          out.fields[field_of(type, i) + "_first_time"] = state(chance(50));
      }
    if (!chance(10)) out.fields["big.base"] = state(large());
    return out;
  }

 private:
  std::mt19937_64 random_;
  int ids_ = 0;
};

// The second evaluator. 0 not met, 1 unknown, 2 met: and is min, or is max, not is 2 - x.
class Naive {
 public:
  Naive(const Json& policy, const EnterpriseProfile& firm, Date day) : policy_(policy), firm_(firm), day_(day) {}

  int conditions() { return node(policy_["when"], false); }

  int validity() const {
    const auto today = day_.to_string();
    if (policy_.contains("valid_from") && today < policy_["valid_from"].get<std::string>()) return 0;
    if (policy_.contains("valid_to") && today > policy_["valid_to"].get<std::string>()) return 0;
    return 2;
  }

  /// Verdict of the amount and, when met, the sum.
  std::pair<int, Wide> amount() {
    const auto& rule = policy_["amount"];
    const auto family = rule["family"].get<std::string>();
    const Wide cap = rule.contains("cap_fen") ? Wide(rule["cap_fen"].get<std::int64_t>()) : Wide(INT64_MAX);
    const auto capped = [&](Wide sum) { return sum > cap ? cap : sum; };
    if (family == "fixed") return {2, capped(rule["amount_fen"].get<std::int64_t>())};
    const auto* code = rule.contains("by") ? value(rule["by"], 0) : nullptr;
    if (family == "lookup") {
      if (code == nullptr) return {1, 0};
      const auto key = std::get<std::string>(*code);
      if (!rule["amounts_fen"].contains(key)) return {0, 0};
      return {2, capped(rule["amounts_fen"][key].get<std::int64_t>())};
    }
    if (family == "schedule") {
      const auto& table = rule["amounts_fen"];
      const Wide advance = rounded(Wide(table[rule["advance_code"].get<std::string>()].get<std::int64_t>()) *
                                   rule["advance_rate_ppm"].get<std::int64_t>());
      if (code == nullptr || !table.contains(std::get<std::string>(*code))) return {2, advance};
      const Wide full = table[std::get<std::string>(*code)].get<std::int64_t>();
      return {2, full > advance ? full : advance};
    }
    const auto* base = value("big.base", 0);
    if (family == "per_unit") {
      if (base == nullptr || std::get<std::int64_t>(*base) < 0) return {1, 0};
      Wide units = std::get<std::int64_t>(*base);
      if (!rule.contains("units_max") && units > most(rule["unit_amount_fen"].get<std::int64_t>())) return {1, 0};
      if (rule.contains("units_max")) units = std::min<Wide>(units, rule["units_max"].get<std::int64_t>());
      const Wide sum = rounded(units * rule["unit_amount_fen"].get<std::int64_t>() * 1'000'000);
      return sum > INT64_MAX ? std::pair<int, Wide>{1, 0} : std::pair<int, Wide>{2, capped(sum)};
    }
    std::int64_t ppm = 0;
    if (rule.contains("by")) {
      if (code != nullptr && !rule["rates_ppm"].contains(std::get<std::string>(*code))) return {0, 0};
      if (code == nullptr) return {1, 0};
      ppm = rule["rates_ppm"][std::get<std::string>(*code)].get<std::int64_t>();
    } else {
      ppm = rule["rate_ppm"].get<std::int64_t>();
    }
    if (base == nullptr || std::get<std::int64_t>(*base) < 0 || std::get<std::int64_t>(*base) > most(1)) return {1, 0};
    const Wide sum = rounded(Wide(std::get<std::int64_t>(*base)) * ppm);
    return sum > INT64_MAX ? std::pair<int, Wide>{1, 0} : std::pair<int, Wide>{2, capped(sum)};
  }

  std::map<std::string, int> told;  // Clause id → verdict, before on_unknown.

 private:
  const FieldData* value(const std::string& field, int max_age) const {
    const auto found = firm_.fields.find(field);
    if (found == firm_.fields.end() || !found->second.value) return nullptr;
    if (max_age > 0 && day_.days() - found->second.value->as_of.days() > std::chrono::days(max_age)) return nullptr;
    return &found->second.value->data;
  }

  /// What a sum is multiplied from may be so great; a sixteenth where it is rounded to more than a fen. Beyond is
  /// unknown.
  Wide most(std::int64_t factor) const {
    const auto& rule = policy_["amount"];
    const bool plain = !rule.contains("rounding") || rule["rounding"]["unit_fen"] == 1;
    return INT64_MAX / std::max<std::int64_t>(1, factor) / (plain ? 1 : 16);
  }

  /// Millionths of fen to whole fen, not negative, to a multiple of the unit.
  Wide rounded(Wide millionths) const {
    if (!policy_["amount"].contains("rounding")) return millionths / 1'000'000;
    const Wide unit = Wide(1'000'000) * policy_["amount"]["rounding"]["unit_fen"].get<std::int64_t>();
    const auto mode = policy_["amount"]["rounding"]["mode"].get<std::string>();
    const Wide plus = mode == "down" ? Wide(0) : mode == "up" ? unit - 1 : unit / 2;
    return (millionths + plus) / unit * (unit / 1'000'000);
  }

  int node(const Json& clause, bool below_not) {
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
      told[clause["id"]] = out;
      if (out == 1 && clause["on_unknown"] == "fail") return below_not ? 2 : 0;
      return out;
    }
    if (clause.contains("id")) told[clause["id"]] = out;
    return out;
  }

  int leaf(const Json& clause) const {
    const auto op = clause["op"].get<std::string>();
    const auto field = clause["field"].get<std::string>();
    const int max_age = clause.value("max_age_days", 0);
    const auto* data = value(field, max_age);
    const auto truth = [](const FieldData* v) { return v == nullptr ? 1 : std::get<bool>(*v) ? 2 : 0; };
    if (op == "first_time") return std::min(truth(data), truth(value(field + "_first_time", max_age)));
    if (data == nullptr) return 1;
    if (op == "exists") return 2;
    if (op == "is_true" || op == "listed") return truth(data);
    if (op == "is_false" || op == "not_listed") return 2 - truth(data);
    // Days as ISO text and codes compare as text, everything else as numbers.
    std::vector<int> order;  // Of the value beside each operand: -1, 0, 1.
    bool prefix = false;
    for (const auto& operand : clause["operands"]) {
      if (operand.is_number()) {
        const auto left = std::get<std::int64_t>(*data), right = operand.get<std::int64_t>();
        order.push_back(left < right ? -1 : left > right ? 1 : 0);
      } else if (operand.is_boolean()) {
        order.push_back(std::get<bool>(*data) == operand.get<bool>() ? 0 : 1);
      } else {
        const auto left = zhida::to_text(*data), right = operand.get<std::string>();
        order.push_back(left < right ? -1 : left > right ? 1 : 0);
        // Of the codes in use, "C34", "3411" and "3511" are manufacturing (as are regions, read as industry codes).
        if (op == "industry_in" && right == "C") prefix = prefix || left == "C34" || left.starts_with("3");
        if (op == "industry_in" && right == "34") prefix = prefix || left == "C34" || left.starts_with("34");
        if (op == "region_in") prefix = prefix || left.starts_with(right == "330500" ? "3305" : "330502");
      }
    }
    const bool equal = std::ranges::count(order, 0) > 0;
    const int first = order.front(), last = order.back();
    const bool holds = op == "eq" || op == "in"                  ? equal
                       : op == "not_in"                          ? !equal
                       : op == "gt"                              ? first > 0
                       : op == "gte" || op == "date_gte"         ? first >= 0
                       : op == "lt"                              ? first < 0
                       : op == "lte"                             ? first <= 0
                       : op == "between" || op == "date_between" ? first >= 0 && last <= 0
                                                                 : prefix;
    return holds ? 2 : 0;
  }

  const Json& policy_;
  const EnterpriseProfile& firm_;
  Date day_;
};

Verdict verdict_of(int value) {
  return value == 0 ? Verdict::not_met : value == 1 ? Verdict::unknown : Verdict::met;
}

}  // namespace

BOOST_AUTO_TEST_CASE(two_evaluators_that_know_nothing_of_each_other_agree) {
  const char* given = std::getenv("ZHIDA_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  const char* rounds_given = std::getenv("ZHIDA_ROUNDS");
  const int rounds = rounds_given != nullptr ? std::atoi(rounds_given) : 600;
  BOOST_TEST_MESSAGE("ZHIDA_SEED=" << seed);
  Generator generator(seed);
  const auto day = Date::parse("2025-11-03").value();
  std::int64_t pairs = 0, verdicts[3] = {0, 0, 0};
  for (int round = 0; round < rounds; ++round) {
    const auto policy = generator.policy();
    const auto json = to_json(policy);
    for (int i = 0; i < 20; ++i, ++pairs) {
      const auto firm = generator.profile();
      const auto ours = evaluate(policy, firm, day);
      Naive naive(json, firm, day);
      const auto [amount_verdict, sum] = naive.amount();
      const int expected = std::min({naive.conditions(), naive.validity(), amount_verdict});
      ++verdicts[expected];
      bool agree = ours.verdict == verdict_of(expected);
      for (const auto& clause : ours.clauses) {
        const auto told = naive.told.find(clause.id);
        if (told != naive.told.end()) agree = agree && clause.verdict == verdict_of(told->second);
        if (clause.id == "amount") agree = agree && clause.verdict == verdict_of(amount_verdict);
      }
      agree = agree && ours.amount.has_value() == (expected == 2);
      if (ours.amount) {
        Wide parts = 0;
        for (const auto& tranche : ours.tranches) parts += tranche.amount.fen();
        agree = agree && ours.amount->fen() == sum && parts == sum;
      }
      BOOST_REQUIRE_MESSAGE(agree, "ZHIDA_SEED=" << seed << " round " << round << ": " << to_text(ours.verdict) << " "
                                                 << (ours.amount ? ours.amount->fen() : -1) << " fen, expected "
                                                 << expected << " " << static_cast<std::int64_t>(sum)
                                                 << " fen: " << json.dump());
    }
  }
  BOOST_TEST_MESSAGE(pairs << " pairs: " << verdicts[2] << " met, " << verdicts[0] << " not met, " << verdicts[1]
                           << " unknown");
  if (rounds >= 100)
    for (const auto count : verdicts) BOOST_TEST(count * 20 > pairs);  // The dice do reach all three.
}

}  // namespace zhida::matching
