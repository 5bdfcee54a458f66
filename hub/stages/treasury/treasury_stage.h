// The treasury door: state, ledger and case in one go.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "audit/audit_trail.h"
#include "base/clock.h"
#include "base/result.h"
#include "domain/events.h"
#include "domain/payment_request.h"
#include "domain/receipt.h"
#include "ledger/ledger.h"
#include "platform/storage/database.h"
#include "stages/treasury/answer.h"
#include "stages/treasury/reconcile.h"
#include "stages/treasury/treasury_store.h"

namespace zhida::treasury {

using SendMessage = std::function<Result<void>(Transaction&, const OutgoingEnvelope&)>;
using MoveCase = std::function<Result<void>(Transaction&, const CaseMove&)>;

/// A message whose seal was verified, with its exact octets.
struct VerifiedMessage {
  std::string peer, message_id;
  TreasuryMessage content;  ///< decode_message(body)
  Bytes body, seal;
  std::string trace_id;
  std::string seal_proof{};  ///< Where the seal is over a batch of messages (proof.json).
};

struct TreasurySettings {
  std::string address = "treasury.instructions";
  std::chrono::hours overdue_after = std::chrono::hours(24);  ///< Without a final answer; business time.
  std::chrono::hours ask_again_after = std::chrono::hours(24);
};

/// What became of the details of a message.
struct Applied {
  std::int64_t advanced = 0, unchanged = 0, waiting = 0, conflicts = 0, unknown = 0, statements = 0;
};

/// A request that has been waiting too long: the query to seal, and what to send again unchanged.
struct OverdueWork {
  AttemptId business_no;
  std::string query_message_id;
  Bytes query_body;    ///< To be sealed by a worker and handed to commit_overdue().
  bool resend = true;  ///< False after the year-end, and for what was refused: then only the question is sent.
};

class TreasuryStage {
 public:
  TreasuryStage(const audit::AuditTrail& trail, const Clock& clock, TreasurySettings settings = {})
      : trail_(trail), clock_(clock), settings_(std::move(settings)) {}

  /// Stores the message, merges each detail, and moves attempt, book and case together. The same message again is
  /// harmless. Errors only of storage and of `move` (the caller's inbox has seen to message-id reuse).
  Result<Applied> apply(Transaction& transaction, const VerifiedMessage& message, const MoveCase& move);

  /// queued → sent, for attempts whose outbox row the treasury's broker has taken.
  Result<std::int64_t> note_sent(Transaction& transaction);

  /// Requests without a final answer for too long, with their status queries drawn up.
  Result<std::vector<OverdueWork>> overdue(Transaction& transaction, std::int64_t limit = 100);
  /// Sends the sealed status query and the identical bytes of the request once more. Releases nothing.
  Result<void> commit_overdue(Transaction& transaction, const OverdueWork& work, const Bytes& query_seal,
                              const SendMessage& send);

  /// Asks the treasury to cancel; nothing is released before it confirms. `reason` and seal as for a query.
  Result<OverdueWork> prepare_cancel(Transaction& transaction, const AttemptId& business_no, const std::string& reason);
  Result<void> commit_cancel(Transaction& transaction, const OverdueWork& work, const Bytes& seal,
                             const std::string& actor, const SendMessage& send);

  /// A person decided a contradiction: what was known stands, and the attempt (and its case) may move again; answers
  /// that waited meanwhile are taken in. Errors `conflict_not_found`.
  Result<void> resolve_conflict(Transaction& transaction, std::int64_t conflict_id, const std::string& actor,
                                const std::string& reason, const MoveCase& move);

 private:
  struct Source;
  Result<void> apply_receipt(Transaction& transaction, const Source& source, const Receipt& receipt,
                             const MoveCase& move, Applied& applied);
  Result<void> apply_merge(Transaction& transaction, const Source& source, const Receipt& receipt,
                           PaymentAttempt& attempt, const Merge& merge, const MoveCase& move);
  Result<void> apply_statement(Transaction& transaction, const Source& source, const Statement& statement);
  Result<void> apply_waiting(Transaction& transaction, const AttemptId& business_no, const MoveCase& move,
                             Applied& applied);
  Result<void> raise(Transaction& transaction, const Source& source, const Receipt& receipt,
                     const PaymentAttempt* attempt, const std::string& code, const std::string& detail,
                     const MoveCase& move, Applied& applied);
  Result<void> audit(Transaction& transaction, const PaymentAttempt& attempt, const std::string& kind,
                     const std::string& actor, Json detail, const std::string& digest = {});
  const audit::AuditTrail& trail_;
  const Clock& clock_;
  TreasurySettings settings_;
};

}  // namespace zhida::treasury
