#include "flow/evidence_words.h"

#include <map>

#include "platform/text/html_escape.h"

namespace zhida::flow {

std::string words(std::string_view kind, std::string_view word) {
  static const std::map<std::string_view, std::map<std::string_view, const char*>> kWords = {
      {"state",
       {{"approved", "已放行"},
        {"payee_repair", "待更正"},
        {"rechecking", "复核数据"},
        {"requested", "拨付中"},
        {"sent_to_fund", "已送基金"},
        {"paid", "已到账"},
        {"decided", "已兑现"},
        {"refused", "不予兑现"},
        {"lapsed", "逾期未确认"},
        {"void", "已失效"}}},
      {"event",
       {{"opened", "系统匹配，立案"},
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
        {"voided", "失效"}}},
      {"role",
       {{"system", "系统"},
        {"enterprise", "企业"},
        {"anyone", "公示期异议人"},
        {"maker", "经办"},
        {"checker", "复核"},
        {"releaser", "放行"},
        {"officer", "经办机构"},
        {"treasury", "国库"},
        {"fund", "基金"}}},
      {"hand", {{"maker", "经办"}, {"checker", "复核"}, {"releaser", "放行"}}},
      {"source",
       {{"tax", "税务"},
        {"market_supervision", "市场监管"},
        {"social_security", "人社"},
        {"credit", "信用"},
        {"budget", "预算"},
        {"department_lists", "部门名单"},
        {"derived", "推算"}}},
      {"channel", {{"appropriation", "财政资金"}, {"social_insurance_fund", "社保基金"}, {"relief", "税费减免"}}},
      {"tranche", {{"whole", "一次性"}, {"advance", "预拨"}, {"settlement", "清算"}}},
      {"verdict", {{"met", "符合"}, {"not_met", "不符合"}, {"unknown", "待定"}}},
      {"payment",
       {{"queued", "待发送"},
        {"sent", "已送达"},
        {"acked", "已受理"},
        {"rejected", "退回修改"},
        {"settled", "已支付"},
        {"cancelled", "已作废"},
        {"returned", "已退款"}}},
      {"answer",
       {{"ACCEPTED", "已受理"},
        {"AUDITED", "已审核"},
        {"VOUCHER", "已生成凭证"},
        {"PAID", "已支付"},
        {"SENT_BACK", "退回修改"},
        {"CANCELLED", "已作废"},
        {"RETURNED", "资金退回"}}}};
  const auto table = kWords.find(kind);
  if (table != kWords.end())
    if (const auto found = table->second.find(word); found != table->second.end()) return found->second;
  return text::html_escape(word);
}

const char* level_words(std::string_view level) {
  if (level == "auditor") return "审计版（全部内容）";
  if (level == "firm") return "企业版";
  return "公开版";
}

}  // namespace zhida::flow
