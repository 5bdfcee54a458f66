#include <filesystem>

#include "stages/matching/evaluate.h"
#include "stages/matching/explain.h"
#include "stages/matching/policy_file.h"
#include "unit/matching/scene.h"

namespace zhida::matching::test {
namespace {

/// The findings of one file, `line:col CODE` each.
std::string findings_of(const std::string& text, const LocalSettings& local = {}) {
  PolicyFindings findings;
  const auto policy = parse_policy(text, "T-1.yaml", fields(), local, findings);
  std::string out;
  for (const auto& finding : findings.errors)
    out += (out.empty() ? "" : "; ") + std::to_string(finding.line) + ":" + std::to_string(finding.column) + " " +
           finding.code;
  BOOST_TEST(policy.has_value() == findings.errors.empty());
  return out;
}

std::string condition(const std::string& rest) {
  return policy_text("{ id: c1, text: 条件, " + rest + " }");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checker)

BOOST_AUTO_TEST_CASE(what_is_wrong_in_a_condition_is_found_where_it_stands) {
  struct Row {
    const char* rest;
    const char* findings;
  };
  for (const auto& row : {
           Row{"field: ui.insured, op: is_true", ""},
           Row{"field: ui.insurd, op: is_true", "7:34 field_unknown"},
           Row{"field: ui.insured, op: is_treu", "7:50 operator_unknown"},
           Row{"field: ui.insured, op: gte, value: 1", "7:50 operator_wrong_for_type"},
           Row{"field: ui.insured, op: is_true, value: 1", "7:66 value_not_wanted"},
           Row{"field: ui.insured, op: is_true, vlaue: 1", "7:59 config_unknown_key"},
           Row{"field: ui.paid_months, op: gte", "7:7 config_missing"},
           Row{"field: tax.monthly_sales_fen, op: lte, value: 10", "7:73 unit_missing"},
           Row{"field: tax.monthly_sales_fen, op: lte, value: 10 %", "7:73 unit_wrong"},
           Row{"field: ui.layoff_rate, op: lte, value: 0.055", "7:66 unit_missing"},
           Row{"field: ui.layoff_rate, op: between, from: 5 %, to: 4 %", "7:69 range_empty"},
           Row{"field: ui.layoff_rate, op: between, from: 5 %, to: 5 %", ""},
           Row{"field: ui.layoff_rate, op: between, from: 5 %", "7:7 config_missing"},
           Row{"field: ui.layoff_rate, op: lte, value: 5 %, to: 6 %", "7:75 value_not_wanted"},
           Row{"field: ent.size, op: in, value: []", "7:59 values_empty"},
           Row{"field: ent.size, op: in, value: [small, small]", "7:59 value_twice"},
           Row{"field: ent.size, op: in, value: small", ""},
           Row{"field: ent.size, op: in, value: [小型, micro]", ""},
           Row{"field: ent.size, op: in, value: [small, 小型]", "7:59 value_twice"},
           Row{"field: ent.size, op: in, value: [smal, 中等]", "7:60 value_unknown; 7:66 value_unknown"},
           Row{"field: ent.size, op: first_time", "7:48 operator_wrong_for_type"},
           Row{"field: ui.insured, op: first_time", "7:34 field_unknown"},
           Row{"field: ent.industry_code, op: industry_in, value: [C, U]", "7:77 industry_code_wrong"},
           Row{"field: ent.region_code, op: region_in, value: [3305]", "7:73 region_code_wrong"},
           Row{"field: ui.insured, op: is_true, on_unknown: pass", "7:71 on_unknown_wrong"},
           Row{"field: ui.insured, op: is_true, max_age: 400", "7:68 unit_missing"},
           Row{"field: ui.insured, op: is_true, max_age: 400 天", ""},
       }) {
    BOOST_TEST_CONTEXT(row.rest) {
      BOOST_TEST(findings_of(condition(row.rest)) == row.findings);
    }
  }
}

BOOST_AUTO_TEST_CASE(codes_and_their_words_are_the_same_and_people_read_the_words) {
  const auto with = [](const std::string& values, const std::string& table) {
    PolicyFindings findings;
    auto policy = parse_policy(
        policy_text("{ id: c1, text: 是中小企业, field: ent.size, op: in, value: [" + values + "] }",
                    "{ family: lookup, text: 按规模, by: ent.size, table: { " + table + " } }",
                    "{ channel: social_insurance_fund, fund: social_security, period: once, review: [人社局] }"),
        "T-1.yaml", fields(), {}, findings);
    for (const auto& finding : findings.errors) BOOST_TEST_MESSAGE(to_text(finding));
    BOOST_REQUIRE(policy.has_value());
    return std::move(*policy);
  };
  const auto codes = with("medium, small", "medium: 2 元, small: 1 元");
  const auto words = with("中型, 小型", "中型: 2 元, 小型: 1 元");
  BOOST_TEST(codes.version == words.version);
  BOOST_TEST(render(words).find("〔企业规模为中型、小型之一〕") != std::string::npos, render(words));
  BOOST_TEST(render(words).find("按企业规模：中型 2元，小型 1元") != std::string::npos, render(words));
  // What a firm has is told in words, too.
  EnterpriseProfile firm;
  firm.uscc = "A";
  ProfileValue large;
  large.data = std::string("large");
  firm.fields["ent.size"].value = large;
  const auto entitlement = evaluate(words, firm, Date::parse("2025-11-03").value());
  BOOST_TEST(explain(words, entitlement).find("要求为中型、小型之一") != std::string::npos,
             explain(words, entitlement));

  PolicyFindings findings;
  (void)parse_policy(policy_text("{ id: c1, text: 条件, field: ent.size, op: \"=\", value: smal }"), "T-1.yaml",
                     fields(), {}, findings);
  BOOST_REQUIRE(findings.errors.size() == 1u);
  BOOST_TEST(findings.errors.front().message ==
             "企业规模 (ent.size) is never \"smal\"; there are: large 大型, medium 中型, micro 微型, small 小型.");
  findings = {};
  (void)parse_policy(
      policy_text("{ id: c1, text: 条件, field: ui.insured, op: is_true }",
                  "{ family: lookup, text: 按规模, by: ent.size, table: { 中型: 2 元, medium: 1 元 } }",
                  "{ channel: social_insurance_fund, fund: social_security, period: once, review: [人社局] }"),
      "T-1.yaml", fields(), {}, findings);
  BOOST_REQUIRE(findings.errors.size() == 1u);
  BOOST_TEST(findings.errors.front().code == "value_twice");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_around_the_conditions_is_found_too) {
  const std::string good = "{ id: c1, text: 条件, field: ui.insured, op: is_true }";
  const std::string fund = "{ channel: social_insurance_fund, fund: social_security, period: once, review: [人社局] }";
  struct Row {
    std::string text;
    const char* codes;
  };
  for (const auto& row : {
           Row{policy_text("{ all: [" + good + ", " + good + "] }"), "7:69 clause_id_twice"},
           Row{policy_text("{ all: [] }"), "7:14 group_empty"},
           Row{policy_text("{ id: amount, text: 条件, field: ui.insured, op: is_true }"), "7:7 clause_id_reserved"},
           Row{policy_text("{ all: [" + good + "], any: [{ id: c2, text: 二, field: ui.insured, op: is_false }] }"),
               "7:7 clause_malformed"},
           Row{policy_text(good, "{ family: lottery, text: 抽签 }"), "8:19 amount_family_unknown"},
           Row{policy_text(good, "{ family: fixed, text: 定额, amount: 8 }", fund), "8:44 unit_missing"},
           Row{policy_text(good, "{ family: fixed, text: 定额, amount: -8 元 }", fund), "8:44 amount_negative"},
           Row{policy_text(good, "{ family: fixed, text: 定额, amount: 8 元 }"), "9:11 channel_wrong"},
           Row{policy_text(good, "{ family: ratio, text: 比例, base: ui.contribution_prev_year_fen, rate: 60 % }",
                           fund),
               "8:9 config_missing"},
           Row{policy_text(
                   good,
                   "{ family: ratio, text: 比例, base: ui.insured, rate: 160 %, round: { to: 分, mode: half_up } }",
                   fund),
               "8:42 field_wrong_type; 8:60 rate_out_of_range"},
           Row{policy_text(good, "{ family: relief, text: 减免 }", "{ channel: relief, period: { local: gone } }"),
               "9:47 local_setting_missing"},
           Row{"id: T-2\n" + policy_text(good).substr(8), "1:5 id_differs_from_file"},
           Row{policy_text(good) + "valid: { from: 2025-12-31, to: 2025-01-01 }\n", "10:8 range_empty"},
           Row{policy_text(good) + "missing_fields: { ui.insured: { title: 参保, type: bool } }\n",
               "10:31 field_has_source"},
           Row{policy_text(good) + "title: 又一个\n", "10:1 yaml_malformed"},
           Row{"when: [", "1:1 yaml_malformed"},
       }) {
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(findings_of(row.text) == row.codes);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_field_without_source_is_noted_not_failed) {
  PolicyFindings findings;
  const auto policy =
      parse_policy(policy_text("{ id: c1, text: 条件, field: 劳务派遣单位, op: is_false }") +
                       "missing_fields: { ent.is_labour_dispatch: { title: 劳务派遣单位, type: bool } }\n",
                   "T-1.yaml", fields(), {}, findings);
  BOOST_TEST(findings.errors.empty());
  BOOST_REQUIRE(policy.has_value());
  BOOST_TEST(policy->when.field == "ent.is_labour_dispatch");
  BOOST_REQUIRE(findings.notes.size() == 1);
  BOOST_TEST(findings.notes[0].code == "field_without_source");
}

BOOST_AUTO_TEST_CASE(an_amount_tied_to_tax_paid_is_noted) {
  PolicyFindings findings;
  const auto policy = parse_policy(
      policy_text("{ id: c1, text: 条件, field: ui.insured, op: is_true }",
                  "{ family: ratio, text: 比例, base: tax.paid_year_fen, rate: 50 %, round: { to: 元, mode: down } }",
                  "{ channel: social_insurance_fund, fund: social_security, period: once, review: [人社局] }"),
      "T-1.yaml", fields(), {}, findings);
  BOOST_TEST(policy.has_value());
  BOOST_REQUIRE(findings.notes.size() == 1);
  BOOST_TEST(findings.notes[0].code == "amount_tied_to_tax");
}

BOOST_AUTO_TEST_CASE(chinese_titles_and_symbols_mean_the_same_as_identifiers_and_names) {
  PolicyFindings findings;
  const auto* spec = fields().find("ui.paid_months");
  BOOST_REQUIRE(spec != nullptr);
  const auto by_name = parse_policy(condition("field: ui.paid_months, op: gte, value: 12 " + spec->unit), "T-1.yaml",
                                    fields(), {}, findings);
  const auto by_title = parse_policy(condition("field: " + spec->title + ", op: '>=', value: 12 " + spec->unit),
                                     "T-1.yaml", fields(), {}, findings);
  for (const auto& finding : findings.errors) BOOST_ERROR(to_text(finding));
  BOOST_REQUIRE(by_name.has_value());
  BOOST_REQUIRE(by_title.has_value());
  BOOST_TEST(by_name->version == by_title->version);
  BOOST_TEST(by_name->version.size() == 64);
}

BOOST_AUTO_TEST_CASE(every_change_of_meaning_is_another_version) {
  PolicyFindings findings;
  const auto version = [&](const std::string& when) {
    return parse_policy(policy_text(when), "T-1.yaml", fields(), {}, findings)->version;
  };
  const auto first = version("{ id: c1, text: 条件, field: ui.layoff_rate, op: lte, value: 5.5 % }");
  BOOST_TEST(first == version("{ id: c1, text: 条件, field: ui.layoff_rate, op: lte, value: 5.50 % }"));
  BOOST_TEST(first != version("{ id: c1, text: 条件, field: ui.layoff_rate, op: lt, value: 5.5 % }"));
  BOOST_TEST(first != version("{ id: c1, text: 条件, field: ui.layoff_rate, op: lte, value: 5.6 % }"));
  BOOST_TEST(first !=
             version("{ id: c1, text: 条件, field: ui.layoff_rate, op: lte, value: 5.5 %, on_unknown: fail }"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::matching::test
