#include "stages/matching/explain.h"

#include <charconv>
#include <utility>

#include "domain/field_catalogue.h"
#include "stages/matching/code_names.h"
#include "stages/matching/render_amount.h"

namespace zhida::matching {
namespace {

std::string decimal(std::int64_t number, int places) {
  const bool negative = number < 0;
  auto digits = std::to_string(negative ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number));
  const auto width = static_cast<std::size_t>(places);
  if (digits.size() <= width) digits.insert(0, width + 1 - digits.size(), '0');
  auto fraction = digits.substr(digits.size() - width);
  digits.resize(digits.size() - width);
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return (negative ? "-" : "") + digits + (fraction.empty() ? "" : "." + fraction);
}

std::string money_text(std::int64_t fen) {
  constexpr std::int64_t kFenPerTenThousand = 1'000'000;
  if (fen != 0 && fen % (kFenPerTenThousand / 100) == 0 && (fen >= kFenPerTenThousand || fen <= -kFenPerTenThousand))
    return decimal(fen, 6) + "万元";
  return decimal(fen, 2) + "元";
}

}  // namespace

std::string title_of(const Policy& policy, const std::string& field) {
  const auto found = policy.titles.find(field);
  return found == policy.titles.end() ? field : found->second;
}

std::string code_text(const Policy& policy, const std::string& field, const std::string& code, const CodeNames* names) {
  const auto found = policy.titles.find(field + "=" + code);
  if (found != policy.titles.end()) return found->second;
  return names == nullptr ? code : names->of_field(field, code);
}

namespace {

std::string value_text(const Policy& policy, const Clause& clause, const FieldData& data, const CodeNames* names) {
  const auto* code = std::get_if<std::string>(&data);
  if (code == nullptr) return people_text(data, clause.type, clause.unit);
  if (names != nullptr && clause.op == Operator::industry_in) return names->industry(*code);
  if (names != nullptr && clause.op == Operator::region_in) return names->region(*code);
  return code_text(policy, clause.field, *code, names);
}

std::string operands_text(const Policy& policy, const Clause& clause, const CodeNames* names) {
  std::string out;
  for (const auto& operand : clause.operands)
    out += (out.empty() ? "" : "、") + value_text(policy, clause, operand, names);
  return out;
}

std::string window_text(const Clause& clause) {
  return clause.months > 0 ? "近" + std::to_string(clause.months) + "个月内" : "此前";
}

}  // namespace

std::string demand_text(const Policy& policy, const Clause& clause, const CodeNames* names) {
  const auto operand = [&](std::size_t i) {
    if (i < clause.operand_data.size() && !clause.operand_data[i].empty())
      return "本地区" + title_of(policy, clause.operand_data[i]);
    return value_text(policy, clause, clause.operands[i], names);
  };
  switch (clause.op) {
    case Operator::eq:
      return "为" + operand(0);
    case Operator::in:
      return "为" + operands_text(policy, clause, names) + "之一";
    case Operator::not_in:
      return "不为" + operands_text(policy, clause, names);
    case Operator::gt:
      return ">" + operand(0);
    case Operator::gte:
      return "≥" + operand(0);
    case Operator::lt:
      return "<" + operand(0);
    case Operator::lte:
      return "≤" + operand(0);
    case Operator::between:
      return "在" + operand(0) + "至" + operand(1) + "之间（含两端）";
    case Operator::is_true:
      return "为是";
    case Operator::is_false:
      return "为否";
    case Operator::exists:
      return "有记录";
    case Operator::listed:
      return "已列入";
    case Operator::not_listed:
      return "未列入";
    case Operator::first_time:
      return "已列入且为首次";
    case Operator::date_gte:
      return "不早于" + operand(0);
    case Operator::date_between:
      return "在" + operand(0) + "至" + operand(1) + "之间（含两端）";
    case Operator::industry_in:
      return "属于行业" + operands_text(policy, clause, names);
    case Operator::region_in:
      return "属于区划" + operands_text(policy, clause, names);
    case Operator::all_of:
      return "包含全部：" + operands_text(policy, clause, names);
    case Operator::any_of:
      return "至少包含其一：" + operands_text(policy, clause, names);
    case Operator::not_received:
      return window_text(clause) + "未享受";
    case Operator::no_event_within:
      return window_text(clause) + "未发生";
  }
  return "";
}

namespace {

const char* verdict_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::met:
      return "符合";
    case Verdict::not_met:
      return "不符合";
    case Verdict::unknown:
      break;
  }
  return "未知";
}

std::string reason_text(const std::string& reason) {
  if (reason == "conflict") return "来源之间数据矛盾";
  if (reason == "stale") return "数据已过期";
  if (reason == "wrong_type") return "数据类型不符";
  if (reason == "out_of_range") return "数值超出可计算范围";
  if (reason == "other_source") return "数据不是规定来源的";
  if (reason == "no_region_data") return "：所在区划没有公布标准";
  return "缺少数据";
}

const Clause* find_clause(const Clause& clause, const std::string& id) {
  if (clause.id == id) return &clause;
  for (const auto& child : clause.children)
    if (const auto* found = find_clause(child, id)) return found;
  return nullptr;
}

FieldData read_back(const std::string& text, FieldType type) {
  if (type == FieldType::boolean) return text == "true";
  if (type == FieldType::date && text == never().to_string()) return never();
  if (type == FieldType::integer || type == FieldType::money_fen || type == FieldType::rate_ppm) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }
  return text;
}

void render_clause(const Policy& policy, const Clause& clause, const CodeNames* names, int depth, std::string& out) {
  out += std::string(static_cast<std::size_t>(depth) * 2, ' ') + "- ";
  if (clause.kind == Clause::Kind::condition) {
    out += clause.text + "〔" + title_of(policy, clause.field) + demand_text(policy, clause, names) + "〕";
    if (clause.on_unknown == OnUnknown::ask_enterprise) out += "（数据不明时询问企业）";
    if (clause.on_unknown == OnUnknown::fail) out += "（数据不明时视为不符合）";
    if (clause.max_age_days > 0) out += "（数据不得早于" + std::to_string(clause.max_age_days) + "天前）";
    for (const auto& source : clause.sources) out += "（须来源于" + source + "）";
    if (!clause.article.empty()) out += "（" + clause.article + "）";
    out += "\n";
    return;
  }
  const char* word = clause.kind == Clause::Kind::all   ? "同时满足"
                     : clause.kind == Clause::Kind::any ? "满足其一"
                                                        : "不得有";
  out += (clause.text.empty() ? "" : clause.text + "：") + word + "：\n";
  for (const auto& child : clause.children) render_clause(policy, child, names, depth + 1, out);
}

std::string channel_text(const Handling& handling) {
  if (handling.funding == Funding::tax_refund) return "税务退库（本平台只送达决定并记录结果）";
  switch (handling.channel) {
    case Channel::social_insurance_fund:
      return "社会保险基金支付（本平台只送达决定）";
    case Channel::relief:
      return "直接减免，不发生支付";
    case Channel::appropriation:
      break;
  }
  const auto code = handling.project_code.empty() ? "" : "，项目代码 " + handling.project_code;
  return (handling.funding == Funding::pool ? "资金池支付" : "财政预算指标支付") + code;
}

}  // namespace

std::string people_text(const FieldData& data, FieldType type, const std::string& unit) {
  if (const auto* truth = std::get_if<bool>(&data)) return *truth ? "是" : "否";
  if (const auto* number = std::get_if<std::int64_t>(&data)) {
    if (type == FieldType::money_fen) return money_text(*number);
    if (type == FieldType::rate_ppm) return decimal(*number, 4) + "%";
    return std::to_string(*number) + unit;
  }
  const auto* day = std::get_if<Date>(&data);
  if (day != nullptr && *day == never()) return "从未";
  return zhida::to_text(data);
}

std::string people_text(const FieldData& data, const FieldSpec& field, const CodeNames* names) {
  if (const auto* code = std::get_if<std::string>(&data)) {
    if (const auto word = field.values.find(*code); word != field.values.end()) return word->second;
    if (names != nullptr) return names->of_field(field.name, *code);
  }
  return people_text(data, field.type, field.unit);
}

std::string render(const Policy& policy, const CodeNames* names) {
  std::string out = "《" + policy.title + "》（" + policy.id.str() + "）\n";
  if (!policy.issuer.empty()) out += "发布单位：" + policy.issuer + "\n";
  if (!policy.document.empty() || !policy.document_number.empty())
    out += "依据：" + policy.document + (policy.document.empty() || policy.document_number.empty() ? "" : "，") +
           policy.document_number + "\n";
  if (!policy.policy_class.empty())
    out += "兑现方式：" + policy.policy_class + (policy.class_inferred ? "（由文本推断）" : "") + "\n";
  if (policy.valid_from || policy.valid_to)
    out += "有效期：" + (policy.valid_from ? policy.valid_from->to_string() : "（未载明）") + " 至 " +
           (policy.valid_to ? policy.valid_to->to_string() : "（未载明）") + "\n";
  out += "条件：\n";
  render_clause(policy, policy.when, names, 0, out);
  render_item(policy, names, out);
  render_amount(policy, names, out);
  const auto& handling = policy.handling;
  out += "资金渠道：" + channel_text(handling) + "\n";
  if (handling.channel == Channel::appropriation)
    out += std::string("收款账户：") +
           (handling.payee == PayeeRule::own_account ? "企业本单位账户" : "可为非同名账户，须人工核对") + "\n";
  if (!handling.review_departments.empty()) {
    out += "审核：";
    const char* comma = "";
    for (const auto& department : handling.review_departments) out += std::exchange(comma, "、") + department;
    out += "\n";
  }
  if (handling.publicity)
    out += "公示：" + std::to_string(handling.publicity->working_days) + "个工作日" +
           (handling.publicity->basis == Basis::local ? "（本地设置）" : "") + "\n";
  if (handling.confirm_within_working_days)
    out += "企业确认期限：" + std::to_string(*handling.confirm_within_working_days) + "个工作日\n";
  for (const auto& field : policy.missing_fields)
    out += "无数据来源：" + field.title + "（" + field.name + "），一律按未知处理\n";
  if (!policy.local_settings.empty()) {
    out += "本地设置：";
    const char* comma = "";
    for (const auto& name : policy.local_settings) out += std::exchange(comma, "、") + name;
    out += "\n";
  }
  return out;
}

Json clause_json(const ClauseVerdict& clause) {
  return {{"id", clause.id},       {"verdict", zhida::to_text(clause.verdict)},
          {"text", clause.text},   {"field", clause.field},
          {"value", clause.value}, {"threshold", clause.threshold},
          {"gap", clause.gap},     {"source", clause.source},
          {"as_of", clause.as_of}, {"unknown_reason", clause.unknown_reason}};
}

std::string explain_clause(const Policy& policy, const ClauseVerdict& verdict, const CodeNames* names) {
  std::string out = verdict.text + "：" + verdict_text(verdict.verdict);
  const auto* clause = find_clause(policy.when, verdict.id);
  std::string detail;
  const auto add = [&](const std::string& part) { detail += (detail.empty() ? "" : "，") + part; };
  if (verdict.verdict == Verdict::unknown && !verdict.unknown_reason.empty())
    add(title_of(policy, verdict.field) + reason_text(verdict.unknown_reason));
  if (clause != nullptr && clause->kind == Clause::Kind::condition) {
    const auto shown = [&](const std::string& text) {
      return value_text(policy, *clause, read_back(text, clause->type), names);
    };
    if (!verdict.value.empty()) add("现为" + shown(verdict.value));
    if (verdict.verdict != Verdict::met) add("要求" + demand_text(policy, *clause, names));
    if (!verdict.gap.empty()) add("差" + (clause->type == FieldType::date ? verdict.gap + "天" : shown(verdict.gap)));
  } else if (clause == nullptr && verdict.id == "valid") {
    add(verdict.value + "，有效期 " + verdict.threshold);
  }
  if (!verdict.source.empty()) add("来源" + verdict.source + "，截至" + verdict.as_of);
  return detail.empty() ? out : out + "（" + detail + "）";
}

std::string explain(const Policy& policy, const Entitlement& entitlement, const CodeNames* names) {
  std::string out = entitlement.uscc + " 《" + policy.title + "》（" + policy.id.str() + "）：" +
                    verdict_text(entitlement.verdict) + "，" + entitlement.evaluated_on.to_string() + "\n";
  for (const auto& clause : entitlement.clauses)
    out += "  " + clause.id + " " + explain_clause(policy, clause, names) + "\n";
  if (entitlement.amount) out += "  金额 " + entitlement.amount->to_yuan() + "元：" + entitlement.amount_trace + "\n";
  return out;
}

}  // namespace zhida::matching
