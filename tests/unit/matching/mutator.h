// Every way in which an item could be wrong by one step, for the question whether its examples would notice.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "stages/matching/policy.h"

namespace zhida::matching::test {

struct Mutant {
  std::string
      kind;  ///< `comparison`, `boundary`, `dropped`, `group`, `value`, `unknown is no`, `unknown is yes`, `sum`, …
  std::string what;
  Policy policy;
  std::string unknown_as_met;  ///< Id of the clause whose unknown counts as met; empty for other kinds.
};

class Mutator {
 public:
  explicit Mutator(const Policy& original) : original_(original) {}
  std::vector<Mutant> all();

 private:
  using Root = std::function<Clause&(Policy&)>;
  void add(const std::string& kind, const std::string& what, const std::function<void(Policy&)>& change);
  std::vector<Root> roots() const;
  void clauses(const Root& root, const std::vector<std::size_t>& path);
  void condition(const Root& root, const std::vector<std::size_t>& path, const Clause& clause);
  void amounts();
  void rule(const std::string& name, const std::function<AmountRule&(Policy&)>& at);
  void validity();

  const Policy& original_;
  std::vector<Mutant> out_;
};

}  // namespace zhida::matching::test
