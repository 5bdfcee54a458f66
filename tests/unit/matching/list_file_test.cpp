// Lists that departments hand in as files: what is read, and what is said of the rest.
#include "stages/matching/list_file.h"

#include "stages/matching/persons.h"
#include "unit/matching/scene.h"

namespace zhida::matching::test {
namespace {

const char* const kFirm = "91330502MA0000A19K";
/// Invented, with good check characters.
const char* const kPerson = "11010519491231002X";
const char* const kOther = "110101199003070011";

std::string told(const std::vector<Finding>& findings) {
  std::string out;
  for (const auto& finding : findings)
    out += (out.empty() ? "" : " ") + std::to_string(finding.line) + ":" + finding.code;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(matching_list_files)

BOOST_AUTO_TEST_CASE(an_identity_number_needs_its_check_character_and_a_day_of_birth) {
  struct Row {
    const char* text;
    bool good;
  };
  for (const auto& [text, good] : {Row{"11010519491231002X", true}, Row{" 11010519491231002x ", true},
                                   Row{"110105194912310021", false}, Row{"11010519491331002X", false},
                                   Row{"110105491231002", false}, Row{"1101051949123100AX", false}, Row{"", false}}) {
    const auto read = parse_identity_number(text);
    BOOST_TEST(read.has_value() == good, text);
    if (good) BOOST_TEST(read.value() == kPerson);
    // Whatever is wrong with a number, it is not repeated where others read it.
    if (!read && std::string(text).size() > 4)
      BOOST_TEST(read.error().message.find(std::string(text).substr(0, 6)) == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_list_of_receipts_is_read_from_csv_and_from_lines_alike) {
  const std::string csv = std::string("统一社会信用代码,享受日期,凭证号\n") + kFirm + ",2024-05-01,A1\n" + kFirm +
                          ",2024-06-01,\n" + kFirm + ",2024-05-01,A1\n";
  const std::string lines = std::string(R"({"uscc":")") + kFirm + R"(","received_on":"2024-05-01","reference":"A1"})" +
                            "\n\n" + R"({"uscc":")" + kFirm + R"(","received_on":"2024-06-01"})" + "\n";
  for (const auto& [name, content] : {std::pair{"a.csv", csv}, std::pair{"a.jsonl", lines}}) {
    std::vector<Finding> findings;
    const auto rows = read_receipts(name, content, day("2025-11-03"), findings);
    BOOST_TEST(told(findings) == "", name);
    BOOST_REQUIRE(rows.size() == 2u);  // The same row again is the same receipt.
    BOOST_TEST(rows[0].reference == "A1");
    BOOST_TEST(rows[1].reference == "2024-06-01");
    BOOST_TEST(rows[1].uscc == kFirm);
  }
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_list_is_said_with_its_line) {
  const std::string firm = kFirm;
  struct Row {
    const char* file;
    std::string content;
    const char* findings;
  };
  const std::vector<Row> rows = {
      {"a.csv", "uscc,received_on\n" + firm + ",2024-05-01\n91330502MA0000A191,2024-05-01\n", "3:uscc_invalid"},
      {"a.csv", "uscc,received_on\n" + firm + ",2025-11-04\n", "2:date_in_future"},
      {"a.csv", "uscc,received_on\n" + firm + ",1.5.2024\n,2024-05-01\n", "2:date_malformed 3:subject_missing"},
      {"a.csv", "uscc,identity_number,received_on\n" + firm + "," + kPerson + ",2024-05-01\n", "2:subject_missing"},
      {"a.csv", "identity_number,received_on\n110105194912310021,2024-05-01\n", "2:identity_number_invalid"},
      {"a.csv", "uscc,received_on,reference\n" + firm + ",2024-05-01,A\n" + firm + ",2024-05-02,A\n", "3:row_twice"},
      {"a.csv", "uscc,received_on\n" + firm + "\n", "2:csv_field_count"},
      {"a.jsonl", "{\"uscc\":\"" + firm + "\",\"received_on\":\"2024-05-01\"}\nno json\n[1]\n",
       "2:json_malformed 3:json_malformed"},
  };
  for (const auto& row : rows) {
    std::vector<Finding> findings;
    (void)read_receipts(row.file, row.content, day("2025-11-03"), findings);
    BOOST_TEST(told(findings) == row.findings, row.content);
  }
}

BOOST_AUTO_TEST_CASE(of_persons_nothing_is_taken_that_no_condition_asks_about) {
  const auto fields = person_fields(policy("HR-017"));
  BOOST_TEST(fields.contains("hire.paid_months_continuous"));
  const auto title = fields.at("hire.person_group").title;
  const std::string head = "uscc,identity_number," + title + ",hire.paid_months_continuous";
  std::vector<Finding> findings;
  const auto rows = read_persons(
      "p.csv", head + "\n" + kFirm + "," + kPerson + ",应届高校毕业生,7\n" + kFirm + "," + kOther + ",就业困难人员,\n",
      fields, findings);
  BOOST_TEST(told(findings) == "");
  BOOST_REQUIRE(rows.size() == 2u);
  BOOST_TEST(std::get<std::int64_t>(rows[0].fields.at("hire.paid_months_continuous")) == 7);
  BOOST_TEST(std::get<std::string>(rows[0].fields.at("hire.person_group")) == "应届高校毕业生");
  BOOST_TEST(!rows[1].fields.contains("hire.paid_months_continuous"));
  (void)read_persons("p.csv",
                     head + ",phone\n" + kFirm + "," + kPerson + ",x,many,139\n" + kFirm + "," + kPerson + ",x,7,\n",
                     fields, findings);
  BOOST_TEST(told(findings) == "2:field_data_malformed 2:field_unknown 3:field_unknown");
  findings.clear();
  (void)read_persons("p.csv", head + "\n" + kFirm + "," + kPerson + ",x,7\n" + kFirm + "," + kPerson + ",x,8\n", fields,
                     findings);
  BOOST_TEST(told(findings) == "3:row_twice");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::matching::test
