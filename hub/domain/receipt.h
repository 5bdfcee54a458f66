#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/money.h"
#include "base/time.h"

namespace zhida {

/// The word STATE of a treasury answer.
enum class AnswerState : std::uint8_t {
  accepted,   ///< ACCEPTED 受理
  audited,    ///< AUDITED 已审核
  voucher,    ///< VOUCHER: the payment has its voucher number (PAY_CERT_NO).
  sent_back,  ///< SENT_BACK 退回修改, with REASON
  paid,       ///< PAID 已支付, with XPAY_AMT, XPAY_DATE, AGENT_BUSINESS_NO; XPAY_AMT 0.00 with REASON: not paid
  returned,   ///< RETURNED 退票/资金退回: XPAY_AMT came back (positive), AGENT_BUSINESS_NO is the return's serial
  cancelled,  ///< CANCELLED 作废 confirmed
  not_found,  ///< NOT_FOUND: the treasury does not know the business number (yet); changes nothing
};
const char* to_text(AnswerState state);  ///< The upper-case word.
std::optional<AnswerState> answer_state_from(std::string_view word);

/// What the treasury says about one of our requests: one detail of an answer.
struct Receipt {
  AttemptId business_no;
  AnswerState state = AnswerState::accepted;
  std::string division;  ///< From the head; 6 digits.
  int fiscal_year = 0;   ///< From the head.
  std::string pay_app_no, pay_cert_no, agent_business_no, reason;
  std::optional<Money> amount;               ///< XPAY_AMT
  std::optional<Date> on;                    ///< XPAY_DATE
  std::string payee_account_no, payee_name;  ///< XPAYEE_ACCT_NO, XPAYEE_ACCT_NAME where the treasury repeats them.
};

/// One line of the treasury's statement of a day.
struct StatementLine {
  AttemptId business_no;
  bool returned = false;  ///< DIRECTION = RETURNED
  std::string pay_cert_no, agent_business_no, payee_account_no;
  Money amount;
  Date on;
};

struct Statement {
  std::string division;
  int fiscal_year = 0;
  Date day;
  std::vector<StatementLine> lines;
};

}  // namespace zhida
