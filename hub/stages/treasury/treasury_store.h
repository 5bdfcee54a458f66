// SQL of attempts, answers and contradictions, and nothing else.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/payment_request.h"
#include "domain/receipt.h"
#include "platform/storage/database.h"

namespace zhida::treasury {

using storage::Transaction;

/// A contradiction that waits for a person.
struct Conflict {
  std::int64_t id = 0;
  std::string business_no, code, detail, state;
  CaseId case_id;
  std::int64_t message_row = 0;
  Instant at{};
};

/// Error `attempt_not_found`.
Result<PaymentAttempt> load_attempt(Transaction& transaction, const AttemptId& business_no);
Result<std::vector<PaymentAttempt>> load_attempts(Transaction& transaction, const CaseId& case_id);
/// Requests that left (or whose message was refused: the treasury may know the number all the same) and have no end,
/// created before the moment and not asked about since the other.
Result<std::vector<PaymentAttempt>> load_overdue(Transaction& transaction, Instant created_before, Instant asked_before,
                                                 std::int64_t limit);
/// Writes what an answer may change; the database refuses anything else.
Result<void> save_attempt(Transaction& transaction, const PaymentAttempt& attempt);

Result<std::vector<Conflict>> load_conflicts(Transaction& transaction, const std::string& state = "open");

/// One detail of a message as stored.
struct StoredAnswer {
  std::string peer, message_id, business_no, answer, outcome, detail, agent_business_no, trace_id;
  std::int64_t id = 0, position = 0;
  std::optional<Money> amount;
  std::optional<Date> on;
  Bytes body, seal;
  std::string seal_proof;  ///< Where the seal is over a batch of messages (proof.json).
  Instant received_at{};
};
/// Gives the row's number; nullopt when this very detail is stored already.
Result<std::optional<std::int64_t>> insert_answer(Transaction& transaction, const StoredAnswer& answer);
Result<std::vector<StoredAnswer>> load_answers(Transaction& transaction, const AttemptId& business_no);

/// Numbers for metrics, the overview and `deploy/demo --json`.
struct PaymentTotals {
  std::int64_t requests = 0, settled = 0, returned = 0, sent_back = 0, cancelled = 0, open = 0, frozen = 0;
  std::int64_t settled_fen = 0;  ///< Paid, net of returns.
};
Result<PaymentTotals> payment_totals(Transaction& transaction);

}  // namespace zhida::treasury
