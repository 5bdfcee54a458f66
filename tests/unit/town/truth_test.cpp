// Hand-made firms, one line each: what they know and what follows.
#include "adapters/town/truth.h"

#include <boost/test/unit_test.hpp>

using namespace zhida;
using namespace zhida::town;

namespace {

Date day(const char* iso) {
  return Date::parse(iso).value();
}
const Instant kNow = parse_rfc3339("2025-11-03T09:00:00+08:00").value();
const Instant kBefore = kNow - std::chrono::hours(24);

using Facts = std::map<Fact, std::optional<std::int64_t>>;

Observation row(const char* type, const char* key, Facts facts, const char* as_of = "2025-11-01") {
  Observation observation;
  observation.record_type = type;
  observation.key = key;
  observation.as_of = day(as_of);
  observation.appears_at = kBefore;
  observation.facts = std::move(facts);
  return observation;
}

const Coverage kAllCovered{
    {Fact::abnormal, day("2025-11-02")},        {Fact::dishonest, day("2025-11-02")},
    {Fact::safety, day("2025-11-02")},          {Fact::hnte, day("2025-11-01")},
    {Fact::hnte_first_time, day("2025-11-01")}, {Fact::above_scale_first_time, day("2025-11-01")},
    {Fact::patent, day("2025-11-01")},          {Fact::patent_country, day("2025-11-01")}};

void expect(const char* policy, const std::vector<Observation>& rows, const char* verdict,
            std::optional<std::int64_t> fen = std::nullopt, const Coverage& coverage = kAllCovered) {
  const Outcome outcome = judge(rows, coverage, kNow).at(policy);
  BOOST_TEST(std::string(zhida::to_text(outcome.verdict)) == verdict, policy);
  BOOST_TEST(outcome.amount_fen.value_or(-1) == fen.value_or(-1), policy);
}

const char* const kHnte = "department_lists.hnte";
const char* const kUnit = "social_security.unit";
const char* const kAbnormal = "market_supervision.abnormal_list";

}  // namespace

BOOST_AUTO_TEST_SUITE(town_truth)

BOOST_AUTO_TEST_CASE(a_list_speaks_for_firms_it_does_not_name) {
  expect("IN-001", {}, "not_met");
  expect("IN-001", {}, "unknown", std::nullopt, {});
  expect("IN-001", {row(kHnte, "1", {{Fact::hnte_first_time, 1}})}, "met", 8'000'000);
  expect("IN-001", {row(kHnte, "1", {{Fact::hnte_first_time, std::nullopt}})}, "unknown");
}

BOOST_AUTO_TEST_CASE(two_rows_of_one_day_that_disagree_are_a_conflict) {
  const auto yes = row(kHnte, "1", {{Fact::hnte_first_time, 1}});
  const auto no = row(kHnte, "2", {{Fact::hnte_first_time, 0}});
  const auto older = row(kHnte, "2", {{Fact::hnte_first_time, 0}}, "2025-10-01");
  expect("IN-001", {yes, no}, "unknown");
  expect("IN-001", {yes, older}, "met", 8'000'000);
}

BOOST_AUTO_TEST_CASE(a_newer_version_that_nobody_can_read_takes_the_old_one_away) {
  const auto good = row(kHnte, "1", {{Fact::hnte_first_time, 1}});
  auto unreadable = good;
  unreadable.readable = false;
  unreadable.appears_at = kNow - std::chrono::hours(1);
  expect("IN-001", {good, unreadable}, "unknown");
  expect("IN-001", {unreadable}, "not_met");  // It never was there.
  BOOST_TEST(!is_known({unreadable}, kNow));
  auto withdrawn = good;
  withdrawn.withdrawn = true;
  withdrawn.appears_at = kNow - std::chrono::hours(1);
  expect("IN-001", {good, withdrawn}, "not_met");
}

BOOST_AUTO_TEST_CASE(what_appears_later_is_not_known_today) {
  auto late = row("tax.per_mu", "1", {{Fact::per_mu_class, 1}});
  late.appears_at = kNow + std::chrono::hours(24);
  const auto listed = row(kHnte, "1", {{Fact::hnte, 1}, {Fact::hnte_year, 2022}});
  expect("IN-005", {listed, late}, "met", 16'000'000);
  late.appears_at = kBefore;
  expect("IN-005", {listed, late}, "met", 30'000'000);
  late.facts[Fact::per_mu_class] = 4;
  expect("IN-005", {listed, late}, "met", 16'000'000);  // Class D is less than the advance; nothing is asked back.
  expect("IN-005", {row(kHnte, "1", {{Fact::hnte, 1}, {Fact::hnte_year, 2023}})}, "not_met");
}

BOOST_AUTO_TEST_CASE(lists_older_than_thirty_days_are_unknown) {
  const std::vector<Observation> firm{
      row("market_supervision.registration", "1", {{Fact::legal_person, 1}}),
      row("department_lists.new_above_scale", "1", {{Fact::above_scale_first_time, 1}, {Fact::reporting_duty, 1}})};
  const auto with = [&firm](Observation more) {
    auto rows = firm;
    rows.push_back(std::move(more));
    return rows;
  };
  expect("IN-012", firm, "met", 50'000'000);
  expect("IN-012", with(row(kAbnormal, "1", {{Fact::abnormal, 1}}, "2025-10-04")), "not_met");
  expect("IN-012", with(row(kAbnormal, "1", {{Fact::abnormal, 1}}, "2025-10-03")), "unknown");
  expect("IN-012", with(row(kAbnormal, "1", {{Fact::abnormal, 0}}, "2025-10-04")), "met", 50'000'000);
}

BOOST_AUTO_TEST_CASE(units_of_a_firm_are_added_up) {
  const auto unit = [](const char* key, std::int64_t insured, std::int64_t leaving, std::int64_t months,
                       std::int64_t fen, const char* as_of = "2025-10-30") {
    return row(kUnit, key,
               {{Fact::insured, 1},
                {Fact::insured_count, insured},
                {Fact::new_benefit, leaving},
                {Fact::paid_months, months},
                {Fact::contribution, fen}},
               as_of);
  };
  const auto with_report = [](std::vector<Observation> rows, std::int64_t employees, std::int64_t revenue_wan) {
    rows.push_back(row("market_supervision.registration", "1", {{Fact::industry, 3411}}));
    rows.push_back(row("market_supervision.annual_report", "1",
                       {{Fact::employees, employees}, {Fact::revenue, revenue_wan * 1'000'000}}, "2024-12-31"));
    return rows;
  };
  // 5.5 % and 20 % are included, 30 persons are few.
  expect("HR-001", with_report({unit("1", 200, 11, 12, 1'000'001)}, 200, 5'000), "met", 600'001);
  expect("HR-001", with_report({unit("1", 200, 12, 12, 1'000'001)}, 200, 5'000), "not_met");
  expect("HR-001", with_report({unit("1", 30, 6, 12, 1'000)}, 30, 500), "met", 600);
  expect("HR-001", with_report({unit("1", 30, 7, 12, 1'000)}, 30, 500), "not_met");
  expect("HR-001", with_report({unit("1", 200, 0, 11, 1'000)}, 200, 5'000), "not_met");
  expect("HR-001", with_report({unit("1", 100, 11, 5, 500), unit("2", 100, 0, 12, 505)}, 1'000, 40'000), "met", 302);
  expect("HR-001", {unit("1", 200, 0, 12, 1'000)}, "unknown");  // No size, no sum.
  expect("HR-001", {unit("1", 200, 0, 11, 1'000)}, "not_met");
  expect("HR-018", {unit("1", 200, 0, 12, 1'000)}, "met");
  expect("HR-018", {unit("1", 200, 0, 12, 1'000, "2024-09-28")}, "unknown");
  expect("HR-018", {unit("1", 200, 0, 12, 1'000, "2024-09-29")}, "met");
  expect("HR-018", {}, "unknown");
  expect("HR-006", {}, "not_met");
}

BOOST_AUTO_TEST_CASE(patents_are_counted_by_country) {
  const auto patent = [](const char* key, std::optional<std::int64_t> country) {
    return row("department_lists.patents", key, {{Fact::patent, 1}, {Fact::patent_country, country}});
  };
  expect("IN-023", {}, "not_met");
  expect("IN-023", {patent("1", 0), patent("2", 0), patent("3", 1)}, "met", 4'000'000);
  expect("IN-023", {patent("1", 0), patent("2", 1), patent("3", 2), patent("4", 3), patent("5", 4), patent("6", 5)},
         "met", 10'000'000);
  expect("IN-023", {patent("1", std::nullopt)}, "unknown");
}

BOOST_AUTO_TEST_CASE(small_taxpayers_by_the_newest_month) {
  const auto registered = [](std::int64_t type) { return row("tax.registration", "1", {{Fact::vat_type, type}}); };
  const auto month = [](const char* key, std::int64_t fen, const char* end) {
    return row("tax.sales", key, {{Fact::monthly_sales, fen}}, end);
  };
  expect("TX-005", {registered(2), month("8", 20'000'000, "2025-08-31"), month("9", 10'000'000, "2025-09-30")}, "met");
  expect("TX-005", {registered(2), month("9", 10'000'001, "2025-09-30")}, "not_met");
  expect("TX-005", {registered(1)}, "not_met");
  expect("TX-005", {registered(2)}, "unknown");
  expect("TX-005", {registered(2), month("7", 1, "2025-07-31")}, "unknown");  // 95 days old.
}

BOOST_AUTO_TEST_CASE(sizes_follow_the_table_of_2011) {
  struct Case {
    std::int64_t industry;
    std::optional<std::int64_t> employees, revenue_wan, assets_wan;
    int size;  // 0: unknown.
  };
  const Case cases[] = {
      {3411, 1000, 40'000, {}, 1}, {3411, 1000, 39'999, {}, 2}, {3411, 300, 2'000, {}, 2},  {3411, 299, 2'000, {}, 3},
      {3411, 20, 300, {}, 3},      {3411, 19, 90'000, {}, 4},   {3411, {}, 90'000, {}, 0},  {3411, 20, {}, {}, 0},
      {111, {}, 500, {}, 2},       {111, {}, 49, {}, 4},        {4790, 1, 6'000, 5'000, 2}, {4790, 1, 6'000, {}, 0},
      {5164, 20, 5'000, {}, 2},    {5211, 50, 500, {}, 2},      {5431, 300, 3'000, {}, 2},  {5930, 100, 1'000, {}, 2},
      {6513, 300, 10'000, {}, 1},  {7010, 1, 1'000, 5'000, 2},  {7020, 300, 1'000, {}, 2},  {7119, 300, {}, 120'000, 1},
      {7484, 99, {}, {}, 3},       {8111, 9, {}, {}, 4},        {8391, 500, 1, 1, 0},       {6633, 500, 1, 1, 0},
      {7040, 500, 1, 1, 0},
  };
  const auto fen = [](std::optional<std::int64_t> wan) {
    return wan ? std::optional<std::int64_t>(*wan * 1'000'000) : std::nullopt;
  };
  for (const Case& each : cases) {
    BOOST_TEST(
        enterprise_size(each.industry, each.employees, fen(each.revenue_wan), fen(each.assets_wan)).value_or(0) ==
            each.size,
        each.industry);
  }
  BOOST_TEST(!enterprise_size(std::nullopt, 10, 10, 10).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
