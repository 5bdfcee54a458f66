#include "stages/matching/render_amount.h"

#include <utility>

#include "stages/matching/code_names.h"
#include "stages/matching/explain.h"

namespace zhida::matching {
namespace {

std::string yuan(Money amount) {
  return people_text(FieldData(amount.fen()), FieldType::money_fen, "元");
}

std::string percent(std::int64_t ppm) {
  return people_text(FieldData(ppm), FieldType::rate_ppm, "%");
}

struct AmountText {
  const Policy& policy;
  const CodeNames* names;

  std::string operator()(const FixedAmount& rule) const { return yuan(rule.amount); }
  std::string operator()(const RatioAmount& rule) const {
    if (rule.by.empty()) return title_of(policy, rule.base) + "的" + percent(rule.rate_ppm);
    std::string out = title_of(policy, rule.base) + "乘以比例，按" + title_of(policy, rule.by) + "：";
    const char* comma = "";
    for (const auto& [code, rate] : rule.rates_ppm)
      out += std::exchange(comma, "，") + code_text(policy, rule.by, code, names) + " " + percent(rate);
    return out;
  }
  std::string operator()(const LookupAmount& rule) const {
    if (rule.counts.empty()) return table(rule.by, rule.amounts);
    std::string out = "各类数量乘以标准之和：";
    const char* comma = "";
    for (const auto& [code, field] : rule.counts)
      out += std::exchange(comma, "，") + code + " " + yuan(rule.amounts.at(code)) + " × " + title_of(policy, field);
    return out;
  }
  std::string operator()(const PerUnitAmount& rule) const {
    const auto each = rule.unit_datum.empty()
                          ? yuan(rule.unit_amount)
                          : "本地区" + title_of(policy, rule.unit_datum) +
                                (rule.unit_factor == 1 ? "" : "的" + std::to_string(rule.unit_factor) + "倍");
    return "每" + title_of(policy, rule.count) + "单位" + each +
           (rule.units_max ? "，最多计" + std::to_string(*rule.units_max) : "");
  }
  std::string operator()(const ScheduleAmount& rule) const {
    return "先按" + code_text(policy, rule.by, rule.advance_code, names) + "类标准的" + percent(rule.advance_rate_ppm) +
           "兑付；" + title_of(policy, rule.by) + "公布后补足差额。" + table(rule.by, rule.amounts);
  }
  std::string operator()(const ReliefAmount&) const { return "直接减免，不拨付资金"; }
  std::string operator()(const NoAmount&) const { return "条款未载明金额"; }
  std::string operator()(const TierAmount& rule) const {
    std::string out = "按档：";
    const char* comma = "";
    for (const auto& tier : rule.tiers)
      out += std::exchange(comma, "；") + clause_line(policy, tier.when, names) + "：" +
             (tier.amount ? yuan(*tier.amount) : title_of(policy, rule.base) + "的" + percent(tier.rate_ppm));
    return out;
  }
  std::string operator()(const BandsAmount& rule) const {
    std::string out = title_of(policy, rule.base) + "分段累计：";
    const char* comma = "";
    std::string from;
    for (const auto& band : rule.bands) {
      const auto part = band.upto
                            ? (from.empty() ? "" : "超过" + from + "、") + "不超过" + yuan(*band.upto) + "（含）的部分"
                            : (from.empty() ? std::string("全部") : "超过" + from + "的部分");
      out += std::exchange(comma, "，") + part + " " + percent(band.rate_ppm);
      if (band.upto) from = yuan(*band.upto);
    }
    return out;
  }
  std::string operator()(const FormulaAmount& rule) const { return rule.formula.text(); }
  std::string operator()(const ActualCostAmount& rule) const {
    return title_of(policy, rule.base) + (rule.rate_ppm == 1'000'000 ? "据实" : "的" + percent(rule.rate_ppm)) +
           (rule.months.empty() ? "" : "，按" + title_of(policy, rule.months) + "逐月计") + most(rule.months_max);
  }
  std::string operator()(const InterestAmount& rule) const {
    return title_of(policy, rule.principal) +
           (rule.principal_max ? "（最多计" + yuan(*rule.principal_max) + "）" : "") + " × " +
           (rule.rate_field.empty() ? "年利率" + percent(rule.rate_ppm) : title_of(policy, rule.rate_field)) +
           (rule.share_ppm == 1'000'000 ? "" : " × " + percent(rule.share_ppm)) + " × " +
           title_of(policy, rule.months) + "/12" + most(rule.months_max);
  }
  std::string operator()(const StagesAmount& rule) const {
    std::string out = "分期：";
    const char* comma = "";
    for (const auto& stage : rule.stages) {
      const auto when = clause_line(policy, stage.when, names);
      out += std::exchange(comma, "；") + (when.empty() ? stage.id : when) + " " + yuan(stage.amount);
    }
    return out;
  }

  static std::string most(const std::optional<std::int64_t>& months) {
    return months ? "，最多" + std::to_string(*months) + "个月" : "";
  }
  std::string table(const std::string& by, const std::map<std::string, Money>& amounts) const {
    std::string out = "按" + title_of(policy, by) + "：";
    const char* comma = "";
    for (const auto& [code, amount] : amounts)
      out += std::exchange(comma, "，") + code_text(policy, by, code, names) + " " + yuan(amount);
    return out;
  }
};

std::string rounding_text(Rounding rounding) {
  return rounding == Rounding::down ? "舍去尾数" : rounding == Rounding::up ? "进位" : "四舍五入";
}

void render_order(const Policy& policy, std::string& out) {
  if (policy.ranking) {
    out += "排序：按" + title_of(policy, policy.ranking->by) + (policy.ranking->descending ? "由高到低" : "由低到高");
    if (policy.ranking->quota > 0) out += "，取前" + std::to_string(policy.ranking->quota) + "家";
    out += "\n";
  }
  if (policy.pool)
    out += "资金总额：" + yuan(policy.pool->total) +
           (policy.pool->in_proportion ? "，不足时同比例核减" : "，不足时按排序兑付") + "\n";
}

}  // namespace

std::string clause_line(const Policy& policy, const Clause& clause, const CodeNames* names) {
  if (!clause.text.empty()) return clause.text;
  if (clause.kind == Clause::Kind::condition)
    return title_of(policy, clause.field) + demand_text(policy, clause, names);
  std::string out;
  const char* word = clause.kind == Clause::Kind::any ? " 或 " : " 且 ";
  for (const auto& child : clause.children) out += (out.empty() ? "" : word) + clause_line(policy, child, names);
  if (clause.kind == Clause::Kind::negation) return "非（" + out + "）";
  return clause.children.size() > 1 ? "（" + out + "）" : out;
}

void render_item(const Policy& policy, const CodeNames* names, std::string& out) {
  if (policy.kind == ItemKind::list) out += "事项类型：名单类，由主管部门提供名单\n";
  if (policy.kind == ItemKind::reminder) out += "事项类型：暂难数据化，不自动判断，提醒企业在线申请\n";
  for (const auto& field : policy.derived)
    if (field.name != "amount." + policy.id.str())
      out += "计算：" + field.title + "＝" + field.formula.text() + "，" + rounding_text(field.rounding) + "\n";
  for (const auto& datum : policy.region_data) {
    out += "地区标准：" + datum.title + "（";
    const char* comma = "";
    for (const auto& [region, value] : datum.values)
      out += std::exchange(comma, "，") + (names == nullptr ? region : names->region(region)) + " " +
             people_text(value, datum.type, datum.unit);
    out += "）\n";
  }
  for (const auto& persons : policy.persons) {
    out += "逐人审核：" + title_of(policy, persons.count_field) + "，" + clause_line(policy, persons.when, names);
    if (!persons.benefit.empty())
      out += "；同一人员“" + persons.benefit + "”只计一次，加盐摘要保存" + std::to_string(persons.keep_months) + "个月";
    out += "\n";
  }
  render_order(policy, out);
  if (!policy.exclusive_group.empty()) out += "从高不重复：" + policy.exclusive_group + "\n";
  if (policy.stackable) out += "可叠加享受\n";
  for (const auto& other : policy.not_with) out += "不得与" + other + "同时享受\n";
  for (const auto& name : policy.benefits) out += "享受后记为：" + name + "\n";
  for (const auto& open : policy.uncertain) out += "待核实：" + open + "\n";
}

void render_amount(const Policy& policy, const CodeNames* names, std::string& out) {
  const auto& amount = policy.amount;
  out += "标准：" + amount.text + "〔" + std::visit(AmountText{policy, names}, amount.rule) + "〕\n";
  for (const auto& part : amount.parts)
    out += "另加：" + part.text + "〔" + std::visit(AmountText{policy, names}, part.rule) + "〕\n";
  for (const auto& multiplier : amount.multipliers)
    out += "倍数：" + clause_line(policy, multiplier.when, names) + "的，按" + percent(multiplier.factor_ppm) + "计" +
           (multiplier.cap ? "，封顶" + yuan(*multiplier.cap) : "") + "\n";
  if (amount.cap) out += "封顶：" + yuan(*amount.cap) + "\n";
  for (const auto& cap : amount.field_caps)
    out += "封顶：不超过" + title_of(policy, cap.field) +
           (cap.rate_ppm == 1'000'000 ? "" : "的" + percent(cap.rate_ppm)) + "\n";
  if (amount.co_funding.empty()) return;
  out += "分担：";
  const char* comma = "";
  for (const auto& funder : amount.co_funding)
    out += std::exchange(comma, "，") + funder.payer + " " + percent(funder.share_ppm);
  out += "\n";
}

}  // namespace zhida::matching
