#include <boost/test/unit_test.hpp>

#include "flow/evidence_levels.h"
#include "flow/evidence_page.h"

using namespace zhida;
using flow::PackLevel;
using flow::PackView;

namespace {

PackView view(PackLevel level, std::vector<std::string> withhold = {}) {
  return PackView::create(level, std::move(withhold)).value();
}

audit::AuditRecord record(std::int64_t seq, std::string kind, std::string actor) {
  audit::AuditRecord out;
  out.seq = seq;
  out.entry.kind = std::move(kind);
  out.entry.actor = std::move(actor);
  return out;
}

std::string text_of(const std::vector<bool>& shown) {
  std::string text;
  for (const bool one : shown) text += one ? '+' : '-';
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(each_reader_is_shown_what_its_level_says) {
  struct Row {
    const char* fact;
    const char* shown;  // to auditor, firm, public
  };
  const Row table[] = {
      {"case.id", "+++"},
      {"case.amount_fen", "+++"},
      {"firm.name", "+++"},
      {"payee.account_no", "++-"},
      {"payee.name", "++-"},
      {"profile.tax.credit_grade", "++-"},
      {"row.0011223344556677", "++-"},
      {"verdict", "+++"},
      {"verdict.amount_trace", "++-"},
      {"clause.07", "+++"},
      {"clause.07.data", "++-"},
      {"event.012", "+++"},
      {"event.012.actor", "+--"},
      {"event.012.reason", "+--"},
      {"review.01", "+++"},
      {"review.01.actor", "+--"},
      {"review.01.reason", "++-"},
      {"objection.01", "+++"},
      {"objection.01.raised_by", "+--"},
      {"objection.01.reason", "+--"},
      {"policy.approval", "+++"},
      {"policy.step.01", "+++"},
      {"policy.step.01.actor", "+--"},
      {"policy.step.01.reason", "+--"},
      {"policy.back_test", "++-"},
      {"policy.data", "++-"},
      {"payment.01", "+++"},
      {"payment.01.numbers", "++-"},
      {"document.03", "+++"},
      {"fund", "+++"},
      {"fund.reference", "++-"},
      {"case.reason", "++-"},
      {"something.new", "++-"},
  };
  for (const auto& row : table) {
    std::string shown;
    for (const auto level : {PackLevel::auditor, PackLevel::firm, PackLevel::public_})
      shown += view(level).shows_fact(row.fact) ? '+' : '-';
    BOOST_TEST(shown == row.shown, row.fact << ": " << shown);
  }
}

BOOST_AUTO_TEST_CASE(what_is_withheld_besides_is_withheld_from_everybody) {
  const auto less = view(PackLevel::auditor, {"payee.*", "event.*.actor", "profile.tax.credit_grade"});
  for (const char* name : {"payee.account_no", "payee.name", "event.003.actor", "profile.tax.credit_grade"})
    BOOST_TEST(!less.shows_fact(name), name);
  for (const char* name : {"event.003", "event.003.reason", "profile.tax.credit_grade_year", "case.id"})
    BOOST_TEST(less.shows_fact(name), name);
  BOOST_TEST(!less.shows_octets(false), "a document cannot be shown without the account in it");
  BOOST_TEST(less.idle({"payee.name", "event.001.actor"}) == std::vector<std::string>{"profile.tax.credit_grade"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(without_the_case_and_its_policy_nobody_could_check_a_pack) {
  for (const char* pattern : {"case.id", "case.*", "*", "case.policy_version"})
    BOOST_TEST(PackView::create(PackLevel::auditor, {pattern}).error().code == "withhold_needed", pattern);
  BOOST_TEST(flow::pack_level_from("friends").error().code == "level_malformed");
}

BOOST_AUTO_TEST_CASE(documents_that_name_others_are_for_auditors) {
  BOOST_TEST(view(PackLevel::auditor).shows_octets(true));
  BOOST_TEST(view(PackLevel::firm).shows_octets(false));
  BOOST_TEST(!view(PackLevel::firm).shows_octets(true));
  BOOST_TEST(!view(PackLevel::public_).shows_octets(false));
}

BOOST_AUTO_TEST_CASE(a_withheld_record_hides_the_one_right_before_it) {
  const std::vector<audit::AuditRecord> records = {record(3, "case_opened", "system"),
                                                   record(4, "case_notified", "system"),
                                                   record(5, "case_confirmed", "user:portal"),
                                                   record(9, "publicity_started", "system"),
                                                   record(12, "case_approved", "user:finance"),
                                                   record(13, "evidence_rooted", "system"),
                                                   record(14, "evidence_exported", "user:auditor")};
  BOOST_TEST(text_of(flow::shown_records(view(PackLevel::auditor), records)) == "+++++++");
  BOOST_TEST(text_of(flow::shown_records(view(PackLevel::firm), records)) == "++++-+-");
  BOOST_TEST(text_of(flow::shown_records(view(PackLevel::public_), records)) == "---+-+-");
}

BOOST_AUTO_TEST_CASE(the_page_escapes_what_came_from_outside_and_says_what_is_withheld) {
  flow::EvidencePage page;
  page.manifest.level = "public";
  page.manifest.reader = "<script>alert(1)</script>";
  page.manifest.case_id = "C1";
  page.manifest.leaves = 5;
  page.manifest.withheld = 2;
  page.policy = Json{{"title", "\"><img src=x>"}, {"issuer", 7}};
  page.facts = {{"case.id", "C1"},
                {"case.title", "奖励<b>"},
                {"case.amount_fen", 8'000'000},
                {"case.state", "paid"},
                {"firm.name", "甲'公司&\"<i>"},
                {"clause.01", Json{{"text", "<u>条款"}, {"verdict", "met"}}},
                {"event.001", Json{{"event", "<x>"}, {"at", "when"}, {"role", "system"}}},
                {"payment.01", Json{{"business_no", "C1-01"}, {"state", "settled"}}},
                {"profile.x", "not an object"}};
  page.documents.push_back({"document.01", "payment_request", "no seal at all", false});
  const std::string html = flow::write_evidence_page(page);
  for (const char* bad : {"<script>", "<img src=x", "<b>奖励", "公司&\"<i>", "<u>条款", "<x>"})
    BOOST_TEST(html.find(bad) == std::string::npos, bad);
  for (const char* good :
       {"甲&#39;公司&amp;&quot;&lt;i&gt;", "80,000.00 元", "隐去", "default-src 'none'", "zhida-verify pack"})
    BOOST_TEST(html.find(good) != std::string::npos, good);
}
