// Merging does not depend on the order of arrival. ZHIDA_SEED repeats a run.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <iostream>
#include <random>

#include "stages/profile/merge.h"

using namespace zhida;
using namespace zhida::profile;

namespace {

std::string shown(const FieldState& state) {
  std::string out = state.value ? to_text(state.value->data) + " of " + state.value->source + " " +
                                      state.value->as_of.to_string() + " #" + std::to_string(state.value->record_id)
                                : std::string("unknown ") + to_text(state.reason);
  for (const auto& value : state.set_aside) out += " | " + to_text(value.data) + " #" + std::to_string(value.record_id);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(merging_is_independent_of_arrival_order) {
  const char* const given = std::getenv("ZHIDA_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  const Date today = Date::from_ymd(2025, 11, 3).value();
  const Combine combines[] = {Combine::latest,         Combine::sum, Combine::max, Combine::count,
                              Combine::count_distinct, Combine::any};
  for (int round = 0; round < 5000; ++round) {
    FieldSpec field;
    field.name = "f";
    field.combine = combines[below(6)];
    field.type = field.combine == Combine::any ? FieldType::boolean : FieldType::integer;
    field.fresh_for_days = below(2) == 0 ? 0 : 30;
    if (below(2) == 0) field.precedence = {"a", "b"};
    if (below(2) == 0) {
      field.covered_by = "list";
      field.when_absent = field.type == FieldType::boolean ? FieldData(false) : FieldData(std::int64_t{0});
    }
    std::vector<Candidate> rows(below(6));
    std::int64_t id = 0;
    for (auto& row : rows) {
      row.value.source = std::string(1, static_cast<char>('a' + below(4)));
      row.value.as_of = today.plus_days(-static_cast<int>(below(4) * 15));
      row.value.record_id = ++id;
      const auto kind = below(8);
      row.kind = kind == 0   ? Candidate::Kind::nothing
                 : kind == 1 ? Candidate::Kind::unreadable
                             : Candidate::Kind::value;
      const auto small = static_cast<std::int64_t>(below(3));
      if (field.combine == Combine::any) {
        row.value.data = small != 0;
      } else if (field.row_type() == FieldType::text) {
        row.value.data = std::to_string(small);
      } else {
        row.value.data = small;
      }
    }
    std::vector<Coverage> coverage(below(3));
    for (auto& seen : coverage) {
      seen.source = std::string(1, static_cast<char>('a' + ++id));
      seen.as_of = today.plus_days(-static_cast<int>(below(3) * 20));
    }
    const std::string first = shown(merge_field(field, rows, coverage, today));
    for (int i = 0; i < 4; ++i) {
      std::shuffle(rows.begin(), rows.end(), random);
      std::shuffle(coverage.begin(), coverage.end(), random);
      BOOST_REQUIRE_MESSAGE(shown(merge_field(field, rows, coverage, today)) == first,
                            "seed " << seed << ", round " << round << ": " << first << " against "
                                    << shown(merge_field(field, rows, coverage, today)));
    }
    // What is stale tomorrow was not made fresh by anything: with nothing new a value never comes back.
    if (field.fresh_for_days != 0 && field.combine == Combine::latest && field.precedence.empty() && rows.size() == 1 &&
        !merge_field(field, rows, coverage, today).value) {
      BOOST_REQUIRE(!merge_field(field, rows, coverage, today.plus_days(1)).value);
    }
  }
}
