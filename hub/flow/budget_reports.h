#pragma once
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "domain/mapped_record.h"
#include "ledger/ledger.h"
#include "platform/storage/database.h"

namespace zhida::casework {
class Casework;
}

namespace zhida::flow {

inline constexpr const char* kAppropriationType = "budget.appropriation";
inline constexpr const char* kBudgetPaymentType = "budget.payment";
inline constexpr const char* kNoticeReportType = "sms_gateway.report";
inline constexpr const char* kDecisionReportType = "social_security.decision_report";

/// A mapped row of the budget system becomes a report to the book. Errors `budget_record_incomplete` (names the value).
Result<ledger::ReportOutcome> apply_budget_report(ledger::Ledger& book, const LedgerRecord& row);
/// The fiscal division that the row names.
std::optional<std::string> budget_division(const LedgerRecord& row);

/// What an outside system reports about a case: a notice delivered or not, a decision acknowledged.
Result<void> apply_report_on_case(storage::Transaction& transaction, casework::Casework& casework,
                                  const LedgerRecord& row, Instant now);

}  // namespace zhida::flow
