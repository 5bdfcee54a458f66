// How an answer and an attempt come together: pure. A message only moves an attempt up; what contradicts goes to a
// person. design: part 3 of the payment page; every rule here was checked exhaustively.
#pragma once
#include <optional>
#include <string>

#include "domain/payment_request.h"
#include "domain/receipt.h"

namespace zhida::treasury {

/// queued 0 < sent 1 < acked 2 < rejected, settled, cancelled 3 < returned 4.
int rank(AttemptState state);

/// What the book must do in the same transaction.
enum class LedgerStep { none, settle, release, unspend };

struct Merge {
  enum class Kind {
    nothing,   ///< Known already, or older than what is known. Numbers that were missing may be filled in.
    advance,   ///< Moves to `state`.
    partial,   ///< Part of a payment came back: stays settled, a person is told.
    wait,      ///< True, but not yet: a partial return before its payment, or bad news while a contradiction is open.
    conflict,  ///< Contradicts what is known: `code` and `detail`; no state changes, a person decides.
  } kind = Kind::nothing;
  AttemptState state = AttemptState::queued;
  LedgerStep ledger = LedgerStep::none;
  Money amount;             ///< Of the ledger step.
  bool prior_year = false;  ///< The return came in another year than the appropriation's.
  std::string code;         ///< `amount_differs`, `payee_differs`, `year_differs`, `outcome_contradicts`, …
  std::string detail;       ///< One sentence.
  // Numbers to keep, where the attempt has none yet.
  std::string pay_app_no, pay_cert_no, agent_business_no;
};

/// `return_seen`: this very return (by its serial number) was booked already.
Merge reconcile(const PaymentAttempt& attempt, const Receipt& receipt, bool return_seen);

}  // namespace zhida::treasury
