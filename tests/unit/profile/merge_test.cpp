#include "stages/profile/merge.h"

#include <boost/test/unit_test.hpp>
#include <sstream>

using namespace zhida;
using namespace zhida::profile;

namespace {

/// `source@YYYY-MM-DD=value` separated by blanks; the value `-` says nothing, `!` cannot be read. A coverage is written
/// `list:source@YYYY-MM-DD`. Gives the value, or `unknown: reason`.
std::string merge(FieldSpec spec, const std::string& rows, const std::string& today = "2025-11-03") {
  std::vector<Candidate> candidates;
  std::vector<Coverage> coverage;
  std::istringstream words(rows);
  std::string word;
  std::int64_t id = 0;
  while (words >> word) {
    const bool covers = word.starts_with("list:");
    if (covers) word = word.substr(5);
    const auto at = word.find('@');
    const Date as_of = Date::parse(word.substr(at + 1, 10)).value();
    if (covers) {
      coverage.push_back({word.substr(0, at), as_of, as_of.begins(), ++id});
      continue;
    }
    Candidate row;
    row.value.source = word.substr(0, at);
    row.value.as_of = as_of;
    row.value.record_id = ++id;
    row.record_key = std::to_string(id);
    const std::string value = word.substr(at + 12);
    row.kind = value == "-"   ? Candidate::Kind::nothing
               : value == "!" ? Candidate::Kind::unreadable
                              : Candidate::Kind::value;
    if (row.kind == Candidate::Kind::value) row.value.data = parse_field_data(spec.row_type(), value).value();
    candidates.push_back(std::move(row));
  }
  const auto state = merge_field(spec, candidates, coverage, Date::parse(today).value());
  return state.value ? to_text(state.value->data) : std::string("unknown: ") + to_text(state.reason);
}

FieldSpec field(FieldType type, Combine combine) {
  FieldSpec spec;
  spec.name = "f";
  spec.type = type;
  spec.combine = combine;
  return spec;
}

void check_table(const FieldSpec& spec, const char* table) {
  std::istringstream lines(table);
  std::string line;
  while (std::getline(lines, line)) {
    const auto arrow = line.find("=>");
    if (arrow == std::string::npos) continue;
    std::string wanted = line.substr(arrow + 2);
    wanted.erase(0, wanted.find_first_not_of(' '));
    BOOST_TEST(merge(spec, line.substr(0, arrow)) == wanted, line + "  but is  " + merge(spec, line.substr(0, arrow)));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(of_one_source_the_newest_day_wins_and_disagreement_is_unknown) {
  check_table(field(FieldType::code, Combine::latest), R"(
    a@2025-01-01=x                                  => x
    a@2025-01-01=x a@2025-02-01=y                   => y
    a@2025-02-01=y a@2025-01-01=x                   => y
    a@2025-02-01=y a@2025-02-01=y                   => y
    a@2025-02-01=y a@2025-02-01=x                   => unknown: conflict
    a@2025-02-01=y a@2025-02-01=-                   => unknown: conflict
    a@2025-01-01=x a@2025-02-01=-                   => unknown: missing
    a@2025-01-01=x a@2025-02-01=!                   => unknown: missing
                                                    => unknown: missing
  )");
}

BOOST_AUTO_TEST_CASE(among_sources_rank_decides_and_equals_must_agree) {
  auto spec = field(FieldType::code, Combine::latest);
  spec.precedence = {"a", "b"};
  spec.fresh_for_days = 100;
  check_table(spec, R"(
    a@2025-10-01=x b@2025-11-01=y                   => x
    b@2025-11-01=y                                  => y
    a@2025-01-01=x b@2025-11-01=y                   => y
    a@2025-01-01=x                                  => unknown: stale
    a@2025-10-01=- b@2025-11-01=y                   => y
    a@2025-10-01=x a@2025-10-01=z b@2025-11-01=y    => unknown: conflict
    c@2025-10-01=x d@2025-11-01=y                   => unknown: conflict
    c@2025-10-01=x d@2025-11-01=x                   => x
    c@2025-10-01=x d@2025-01-01=y                   => x
    b@2025-10-01=x d@2025-11-01=y                   => x
  )");
  BOOST_TEST(merge(spec, "a@2025-07-26=x") == "x");  // The hundredth day after.
  BOOST_TEST(merge(spec, "a@2025-07-25=x") == "unknown: stale");
}

BOOST_AUTO_TEST_CASE(rows_of_one_source_are_combined_as_the_field_says) {
  check_table(field(FieldType::integer, Combine::sum), R"(
    a@2025-01-01=1 a@2025-02-01=2                   => 3
    a@2025-01-01=1 a@2025-02-01=-                   => unknown: missing
    a@2025-01-01=1 a@2025-02-01=!                   => unknown: missing
    a@2025-01-01=9223372036854775807 a@2025-01-01=1 => unknown: conflict
  )");
  check_table(field(FieldType::integer, Combine::max), R"(
    a@2025-01-01=5 a@2025-02-01=2                   => 5
    a@2025-01-01=5 a@2025-02-01=-                   => 5
    a@2025-01-01=5 a@2025-02-01=!                   => unknown: missing
  )");
  check_table(field(FieldType::boolean, Combine::any), R"(
    a@2025-01-01=false a@2025-02-01=true            => true
    a@2025-01-01=false a@2025-02-01=false           => false
    a@2025-01-01=- a@2025-02-01=false               => false
  )");
  check_table(field(FieldType::integer, Combine::count), R"(
    a@2025-01-01=x a@2025-02-01=x a@2025-02-01=y    => 3
  )");
  check_table(field(FieldType::integer, Combine::count_distinct), R"(
    a@2025-01-01=x a@2025-02-01=x a@2025-02-01=y    => 2
    a@2025-01-01=- a@2025-02-01=-                   => unknown: missing
  )");
}

BOOST_AUTO_TEST_CASE(absence_is_a_fact_only_where_a_fresh_complete_list_was_seen) {
  auto spec = field(FieldType::boolean, Combine::any);
  spec.covered_by = "list";
  spec.when_absent = false;
  spec.fresh_for_days = 30;
  check_table(spec, R"(
    list:a@2025-11-01                               => false
    list:a@2025-01-01                               => unknown: stale
    list:a@2025-11-01 a@2025-11-01=true             => true
    list:a@2025-11-01 a@2025-11-01=-                => unknown: missing
    list:a@2025-11-01 a@2025-11-01=!                => unknown: missing
    list:a@2025-11-01 a@2025-01-01=true             => unknown: stale
  )");
}
