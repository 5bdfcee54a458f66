#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "base/bytes.h"
#include "stages/mapping/commands.h"
#include "stages/mapping/example_store.h"
#include "stages/mapping/mapping_file.h"
#include "stages/mapping/mapping_set.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::mapping;

namespace {

const std::string kMappings = ZHIDA_SOURCE_DIR "/mappings";

std::string all(const std::vector<Finding>& findings) {
  std::string out;
  for (const auto& finding : findings) out += to_text(finding) + "\n";
  return out;
}

MappingSet load() {
  std::vector<Finding> findings;
  auto set = MappingSet::load(kMappings, findings);
  BOOST_REQUIRE_MESSAGE(set, all(findings));
  return std::move(set.value());
}

/// Every record type of the contract between the sources and the hub.
const std::vector<std::string> kRecordTypes{"tax.registration",
                                            "tax.credit_grade",
                                            "tax.arrears",
                                            "tax.sales",
                                            "tax.paid_year",
                                            "tax.per_mu",
                                            "tax.rd_deduction",
                                            "market_supervision.registration",
                                            "market_supervision.annual_report",
                                            "market_supervision.abnormal_list",
                                            "market_supervision.serious_list",
                                            "market_supervision.list_coverage",
                                            "social_security.unit",
                                            "social_security.payment",
                                            "credit.rating",
                                            "credit.punishment",
                                            "credit.list_entry",
                                            "credit.list_coverage",
                                            "budget.appropriation",
                                            "budget.payment",
                                            "department_lists.hnte",
                                            "department_lists.srdi",
                                            "department_lists.little_giant",
                                            "department_lists.new_above_scale",
                                            "department_lists.patents",
                                            "department_lists.list_coverage",
                                            "sms_gateway.report"};

}  // namespace

BOOST_AUTO_TEST_CASE(every_record_type_has_a_mapping_and_examples) {
  const auto set = load();
  for (const auto& type : kRecordTypes) {
    const Mapping* const mapping = set.find(type);
    BOOST_REQUIRE_MESSAGE(mapping != nullptr, "There is no mapping for " + type + ".");
    const std::string tests = mapping->file.substr(0, mapping->file.size() - 5) + ".test.yaml";
    BOOST_TEST(std::filesystem::exists(tests), tests + " is missing: examples stand beside every mapping.");
  }
}

BOOST_AUTO_TEST_CASE(the_profile_has_at_least_sixty_fields_and_each_is_said_or_derived) {
  const auto set = load();
  BOOST_TEST(set.fields().all().size() >= 60);
  std::set<std::string> said;
  for (const auto& [type, mapping] : set.all()) {
    for (const auto& rule : mapping->rules) said.insert(rule.target);
  }
  for (const auto& [name, field] : set.fields().all()) {
    BOOST_TEST((said.contains(name) || !field.derived_by.empty()), "No mapping says " + name + ".");
  }
}

BOOST_AUTO_TEST_CASE(every_example_of_every_mapping_comes_out) {
  std::istringstream in;
  std::ostringstream out, err;
  const int code = run_mapping_command({"test", kMappings}, in, out, err);
  BOOST_TEST(code == 0, out.str() + err.str());
  BOOST_TEST_MESSAGE(err.str());
}

BOOST_AUTO_TEST_CASE(a_mapping_file_with_mistakes_is_told_line_and_column) {
  const test::TempFolder folder;
  const std::string root = folder.path().string() + "/mappings";
  std::filesystem::create_directories(root + "/tax");
  std::filesystem::copy(kMappings + "/codes", root + "/codes");
  std::filesystem::copy(kMappings + "/fields.yaml", root + "/fields.yaml");
  struct Case {
    const char* name;
    const char* text;
    const char* code;
    int line;
  };
  const std::string head = "mapping: tax.sales\ntitle: t\nversion: 1\nkey: { from: tax_no, as: uscc }\n";
  const Case cases[] = {
      {"an unknown key", "fields:\n  tax.monthly_sales_fen: { form: a, as: money, unit: 元 }\n", "config_unknown_key",
       6},
      {"an unknown field", "fields:\n  tax.monthly_sale: { from: a, as: text }\n", "field_unknown", 6},
      {"an unknown code table", "fields:\n  tax.credit_grade: { from: a, as: code, codes: nowhere }\n",
       "code_table_unknown", 6},
      {"money without a unit", "fields:\n  tax.monthly_sales_fen: { from: a, as: money }\n", "config_missing", 6},
      {"a unit of nothing", "fields:\n  tax.monthly_sales_fen: { from: a, as: money, unit: 斤 }\n", "unit_unknown", 6},
      {"a type that does not fit", "fields:\n  tax.monthly_sales_fen: { from: a, as: date }\n", "value_wrong_type", 6},
      {"a word that is no way of reading", "fields:\n  tax.name: { from: a, as: word }\n", "word_unknown", 6},
      {"a code without a word", "fields:\n  tax.credit_grade: { from: a, as: code, codes: vat_payer_type }\n",
       "code_without_word", 6},
      {"a derived field", "fields:\n  ent.size: { from: a, as: text }\n", "field_derived", 6},
      {"a key of another target", "fields:\n  tax.name: { from: a, as: name }\nvalues: {}\n", "key_out_of_place", 7},
      {"an alias", "fields: &a\n  tax.name: { from: a, as: name }\n", "yaml_malformed", 5},
  };
  for (const auto& example : cases) {
    BOOST_TEST_CONTEXT(example.name) {
      BOOST_REQUIRE(write_file_atomically(root + "/tax/sales.yaml", head + example.text));
      std::vector<Finding> findings;
      BOOST_TEST(!MappingSet::load(root, findings));
      BOOST_REQUIRE_MESSAGE(!findings.empty(), example.name);
      BOOST_TEST(findings.front().code == example.code, all(findings));
      BOOST_TEST(findings.front().line == example.line, all(findings));
      BOOST_TEST(findings.front().column > 0);
      BOOST_TEST(findings.front().file == root + "/tax/sales.yaml");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_refused_record_names_file_line_record_field_and_value) {
  const auto set = load();
  SourceRecord record;
  record.source = "tax";
  record.record_type = "tax.sales";
  record.key = "1-202509";
  record.columns = {{"tax_no", "914403001922038216"}, {"ssq", "202509"}, {"ysxse", "约12万"}};
  const auto outcome = set.apply(record, Date::from_ymd(2025, 11, 3).value());
  BOOST_REQUIRE(outcome.kind == MappingOutcome::Kind::quarantined);
  const Finding& finding = outcome.findings.front();
  BOOST_TEST(finding.file == kMappings + "/tax/sales.yaml");
  BOOST_TEST(finding.line > 0);
  BOOST_TEST(finding.code == "number_unreadable");
  BOOST_TEST(finding.record == "1-202509");
  BOOST_TEST(finding.field == "tax.monthly_sales_fen");
  BOOST_TEST(finding.value == "约12万");
  BOOST_TEST(outcome.firm.uscc == "914403001922038216");
  BOOST_TEST(outcome.changes.size() == 2u);
  BOOST_TEST(!outcome.changes.front().data.has_value());
}

BOOST_AUTO_TEST_CASE(a_record_type_without_a_mapping_is_quarantined) {
  const auto set = load();
  SourceRecord record;
  record.record_type = "weather.rain";
  const auto outcome = set.apply(record, Date::from_ymd(2025, 11, 3).value());
  BOOST_REQUIRE(outcome.kind == MappingOutcome::Kind::quarantined);
  BOOST_TEST(outcome.findings.front().code == "mapping_missing");
}

BOOST_AUTO_TEST_CASE(any_octets_in_any_column_give_an_outcome) {
  const auto set = load();
  std::uint64_t seed = std::chrono::steady_clock::now().time_since_epoch().count() & 0xffffffff;
  std::cout << "seed " << seed << "\n";
  const auto next = [&seed] {
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return seed >> 33;
  };
  for (const auto& [type, mapping] : set.all()) {
    for (int round = 0; round < 200; ++round) {
      SourceRecord record;
      record.record_type = type;
      record.key = "k";
      for (const auto& column : mapping->columns) {
        std::string cell;
        for (std::uint64_t i = next() % 24; i > 0; --i) cell += static_cast<char>(next() % 256);
        if (next() % 8 != 0) record.columns[column] = cell;
      }
      const auto outcome = set.apply(record, Date::from_ymd(2025, 11, 3).value());
      BOOST_REQUIRE(outcome.kind != MappingOutcome::Kind::quarantined || !outcome.findings.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(mapping_commands_answer_with_the_promised_exit_codes) {
  const auto command = [](std::vector<std::string> arguments, const std::string& input = {}) {
    std::istringstream in(input);
    std::ostringstream out, err;
    const int code = run_mapping_command(arguments, in, out, err);
    return std::pair(code, out.str());
  };
  BOOST_TEST(command({}).first == 2);
  BOOST_TEST(command({"check"}).first == 2);
  BOOST_TEST(command({"check", kMappings, "--wrong"}).first == 2);
  BOOST_TEST(command({"check", kMappings}).first == 0);
  BOOST_TEST(command({"check", kMappings, "--json"}).second.find("\"findings\": []") != std::string::npos);
  const std::string sales = kMappings + "/tax/sales.yaml";
  const auto good = command({"run", sales}, R"({"tax_no":"914403001922038216","ssq":"2025-09","ysxse":"1,234.50"})");
  BOOST_TEST(good.first == 0);
  BOOST_TEST(good.second.find("fields.tax.monthly_sales_fen: 123450") != std::string::npos, good.second);
  BOOST_TEST(command({"run", sales}, R"({"tax_no":"无"})").first == 1);
  BOOST_TEST(command({"run", sales}, "[]").first == 2);
  BOOST_TEST(command({"test", sales}).first == 0);
}

BOOST_AUTO_TEST_CASE(a_record_is_mapped_in_some_ten_microseconds) {
  const auto set = load();
  SourceRecord record;
  record.record_type = "market_supervision.registration";
  record.key = "3305";
  record.columns = {{"uni_social_crd_cd", "914403001922038216"},
                    {"comp_nm", "湖州某某科技有限公司(普通合伙)"},
                    {"qylxdl", "11"},
                    {"reg_state", "存续"},
                    {"est_dt", "2008年6月16日"},
                    {"appr_dt", "2020-6-18"},
                    {"opt_from", "2008/6/16"},
                    {"opt_to", "9999-9-9"},
                    {"reg_capt", "5,000000"},
                    {"capt_kind", "156"},
                    {"indv_code", "c3411"},
                    {"addr", "浙江省湖州市吴兴区"},
                    {"domdi_strict", "330502001"},
                    {"reg_org", "330502"},
                    {"comp_type", "1130"},
                    {"legal_repre", "张三"},
                    {"reg_no", "330203000030639"}};
  const auto begin = std::chrono::steady_clock::now();
  constexpr int kRounds = 5000;
  std::size_t changes = 0;
  for (int i = 0; i < kRounds; ++i) changes += set.apply(record, Date::from_ymd(2025, 11, 3).value()).changes.size();
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin).count();
  BOOST_TEST(changes == 16u * kRounds);
  std::cout << "microseconds a registration record: " << static_cast<double>(micros) / kRounds << "\n";
}
