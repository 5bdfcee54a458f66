#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/money.h"
#include "base/time.h"
#include "domain/benefit_case.h"

namespace zhida {

/// What the treasury's word has made of one attempt; ranks in reconcile.h.
enum class AttemptState : std::uint8_t {
  queued,     ///< Committed with its bytes, not yet with the treasury.
  sent,       ///< The treasury's broker has it.
  acked,      ///< The treasury accepted it (受理, 已审核, voucher numbered).
  rejected,   ///< Sent back (退回修改): never to be paid.
  settled,    ///< Paid (已支付).
  cancelled,  ///< The treasury confirmed that it will never pay it (作废).
  returned,   ///< Paid and come back in full (退票, 资金退回).
};
const char* to_text(AttemptState state);
std::optional<AttemptState> attempt_state_from(std::string_view text);

/// The content of one payment request (支付申请): one detail of the message.
struct PaymentRequest {
  AttemptId business_no;  ///< At most 35 ASCII characters; our key with the treasury, new for each attempt.
  CaseId tracking_id;     ///< The benefit; the same for all its attempts.
  int attempt = 1;
  std::string division;
  int fiscal_year = 0;
  AppropriationId appropriation;
  std::string agency_code, fund_type_code, exp_func_code, gov_bgt_eco_code, dep_bgt_eco_code, pro_code;
  std::string set_mode_code;  ///< How the bank settles (结算方式); a setting.
  std::string use_des;        ///< Purpose (用途).
  PayeeAccount payee;
  std::string uscc;
  Money amount;
};

/// One attempt as stored: the request, the exact octets that were sealed, and what the treasury has said so far.
struct PaymentAttempt {
  PaymentRequest request;
  AttemptState state = AttemptState::queued;
  std::string message_id;
  Bytes body;                ///< GBK, exactly as sealed and sent.
  Bytes seal;                ///< SES_Signature over body, or over the batch it was sealed in.
  std::string seal_proof{};  ///< proof.json in the latter case, else empty.
  std::string digest;        ///< `sm3:<hex>` of body.
  std::string trace_id;
  Instant created_at{}, state_at{};
  std::string pay_app_no, pay_cert_no, agent_business_no;
  std::optional<Date> paid_on;
  std::string reason;
  Money paid, returned;  ///< As the treasury said; returned ≤ paid.
  bool frozen = false;
  std::optional<Instant> overdue_since;
  std::int64_t asked = 0;  ///< Status queries sent.
  std::optional<Instant> last_asked_at;
};

}  // namespace zhida
