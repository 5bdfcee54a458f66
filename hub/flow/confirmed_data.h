// Which data decide about an item: what data officers confirm, and whether it is still so.
#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "domain/field_catalogue.h"
#include "stages/mapping/mapping_set.h"
#include "stages/matching/policy.h"

namespace zhida::flow {

/// What today's hub reads data by.
struct DataRules {
  const FieldCatalogue& fields;
  const mapping::MappingSet& mappings;
  const std::string& code_files;  ///< Canonical JSON, file name → SHA-256 (flow/decisions.h).
};

/// For each field that the item asks for, and those that these follow from: title, sources in their order, how rows
/// become one value, for how many days it counts as fresh, whether it is fetched anew; and from which columns of which
/// records it is read, by which code tables. A list ordered by field.
Json data_of(const matching::Policy& policy, const DataRules& rules);

/// Fields of which the two say something else: `field`, `title`, `was`, `is`, the latter two with what differs and no
/// more. What a confirmation of an earlier program did not say is not compared.
std::vector<Json> data_differences(const Json& confirmed, const Json& today);

}  // namespace zhida::flow
