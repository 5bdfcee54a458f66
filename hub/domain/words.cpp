#include "domain/words.h"

#include <map>

namespace zhida {
namespace {

using Words = std::map<std::string_view, const char*>;

const Words& words(WordKind kind) {
  static const Words case_states = {
      {"matched", "已匹配"},      {"notified", "待确认"},     {"confirmed", "已确认"}, {"payee_check", "账户核验"},
      {"payee_repair", "待更正"}, {"in_review", "审核中"},    {"publicity", "公示中"}, {"held", "异议处理"},
      {"approved", "已放行"},     {"rechecking", "复核数据"}, {"requested", "拨付中"}, {"sent_to_fund", "已送基金"},
      {"paid", "已到账"},         {"decided", "已兑现"},      {"refused", "不予兑现"}, {"lapsed", "逾期未确认"},
      {"void", "已失效"}};
  static const Words payment_states = {{"queued", "待发送"},     {"sent", "已送达"},    {"acked", "已受理"},
                                       {"rejected", "退回修改"}, {"settled", "已支付"}, {"cancelled", "已作废"},
                                       {"returned", "已退款"}};
  static const Words verdicts = {{"met", "符合"}, {"not_met", "不符合"}, {"unknown", "待定"}};
  static const Words field_states = {
      {"known", "有效"}, {"missing", "未归集"}, {"conflict", "有冲突"}, {"stale", "已过期"}};
  static const Words actions = {{"confirm", "企业确认"}, {"repair_account", "更正收款账户"},
                                {"review", "部门审核"},  {"wait_publicity", "等待公示期满"},
                                {"approve", "财政放行"}, {"settle_objection", "处理异议"},
                                {"wait", "系统办理中"},  {"send_again", "重发被拒报文"},
                                {"none", "已办结"}};
  static const Words steps = {{"make", "经办"}, {"check", "复核"}, {"release", "放行"}};
  static const Words hands = {{"maker", "经办"}, {"checker", "复核"}, {"releaser", "放行"}};
  static const Words events = {{"opened", "系统匹配，立案"},
                               {"matched_again", "重新匹配"},
                               {"amount_changed", "金额变化"},
                               {"notified", "告知企业"},
                               {"confirmed", "企业确认"},
                               {"declined", "企业放弃"},
                               {"payee_check_started", "核验收款账户"},
                               {"payee_passed", "账户核验通过"},
                               {"payee_failed", "账户核验未过"},
                               {"corrected", "更正"},
                               {"reviewed", "部门审核"},
                               {"review_completed", "审核完成"},
                               {"publicity_started", "开始公示"},
                               {"objection_raised", "收到异议"},
                               {"objection_dismissed", "异议不成立"},
                               {"objection_upheld", "异议成立"},
                               {"review_again", "重新审核"},
                               {"publicity_ended", "公示期满"},
                               {"approved", "财政放行"},
                               {"recheck_started", "核对最新数据"},
                               {"recheck_passed", "数据核对通过"},
                               {"recheck_changed", "数据有变化"},
                               {"recheck_failed", "数据已不支持"},
                               {"requested", "支付申请签章发出"},
                               {"sent_back", "国库退回修改"},
                               {"cancelled", "国库作废"},
                               {"paid", "国库支付"},
                               {"returned", "资金退回"},
                               {"frozen", "冻结待查"},
                               {"unfrozen", "解除冻结"},
                               {"sent_to_fund", "决定签章送基金"},
                               {"fund_acknowledged", "基金回执"},
                               {"relief_granted", "减免生效"},
                               {"refused", "不予通过"},
                               {"lapsed", "逾期未确认"},
                               {"void", "失效"},
                               {"voided", "失效"}};
  static const Words sources = {{"tax", "税务"},
                                {"market_supervision", "市场监管"},
                                {"social_security", "人社"},
                                {"credit", "信用"},
                                {"budget", "预算"},
                                {"department_lists", "部门名单"},
                                {"treasury", "国库"},
                                {"sms_gateway", "短信"},
                                {"derived", "推算"},
                                {"system", "系统"},
                                {"fund", "基金"}};
  static const Words channels = {
      {"appropriation", "财政资金"}, {"social_insurance_fund", "社保基金"}, {"relief", "税费减免"}};
  static const Words tranches = {{"whole", "一次性"}, {"advance", "预拨"}, {"settlement", "清算"}};
  static const Words quarantine = {{"open", "待处理"}, {"replayed", "已重放"}, {"discarded", "不予采用"}};
  static const Words messages = {{"payment_request/1", "支付申请"},
                                 {"payment_cancel/1", "撤销申请"},
                                 {"status_query/1", "状态查询"},
                                 {"decision/1", "兑现决定"},
                                 {"notice/1", "企业通知"}};
  static const Words answers = {{"ACCEPTED", "已受理"},  {"AUDITED", "已审核"},     {"VOUCHER", "已生成凭证"},
                                {"PAID", "已支付"},      {"SENT_BACK", "退回修改"}, {"CANCELLED", "已作废"},
                                {"RETURNED", "资金退回"}};
  static const Words roles = {{"integration_admin", "集成管理"},
                              {"operator", "运行"},
                              {"policy_officer", "政策管理"},
                              {"policy_approver", "政策批准"},
                              {"data_officer", "数据管理"},
                              {"portal", "企业服务"},
                              {"reviewer_maker", "部门经办"},
                              {"reviewer_checker", "部门复核"},
                              {"finance_releaser", "财政放行"},
                              {"treasury_officer", "国库对账"},
                              {"auditor", "审计"},
                              {"system", "系统"},
                              {"treasury", "国库"},
                              {"fund", "基金"}};
  static const Words case_roles = {{"system", "系统"},      {"enterprise", "企业"}, {"anyone", "公示期异议人"},
                                   {"maker", "经办"},       {"checker", "复核"},    {"releaser", "放行"},
                                   {"officer", "经办机构"}, {"treasury", "国库"},   {"fund", "基金"}};
  switch (kind) {
    case WordKind::case_state:
      return case_states;
    case WordKind::payment_state:
      return payment_states;
    case WordKind::verdict:
      return verdicts;
    case WordKind::field_state:
      return field_states;
    case WordKind::action:
      return actions;
    case WordKind::step:
      return steps;
    case WordKind::hand:
      return hands;
    case WordKind::event:
      return events;
    case WordKind::source:
      return sources;
    case WordKind::channel:
      return channels;
    case WordKind::tranche:
      return tranches;
    case WordKind::quarantine:
      return quarantine;
    case WordKind::message:
      return messages;
    case WordKind::answer:
      return answers;
    case WordKind::role:
      return roles;
    case WordKind::case_role:
      break;
  }
  return case_roles;
}

}  // namespace

std::string word(WordKind kind, std::string_view code) {
  const auto& table = words(kind);
  const auto found = table.find(code);
  return found == table.end() ? std::string(code) : found->second;
}

}  // namespace zhida
