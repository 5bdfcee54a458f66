#include "stages/mapping/cells.h"

#include <boost/test/unit_test.hpp>

using namespace zhida;
using namespace zhida::mapping;

BOOST_AUTO_TEST_CASE(dates_are_read_in_every_style_that_was_met) {
  struct Case {
    const char* cell;
    const char* wanted;  // Empty: no day; `!`: unreadable.
  };
  const Case cases[] = {{"2019-9-4", "2019-09-04"},
                        {"20190904", "2019-09-04"},
                        {"20190904120000", "2019-09-04"},
                        {"2019/09/04", "2019-09-04"},
                        {"2019.9.4", "2019-09-04"},
                        {"2019年9月4日", "2019-09-04"},
                        {"2019-9-4 0:00:00", "2019-09-04"},
                        {"2019-09-04T08:30:00.000+08:00", "2019-09-04"},
                        {"9999-9-9", ""},
                        {"2099-12-31", ""},
                        {"1900-1-1", ""},
                        {"长期", ""},
                        {"无处罚期限", ""},
                        {"99991231", ""},
                        {"2019-2-30", "!"},
                        {"2019-13-1", "!"},
                        {"19-9-4", "!"},
                        {"4.9.2019", "!"},
                        {"2019-9/4", "!"},
                        {"2019-9-4 25:00", "!"},
                        {"昨天", "!"},
                        {"2019-09-04T08:30:00Z", "!"}};
  for (const auto& example : cases) {
    const auto day = read_date(example.cell);
    const std::string got = !day ? "!" : day.value() ? day.value()->to_string() : "";
    BOOST_TEST(got == example.wanted, std::string(example.cell) + " gives " + got);
  }
}

BOOST_AUTO_TEST_CASE(years_and_months_are_read_in_every_style_that_was_met) {
  const auto year = [](const char* cell) { return read_year(cell) ? read_year(cell).value() : -1; };
  BOOST_TEST(year("2024") == 2024);
  BOOST_TEST(year("2024年") == 2024);
  BOOST_TEST(year("2024年度") == 2024);
  BOOST_TEST(year("2024.0") == 2024);
  BOOST_TEST(year("24") == -1);
  BOOST_TEST(year("20245") == -1);
  BOOST_TEST(year("1024") == -1);
  const auto month = [](const char* cell) { return read_month(cell) ? read_month(cell).value() : "!"; };
  BOOST_TEST(month("202509") == "202509");
  BOOST_TEST(month("2025-09") == "202509");
  BOOST_TEST(month("2025-9") == "202509");
  BOOST_TEST(month("2025/9") == "202509");
  BOOST_TEST(month("2025年9月") == "202509");
  BOOST_TEST(month("2025-09-01") == "202509");
  BOOST_TEST(month("20250901") == "202509");
  BOOST_TEST(month("202513") == "!");
  BOOST_TEST(month("2025") == "!");
}

BOOST_AUTO_TEST_CASE(times_become_a_form_that_sorts) {
  BOOST_TEST(read_timestamp("2025-9-4 8:05:09").value() == "2025-09-04T08:05:09");
  BOOST_TEST(read_timestamp("20250904080509").value() == "2025-09-04T08:05:09");
  BOOST_TEST(read_timestamp("2025-09-04T08:05:09.123+08:00").value() == "2025-09-04T08:05:09");
  BOOST_TEST(!read_timestamp("8:05"));
}

BOOST_AUTO_TEST_CASE(money_is_read_to_the_fen_or_not_at_all) {
  struct Case {
    const char* cell;
    std::int64_t unit;
    const char* wanted;
  };
  constexpr std::int64_t kYuan = 100, kWan = 1'000'000;
  const Case cases[] = {{"1234.50", kYuan, "123450"},
                        {"1,234.50", kYuan, "123450"},
                        {"-12", kYuan, "-1200"},
                        {"1,234,567", kYuan, "123456700"},
                        {"0", kYuan, "0"},
                        {"50.000000", kWan, "50000000"},
                        {"5,000000", kWan, "5000000"},
                        {"48.754824", kWan, "48754824"},
                        {"24.0979", kWan, "24097900"},
                        {"305843.0395万元人民币", kYuan, "305843039500"},
                        {"12万元", kYuan, "12000000"},
                        {"￥12.30", kYuan, "1230"},
                        {"1,23", kYuan, "!"},
                        {"1,2345", kYuan, "!"},
                        {"12.345", kYuan, "!"},
                        {"", kYuan, "!"},
                        {"1.2.3", kYuan, "!"},
                        {"约12万", kYuan, "!"},
                        {"1e5", kYuan, "!"},
                        {"99999999999999999999", kYuan, "!"},
                        {".5", kYuan, "!"},
                        {"5.", kYuan, "!"},
                        {",500", kYuan, "!"},
                        {"--5", kYuan, "!"}};
  for (const auto& example : cases) {
    const auto fen = read_money(example.cell, example.unit, std::nullopt);
    const std::string got = fen ? std::to_string(fen.value()) : "!";
    BOOST_TEST(got == example.wanted, std::string(example.cell) + " gives " + got);
  }
  BOOST_TEST(read_money("12.345", kYuan, Rounding::half_up).value() == 1235);
  BOOST_TEST(read_money("48.7548245", kWan, Rounding::half_up).value() == 48754825);
}

BOOST_AUTO_TEST_CASE(whole_numbers_refuse_fractions_unless_rounding_is_named) {
  BOOST_TEST(read_integer("12", std::nullopt).value() == 12);
  BOOST_TEST(read_integer("12.0", std::nullopt).value() == 12);
  BOOST_TEST(read_integer("12.00", std::nullopt).value() == 12);
  BOOST_TEST(!read_integer("12.5", std::nullopt));
  BOOST_TEST(read_integer("12.5", Rounding::half_up).value() == 13);
  BOOST_TEST(read_scaled("815.00", 100, std::nullopt).value() == 81500);
}
