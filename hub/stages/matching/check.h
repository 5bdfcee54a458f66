#pragma once
#include <map>
#include <string>
#include <vector>

#include "stages/matching/example_file.h"
#include "stages/matching/policy.h"

namespace zhida::matching {

/// What the checker says about a readable item. `clause` is the id of the clause, `tier` for tiers, or empty: the item.
struct Remark {
  std::string clause;
  std::string code;
  std::string message;
  bool error = true;
};

/// What is wrong in the logic of an item, found by trying the values around every threshold: `always_true`,
/// `never_true`, `tier_overlap`, `tier_gap`, `rank_not_asked`. Pure. Counts are never negative; where there are too
/// many combinations to try, nothing is said.
std::vector<Remark> check_logic(const Policy& policy);

/// Conditions that no example makes not_met (`clause_never_false`). A condition that cannot be not_met (`exists`) is
/// left out.
std::vector<Remark> check_examples(const Policy& policy, const std::vector<PolicyExample>& examples);

/// Values of each field around the thresholds that the clauses name: one below, the threshold, one above; every code
/// and another one. For checks, fuzzing and curves.
class ProbeValues {
 public:
  explicit ProbeValues(const Policy& policy, Date day);
  void add(const Clause& root);
  const std::map<std::string, std::vector<FieldData>>& values() const { return values_; }

 private:
  void put(const std::string& field, FieldData value);
  const Policy& policy_;
  Date day_;
  std::map<std::string, std::vector<FieldData>> values_;
};

}  // namespace zhida::matching
