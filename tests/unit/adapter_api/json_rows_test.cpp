#include "adapter_api/transports/json_rows.h"

#include <boost/test/unit_test.hpp>

#include "adapter_api/transports/days.h"

using namespace zhida;
using namespace zhida::transports;

BOOST_AUTO_TEST_SUITE(json_rows)

BOOST_AUTO_TEST_CASE(numbers_keep_their_digits_and_rows_their_octets) {
  const auto answer = read_json_rows(
      "\xEF\xBB\xBF{\"code\":\"00\",\"total\": 2,\"data\":[ {\"djxh\": 10119200000000000001 , \"v\":1.50},{}]}",
      "data");
  BOOST_REQUIRE(answer);
  const auto& rows = answer.value().rows;
  BOOST_REQUIRE_EQUAL(rows.size(), 2);
  BOOST_TEST(rows[0].columns.at("djxh").value() == "10119200000000000001");
  BOOST_TEST(rows[0].columns.at("v").value() == "1.50");
  BOOST_TEST(rows[0].octets == "{\"djxh\": 10119200000000000001 , \"v\":1.50}");
  BOOST_TEST(answer.value().members.at("total").value() == "2");
}

BOOST_AUTO_TEST_CASE(values_of_every_kind_become_text) {
  const auto answer = read_json_rows(
      R"({"data":[{"a":null,"b":true,"c":"\u7a0e\ud83d\ude00\n","d":{"x":[1, 2]},"e":-0.0e+1}]})", "data");
  BOOST_REQUIRE(answer);
  const auto& columns = answer.value().rows.at(0).columns;
  BOOST_TEST(!columns.at("a").has_value());
  BOOST_TEST(columns.at("b").value() == "true");
  BOOST_TEST(columns.at("c").value() == "税😀\n");
  BOOST_TEST(columns.at("d").value() == R"({"x":[1, 2]})");
  BOOST_TEST(columns.at("e").value() == "-0.0e+1");
}

BOOST_AUTO_TEST_CASE(one_bad_row_does_not_cost_the_others) {
  struct Case {
    const char* row;
    bool good;
  };
  const Case cases[] = {
      {R"({"a":"1"})", true},       {R"("noise")", false},       {"null", false},  {R"({"a":1,"a":2})", false},
      {R"({"a":"\ud83d"})", false}, {"{\"a\":\"\xFF\"}", false}, {"[1,2]", false}, {"{\"a\":\"\xED\xA0\x80\"}", false},
      {"{\"a\":\"\x01\"}", false}};
  for (const auto& one : cases) {
    BOOST_TEST_CONTEXT(one.row) {
      const Bytes body = R"({"data":[{"k":"v"},)" + std::string(one.row) + R"(,{"k":"w"}]})";  // Rows are views of it.
      const auto answer = read_json_rows(body, "data");
      BOOST_REQUIRE(answer);
      BOOST_REQUIRE_EQUAL(answer.value().rows.size(), 3);
      BOOST_TEST(answer.value().rows[1].problem.empty() == one.good);
      BOOST_TEST(answer.value().rows[1].octets == one.row);
      BOOST_TEST(answer.value().rows[0].problem.empty());
      BOOST_TEST(answer.value().rows[2].problem.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_json_is_refused_and_may_be_asked_again) {
  for (const std::string text :
       {"", "<!DOCTYPE html>", "{", "{\"data\":[", "{\"data\":[{]}", "{\"data\":[]} x", "[]", "{\"a\":01}",
        "{\"a\":1.}", "{\"a\":\"\\q\"}", "{\"a\":1,}", "{\"data\":[],\"data\":[]}"}) {
    const auto answer = read_json_rows(text, "data");
    BOOST_TEST_CONTEXT(text) {
      BOOST_REQUIRE(!answer);
      BOOST_TEST(answer.error().code == "source_malformed");
      BOOST_TEST((answer.error().fate == Fate::retry));
    }
  }
}

BOOST_AUTO_TEST_CASE(nesting_is_bounded) {
  std::string deep = R"({"data":[{"a":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}]}";
  BOOST_TEST(!read_json_rows(deep, "data"));
}

BOOST_AUTO_TEST_CASE(what_stands_instead_of_the_list_is_told) {
  BOOST_TEST(read_json_rows(R"({"data":""})", "data").value().rows_kind == "string");
  BOOST_TEST(read_json_rows(R"({"data":null})", "data").value().rows_kind == "null");
  BOOST_TEST(read_json_rows(R"({})", "data").value().rows_kind == "absent");
}

BOOST_AUTO_TEST_CASE(days_are_read_as_strangers_spell_them) {
  struct Case {
    const char* text;
    const char* day;
  };
  const Case cases[] = {{"2019-9-4", "2019-09-04"},
                        {"20190904", "2019-09-04"},
                        {"2019/09/04", "2019-09-04"},
                        {"2019年9月4日", "2019-09-04"},
                        {"2019-9-4 0:00:00", "2019-09-04"},
                        {"２０１９-０９-０４", "2019-09-04"},
                        {"20190904091530", "2019-09-04"},
                        {"9999-9-9", ""},
                        {"1900-1-1", ""},
                        {"2019-02-30", ""},
                        {"暂无", ""},
                        {"", ""}};
  for (const auto& one : cases) {
    const auto day = read_day(one.text);
    BOOST_TEST((day ? day->to_string() : "") == one.day, one.text);
  }
  BOOST_TEST(read_month_end("202502")->to_string() == "2025-02-28");
  BOOST_TEST(read_month_end("2025年9月")->to_string() == "2025-09-30");
  BOOST_TEST(read_month_end("2024-2")->to_string() == "2024-02-29");
  BOOST_TEST(read_year_end("2024.0")->to_string() == "2024-12-31");
  BOOST_TEST(read_year_end("２０２４年")->to_string() == "2024-12-31");
  BOOST_TEST(!read_year_end("暂无"));
  BOOST_TEST(code_form(" ９1330-500ma\t") == "91330500MA");
}

BOOST_AUTO_TEST_SUITE_END()
