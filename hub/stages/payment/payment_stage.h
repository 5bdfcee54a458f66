// From an approved and re-checked case to a sealed request: prepare() draws up the bytes, a worker seals them, and
// commit_request() reserves the money, stores the attempt and hands it to the outbox in one transaction.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "audit/audit_trail.h"
#include "base/clock.h"
#include "base/result.h"
#include "domain/entitlement.h"
#include "domain/events.h"
#include "domain/payment_request.h"
#include "domain/policy_handling.h"
#include "ledger/ledger.h"
#include "platform/storage/database.h"

namespace zhida::payment {

using storage::Transaction;
/// Writes a message into the outbox in the same transaction; handed in by flow.
using SendMessage = std::function<Result<void>(Transaction&, const OutgoingEnvelope&)>;
/// Moves the case in the same transaction (casework::Casework::move); handed in by flow.
using MoveCase = std::function<Result<void>(Transaction&, const CaseMove&)>;

/// What fresh data says, at prepare() and again at commit_request().
struct FreshFacts {
  Verdict verdict = Verdict::unknown;
  std::optional<Money> tranche_amount;
  std::int64_t profile_sequence = 0;
  std::string policy_version{};  ///< Of the item that said so; empty: the one that the case stands on.
};

struct PreparedRequest {
  PaymentRequest request;
  std::int64_t case_version = 0;
  std::int64_t profile_sequence = 0;
  std::string message_id, trace_id;
  Bytes body;                ///< What is sealed, GBK.
  std::string digest;        ///< `sm3:<hex>`
  std::string seal_proof{};  ///< Set by the flow where the seal is over a batch of messages (proof.json).
};

struct PaymentSettings {
  std::string address = "treasury.instructions";
  std::string set_mode_code = "2";  ///< Transfer (转账); the place's code table.
};

/// How a step of this room ended when nothing is wrong with the store.
struct RequestOutcome {
  enum class Kind {
    requested,
    waits_for_budget,  ///< No appropriation, or not enough: `refusal` says which; nothing was changed.
    changed,           ///< Case, verdict, amount or profile are not what was prepared: prepare (and re-check) again.
  } kind = Kind::requested;
  std::optional<ledger::ReserveRefusal> refusal;
  std::string reason;  ///< One sentence.
  AttemptId business_no;
};

class PaymentStage {
 public:
  PaymentStage(const audit::AuditTrail& trail, const Clock& clock, PaymentSettings settings = {})
      : trail_(trail), clock_(clock), settings_(std::move(settings)) {}

  const std::string& address() const { return settings_.address; }  ///< Where requests go.

  /// Draws up the next attempt of the case. The payee check must have passed (it has, by the state). Errors:
  /// `case_not_ready`, `case_frozen`, `facts_not_met`, `policy_differs`, `amount_differs`, `attempt_open` (the attempt
  /// before was neither rejected, cancelled nor returned), `char_not_in_gbk`, `field_too_long`, `field_missing`; and,
  /// with Fate::retry: `appropriation_not_found`, `appropriation_closed`, `exceeds_available` (tell note_waiting()).
  /// Changes nothing.
  Result<PreparedRequest> prepare(Transaction& transaction, const CaseId& case_id, const FreshFacts& facts,
                                  const HandlingSettings& handling);
  /// One transaction: nothing changed since prepare(), reserve, attempt with bytes and seal, outbox row, case →
  /// requested. A refused reservation is audited and gives waits_for_budget.
  Result<RequestOutcome> commit_request(Transaction& transaction, const PreparedRequest& prepared, const Bytes& seal,
                                        const FreshFacts& facts, const SendMessage& send, const MoveCase& move);

  /// Writes down, once, that a case waits for its budget (prepare() said so).
  Result<void> note_waiting(Transaction& transaction, const CaseId& case_id, ledger::ReserveRefusal refusal);

 private:
  const audit::AuditTrail& trail_;
  const Clock& clock_;
  PaymentSettings settings_;
};

}  // namespace zhida::payment
