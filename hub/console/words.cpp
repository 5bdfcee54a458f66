#include "console/words.h"

#include <map>

namespace zhida::console {
namespace {

using Words = std::map<std::string_view, const char*>;

const Words& words(Kind kind) {
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
  static const Words messages = {{"payment_request/1", "支付申请"},
                                 {"payment_cancel/1", "撤销申请"},
                                 {"status_query/1", "状态查询"},
                                 {"decision/1", "兑现决定"},
                                 {"notice/1", "企业通知"}};
  static const Words steps = {{"make", "经办"}, {"check", "复核"}, {"release", "放行"}};
  static const Words events = {{"opened", "匹配成功"},
                               {"matched_again", "重新匹配"},
                               {"amount_changed", "金额变化"},
                               {"notified", "已告知企业"},
                               {"confirmed", "企业已确认"},
                               {"declined", "企业放弃"},
                               {"payee_check_started", "开始核验账户"},
                               {"payee_passed", "账户核验通过"},
                               {"payee_failed", "账户核验未过"},
                               {"corrected", "已更正"},
                               {"reviewed", "部门已审"},
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
                               {"requested", "已发支付申请"},
                               {"sent_back", "国库退回修改"},
                               {"cancelled", "国库作废"},
                               {"paid", "国库已支付"},
                               {"returned", "资金退回"},
                               {"frozen", "冻结待查"},
                               {"unfrozen", "解除冻结"},
                               {"sent_to_fund", "决定已送基金"},
                               {"fund_acknowledged", "基金已回执"},
                               {"relief_granted", "减免生效"},
                               {"refused", "不予通过"},
                               {"lapsed", "逾期未确认"},
                               {"voided", "已失效"}};
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
  static const Words roles = {{"integration_admin", "集成管理"},
                              {"operator", "运行"},
                              {"policy_officer", "政策管理"},
                              {"portal", "企业服务"},
                              {"reviewer_maker", "部门经办"},
                              {"reviewer_checker", "部门复核"},
                              {"finance_releaser", "财政放行"},
                              {"treasury_officer", "国库对账"},
                              {"auditor", "审计"},
                              {"system", "系统"},
                              {"treasury", "国库"},
                              {"fund", "基金"}};
  switch (kind) {
    case Kind::case_state:
      return case_states;
    case Kind::payment_state:
      return payment_states;
    case Kind::verdict:
      return verdicts;
    case Kind::field_state:
      return field_states;
    case Kind::action:
      return actions;
    case Kind::step:
      return steps;
    case Kind::event:
      return events;
    case Kind::source:
      return sources;
    case Kind::channel:
      return channels;
    case Kind::tranche:
      return tranches;
    case Kind::quarantine:
      return quarantine;
    case Kind::message:
      return messages;
    case Kind::role:
      break;
  }
  return roles;
}

}  // namespace

const char* to_text(Channel channel) {
  switch (channel) {
    case Channel::social_insurance_fund:
      return "social_insurance_fund";
    case Channel::relief:
      return "relief";
    case Channel::appropriation:
      break;
  }
  return "appropriation";
}

std::string word(Kind kind, std::string_view code) {
  const auto& table = words(kind);
  const auto found = table.find(code);
  return found == table.end() ? std::string(code) : found->second;
}

std::string masked_text(std::string_view utf8) {
  std::size_t first = utf8.empty() ? 0 : 1;
  while (first < utf8.size() && (static_cast<unsigned char>(utf8[first]) & 0xC0) == 0x80) ++first;
  return std::string(utf8.substr(0, first)) + "**";
}

std::string masked_account(std::string_view account) {
  std::string digits;
  for (const char c : account)
    if (c >= '0' && c <= '9') digits += c;
  return digits.size() <= 4 ? "****" : "****" + digits.substr(digits.size() - 4);
}

std::string shown_bytes(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xC2 && lead < 0xE0 ? 2 : (lead & 0xF0) == 0xE0 ? 3 : 0;
    bool good =
        length > 0 && at + length <= bytes.size() && (lead >= 0x20 || lead == '\n' || lead == '\t') && lead != 0x7F;
    for (std::size_t i = 1; good && i < length; ++i) good = (static_cast<unsigned char>(bytes[at + i]) & 0xC0) == 0x80;
    // Overlong forms, surrogates and C1 controls are no characters; four-octet ones are shown by their octets.
    if (good && length > 1) {
      const auto second = static_cast<unsigned char>(bytes[at + 1]);
      good = !(lead == 0xE0 && second < 0xA0) && !(lead == 0xED && second >= 0xA0) && !(lead == 0xC2 && second < 0xA0);
    }
    if (good) {
      text += bytes.substr(at, length);
      at += length;
    } else {
      text += "\\x";
      text += kHex[lead >> 4];
      text += kHex[lead & 15];
      ++at;
    }
  }
  return text;
}

std::string grouped(std::string_view decimal) {
  const auto point = std::min(decimal.find('.'), decimal.size());
  std::string text(decimal);
  const std::size_t begin = text.starts_with('-') ? 1 : 0;
  for (std::size_t at = point; at > begin + 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

}  // namespace zhida::console
