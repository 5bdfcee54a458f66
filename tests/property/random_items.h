// Items and firms by dice: every operator, every kind of group, unknown values of every sort.
#pragma once
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "domain/enterprise_profile.h"
#include "stages/matching/policy.h"

namespace zhida::test {

class RandomItems {
 public:
  explicit RandomItems(std::uint64_t seed) : random_(seed), windows_(random_() % 2 == 0) {}

  static Date day();
  std::int64_t below(std::int64_t limit) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(limit));
  }
  bool chance(int percent) { return below(100) < percent; }

  /// `columns_only`: nothing that a typed row cannot say (derived fields, region data, named sources).
  matching::Policy policy(bool columns_only);
  EnterpriseProfile firm(Date day);
  /// One to three of its fields become something else.
  void change(EnterpriseProfile& firm, Date day);
  static bool columns_say_all(const matching::Policy& policy);

 private:
  FieldData data(FieldType type);
  FieldType type();
  matching::Clause condition(bool columns_only);
  matching::Clause tree(int depth, bool columns_only);
  matching::Amount amount();
  FieldState state(FieldType type, Date day);

  std::mt19937_64 random_;
  bool windows_;  ///< Whether conditions look back a number of months.
  int ids_ = 0;
};

}  // namespace zhida::test
