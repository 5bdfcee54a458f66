// Budget reports as JSON, for the parked ones: what was kept is read back as it was.
#pragma once
#include "base/json.h"
#include "base/result.h"
#include "domain/appropriation.h"

namespace zhida::ledger {

Json to_json(const AppropriationReport& report);
Json to_json(const BudgetPaymentReport& report);
/// Errors `field_missing`, `field_wrong_type`.
Result<AppropriationReport> appropriation_from(const Json& json);
Result<BudgetPaymentReport> payment_from(const Json& json);

}  // namespace zhida::ledger
