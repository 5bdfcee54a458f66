#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/enterprise_profile.h"
#include "domain/field_catalogue.h"
#include "domain/mapped_record.h"
#include "stages/matching/persons.h"
#include "stages/matching/policy.h"

namespace zhida::matching {

/// One example beside a policy file: a profile, and what must come out.
struct PolicyExample {
  std::string name;
  Date at;
  EnterpriseProfile profile;
  Verdict verdict = Verdict::unknown;
  std::optional<Money> amount;
  std::vector<Tranche> tranches;  ///< Compared only when stated.
  bool tranches_stated = false;
  std::vector<std::pair<std::string, Verdict>> clauses;  ///< Those that the example names.
  std::string place;                                     ///< `HR-001.test.yaml:12:5`
  bool with_persons = false;
  std::vector<PersonRow> persons;         ///< The firm's list; `id` stands for the digest.
  std::vector<std::string> used_persons;  ///< Had the benefit before.
};

/// The example's firm as the item sees it: lists of persons have become counts.
EnterpriseProfile profile_of(const Policy& policy, const PolicyExample& example);

/// `X.yaml` → `X.test.yaml`
std::string example_path_of(const std::string& policy_path);

/// Reads the examples of a policy. `base` holds what all of them share, `given` overrides it, `without` leaves fields
/// out. Fields that an example does not give are missing; `{unknown: stale}` and `{unknown: conflict}` give an unknown
/// value with that reason, `{value, as_of, source}` an older one. What is wrong is in `errors`.
std::vector<PolicyExample> parse_examples(const std::string& text, const std::string& path, const Policy& policy,
                                          const FieldCatalogue& fields, std::vector<Finding>& errors);

/// Evaluates the example; each difference is one sentence. Empty: it holds.
std::vector<std::string> run_example(const Policy& policy, const PolicyExample& example);

}  // namespace zhida::matching
