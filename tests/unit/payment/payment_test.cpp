#include <boost/test/unit_test.hpp>

#include "platform/text/encoding.h"
#include "stages/payment/draw_up.h"
#include "support/money_scene.h"

namespace zhida::test {
namespace {

PaymentRequest sample() {
  PaymentRequest r;
  r.tracking_id = CaseId("01JCX2K8V6M4T9Q0R3S5W7Y1ZA");
  r.business_no = payment::business_number(r.tracking_id, 1);
  r.division = "330502";
  r.fiscal_year = 2025;
  r.appropriation = AppropriationId("BGT-1");
  r.agency_code = "301001";
  r.fund_type_code = "111";
  r.exp_func_code = "2150805";
  r.gov_bgt_eco_code = "50701";
  r.dep_bgt_eco_code = "31204";
  r.pro_code = "HQ-IN-006";
  r.set_mode_code = "2";
  r.use_des = "惠企政策兑现 <小巨人> & 奖励";
  r.payee = {"湖州·样例机械有限公司", "33050000000000000019", "样例银行", "313336071575"};
  r.uscc = "91330502MA00000001";
  r.amount = Money::from_fen(20'000'000);
  return r;
}

std::string refusal(const PaymentRequest& request) {
  const auto drawn = payment::draw_up({request}, Instant());
  return drawn ? "ok" : drawn.error().code;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(payment_room)

BOOST_AUTO_TEST_CASE(a_request_is_written_in_gbk_octet_for_octet) {
  const Instant at = value_of(parse_rfc3339("2025-11-17T10:30:00+08:00"));
  const auto body = value_of(payment::draw_up({sample()}, at));
  const std::string expected =
      "<?xml version=\"1.0\" encoding=\"GBK\"?>\n"
      "<PAY_REQUEST VERSION=\"1\">\n"
      "  <HEAD>\n"
      "    <MOF_DIV_CODE>330502</MOF_DIV_CODE>\n"
      "    <FISCAL_YEAR>2025</FISCAL_YEAR>\n"
      "    <DETAIL_COUNT>1</DETAIL_COUNT>\n"
      "    <TOTAL_AMT>200000.00</TOTAL_AMT>\n"
      "    <CREATE_TIME>20251117103000</CREATE_TIME>\n"
      "  </HEAD>\n"
      "  <DETAILS>\n"
      "    <DETAIL>\n"
      "      <BUSINESS_NO>01JCX2K8V6M4T9Q0R3S5W7Y1ZA-01</BUSINESS_NO>\n"
      "      <TRACKING_ID>01JCX2K8V6M4T9Q0R3S5W7Y1ZA</TRACKING_ID>\n"
      "      <BGT_ID>BGT-1</BGT_ID>\n"
      "      <PRO_CODE>HQ-IN-006</PRO_CODE>\n"
      "      <AGENCY_CODE>301001</AGENCY_CODE>\n"
      "      <FUND_TYPE_CODE>111</FUND_TYPE_CODE>\n"
      "      <EXP_FUNC_CODE>2150805</EXP_FUNC_CODE>\n"
      "      <GOV_BGT_ECO_CODE>50701</GOV_BGT_ECO_CODE>\n"
      "      <DEP_BGT_ECO_CODE>31204</DEP_BGT_ECO_CODE>\n"
      "      <SET_MODE_CODE>2</SET_MODE_CODE>\n"
      "      <USE_DES>惠企政策兑现 &lt;小巨人&gt; &amp; 奖励</USE_DES>\n"
      "      <PAYEE_ACCT_NAME>湖州·样例机械有限公司</PAYEE_ACCT_NAME>\n"
      "      <PAYEE_ACCT_NO>33050000000000000019</PAYEE_ACCT_NO>\n"
      "      <PAYEE_ACCT_BANK_NAME>样例银行</PAYEE_ACCT_BANK_NAME>\n"
      "      <PAYEE_ACCT_BANK_NO>313336071575</PAYEE_ACCT_BANK_NO>\n"
      "      <UNIFSOC_CRED_CODE>91330502MA00000001</UNIFSOC_CRED_CODE>\n"
      "      <PAY_APP_AMT>200000.00</PAY_APP_AMT>\n"
      "    </DETAIL>\n"
      "  </DETAILS>\n"
      "</PAY_REQUEST>\n";
  BOOST_TEST(value_of(text::gbk_to_utf8(body)) == expected);
  BOOST_TEST(body == value_of(payment::draw_up({sample()}, at)));
  BOOST_TEST(body.find("\xC0\xA5") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_gbk_lacks_or_the_form_forbids_is_refused_by_name) {
  auto r = sample();
  r.payee.name = "湖州㐀公司";
  const auto drawn = payment::draw_up({r}, Instant());
  BOOST_REQUIRE(!drawn);
  BOOST_TEST(drawn.error().code == "char_not_in_gbk");
  BOOST_TEST(drawn.error().message.find("PAYEE_ACCT_NAME") != std::string::npos);
  BOOST_TEST(drawn.error().message.find("㐀") != std::string::npos);
  r = sample();
  r.use_des = "𠮷";
  BOOST_TEST(refusal(r) == "char_not_in_gbk");
  r = sample();
  r.payee.name.clear();
  for (int i = 0; i < 60; ++i) r.payee.name += "湖";
  BOOST_TEST(refusal(r) == "ok");
  r.payee.name += "州";
  BOOST_TEST(refusal(r) == "field_too_long");
  r = sample();
  r.payee.bank_no.clear();
  BOOST_TEST(refusal(r) == "field_missing");
  r = sample();
  r.use_des = "a\x01";
  BOOST_TEST(refusal(r) == "field_malformed");
  r = sample();
  r.amount = Money();
  BOOST_TEST(refusal(r) == "details_malformed");
  BOOST_TEST(payment::draw_up({}, Instant()).error().code == "details_malformed");
  BOOST_TEST(!!payment::draw_up(std::vector<PaymentRequest>(499, sample()), Instant()));
  BOOST_TEST(payment::draw_up(std::vector<PaymentRequest>(500, sample()), Instant()).error().code ==
             "details_malformed");
}

BOOST_AUTO_TEST_CASE(a_request_is_committed_whole_or_not_at_all) {
  MoneyScene scene;
  const CaseId id = scene.approved_case("91330502MA00000001", 500'000);
  BOOST_TEST(scene.request(id).error().code == "appropriation_not_found");
  scene.appropriate("A1", 400'000);
  BOOST_TEST(scene.request(id).error().code == "exceeds_available");
  for (int again = 0; again < 2; ++again)
    scene.must([&](storage::Transaction& t) {
      return scene.payments.note_waiting(t, id, ledger::ReserveRefusal::exceeds_available);
    });
  BOOST_TEST(scene.number("SELECT count(*) FROM audit_record WHERE kind = 'reservation_refused'") == 1);
  scene.appropriate("A1", 800'000);
  const auto fresh = scene.facts(id);
  const auto prepare = [&] {
    return scene.must(
        [&](storage::Transaction& t) { return scene.payments.prepare(t, id, fresh, scene.book["IN-006"]); });
  };
  const auto commit = [&](const payment::PreparedRequest& prepared, const payment::FreshFacts& facts) {
    return scene
        .must([&](storage::Transaction& t) {
          return scene.payments.commit_request(t, prepared, "seal", facts, scene.send(), scene.move());
        })
        .kind;
  };
  using Kind = payment::RequestOutcome::Kind;
  const auto prepared = prepare();
  BOOST_TEST((commit(prepared, {Verdict::unknown, fresh.tranche_amount, 8}) == Kind::changed));
  BOOST_TEST((commit(prepared, {Verdict::met, Money::from_fen(1), 8}) == Kind::changed));
  BOOST_TEST((commit(prepared, {Verdict::met, fresh.tranche_amount, 9}) == Kind::changed));
  BOOST_TEST(scene.balance("A1").reserved.fen() == 0);
  BOOST_TEST((commit(prepared, fresh) == Kind::requested));
  BOOST_TEST((commit(prepared, fresh) == Kind::changed));
  BOOST_TEST(scene.balance("A1").reserved.fen() == 500'000);
  BOOST_TEST(scene.state(id) == "requested");
  BOOST_TEST(scene.sent.back().body == prepared.body);
  BOOST_TEST(scene.number("SELECT count(*) FROM outbox WHERE address = 'treasury.instructions'") == 1);
  BOOST_TEST(scene.text("SELECT digest FROM payment_attempt") == prepared.digest);
  BOOST_TEST(scene.problems().empty());
}

BOOST_AUTO_TEST_CASE(a_request_drawn_up_before_new_year_is_not_committed_after_it) {
  MoneyScene scene;
  scene.appropriate("A1", 800'000);
  const CaseId id = scene.approved_case("91330502MA00000001", 500'000);
  scene.recheck(id);
  scene.clock.set(value_of(parse_rfc3339("2025-12-31T23:59:59+08:00")));
  const auto fresh = scene.facts(id);
  const auto prepared =
      scene.must([&](storage::Transaction& t) { return scene.payments.prepare(t, id, fresh, scene.book["IN-006"]); });
  const auto commit = [&] {
    return scene
        .must([&](storage::Transaction& t) {
          return scene.payments.commit_request(t, prepared, "seal", fresh, scene.send(), scene.move());
        })
        .kind;
  };
  scene.clock.set(value_of(parse_rfc3339("2026-01-01T00:00:00+08:00")));
  BOOST_TEST((commit() == payment::RequestOutcome::Kind::changed));
  BOOST_TEST(scene.balance("A1").reserved.fen() == 0);
  BOOST_TEST(scene.state(id) == "rechecking");
  scene.clock.set(value_of(parse_rfc3339("2025-12-31T23:59:59+08:00")));
  BOOST_TEST((commit() == payment::RequestOutcome::Kind::requested));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::test
