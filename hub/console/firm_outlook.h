// What a firm could still get, and what it had: for its page and for REST.
#pragma once
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "domain/benefit_case.h"
#include "domain/enterprise_profile.h"
#include "domain/entitlement.h"
#include "flow/rooms.h"
#include "platform/storage/database.h"

namespace zhida::console {

/// Puts into the view of a firm: `near_misses` (差一项: items that a single condition keeps it from), `questions`
/// (items that are open, with the conditions whose data would decide them), `owed` (应享未享: items that it meets, and
/// has neither received nor a case for), `received` (benefits that it had, newest first).
Result<void> put_outlook(storage::Transaction& transaction, const flow::Rooms& rooms, const EnterpriseProfile& profile,
                         const std::vector<Entitlement>& entitlements, const std::vector<BenefitCase>& cases,
                         Json& view);

}  // namespace zhida::console
