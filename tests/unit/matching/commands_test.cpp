#include "stages/matching/commands.h"

#include <sstream>

#include "base/json.h"
#include "stages/matching/profile_line.h"
#include "support/temp_folder.h"
#include "unit/matching/scene.h"

namespace zhida::matching::test {
namespace {

struct Outcome {
  int code;
  std::string out, err;
};

Outcome run(const std::vector<std::string>& arguments) {
  std::ostringstream out, err;
  const int code = run_policy_command(arguments, out, err, mapping::load_fields);
  return {code, out.str(), err.str()};
}

std::string town() {
  return mappings() + "/policies";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(commands)

BOOST_AUTO_TEST_CASE(check_passes_the_town_and_notes_what_no_source_provides) {
  const auto outcome = run({"check", town()});
  BOOST_TEST(outcome.code == 0, outcome.out << outcome.err);
  BOOST_TEST(outcome.out.empty());
  BOOST_TEST(outcome.err.find("field_without_source") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(check_names_file_line_and_column) {
  const zhida::test::TempFolder folder;
  const auto path = folder.write("T-1.yaml", policy_text("{ id: c1, text: 条件, field: ui.insurd, op: is_true }"));
  const auto outcome = run({"check", path, "--fields", mappings() + "/fields.yaml"});
  BOOST_TEST(outcome.code == 1);
  BOOST_TEST(outcome.out.starts_with(path + ":7:34: field_unknown "), outcome.out);
}

BOOST_AUTO_TEST_CASE(test_runs_the_examples_and_fails_where_they_differ) {
  const auto outcome = run({"test", town()});
  BOOST_TEST(outcome.code == 0, outcome.out << outcome.err);
  const zhida::test::TempFolder folder;
  const auto path = folder.write("T-1.yaml", policy_text("{ id: c1, text: 条件, field: ui.insured, op: is_true }"));
  BOOST_TEST(run({"test", path, "--fields", mappings() + "/fields.yaml"}).out.find("examples_missing") !=
             std::string::npos);
  folder.write("T-1.test.yaml",
               "policy: T-1\nat: 2025-11-03\ncases:\n  - name: 参保\n    given: { ui.insured: true }\n    expect: { "
               "verdict: not_met }\n");
  const auto failed = run({"test", path, "--fields", mappings() + "/fields.yaml"});
  BOOST_TEST(failed.code == 1);
  BOOST_TEST(failed.out.find("The verdict is met, expected not_met.") != std::string::npos, failed.out);
}

BOOST_AUTO_TEST_CASE(match_prints_a_line_for_each_pair_that_is_not_plainly_not_met) {
  const zhida::test::TempFolder folder;
  const auto profiles =
      folder.write("profiles.jsonl",
                   "{\"uscc\":\"A\",\"division\":\"330502\",\"fields\":{\"ui.insured\":true,"
                   "\"tax.vat_payer_type\":{\"value\":\"small_scale\",\"as_of\":\"2025-10-01\",\"source\":\"tax\"},"
                   "\"tax.monthly_sales_fen\":{\"value\":10000000,\"as_of\":\"2025-09-30\",\"source\":\"tax\"},"
                   "\"qual.hnte\":true,\"qual.hnte_first_time\":true,\"qual.little_giant\":false}}\n"
                   "\n"
                   "{\"uscc\":\"B\",\"fields\":{\"tax.vat_payer_type\":\"small_scale\","
                   "\"tax.monthly_sales_fen\":{\"value\":1,\"as_of\":\"2025-01-31\"}}}\n");
  const auto outcome = run({"match", "--policies", town(), "--profiles", profiles, "--json", "--at", "2025-11-03"});
  BOOST_TEST(outcome.code == 0, outcome.err);
  std::map<std::string, Json> lines;
  std::istringstream stream(outcome.out);
  for (std::string line; std::getline(stream, line);) {
    const auto json = parse_json(line).value();
    lines[json["policy"].get<std::string>() + " " + json["uscc"].get<std::string>()] = json;
  }
  BOOST_TEST(lines["TX-005 A"]["verdict"] == "met");
  BOOST_TEST(lines["TX-005 A"]["amount_fen"].is_null());
  BOOST_TEST(lines["IN-001 A"]["amount_fen"] == 8'000'000);
  BOOST_TEST(lines["IN-001 A"]["clauses"].dump() == R"([{"id":"c1","verdict":"met"}])");
  BOOST_TEST(!lines.contains("IN-006 A"));
  BOOST_TEST(lines["TX-005 B"]["verdict"] == "unknown");  // The sales figure is too old.
  BOOST_TEST(!lines.contains("HR-006 A"));
  const auto all =
      run({"match", "--policies", town(), "--profiles", profiles, "--json", "--all", "--at", "2025-11-03"});
  BOOST_TEST(std::ranges::count(all.out, '\n') == static_cast<std::ptrdiff_t>(2 * policies().size()));
}

BOOST_AUTO_TEST_CASE(a_bad_profile_line_is_named_and_the_others_still_match) {
  const zhida::test::TempFolder folder;
  const auto profiles = folder.write("p.jsonl",
                                     "{\"uscc\":\"A\",\"fields\":{\"ui.insured_count\":1.5}}\n"
                                     "{\"uscc\":\"B\",\"fields\":{\"no.field\":1}}\n"
                                     "not json\n"
                                     "{\"uscc\":\"C\",\"fields\":{\"ui.insured\":true}}\n");
  const auto outcome = run({"match", "--policies", town(), "--profiles", profiles, "--json", "--at", "2025-11-03"});
  BOOST_TEST(outcome.code == 1);
  BOOST_TEST(outcome.err.find("p.jsonl:1:1: field_wrong_type") != std::string::npos, outcome.err);
  BOOST_TEST(outcome.err.find("p.jsonl:2:1: field_unknown") != std::string::npos);
  BOOST_TEST(outcome.err.find("p.jsonl:3:1: json_malformed") != std::string::npos);
  BOOST_TEST(outcome.out.find("\"C\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(explain_shows_an_item_or_a_firm) {
  const auto item = run({"explain", "--policies", town(), "--policy", "HR-001"});
  BOOST_TEST(item.code == 0, item.err);
  BOOST_TEST(item.out.find("《失业保险稳岗返还（2025）》") != std::string::npos);
  const zhida::test::TempFolder folder;
  const auto profiles = folder.write("p.jsonl", "{\"uscc\":\"C\",\"fields\":{\"ui.insured\":true}}\n");
  const auto firm = run({"explain", "--policies", town(), "--policy", "HR-018", "--profiles", profiles, "--uscc", "C",
                         "--at", "2025-11-03"});
  BOOST_TEST(firm.code == 0, firm.err);
  BOOST_TEST(firm.out.find("参加失业保险：符合") != std::string::npos, firm.out);
  BOOST_TEST(run({"explain", "--policies", town(), "--profiles", profiles, "--uscc", "D"}).code == 2);
}

BOOST_AUTO_TEST_CASE(wrong_use_says_how_it_is_used) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {},
           {"mend"},
           {"check"},
           {"match"},
           {"check", "--loud"},
           {"match", "--at"},
           {"check", "/no/such/folder"},
           {"match", "--policies", town(), "--profiles", "/no/file", "--at", "yesterday"}}) {
    const auto outcome = run(arguments);
    BOOST_TEST(outcome.code == 2);
    BOOST_TEST(outcome.out.empty());
    BOOST_TEST(!outcome.err.empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::matching::test
