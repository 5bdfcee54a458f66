#include "stages/matching/amount.h"

#include <algorithm>
#include <utility>

#include "stages/matching/amount_limits.h"
#include "stages/matching/evaluate.h"
#include "stages/matching/explain.h"

namespace zhida::matching {
namespace {

using namespace limits;

const char* kAmountText = "金额计算所需数据齐备";
constexpr std::int64_t kMillion = 1'000'000;

std::string percent(std::int64_t ppm) {
  return people_text(FieldData(ppm), FieldType::rate_ppm, "%");
}

std::string yuan(Money amount) {
  return people_text(FieldData(amount.fen()), FieldType::money_fen, "元");
}

std::string rounding_text(const Amount& amount) {
  const char* mode = amount.rounding == Rounding::down ? "舍去尾数"
                     : amount.rounding == Rounding::up ? "进位"
                                                       : "四舍五入";
  const auto unit = amount.rounding_unit_fen == 1 ? std::string("分") : yuan(Money::from_fen(amount.rounding_unit_fen));
  return std::string("，") + mode + "到" + unit;
}

/// One computation. Rules give the exact sum, or nothing once `unknown()` or `nothing_for()` told why.
class Computation {
 public:
  Computation(const Policy& policy, const Facts& facts) : policy_(policy), facts_(facts) {}

  AmountOutcome run() {
    const auto main = std::visit(*this, policy_.amount.rule);
    if (staged_) return std::move(out_);
    if (std::holds_alternative<ReliefAmount>(policy_.amount.rule) ||
        std::holds_alternative<NoAmount>(policy_.amount.rule))
      return std::move(out_);
    auto sum = main;
    std::optional<Money> cap = policy_.amount.cap;
    multiply(sum, cap);
    for (const auto& part : policy_.amount.parts) add(part, sum);
    std::optional<Money> ceiling = cap;
    for (const auto& field_cap : policy_.amount.field_caps) lower(field_cap, ceiling);
    if (!sum) out_of_range(first_field_);  // Unless somebody said why already: more than 128 bits on the way.
    if (out_.verdict != Verdict::met) return std::move(out_);
    const auto rounded = sum->rounded(policy_.amount.rounding, is_stated_sum() ? 1 : policy_.amount.rounding_unit_fen);
    if (!rounded || *rounded < 0) {
      out_of_range(first_field_);
      return std::move(out_);
    }
    whole(Money::from_fen(*rounded), ceiling);
    return std::move(out_);
  }

  /// A sum that the text names is paid as it stands: only what was computed is rounded.
  bool is_stated_sum() const {
    const auto& amount = policy_.amount;
    if (!amount.multipliers.empty() || !amount.parts.empty()) return false;
    const auto* lookup = std::get_if<LookupAmount>(&amount.rule);
    return std::holds_alternative<FixedAmount>(amount.rule) || (lookup != nullptr && lookup->counts.empty());
  }

  using Sum = std::optional<Fraction>;

  Sum operator()(const FixedAmount& rule) {
    trace("定额 " + yuan(rule.amount));
    return Fraction(rule.amount.fen());
  }

  Sum operator()(const RatioAmount& rule) {
    if (in_part_ && misses(rule)) return nothing_for(rule.by, "");
    const auto* base = number(rule.base);
    const std::string* code = rule.by.empty() ? nullptr : text(rule.by);
    auto rate = rule.rate_ppm;
    if (code != nullptr) {
      const auto found = rule.rates_ppm.find(*code);
      if (found == rule.rates_ppm.end()) return nothing_for(rule.by, *code);
      rate = found->second;
    }
    if (base == nullptr || (!rule.by.empty() && code == nullptr)) return std::nullopt;
    if (!within(*base, rule.base, 1)) return std::nullopt;
    trace(title(rule.base) + " " + yuan(Money::from_fen(*base)) + " × " + percent(rate) +
          (code != nullptr ? "（" + title(rule.by) + "：" + word(rule.by, *code) + "）" : "") +
          rounding_text(policy_.amount));
    return share(*base, rate);
  }

  Sum operator()(const LookupAmount& rule) {
    if (!rule.counts.empty()) return counted(rule);
    const auto* code = text(rule.by);
    if (code == nullptr) return std::nullopt;
    const auto found = rule.amounts.find(*code);
    if (found == rule.amounts.end()) return nothing_for(rule.by, *code);
    trace(title(rule.by) + "为 " + word(rule.by, *code) + "：" + yuan(found->second));
    return Fraction(found->second.fen());
  }

  Sum operator()(const PerUnitAmount& rule) {
    const auto* count = number(rule.count);
    auto unit = rule.unit_amount;
    bool known = true;
    if (!rule.unit_datum.empty()) {
      const auto* each = number(rule.unit_datum);
      known = each != nullptr && within(*each, rule.unit_datum, rule.unit_factor * kCountMost);
      if (known) unit = Money::from_fen(*each * rule.unit_factor);
    }
    if (count == nullptr || !known) return std::nullopt;
    if (*count < 0 || *count > count_max(policy_, rule)) return out_of_range(rule.count);
    const auto units = rule.units_max ? std::min(*count, *rule.units_max) : *count;
    trace(yuan(unit) + " × " + std::to_string(units) + "（" + title(rule.count) + " " + std::to_string(*count) +
          (rule.units_max ? "，最多计 " + std::to_string(*rule.units_max) : "") + "）");
    return Fraction(units).times(Fraction(unit.fen()));
  }

  // The advance needs no profile data, so an unknown code leaves it payable; only the settlement waits.
  Sum operator()(const ScheduleAmount& rule) {
    staged_ = true;
    const auto advance =
        rule.amounts.at(rule.advance_code)
            .times(rule.advance_rate_ppm, kMillion, policy_.amount.rounding, policy_.amount.rounding_unit_fen);
    if (!advance) {
      out_of_range(rule.by);
      return std::nullopt;
    }
    out_.trace = "先期兑付：按 " + word(rule.by, rule.advance_code) + " 类标准 " +
                 yuan(rule.amounts.at(rule.advance_code)) + " 的 " + percent(rule.advance_rate_ppm) + " 计 " +
                 yuan(advance.value());
    out_.total = advance.value();
    pay("advance", advance.value());
    const auto* state = facts_.find(rule.by);
    const std::string* code =
        state != nullptr && state->value ? std::get_if<std::string>(&state->value->data) : nullptr;
    if (code == nullptr) {
      out_.trace += "；" + title(rule.by) + "尚无可用数据，余款待其公布后兑付";
      return std::nullopt;
    }
    const auto found = rule.amounts.find(*code);
    if (found == rule.amounts.end()) {
      out_.trace += "；" + title(rule.by) + "为 " + word(rule.by, *code) + "，政策未列此类标准，无余款";
      return std::nullopt;
    }
    const auto rest = Money::from_fen(std::max<std::int64_t>(0, found->second.fen() - advance.value().fen()));
    out_.trace +=
        "；余款：" + word(rule.by, *code) + " 类标准 " + yuan(found->second) + " 减已先期兑付部分，计 " + yuan(rest);
    out_.total = Money::from_fen(advance.value().fen() + rest.fen());
    pay("settlement", rest);
    return std::nullopt;
  }

  // A stage whose condition is unknown waits; the others are payable all the same.
  Sum operator()(const StagesAmount& rule) {
    staged_ = true;
    std::int64_t total = 0;
    for (const auto& stage : rule.stages) {
      const auto verdict = evaluate_clause(stage.when, facts_, nullptr, Unknowns::stay);
      out_.trace += (out_.trace.empty() ? "" : "；") + stage.id + " " + yuan(stage.amount) +
                    (verdict == Verdict::met       ? "，条件符合"
                     : verdict == Verdict::unknown ? "，条件未知，暂不兑付"
                                                   : "，条件不符，不兑付");
      if (verdict != Verdict::met) continue;
      total += stage.amount.fen();
      pay(stage.id.c_str(), stage.amount);
    }
    out_.total = Money::from_fen(total);
    return std::nullopt;
  }

  Sum operator()(const ReliefAmount&) {
    out_.trace = "直接减免，无拨付金额";
    return std::nullopt;
  }
  Sum operator()(const NoAmount&) {
    out_.trace = "条款未载明金额";
    return std::nullopt;
  }

  Sum operator()(const TierAmount& rule) {
    const TierAmount::Tier* chosen = nullptr;
    bool open = false;
    std::vector<ClauseVerdict> told;
    for (const auto& tier : rule.tiers) {
      const auto verdict = evaluate_clause(tier.when, facts_, &told, Unknowns::stay);
      open = open || verdict == Verdict::unknown;
      if (verdict == Verdict::met && chosen == nullptr) chosen = &tier;
    }
    if (chosen == nullptr && !open) {
      for (const auto& part : told) remember(part);
      return nothing_for(clause().field, clause().value);
    }
    if (chosen == nullptr) {
      for (const auto& part : told)
        if (part.verdict == Verdict::unknown) unknown(part.field, part.unknown_reason);
      return std::nullopt;
    }
    for (const auto& part : told)
      if (part.verdict == Verdict::met) remember(part);
    if (chosen->amount) {
      trace("符合“" + chosen->when.text + "”：" + yuan(*chosen->amount));
      return Fraction(chosen->amount->fen());
    }
    const auto* base = number(rule.base);
    if (base == nullptr || !within(*base, rule.base, 1)) return std::nullopt;
    trace("符合“" + chosen->when.text + "”：" + title(rule.base) + " " + yuan(Money::from_fen(*base)) + " × " +
          percent(chosen->rate_ppm) + rounding_text(policy_.amount));
    return share(*base, chosen->rate_ppm);
  }

  Sum operator()(const BandsAmount& rule) {
    const auto* base = number(rule.base);
    if (base == nullptr || !within(*base, rule.base, 1)) return std::nullopt;
    Sum sum = Fraction(0);
    std::int64_t from = 0;
    std::string how;
    for (const auto& band : rule.bands) {
      const auto to = band.upto ? std::min(band.upto->fen(), *base) : *base;
      if (to <= from) break;
      if (sum) {
        const auto part = share(to - from, band.rate_ppm);
        sum = part ? sum->plus(*part) : std::nullopt;
      }
      how += (how.empty() ? "" : " + ") + yuan(Money::from_fen(to - from)) + " × " + percent(band.rate_ppm);
      from = to;
    }
    trace(title(rule.base) + " " + yuan(Money::from_fen(*base)) + " 分段计算：" + (how.empty() ? "0" : how) +
          rounding_text(policy_.amount));
    if (!sum) out_of_range(rule.base);
    return sum;
  }

  Sum operator()(const FormulaAmount& rule) {
    bool known = true;
    for (const auto& field : rule.formula.fields()) known = number(field) != nullptr && known;
    if (!known) return std::nullopt;
    const auto sum = rule.formula.evaluate([&](const std::string& field) { return std::optional(*number(field)); });
    // Like any input of a sum: small enough for whatever else happens to it.
    const auto whole = sum && !sum->negative() ? sum->rounded(policy_.amount.rounding) : std::nullopt;
    if (!whole || *whole > amount_input_max(policy_, 1)) {
      out_of_range(first_field_);
      return std::nullopt;
    }
    trace(rule.formula.text() + rounding_text(policy_.amount));
    return sum;
  }

  Sum operator()(const ActualCostAmount& rule) {
    const auto* base = number(rule.base);
    const bool monthly = !rule.months.empty();
    const auto* months = monthly ? number(rule.months) : nullptr;
    if (base == nullptr || (monthly && months == nullptr)) return std::nullopt;
    if (!within(*base, rule.base, monthly ? kMonthsMost : 1)) return std::nullopt;
    std::int64_t counted = 1;
    if (monthly) {
      if (*months < 0 || *months > kMonthsMost) return out_of_range(rule.months);
      counted = rule.months_max ? std::min(*months, *rule.months_max) : *months;
    }
    trace(title(rule.base) + " " + yuan(Money::from_fen(*base)) +
          (monthly ? "（每月）× " + std::to_string(counted) + " 个月" : "") +
          (rule.rate_ppm == kMillion ? "" : " × " + percent(rule.rate_ppm)) + rounding_text(policy_.amount));
    const auto part = share(*base, rule.rate_ppm);
    return part ? part->times(Fraction(counted)) : std::nullopt;
  }

  Sum operator()(const InterestAmount& rule) {
    const auto* principal = number(rule.principal);
    const auto* months = number(rule.months);
    const auto* own_rate = rule.rate_field.empty() ? nullptr : number(rule.rate_field);
    if (principal == nullptr || months == nullptr || (!rule.rate_field.empty() && own_rate == nullptr))
      return std::nullopt;
    if (!within(*principal, rule.principal, kMonthsMost)) return std::nullopt;
    if (*months < 0 || *months > kMonthsMost) return out_of_range(rule.months);
    const auto rate = own_rate == nullptr ? rule.rate_ppm : *own_rate;
    if (rate < 0 || rate > kMillion) return out_of_range(rule.rate_field);
    const auto counted_principal = rule.principal_max ? std::min(*principal, rule.principal_max->fen()) : *principal;
    const auto counted_months = rule.months_max ? std::min(*months, *rule.months_max) : *months;
    trace(title(rule.principal) + " " + yuan(Money::from_fen(counted_principal)) + " × 年利率 " + percent(rate) +
          (rule.share_ppm == kMillion ? "" : " × " + percent(rule.share_ppm)) + " × " + std::to_string(counted_months) +
          "/12" + rounding_text(policy_.amount));
    auto sum = share(counted_principal, rate);
    const auto time = Fraction::of(Wide{counted_months} * rule.share_ppm, Wide{12} * kMillion);
    return sum && time ? sum->times(*time) : std::nullopt;
  }

 private:
  Sum counted(const LookupAmount& rule) {
    Sum sum = Fraction(0);
    std::string how;
    for (const auto& [code, field] : rule.counts) {
      const auto* count = number(field);
      const auto each = rule.amounts.at(code);
      const bool fits = count != nullptr && *count >= 0 && *count <= count_max(policy_, rule, each);
      if (count != nullptr && !fits) out_of_range(field);
      if (fits && sum) {
        const auto part = Fraction(*count).times(Fraction(each.fen()));
        sum = part ? sum->plus(*part) : std::nullopt;
        how += (how.empty() ? "" : " + ") + yuan(each) + " × " + std::to_string(*count) + "（" + code + "）";
      } else {
        sum.reset();
      }
    }
    if (sum) trace(how);
    return sum;
  }

  void multiply(Sum& sum, std::optional<Money>& cap) {
    for (const auto& multiplier : policy_.amount.multipliers) {
      std::vector<ClauseVerdict> told;
      const auto verdict = evaluate_clause(multiplier.when, facts_, &told, Unknowns::stay);
      if (verdict == Verdict::unknown) {
        for (const auto& part : told)
          if (part.verdict == Verdict::unknown) return unknown(part.field, part.unknown_reason);
        return unknown("", "missing");
      }
      if (verdict == Verdict::not_met) continue;
      if (sum) sum = sum->times(*Fraction::of(multiplier.factor_ppm, kMillion));
      if (multiplier.cap) cap = multiplier.cap;
      out_.trace += "，“" + multiplier.when.text + "”按 " + percent(multiplier.factor_ppm) + " 计";
      return;
    }
  }

  void add(const AmountPart& part, Sum& sum) {
    in_part_ = part.optional;
    part_missed_ = false;
    const auto before = std::exchange(out_.trace, "");
    const auto more = std::visit(*this, part.rule);
    in_part_ = false;
    out_.trace = before + (out_.trace.empty() ? "" : " + " + out_.trace);
    if (part_missed_) return;
    if (sum) sum = more ? sum->plus(*more) : std::nullopt;
  }

  void lower(const FieldCap& cap, std::optional<Money>& ceiling) {
    const auto* base = number(cap.field);
    if (base == nullptr || !within(*base, cap.field, cap_factor(cap))) return;
    const auto most =
        Money::from_fen(*base).times(cap.rate_ppm, kMillion, Rounding::down, policy_.amount.rounding_unit_fen);
    if (!most) return void(out_of_range(cap.field));
    if (!ceiling || most.value() < *ceiling) ceiling = most.value();
  }

  static Sum share(std::int64_t base, std::int64_t rate_ppm) {
    return Fraction(base).times(*Fraction::of(rate_ppm, kMillion));
  }

  bool within(std::int64_t value, const std::string& field, std::int64_t factor) {
    if (value >= 0 && value <= amount_input_max(policy_, factor)) return true;
    out_of_range(field);
    return false;
  }

  void trace(std::string text) {
    if (text.empty()) return;
    out_.trace = std::move(text);
  }

  ClauseVerdict& clause() {
    if (!out_.clause) {
      out_.clause.emplace();
      out_.clause->id = "amount";
      out_.clause->text = kAmountText;
      out_.clause->verdict = Verdict::met;
    }
    return *out_.clause;
  }

  void unknown(const std::string& field, const std::string& reason) {
    auto& told = clause();
    if (out_.verdict != Verdict::met) return;  // The first input that is unknown is named; a plain no stands.
    told.verdict = out_.verdict = Verdict::unknown;
    told.field = field;
    told.value.clear();
    told.unknown_reason = reason;
  }

  Sum out_of_range(const std::string& field) {
    unknown(field, "out_of_range");
    return std::nullopt;
  }

  Sum nothing_for(const std::string& field, const std::string& value) {
    if (in_part_) {
      part_missed_ = true;
      return std::nullopt;
    }
    auto& told = clause();
    told.verdict = out_.verdict = Verdict::not_met;
    told.field = field;
    told.value = value;
    told.unknown_reason.clear();
    told.text = "政策对该类企业列有标准";
    return std::nullopt;
  }

  /// Of an optional part: a code that it does not name needs no base.
  bool misses(const RatioAmount& rule) const {
    const auto* state = rule.by.empty() ? nullptr : facts_.find(rule.by);
    const auto* code = state != nullptr && state->value ? std::get_if<std::string>(&state->value->data) : nullptr;
    return code != nullptr && !rule.rates_ppm.contains(*code);
  }

  /// The first value that was used is shown with the amount.
  void remember(const ClauseVerdict& part) {
    auto& told = clause();
    if (!told.field.empty() || part.field.empty()) return;
    told.field = part.field;
    told.value = part.value;
    told.source = part.source;
    told.as_of = part.as_of;
  }

  const FieldData* data(const std::string& field) {
    if (first_field_.empty()) first_field_ = field;
    const auto* state = facts_.find(field);
    if (state != nullptr && state->value) {
      auto& told = clause();
      if (told.field.empty()) {
        told.field = field;
        told.value = zhida::to_text(state->value->data);
        told.source = state->value->source;
        told.as_of = state->value->as_of.to_string();
      }
      return &state->value->data;
    }
    const auto reason = state == nullptr ? UnknownReason::missing : state->reason;
    unknown(field, zhida::to_text(reason));
    return nullptr;
  }

  template <class Value>
  const Value* read(const std::string& field) {
    const auto* found = data(field);
    if (found == nullptr) return nullptr;
    const auto* value = std::get_if<Value>(found);
    if (value == nullptr) unknown(field, "wrong_type");
    return value;
  }
  const std::int64_t* number(const std::string& field) { return read<std::int64_t>(field); }
  const std::string* text(const std::string& field) { return read<std::string>(field); }

  std::string title(const std::string& field) const {
    const auto found = policy_.titles.find(field);
    return found == policy_.titles.end() ? field : found->second;
  }

  std::string word(const std::string& field, const std::string& code) const { return code_text(policy_, field, code); }

  void pay(const char* tranche, Money amount) {
    // Nothing of a relief is paid: the sum says what it is worth.
    if (policy_.handling.channel == Channel::relief) return;
    if (amount > Money{}) out_.tranches.push_back({tranche, amount});
  }

  void whole(Money amount, const std::optional<Money>& ceiling) {
    if (ceiling && amount > *ceiling) {
      amount = *ceiling;
      out_.trace += "，封顶 " + yuan(amount);
    }
    out_.total = amount;
    pay("whole", amount);
    divide(amount);
  }

  void divide(Money amount) {
    out_.shares = split_by_payers(policy_.amount.co_funding, amount);
    if (out_.shares.empty()) return;
    out_.trace += "；分担：";
    const char* comma = "";
    for (const auto& share_of : out_.shares)
      out_.trace += std::exchange(comma, "，") + share_of.payer + " " + yuan(share_of.amount);
  }

  const Policy& policy_;
  const Facts& facts_;
  AmountOutcome out_;
  std::string first_field_;
  bool staged_ = false, in_part_ = false, part_missed_ = false;
};

}  // namespace

std::vector<PayerShare> split_by_payers(std::span<const CoFunder> payers, Money amount) {
  std::vector<PayerShare> out;
  auto rest = amount.fen();
  for (const auto& payer : payers) {
    const auto part = amount.times(payer.share_ppm, kMillion, Rounding::down);
    const auto fen = part ? part.value().fen() : 0;
    rest -= fen;
    out.push_back({payer.payer, Money::from_fen(fen)});
  }
  if (!out.empty()) out.front().amount = Money::from_fen(out.front().amount.fen() + rest);
  return out;
}

AmountOutcome compute_amount(const Policy& policy, const Facts& facts) {
  auto out = Computation(policy, facts).run();
  if (out.verdict != Verdict::met) {
    out.total.reset();
    out.tranches.clear();
    out.trace.clear();
    out.shares.clear();
  }
  return out;
}

AmountOutcome compute_amount(const Policy& policy, const EnterpriseProfile& profile) {
  return compute_amount(policy, Facts(policy, profile, profile.as_of));
}

}  // namespace zhida::matching
