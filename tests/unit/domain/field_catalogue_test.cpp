#include "domain/field_catalogue.h"

#include <boost/test/unit_test.hpp>

#include "domain/mapped_record.h"

using namespace zhida;

BOOST_AUTO_TEST_CASE(field_data_is_read_back_as_it_was_written) {
  const std::pair<FieldType, FieldData> cases[] = {{FieldType::boolean, true},
                                                   {FieldType::integer, std::int64_t{-12}},
                                                   {FieldType::money_fen, std::int64_t{9'000'000'000'000'000'000}},
                                                   {FieldType::rate_ppm, std::int64_t{55'000}},
                                                   {FieldType::date, Date::from_ymd(2025, 11, 3).value()},
                                                   {FieldType::text, std::string("湖州")},
                                                   {FieldType::code, std::string("A")}};
  for (const auto& [type, data] : cases) {
    const auto back = parse_field_data(type, to_text(data));
    BOOST_REQUIRE(back);
    BOOST_TEST((back.value() == data), to_text(data));
  }
  BOOST_TEST(!parse_field_data(FieldType::integer, "12x"));
  BOOST_TEST(!parse_field_data(FieldType::integer, ""));
  BOOST_TEST(!parse_field_data(FieldType::boolean, "yes"));
  BOOST_TEST(!parse_field_data(FieldType::date, "2025-13-01"));
}

BOOST_AUTO_TEST_CASE(sources_that_are_not_ranked_share_the_last_rank) {
  FieldSpec spec;
  spec.precedence = {"a", "b"};
  BOOST_TEST(spec.rank_of("a") == 0u);
  BOOST_TEST(spec.rank_of("b") == 1u);
  BOOST_TEST(spec.rank_of("c") == 2u);
  BOOST_TEST(spec.rank_of("d") == 2u);
}

BOOST_AUTO_TEST_CASE(a_finding_prints_so_that_editors_can_jump_to_it) {
  BOOST_TEST(to_text(Finding{"a.yaml", 3, 5, "code_unknown", "What.", "r1", "f", "v"}) ==
             "a.yaml:3:5: code_unknown What. [record r1] [field f] [value \"v\"]");
}
