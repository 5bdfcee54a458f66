#include "platform/text/csv.h"

#include <boost/test/unit_test.hpp>

using namespace zhida;
using namespace zhida::text;

BOOST_AUTO_TEST_CASE(rows_are_read_with_their_lines_and_octets) {
  const std::string text = "企业名称, 代码\r\n\"湖州\"\"甲\"\"\",1\r\n\r\n\"两\n行\",2\r\n短\r\n末,3";
  const auto table = CsvTable::parse(utf8_to_gb18030(text).value()).value();
  BOOST_TEST((table.encoding() == Encoding::gb18030));
  BOOST_REQUIRE(table.header().size() == 2u);
  BOOST_TEST(table.header()[1] == "代码");
  BOOST_REQUIRE(table.rows().size() == 4u);
  BOOST_TEST(table.rows()[0].fields[0] == "湖州\"甲\"");
  BOOST_TEST(table.rows()[0].line == 2u);
  BOOST_TEST(table.rows()[1].fields[0] == "两\n行");
  BOOST_TEST(table.rows()[1].line == 4u);
  BOOST_TEST(table.rows()[1].octets == utf8_to_gb18030("\"两\n行\",2").value());
  BOOST_TEST(table.rows()[2].line == 6u);
  BOOST_TEST(!table.rows()[2].fault.empty());
  BOOST_TEST(table.rows()[3].fault.empty());
  BOOST_TEST(table.rows()[3].octets == utf8_to_gb18030("末,3").value());
  const auto marked = CsvTable::parse("\xEF\xBB\xBF甲,乙\n1,2\n").value();
  BOOST_TEST(marked.header()[0] == "甲");
  BOOST_TEST(marked.rows()[0].octets == "1,2");
}

BOOST_AUTO_TEST_CASE(broken_and_oversized_files_are_refused) {
  const auto fault = [](const std::string& text, const CsvLimits& limits = {}) {
    const auto table = CsvTable::parse(text, limits);
    return table ? std::string("good") : table.error().code;
  };
  BOOST_TEST(fault("") == "csv_empty");
  BOOST_TEST(fault("\n\n") == "csv_empty");
  BOOST_TEST(fault("a,a\n") == "csv_header_twice");
  BOOST_TEST(fault("a,b\n\"1,2\n") == "csv_malformed");
  BOOST_TEST(fault("a,b\n\"1\"x,2\n") == "csv_malformed");
  BOOST_TEST(fault(std::string("a,b\n1,\0\n", 8)) == "csv_malformed");
  BOOST_TEST(fault("\xFF\xFF\xFF") == "encoding_unknown");
  CsvLimits limits;
  limits.fields_max = 2;
  BOOST_TEST(fault("a,b,c\n", limits) == "csv_too_large");
  limits = {};
  limits.rows_max = 1;
  BOOST_TEST(fault("a\n1\n2\n", limits) == "csv_too_large");
  limits = {};
  limits.field_bytes_max = 4;
  BOOST_TEST(fault("a\n12345\n", limits) == "csv_too_large");
  BOOST_TEST(fault("a\n\"12345\n", limits) == "csv_too_large");
  limits = {};
  limits.bytes_max = 3;
  BOOST_TEST(fault("a\n1\n", limits) == "csv_too_large");
}

BOOST_AUTO_TEST_CASE(a_written_field_reads_back) {
  for (const std::string value : {"a", "a,b", "a\"b", "a\nb", ""}) {
    const auto table = CsvTable::parse("h,i\n" + csv_field(value) + ",x\n").value();
    BOOST_TEST(table.rows()[0].fields[0] == value);
  }
}
