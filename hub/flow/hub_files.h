// What a hub is made of, read from the files that its settings name. For hub.cpp only.
#pragma once
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "flow/hub.h"
#include "flow/seal_keeper.h"
#include "stages/mapping/mapping_set.h"
#include "stages/matching/policy.h"
#include "stages/profile/profile_store.h"

namespace zhida::flow {

Result<std::unique_ptr<Clock>> make_clock(const HubConfig& config);
Result<Calendar> load_calendar(const HubConfig& config);
/// Errors of the mappings, all findings in one.
Result<mapping::MappingSet> load_mappings(const HubConfig& config);
Result<profile::ProfileRules> load_rules(const HubConfig& config, const mapping::MappingSet& mappings);
/// The items that parameters.yaml publishes. Error `policies_invalid` with all findings.
Result<std::vector<matching::Policy>> load_items(const HubConfig& config, const FieldCatalogue& fields);
SealKeeper::Files own_seal_files(const HubConfig& config);

}  // namespace zhida::flow
