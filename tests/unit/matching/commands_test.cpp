#include "stages/matching/commands.h"

#include <map>
#include <random>
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

/// Firms by dice: values that the items' conditions can tell apart, some unknown, some old, and lines that cannot be
/// read.
std::string firms_by_dice(std::uint64_t seed, int count) {
  std::mt19937_64 dice(seed);
  const auto below = [&](std::size_t limit) { return dice() % limit; };
  std::map<std::string, std::vector<FieldData>> asked;
  for (const auto& source : policies())
    for_each_clause_of(source.policy, [&](const Clause& clause) {
      auto& operands = asked[clause.field];
      operands.insert(operands.end(), clause.operands.begin(), clause.operands.end());
    });
  const auto catalogue = extended(fields(), policies());
  const auto value_of = [&](const FieldSpec& spec, const std::vector<FieldData>& operands) -> Json {
    const auto* operand = operands.empty() ? nullptr : &operands[below(operands.size())];
    switch (spec.type) {
      case FieldType::boolean:
        return below(4) != 0;
      case FieldType::integer:
      case FieldType::money_fen:
      case FieldType::rate_ppm: {
        const auto* number = operand == nullptr ? nullptr : std::get_if<std::int64_t>(operand);
        return (number == nullptr ? 1000 : *number) + static_cast<std::int64_t>(below(3)) - 1;
      }
      case FieldType::date:
        return day("2025-11-03").plus_days(-static_cast<int>(below(900))).to_string();
      case FieldType::text:
      case FieldType::code:
        break;
    }
    const auto* text = operand == nullptr ? nullptr : std::get_if<std::string>(operand);
    return text == nullptr ? "其他" : *text;
  };
  std::string out;
  for (int i = 0; i < count; ++i) {
    if (below(400) == 0) out += i % 2 == 0 ? "{\"uscc\":\"X\",\"fields\":{\"no.field\":1}}\n" : "not json\n\n";
    Json line = {{"uscc", "F" + std::to_string(i)}, {"division", below(3) == 0 ? "330503" : "330502"}};
    auto& members = line["fields"] = Json::object();
    for (const auto& [name, operands] : asked) {
      const auto* spec = catalogue.find(name);
      if (spec == nullptr || below(5) == 0) continue;
      members[name] = {{"value", below(12) == 0 ? Json() : value_of(*spec, operands)},
                       {"as_of", day("2025-11-03").plus_days(-static_cast<int>(below(500))).to_string()},
                       {"source", "tax"}};
    }
    out += line.dump() + "\n";
  }
  return out;
}

std::string lines_that(const std::string& text, const std::function<bool(const Json&)>& wanted) {
  std::string out;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    if (wanted(parse_json(line).value())) out += line + "\n";
  return out;
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

BOOST_AUTO_TEST_CASE(match_says_the_same_by_the_engine_as_clause_by_clause_octet_by_octet) {
  const zhida::test::TempFolder folder;
  const auto seed = std::random_device()();
  BOOST_TEST_MESSAGE("seed " << seed);
  // More than two portions, so that several threads have one each and some wait for their turn.
  const auto path = folder.write("p.jsonl", firms_by_dice(seed, 2'100));
  const std::vector<std::string> plain = {"match", "--policies", town(),       "--profiles",
                                          path,    "--at",       "2025-11-03", "--json"};
  const auto with = [&](std::initializer_list<std::string> more) {
    auto arguments = plain;
    arguments.insert(arguments.end(), more);
    return run(arguments);
  };
  const auto every_pair = with({"--all"});
  const auto expected = lines_that(every_pair.out, [](const Json& line) { return line["verdict"] != "not_met"; });
  BOOST_TEST(every_pair.code == 1);
  BOOST_TEST(!expected.empty());
  BOOST_TEST(std::ranges::count(every_pair.out, '\n') == static_cast<std::ptrdiff_t>(2'100 * policies().size()));
  for (const auto* threads : {"1", "2", "3"}) {
    const auto outcome = with({"--threads", threads});
    BOOST_TEST(outcome.code == 1);
    BOOST_TEST((outcome.out == expected), "with " << threads << " threads, seed " << seed);
    BOOST_TEST((outcome.err == every_pair.err));
  }
  BOOST_TEST((with({"--all", "--threads", "3"}).out == every_pair.out), "seed " << seed);
  const auto one = with({"--policy", "HR-018"});
  BOOST_TEST((one.out == lines_that(expected, [](const Json& line) { return line["policy"] == "HR-018"; })));
  BOOST_TEST(with({"--threads", "0"}).code == 2);
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
