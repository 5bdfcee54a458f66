// The budget book. Money leaves in two steps: reserve() when a request is drawn up, then settle() when the treasury's
// receipt arrives, or release() when the treasury's signed word is no. Money that comes back is unspent.
//
// Always holds, kept by the database (migration 0005): others + reserved + spent ≤ total for every appropriation; every
// balance is the sum of its entries; entries are only ever added; each entry takes from one account what it gives to
// another; nothing is released without a signed negative answer.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/money.h"
#include "base/result.h"
#include "domain/appropriation.h"
#include "platform/storage/database.h"

namespace zhida::ledger {

/// Why a reservation was refused. In order of precedence: the first that holds is the one reported.
enum class ReserveRefusal : std::uint8_t {
  amount_must_be_positive,
  appropriation_not_found,
  appropriation_closed,            ///< Closed or deleted by the budget system, or a report about it waits for a person.
  reserved_with_different_amount,  ///< The same request came again and does not agree with itself.
  already_reserved,                ///< The same request came again: done already.
  exceeds_available,
};
const char* to_text(ReserveRefusal refusal);

/// Why a settlement, a release or a return was refused; the database holds the same.
enum class PostRefusal : std::uint8_t {
  not_reserved,     ///< No reservation of this request was ever made.
  already_settled,  ///< The reservation was booked as spent.
  already_released,
  amount_differs,     ///< settle(): not the amount that was reserved.
  serial_taken,       ///< The bank's serial number stands for another payment already.
  not_settled,        ///< unspend(): nothing of this request was spent.
  exceeds_spent,      ///< unspend(): more would come back than went out.
  already_unspent,    ///< unspend(): this return was booked already.
  answer_not_signed,  ///< release(): the treasury's signed negative answer is not on record.
};
const char* to_text(PostRefusal refusal);

/// One account row of the book, in fen.
struct Balance {
  AppropriationReport last_report;
  Money total;  ///< amount − cut of the last report that was applied.
  Money others, reserved, spent, available;
  Money returned_prior_year;  ///< Came back after the year was closed: it belongs to finance, not to the quota.
  bool closed = false;
  bool report_parked = false;
};

/// The caller (the source door) audits it: `appropriation_recorded`, `spending_recorded`, `appropriation_change_parked`
/// with `person_asked`.
enum class ReportOutcome {
  applied,
  unchanged,  ///< The same again.
  outdated,   ///< Older than what is known; kept out.
  parked,     ///< Would break the book: waits in `parked_report`, a person was asked; nothing of it was applied.
};

/// One Ledger a transaction.
class Ledger {
 public:
  Ledger(storage::Transaction& transaction, const Clock& clock) : transaction_(transaction), clock_(clock) {}

  /// Errors only of storage.
  Result<ReportOutcome> apply_appropriation(const AppropriationReport& report);
  /// A payment whose business number is one of our attempts is ours and changes no balance; any other is others'
  /// spending. A payment on an appropriation that is not known yet is parked until that arrives.
  Result<ReportOutcome> apply_budget_payment(const BudgetPaymentReport& report);
  /// Tries parked reports once more, oldest first (after a release, a return or a larger appropriation). Gives how many
  /// could be applied.
  Result<std::int64_t> apply_parked();

  /// The appropriation that pays: of the district if it has one for this year and project, else of its city. Among
  /// several of the same division the first (by id) that is open and has `amount` available, else the first open one,
  /// else the first. Nothing when there is none at all.
  Result<std::optional<AppropriationId>> find_for(const std::string& division, int fiscal_year,
                                                  const std::string& pro_code, Money amount);

  /// nullopt: reserved. The attempt (payment_attempt row) must exist already in this transaction.
  Result<std::optional<ReserveRefusal>> reserve(const AppropriationId& from, const AttemptId& request, Money amount);
  /// nullopt: booked. `agent_business_no` is the bank's serial number of the payment.
  Result<std::optional<PostRefusal>> settle(const AttemptId& request, Money paid, const std::string& agent_business_no);
  Result<std::optional<PostRefusal>> release(const AttemptId& request);
  /// Money came back: all of it or a part. `reference` tells returns of one payment apart (the bank's serial number of
  /// the return). In another year than the appropriation's it goes to `returned_prior_year`, not to the quota. A
  /// reservation whose return came before its receipt is given back as a whole.
  Result<std::optional<PostRefusal>> unspend(const AttemptId& request, Money returned, const std::string& reference,
                                             bool prior_year);

  Result<std::optional<Balance>> balance(const AppropriationId& appropriation);
  /// All of one division and year (0: all years; empty: all divisions), by id.
  Result<std::vector<Balance>> balances(const std::string& division, int fiscal_year);

 private:
  /// A report that can't be applied as a whole comes back with the reason; nothing was changed by it.
  struct Tried {
    ReportOutcome outcome = ReportOutcome::applied;
    std::string reason;
  };
  Result<Tried> try_appropriation(const AppropriationReport& report);
  Result<Tried> try_payment(const BudgetPaymentReport& report);
  Result<Tried> move_others(const BudgetPaymentReport& report, std::int64_t counted_before,
                            const AppropriationId& appropriation_before, std::int64_t counted_now);
  Result<ReportOutcome> park(const std::string& kind, const std::string& key, const AppropriationId& appropriation,
                             const std::string& division, const std::string& reason, const std::string& record);
  Result<bool> parked_is_newer(const std::string& kind, const std::string& key, const std::string& updated_at);
  Result<void> supersede_parked(const std::string& kind, const std::string& key);
  Result<void> post(const AppropriationId& appropriation, const std::optional<AttemptId>& request, const char* kind,
                    const char* from, const char* to, std::int64_t fen, const std::string& agent_business_no,
                    const std::string& reference);
  struct Reservation;
  Result<std::optional<Reservation>> find_reservation(const AttemptId& request);

  storage::Transaction& transaction_;
  const Clock& clock_;
};

/// One line of the book, for pages and evidence.
struct Entry {
  std::int64_t id = 0;
  AppropriationId appropriation;
  std::string business_no;  ///< Empty for what the budget system reported.
  std::string kind;         ///< `appropriate`, `cut`, `others`, `reserve`, `settle`, `release`, `unspend`, …
  std::string from_account, to_account;
  Money amount;
  std::string reference;
  Instant at{};
};
Result<std::vector<Entry>> entries_of(storage::Transaction& transaction, const AppropriationId& appropriation,
                                      std::int64_t after_id = 0, std::int64_t limit = 500);

/// A report that waits for a person.
struct ParkedReport {
  std::int64_t id = 0;
  std::string kind;  ///< `appropriation`, `payment`
  std::string key;   ///< BGT_ID or PAY_APP_NO
  AppropriationId appropriation;
  std::string division, reason, record;  ///< record: the report as JSON
  std::string state;                     ///< `open`, `applied`, `superseded`
  Instant at{};
};
Result<std::vector<ParkedReport>> parked_reports(storage::Transaction& transaction, const std::string& state = "open");

/// Recomputes every balance from its entries. Gives the sentences of what does not agree; empty: the book is right.
Result<std::vector<std::string>> verify_book(storage::Transaction& transaction);

}  // namespace zhida::ledger
