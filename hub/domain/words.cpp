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
  static const Words steps = {{"make", "经办"}, {"check", "复核"}, {"release", "放行"}, {"objection", "异议处理"}};
  static const Words hands = {{"maker", "经办"}, {"checker", "复核"}, {"releaser", "放行"}, {"objection", "异议处理"}};
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
  static const Words item_states = {{"in_force", "施行中"},  {"proposed", "待批准"},          {"approved", "待确认"},
                                    {"draft", "草稿"},       {"repealed", "已废止"},          {"done", "已办结"},
                                    {"withdrawn", "已撤回"}, {"superseded", "已被新版本替代"}};
  static const Words item_steps = {{"propose", "提请"},
                                   {"approve", "批准"},
                                   {"confirm_conditions", "确认条件"},
                                   {"confirm_data", "确认数据"},
                                   {"withdraw", "撤回"},
                                   {"publish", "施行"},
                                   {"repeal", "废止"}};
  static const Words fundings = {{"appropriation", "财政预算指标"},
                                 {"social_insurance_fund", "社会保险基金"},
                                 {"tax_refund", "税务退库"},
                                 {"relief", "直接减免，不发生支付"},
                                 {"pool", "资金池"}};
  static const Words round_states = {
      {"draft", "草案"}, {"decided", "已生效"}, {"superseded", "已被后一轮取代"}, {"discarded", "已作废"}};
  static const Words round_outcomes = {{"met", "分得"}, {"not_met", "未分得"}, {"unknown", "待定"}};
  static const Words round_lines = {{"within", "在名额和资金之内"},
                                    {"reduced", "资金不足，按余额或比例兑付"},
                                    {"beyond", "排在名额之外"},
                                    {"exhausted", "排到时资金已分完"},
                                    {"tie", "与他人并列在名额边界，须按政策原文另行确定"},
                                    {"open", "前面可能还有数据待定的企业"},
                                    {"own_unknown", "本企业的数据待定"},
                                    {"kept", "此前一轮已经分得，继续有效"}};
  static const Words refusals = {
      {"four_eyes", "同一个人不能办理前后两步，请由另一位有权限的人员办理。"},
      {"role_missing", "您的角色或部门不能办理这一步。"},
      {"division_not_yours", "这里涉及全市的企业，只供负责全市的人员查看和办理。"},
      {"policy_not_ready", "事项文件还不能提请，下列问题须先由编写人改正："},
      {"policy_unknown", "没有这个事项，或者它现在没有施行。"},
      {"policy_without_round", "该事项不限名额、不限资金，符合的企业都能享受，不需要分配。"},
      {"proposal_open", "该事项已有一个提请在办，请先办结或撤回。"},
      {"proposal_missing", "该事项现在没有在办的提请，可能刚刚办结或撤回。"},
      {"version_differs", "版本与您查看时不同，请看过最新内容再办理。"},
      {"back_test_missing", "还没有与现行版本对照的回溯试算。请稍候，或请政策管理人员重新试算。"},
      {"step_out_of_turn", "现在轮不到这一步，或者它已经办过。"},
      {"round_not_found", "没有这一轮分配。"},
      {"round_not_open", "这一轮已经生效或作废，不能再办理。"},
      {"round_changed", "起草之后数据或事项有了变化，这份草案不再成立，请重新起草。"},
      {"policy_set_changed", "在用事项刚刚有了变化，请再试一次。"},
      {"date_malformed", "日期要写成 2025-11-03 这样。"},
      {"form_token_wrong", "页面打开太久或不是本系统的，请重新打开后再办理。"}};
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
    case WordKind::item_state:
      return item_states;
    case WordKind::item_step:
      return item_steps;
    case WordKind::funding:
      return fundings;
    case WordKind::round_state:
      return round_states;
    case WordKind::round_outcome:
      return round_outcomes;
    case WordKind::round_line:
      return round_lines;
    case WordKind::refusal:
      return refusals;
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
