// A second evaluator, written differently on purpose: it reads the published JSON form instead of the Policy, computes
// with numbers instead of verdicts, and reckons sums in fractions of any size (Boost.Multiprecision). It shares no code
// with hub/stages/matching.
#pragma once
#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "domain/enterprise_profile.h"

namespace zhida::test {

/// 0 not met, 1 unknown, 2 met: and is min, or is max, not is 2 - x.
class SecondEvaluator {
 public:
  using Whole = boost::multiprecision::cpp_int;
  using Exact = boost::multiprecision::cpp_rational;

  struct Sum {
    int verdict = 2;
    std::optional<Whole> total;
    std::vector<std::pair<std::string, Whole>> tranches;  ///< Without those of nothing.
    std::vector<std::pair<std::string, Whole>> shares;
    bool wide = false;  ///< Something on the way needed more than 126 bits: whoever has 128 may not know the sum.
  };

  SecondEvaluator(const Json& policy, const EnterpriseProfile& firm, Date day)
      : policy_(policy), firm_(firm), day_(day) {}

  int conditions() { return node(policy_["when"], false); }
  int validity() const;
  int reminder() const { return policy_.contains("kind") && policy_["kind"] == "reminder" ? 1 : 2; }
  Sum amount();

  std::map<std::string, int> told;  ///< Clause id → verdict, before on_unknown.

 private:
  struct Value {
    FieldData data;
    Date as_of;
    std::string source;
  };
  /// A rule's exact sum; the verdict says whether there is one.
  struct Part {
    int verdict = 2;
    Exact sum = 0;
  };

  std::optional<Value> value(const std::string& field) const;
  std::optional<FieldData> regional(const Json& datum) const;
  std::optional<std::int64_t> number(const std::string& field) const;
  std::optional<std::string> text(const std::string& field) const;
  Whole most_over(const Whole& factor) const;
  std::optional<Whole> within(const std::string& field, const Whole& factor) const;
  std::optional<Exact> formula(std::string_view& rest, bool& wide) const;
  std::optional<Exact> formula_of(const std::string& written, bool& wide) const;

  int node(const Json& clause, bool below_not);
  int leaf(const Json& clause) const;
  int leaf_on(const Json& clause, const std::string& field) const;

  Part rule(const Json& rule, bool& wide);
  Part multiplied_count(const Json& rule) const;
  Sum sum();
  Sum schedule(const Json& rule) const;
  Sum stages(const Json& rule);
  Whole rounded(const Exact& sum, const std::string& mode, const Whole& unit) const;

  const Json& policy_;
  const EnterpriseProfile& firm_;
  Date day_;
  bool in_sum_ = false;  ///< There, what is unknown stays so, whatever `on_unknown` says.
};

}  // namespace zhida::test
