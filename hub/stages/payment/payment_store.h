// SQL of this room and nothing else. It reads the case's row (a stage never includes another stage) and writes
// attempts.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "domain/payment_request.h"
#include "platform/storage/database.h"

namespace zhida::payment {

using storage::Transaction;

/// What this room needs to know about a case.
struct PayableCase {
  CaseId id;
  std::string uscc, division, title, period, trace_id, reason, policy_version;
  CaseState state = CaseState::matched;
  bool appropriation_channel = false, frozen = false, recheck_passed = false;
  std::optional<Money> amount;
  std::optional<PayeeAccount> payee;
  std::int64_t profile_sequence = 0, version = 0;
};

/// Error `case_not_found`.
Result<PayableCase> load_payable_case(Transaction& transaction, const CaseId& id);

struct LastAttempt {
  int attempt = 0;
  AttemptState state = AttemptState::queued;
  bool frozen = false;
};
Result<std::optional<LastAttempt>> load_last_attempt(Transaction& transaction, const CaseId& id);

/// Error `storage_check` or `storage_unique` where the database refuses (an attempt is open, or contradicts).
Result<void> insert_attempt(Transaction& transaction, const PaymentAttempt& attempt);

/// Writes why a case waits into its row. False when that is what stands there already.
Result<bool> save_waiting_reason(Transaction& transaction, const CaseId& id, const std::string& reason);

}  // namespace zhida::payment
