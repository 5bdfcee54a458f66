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
  /// An item of which only the sum matters.
  matching::Policy sum();
  /// One to three of its fields become something else.
  void change(EnterpriseProfile& firm, Date day);
  static bool columns_say_all(const matching::Policy& policy);

 private:
  FieldData data(FieldType type);
  FieldType type();
  matching::Clause condition(bool columns_only);
  matching::Clause tree(int depth, bool columns_only);
  FieldState state(FieldType type, Date day);

  void take_amount(matching::Policy& policy, bool columns_only);

  // random_amounts.cpp
  template <std::size_t kSize>
  std::string one_of(const char* const (&names)[kSize]);
  Money stated(std::int64_t below_fen = 100'000'000);
  std::int64_t ppm(std::int64_t most = 1'000'000);
  matching::Clause amount_clause(bool columns_only);
  matching::AmountRule plain_rule(bool columns_only);
  std::string formula_text(int depth, bool money);
  matching::Amount amount(bool columns_only);
  void put_amount_inputs(EnterpriseProfile& firm, Date day);
  static matching::RegionDatum each_datum();

  std::mt19937_64 random_;
  bool windows_;  ///< Whether conditions look back a number of months.
  int ids_ = 0;
};

}  // namespace zhida::test
