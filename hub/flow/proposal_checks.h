#pragma once
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "domain/field_catalogue.h"
#include "stages/matching/policy.h"

namespace zhida::flow {

/// An item as it stands in the folder, with nothing against it.
struct ReadyItem {
  matching::Policy policy;
  std::string body;  ///< Its canonical form.
  Json checks;       ///< How many examples hold, and what the checker notes.
  Json data;  ///< Which data decide: field, title, sources in their order, for how many days they count as fresh.
};

/// Which data decide an item: field, title, sources in their order, for how many days they count as fresh (0: always),
/// whether they are fetched anew before money is asked for, the list that proves absence; `made` where no source says
/// them: `derived` from other fields, `round` by a round of places.
Json needed_data(const matching::Policy& policy, const FieldCatalogue& fields);

/// Reads the item, runs the checker and every example beside it: none may fail, and each condition must be false in
/// one. Error `policy_not_ready` says all that is wrong; `policy_unknown` where there is no such file.
Result<ReadyItem> check_item(const std::string& folder, const PolicyId& id, const FieldCatalogue& fields);

}  // namespace zhida::flow
