#include "stages/treasury/answer.h"

#include <algorithm>

#include "platform/text/encoding.h"
#include "platform/text/xml.h"

namespace zhida::treasury {
namespace {

constexpr std::size_t kDetailsMax = 499;
constexpr std::size_t kStatementLinesMax = 100'000;

std::string where(const text::XmlElement& element) {
  return "line " + std::to_string(element.line());
}

std::string text_of(const text::XmlElement& detail, const std::string& name) {
  return std::string(text::trim(detail.child_text(name).value_or("")));
}

Result<std::string> needed(const text::XmlElement& detail, const std::string& name) {
  std::string value = text_of(detail, name);
  if (value.empty()) return refuse("answer_malformed", name + " is missing in the detail at " + where(detail) + ".");
  return value;
}

/// `YYYYMMDD` or `YYYY-MM-DD`.
Result<Date> day(const std::string& name, std::string text, const text::XmlElement& detail) {
  if (text.size() == 8) text = text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6, 2);
  auto date = Date::parse(text);
  if (!date) return refuse("answer_malformed", name + " at " + where(detail) + " is no day: " + text + ".");
  return date;
}

Result<Money> amount(const std::string& name, const std::string& text, const text::XmlElement& detail) {
  auto money = Money::parse_yuan(text);
  if (!money || money.value() < Money())
    return refuse("answer_malformed", name + " at " + where(detail) + " is no amount: " + text + ".");
  return money;
}

Result<int> year(const text::XmlElement& head) {
  const std::string text = TRY(needed(head, "FISCAL_YEAR"));
  if (text.size() != 4 || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }))
    return refuse("answer_malformed", "FISCAL_YEAR at " + where(head) + " is no year: " + text + ".");
  return std::stoi(text);
}

/// Fiscal divisions come with 6 or 9 digits; the hub counts in 6.
Result<std::string> division(const text::XmlElement& head) {
  std::string text = TRY(needed(head, "MOF_DIV_CODE"));
  if ((text.size() != 6 && text.size() != 9) || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }))
    return refuse("answer_malformed", "MOF_DIV_CODE at " + where(head) + " has neither 6 nor 9 digits: " + text + ".");
  return text.substr(0, 6);
}

struct Frame {
  std::string division;
  int fiscal_year = 0;
  text::XmlElement head;
  std::vector<text::XmlElement> details;
};

Result<Frame> frame(const text::XmlElement& root, std::size_t least, std::size_t most) {
  const auto head = root.child("HEAD");
  const auto details = root.child("DETAILS");
  if (!head || !details) return refuse("answer_malformed", "HEAD or DETAILS is missing.");
  std::string division_of = TRY(division(*head));
  const int fiscal_year = TRY(year(*head));
  Frame result{std::move(division_of), fiscal_year, *head, details->children("DETAIL")};
  if (result.details.size() < least || result.details.size() > most) {
    return refuse("answer_malformed", "The message holds " + std::to_string(result.details.size()) + " details; " +
                                          std::to_string(least) + " to " + std::to_string(most) + " are allowed.");
  }
  const std::string count = text_of(*head, "DETAIL_COUNT");
  if (count != std::to_string(result.details.size())) {
    return refuse("answer_malformed", "DETAIL_COUNT says " + (count.empty() ? "nothing" : count) + ", but there are " +
                                          std::to_string(result.details.size()) + " details.");
  }
  return result;
}

Result<Receipt> receipt(const text::XmlElement& detail, const Frame& frame) {
  Receipt r;
  r.business_no = AttemptId(TRY(needed(detail, "BUSINESS_NO")));
  const std::string word = TRY(needed(detail, "STATE"));
  const auto state = answer_state_from(word);
  if (!state) return refuse("answer_malformed", "STATE at " + where(detail) + " is unknown: " + word + ".");
  r.state = *state;
  r.division = frame.division;
  r.fiscal_year = frame.fiscal_year;
  r.pay_app_no = text_of(detail, "PAY_APP_NO");
  r.pay_cert_no = text_of(detail, "PAY_CERT_NO");
  r.agent_business_no = text_of(detail, "AGENT_BUSINESS_NO");
  r.reason = text_of(detail, "REASON");
  r.payee_account_no = text_of(detail, "XPAYEE_ACCT_NO");
  r.payee_name = text_of(detail, "XPAYEE_ACCT_NAME");
  const std::string paid = text_of(detail, "XPAY_AMT");
  if (!paid.empty()) r.amount = TRY(amount("XPAY_AMT", paid, detail));
  const std::string on = text_of(detail, "XPAY_DATE");
  if (!on.empty()) r.on = TRY(day("XPAY_DATE", on, detail));
  if (r.state == AnswerState::paid || r.state == AnswerState::returned) {
    CHECK_OK(needed(detail, "XPAY_AMT"));
    if (*r.amount > Money()) {
      CHECK_OK(needed(detail, "XPAY_DATE"));
      CHECK_OK(needed(detail, "AGENT_BUSINESS_NO"));
    }
  }
  return r;
}

Result<Statement> statement(const text::XmlElement& root) {
  const auto whole = TRY(frame(root, 0, kStatementLinesMax));
  Statement s;
  s.division = whole.division;
  s.fiscal_year = whole.fiscal_year;
  const std::string of_day = TRY(needed(whole.head, "STATEMENT_DATE"));
  s.day = TRY(day("STATEMENT_DATE", of_day, whole.head));
  Money total;
  for (const auto& detail : whole.details) {
    StatementLine line;
    line.business_no = AttemptId(TRY(needed(detail, "BUSINESS_NO")));
    const std::string direction = TRY(needed(detail, "DIRECTION"));
    if (direction != "PAID" && direction != "RETURNED")
      return refuse("answer_malformed", "DIRECTION at " + where(detail) + " is unknown: " + direction + ".");
    line.returned = direction == "RETURNED";
    line.pay_cert_no = text_of(detail, "PAY_CERT_NO");
    line.agent_business_no = TRY(needed(detail, "AGENT_BUSINESS_NO"));
    line.payee_account_no = text_of(detail, "PAYEE_ACCT_NO");
    const std::string sum = TRY(needed(detail, "XPAY_AMT"));
    line.amount = TRY(amount("XPAY_AMT", sum, detail));
    const std::string on = TRY(needed(detail, "XPAY_DATE"));
    line.on = TRY(day("XPAY_DATE", on, detail));
    total = line.returned ? TRY(total.minus(line.amount)) : TRY(total.plus(line.amount));
    s.lines.push_back(std::move(line));
  }
  const std::string said = TRY(needed(whole.head, "TOTAL_AMT"));
  const auto said_total = Money::parse_yuan(said);
  if (!said_total || said_total.value() != total) {
    return refuse("answer_malformed", "TOTAL_AMT says " + said + ", but the lines come to " + total.to_yuan() + ".");
  }
  return s;
}

}  // namespace

Result<TreasuryMessage> decode_message(const Bytes& body) {
  text::XmlLimits limits;
  limits.bytes_max = 16u << 20;
  limits.depth_max = 8;
  limits.elements_max = 2'000'000;
  const auto document = TRY(text::XmlDocument::parse(body, limits));
  const auto root = document.root();
  if (root.name() == "PAY_STATEMENT") return TreasuryMessage(TRY(statement(root)));
  if (root.name() != "PAY_ANSWER") {
    return refuse("answer_unknown_root",
                  "The message is a " + std::string(root.name()) + ", not a PAY_ANSWER or PAY_STATEMENT.");
  }
  const auto whole = TRY(frame(root, 1, kDetailsMax));
  std::vector<Receipt> receipts;
  for (const auto& detail : whole.details) receipts.push_back(TRY(receipt(detail, whole)));
  return TreasuryMessage(std::move(receipts));
}

}  // namespace zhida::treasury
