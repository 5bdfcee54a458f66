// The items in force as the store has them, each read back from its stored form.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "flow/confirmed_data.h"
#include "flow/policy_book.h"
#include "platform/storage/database.h"

namespace zhida::flow {

/// Errors `policy_body_malformed`, `policy_version_wrong` where the form does not have the SHA-256 it is kept under.
Result<matching::Policy> policy_of(const std::string& version, const std::string& body);
/// nullopt where there is no such version. Errors of policy_of().
Result<std::optional<matching::Policy>> stored_version(storage::Transaction& transaction, const PolicyId& id,
                                                       const std::string& version);
/// Empty: none.
Result<std::string> version_in_force(storage::Transaction& transaction, const PolicyId& id);

/// All of them, and which of their data are not what was confirmed. An item that cannot be read stands by itself and
/// takes no other with it.
Result<ItemsInForce> items_in_force(storage::Transaction& transaction, const DataRules& rules);

/// What differs between the data as they were confirmed for this version and as they are today (data_differences).
/// Nothing where nobody was asked (policies.approval: at_start).
Result<std::vector<Json>> unconfirmed_data(storage::Transaction& transaction, const matching::Policy& policy,
                                           const DataRules& rules);

/// Asks for a round over all firms where other items wait for a confirmation than did before. True when it did.
Result<bool> note_waiting_items(storage::Transaction& transaction, const PolicyBook& book);

}  // namespace zhida::flow
