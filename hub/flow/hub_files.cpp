#include "flow/hub_files.h"

#include "base/bytes.h"
#include "stages/mapping/mapping_set.h"
#include "stages/matching/policy_file.h"
#include "stages/profile/profile_store.h"

namespace zhida::flow {
namespace {

/// Findings as one sentence each, for an error that says all that is wrong.
std::string lines_of(const std::vector<Finding>& findings) {
  std::string text;
  for (const auto& finding : findings) text += "\n" + to_text(finding);
  return text;
}

}  // namespace

Result<std::unique_ptr<Clock>> make_clock(const HubConfig& config) {
  if (config.clock == "system") return std::unique_ptr<Clock>(std::make_unique<SystemClock>());
  return std::unique_ptr<Clock>(TRY(FileClock::create(config.clock_file)));
}

Result<Calendar> load_calendar(const HubConfig& config) {
  return Calendar::parse(TRY(read_file(config.mappings_folder + "/codes/workdays.csv")));
}

Result<mapping::MappingSet> load_mappings(const HubConfig& config) {
  std::vector<Finding> findings;
  auto mappings = mapping::MappingSet::load(config.mappings_folder, findings);
  if (!mappings && !findings.empty())
    return refuse(mappings.error().code, "The mappings are not in order:" + lines_of(findings));
  return mappings;
}

Result<profile::ProfileRules> load_rules(const HubConfig& config, const mapping::MappingSet& mappings) {
  profile::ProfileRules rules;
  rules.catalogue = mappings.fields();
  rules.sizes = TRY(profile::SizeRules::parse(TRY(read_file(config.mappings_folder + "/codes/sme_size.csv"))));
  rules.default_division = config.city;
  return rules;
}

Result<std::vector<matching::Policy>> load_items(const HubConfig& config, const FieldCatalogue& fields) {
  matching::PolicyFindings findings;
  auto sources = TRY(matching::load_published(config.mappings_folder + "/policies", fields, findings));
  if (!findings.errors.empty())
    return refuse("policies_invalid", "The policies are not in order:" + lines_of(findings.errors));
  std::vector<matching::Policy> policies;
  for (auto& source : sources) policies.push_back(std::move(source.policy));
  return policies;
}

SealKeeper::Files own_seal_files(const HubConfig& config) {
  SealKeeper::Files files{config.seal.seal_file, config.seal.certificate_file, {}, config.seal.key_file};
  files.key = config.seal_key.value_or(crypto::KeyFile{config.seal.key_file, config.seal.passphrase});
  return files;
}

}  // namespace zhida::flow
