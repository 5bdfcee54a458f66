#include "stages/treasury/reconcile.h"

namespace zhida::treasury {
namespace {

Merge conflict(std::string code, std::string detail) {
  Merge merge;
  merge.kind = Merge::Kind::conflict;
  merge.code = std::move(code);
  merge.detail = std::move(detail);
  return merge;
}

/// What every answer says besides its state must fit the request.
std::optional<Merge> mismatch(const PaymentAttempt& attempt, const Receipt& receipt) {
  const PaymentRequest& request = attempt.request;
  if (!receipt.division.empty() && receipt.division != request.division) {
    return conflict("division_differs",
                    "The answer is of division " + receipt.division + ", the request of " + request.division + ".");
  }
  if (receipt.fiscal_year != 0 && receipt.fiscal_year != request.fiscal_year) {
    return conflict("year_differs", "The answer is of budget year " + std::to_string(receipt.fiscal_year) +
                                        ", the request of " + std::to_string(request.fiscal_year) + ".");
  }
  if ((!receipt.payee_account_no.empty() && receipt.payee_account_no != request.payee.account_no) ||
      (!receipt.payee_name.empty() && receipt.payee_name != request.payee.name)) {
    return conflict("payee_differs", "The answer names another payee than the request.");
  }
  const auto other = [](const std::string& known, const std::string& said) {
    return !known.empty() && !said.empty() && known != said;
  };
  if (other(attempt.pay_app_no, receipt.pay_app_no))
    return conflict("number_differs",
                    "PAY_APP_NO was " + attempt.pay_app_no + " and is now " + receipt.pay_app_no + ".");
  if (other(attempt.pay_cert_no, receipt.pay_cert_no)) {
    return conflict("number_differs",
                    "PAY_CERT_NO was " + attempt.pay_cert_no + " and is now " + receipt.pay_cert_no + ".");
  }
  return std::nullopt;
}

Merge returned(const PaymentAttempt& attempt, const Receipt& receipt, bool return_seen) {
  Merge merge;
  if (return_seen) return merge;
  const std::int64_t asked = attempt.request.amount.fen();
  const std::int64_t back = receipt.amount.value_or(Money()).fen();
  if (attempt.state == AttemptState::rejected || attempt.state == AttemptState::cancelled) {
    return conflict("outcome_contradicts",
                    std::string("Money came back from a request that was ") + to_text(attempt.state) + ".");
  }
  if (attempt.state == AttemptState::returned)
    return conflict("returned_twice", "Another return of a payment that had come back in full.");
  if (back <= 0 || back > asked - attempt.returned.fen()) {
    return conflict("amount_differs", "The return of " + Money::from_fen(back).to_yuan() +
                                          " does not fit a payment of " + attempt.request.amount.to_yuan() + ".");
  }
  const bool whole = attempt.returned.fen() + back == asked;
  if (attempt.frozen || (!whole && attempt.state != AttemptState::settled)) {
    merge.kind = Merge::Kind::wait;
    return merge;
  }
  merge.kind = whole ? Merge::Kind::advance : Merge::Kind::partial;
  merge.state = whole ? AttemptState::returned : AttemptState::settled;
  merge.ledger = LedgerStep::unspend;
  merge.amount = Money::from_fen(back);
  merge.prior_year = receipt.on && receipt.on->year() != attempt.request.fiscal_year;
  return merge;
}

Merge ended(const PaymentAttempt& attempt, AttemptState target) {
  Merge merge;
  if (attempt.state == target) return merge;
  if (attempt.state == AttemptState::returned && target == AttemptState::settled)
    return merge;  // Overtaken by its return.
  if (rank(attempt.state) >= rank(target)) {
    return conflict("outcome_contradicts", std::string("The request was ") + to_text(attempt.state) +
                                               " and is now said to be " + to_text(target) + ".");
  }
  if (attempt.frozen && target != AttemptState::settled) {
    merge.kind = Merge::Kind::wait;  // Nothing is released while it is open whether money has left.
    return merge;
  }
  merge.kind = Merge::Kind::advance;
  merge.state = target;
  merge.ledger = target == AttemptState::settled ? LedgerStep::settle : LedgerStep::release;
  merge.amount = attempt.request.amount;
  return merge;
}

}  // namespace

int rank(AttemptState state) {
  switch (state) {
    case AttemptState::queued:
      return 0;
    case AttemptState::sent:
      return 1;
    case AttemptState::acked:
      return 2;
    case AttemptState::rejected:
    case AttemptState::settled:
    case AttemptState::cancelled:
      return 3;
    case AttemptState::returned:
      break;
  }
  return 4;
}

Merge reconcile(const PaymentAttempt& attempt, const Receipt& receipt, bool return_seen) {
  if (receipt.state == AnswerState::not_found) return {};
  if (auto differs = mismatch(attempt, receipt)) return std::move(*differs);
  Merge merge;
  switch (receipt.state) {
    case AnswerState::accepted:
    case AnswerState::audited:
    case AnswerState::voucher:
      if (rank(AttemptState::acked) > rank(attempt.state)) {
        merge.kind = Merge::Kind::advance;
        merge.state = AttemptState::acked;
      }
      break;
    case AnswerState::sent_back:
      merge = ended(attempt, AttemptState::rejected);
      break;
    case AnswerState::cancelled:
      merge = ended(attempt, AttemptState::cancelled);
      break;
    case AnswerState::paid: {
      const Money amount = receipt.amount.value_or(Money());
      if (amount == Money()) {
        merge = ended(attempt, AttemptState::rejected);  // A detail of a batch that failed.
        break;
      }
      if (amount != attempt.request.amount) {
        return conflict("amount_differs",
                        "Paid was " + amount.to_yuan() + ", asked for " + attempt.request.amount.to_yuan() + ".");
      }
      if (!attempt.agent_business_no.empty() && attempt.agent_business_no != receipt.agent_business_no) {
        return conflict("paid_twice", "The bank's serial number was " + attempt.agent_business_no + " and is now " +
                                          receipt.agent_business_no + ".");
      }
      merge = ended(attempt, AttemptState::settled);
      merge.agent_business_no = receipt.agent_business_no;
      break;
    }
    case AnswerState::returned:
      merge = returned(attempt, receipt, return_seen);
      break;
    case AnswerState::not_found:
      break;
  }
  if (attempt.pay_app_no.empty()) merge.pay_app_no = receipt.pay_app_no;
  if (attempt.pay_cert_no.empty()) merge.pay_cert_no = receipt.pay_cert_no;
  return merge;
}

}  // namespace zhida::treasury
