#include "stages/matching/amount.h"

#include <algorithm>
#include <utility>

#include "stages/matching/explain.h"

namespace zhida::matching {
namespace {

const char* kAmountText = "金额计算所需数据齐备";

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

class Computation {
 public:
  Computation(const Policy& policy, const EnterpriseProfile& profile) : policy_(policy), profile_(profile) {}

  AmountOutcome take() { return std::move(out_); }

  void operator()(const FixedAmount& rule) { whole(rule.amount, "定额 " + yuan(rule.amount)); }

  void operator()(const RatioAmount& rule) {
    const auto* base = number(rule.base);
    const std::string* code = rule.by.empty() ? nullptr : text(rule.by);
    auto rate = rule.rate_ppm;
    if (code != nullptr) {
      const auto found = rule.rates_ppm.find(*code);
      if (found == rule.rates_ppm.end()) return nothing_for(rule.by, *code);
      rate = found->second;
    }
    if (base == nullptr || (!rule.by.empty() && code == nullptr)) return;
    if (*base < 0) return out_of_range(rule.base);
    const auto sum =
        Money::from_fen(*base).times(rate, 1'000'000, policy_.amount.rounding, policy_.amount.rounding_unit_fen);
    if (!sum) return out_of_range(rule.base);
    whole(sum.value(), title(rule.base) + " " + yuan(Money::from_fen(*base)) + " × " + percent(rate) +
                           (code != nullptr ? "（" + title(rule.by) + "：" + *code + "）" : "") +
                           rounding_text(policy_.amount));
  }

  void operator()(const LookupAmount& rule) {
    const auto* code = text(rule.by);
    if (code == nullptr) return;
    const auto found = rule.amounts.find(*code);
    if (found == rule.amounts.end()) return nothing_for(rule.by, *code);
    whole(found->second, title(rule.by) + "为 " + *code + "：" + yuan(found->second));
  }

  void operator()(const PerUnitAmount& rule) {
    const auto* count = number(rule.count);
    if (count == nullptr) return;
    if (*count < 0) return out_of_range(rule.count);
    const auto units = rule.units_max ? std::min(*count, *rule.units_max) : *count;
    const auto sum = rule.unit_amount.times(units, 1, policy_.amount.rounding, policy_.amount.rounding_unit_fen);
    if (!sum) return out_of_range(rule.count);
    whole(sum.value(), yuan(rule.unit_amount) + " × " + std::to_string(units) + "（" + title(rule.count) + " " +
                           std::to_string(*count) +
                           (rule.units_max ? "，最多计 " + std::to_string(*rule.units_max) : "") + "）");
  }

  // The advance needs no profile data, so an unknown code leaves it payable; only the settlement waits.
  void operator()(const ScheduleAmount& rule) {
    const auto advance =
        rule.amounts.at(rule.advance_code)
            .times(rule.advance_rate_ppm, 1'000'000, policy_.amount.rounding, policy_.amount.rounding_unit_fen);
    if (!advance) return out_of_range(rule.by);
    out_.trace = "先期兑付：按 " + rule.advance_code + " 类标准 " + yuan(rule.amounts.at(rule.advance_code)) + " 的 " +
                 percent(rule.advance_rate_ppm) + " 计 " + yuan(advance.value());
    out_.total = advance.value();
    pay("advance", advance.value());
    const auto* state = profile_.find(rule.by);
    const std::string* code =
        state != nullptr && state->value ? std::get_if<std::string>(&state->value->data) : nullptr;
    if (code == nullptr) {
      out_.trace += "；" + title(rule.by) + "尚无可用数据，余款待其公布后兑付";
      return;
    }
    const auto found = rule.amounts.find(*code);
    if (found == rule.amounts.end()) {
      out_.trace += "；" + title(rule.by) + "为 " + *code + "，政策未列此类标准，无余款";
      return;
    }
    const auto rest = Money::from_fen(std::max<std::int64_t>(0, found->second.fen() - advance.value().fen()));
    out_.trace += "；余款：" + *code + " 类标准 " + yuan(found->second) + " 减已先期兑付部分，计 " + yuan(rest);
    out_.total = Money::from_fen(advance.value().fen() + rest.fen());
    pay("settlement", rest);
  }

  void operator()(const ReliefAmount&) { out_.trace = "直接减免，无拨付金额"; }

 private:
  ClauseVerdict& clause() {
    if (!out_.clause) {
      out_.clause.emplace();
      out_.clause->id = "amount";
      out_.clause->text = kAmountText;
      out_.clause->verdict = Verdict::met;
    }
    return *out_.clause;
  }

  void unknown(const std::string& field, const char* reason) {
    auto& told = clause();
    if (told.verdict == Verdict::unknown) return;  // The first input that is unknown is named.
    told.verdict = out_.verdict = Verdict::unknown;
    told.field = field;
    told.value.clear();
    told.unknown_reason = reason;
  }

  void out_of_range(const std::string& field) { unknown(field, "out_of_range"); }

  void nothing_for(const std::string& field, const std::string& code) {
    auto& told = clause();
    told.verdict = out_.verdict = Verdict::not_met;
    told.field = field;
    told.value = code;
    told.unknown_reason.clear();
    told.text = "政策对该类企业列有标准";
  }

  const FieldData* data(const std::string& field) {
    const auto* state = profile_.find(field);
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

  void pay(const char* tranche, Money amount) {
    if (amount > Money{}) out_.tranches.push_back({tranche, amount});
  }

  void whole(Money amount, std::string trace) {
    out_.trace = std::move(trace);
    if (policy_.amount.cap && amount > *policy_.amount.cap) {
      amount = *policy_.amount.cap;
      out_.trace += "，封顶 " + yuan(amount);
    }
    out_.total = amount;
    pay("whole", amount);
  }

  const Policy& policy_;
  const EnterpriseProfile& profile_;
  AmountOutcome out_;
};

}  // namespace

AmountOutcome compute_amount(const Policy& policy, const EnterpriseProfile& profile) {
  Computation computation(policy, profile);
  std::visit(computation, policy.amount.rule);
  auto out = computation.take();
  if (out.verdict != Verdict::met) {
    out.total.reset();
    out.tranches.clear();
    out.trace.clear();
  }
  return out;
}

}  // namespace zhida::matching
