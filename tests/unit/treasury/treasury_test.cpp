#include <boost/test/unit_test.hpp>

#include "support/money_scene.h"

namespace zhida::test {
namespace {

struct Paying {
  MoneyScene scene;
  CaseId id;
  AttemptId number;

  explicit Paying(std::int64_t fen = 100'00) {
    scene.appropriate("A1", 1000'00);
    id = scene.approved_case("91330502MA00000001", fen);
    scene.clock.set(value_of(parse_rfc3339("2025-11-20T09:00:00+08:00")));
    number = value_of(scene.request(id)).business_no;
  }
  std::string attempt() {
    return scene.text("SELECT state FROM payment_attempt WHERE business_no = ?", {number.str()});
  }
  treasury::Applied say(AnswerState state, std::int64_t fen = -1, const std::string& serial = {}) {
    return value_of(scene.answer(MoneyScene::receipt(number, state, fen, serial)));
  }
  std::string book() {
    const auto b = scene.balance("A1");
    return b.available.to_yuan() + " " + b.reserved.to_yuan() + " " + b.spent.to_yuan();
  }
};

std::string refusal(const Bytes& body) {
  const auto decoded = treasury::decode_message(body);
  return decoded ? "ok" : decoded.error().code;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(treasury_room)

BOOST_AUTO_TEST_CASE(answers_are_read_strictly) {
  const auto good = MoneyScene::answer_xml({MoneyScene::receipt(AttemptId("X-01"), AnswerState::paid, 1, "B1")});
  BOOST_TEST(refusal(good) == "ok");
  const auto broken = [&](const std::string& from, const std::string& to) {
    Bytes body = good;
    body.replace(body.find(from), from.size(), to);
    return refusal(body);
  };
  BOOST_TEST(broken("<XPAY_AMT>0.01</XPAY_AMT>", "") == "answer_malformed");
  BOOST_TEST(broken("0.01", "0.001") == "answer_malformed");
  BOOST_TEST(broken("0.01", "-0.01") == "answer_malformed");
  BOOST_TEST(broken(">PAID<", ">DONE<") == "answer_malformed");
  BOOST_TEST(broken("<DETAIL_COUNT>1", "<DETAIL_COUNT>2") == "answer_malformed");
  BOOST_TEST(broken("20251120", "20251320") == "answer_malformed");
  BOOST_TEST(broken("<AGENT_BUSINESS_NO>B1</AGENT_BUSINESS_NO>", "") == "answer_malformed");
  BOOST_TEST(broken("330502", "3305") == "answer_malformed");
  BOOST_TEST(refusal("<PAY_OTHER/>") == "answer_unknown_root");
  BOOST_TEST(broken("<PAY_ANSWER", "<!DOCTYPE a [<!ENTITY b \"c\">]><PAY_ANSWER") != "ok");
}

BOOST_AUTO_TEST_CASE(an_attempt_only_moves_up) {
  Paying p;
  BOOST_TEST(p.book() == "900.00 100.00 0.00");
  p.say(AnswerState::accepted);
  BOOST_TEST(p.attempt() == "acked");
  p.say(AnswerState::not_found);
  BOOST_TEST(p.attempt() == "acked");
  p.say(AnswerState::paid, 100'00, "B1");
  BOOST_TEST(p.attempt() == "settled");
  BOOST_TEST(p.book() == "900.00 0.00 100.00");
  BOOST_TEST(p.scene.state(p.id) == "paid");
  BOOST_TEST(p.say(AnswerState::paid, 100'00, "B1").unchanged == 1);
  BOOST_TEST(p.say(AnswerState::accepted).unchanged == 1);
  p.say(AnswerState::returned, 100'00, "B2");
  BOOST_TEST(p.attempt() == "returned");
  BOOST_TEST(p.scene.state(p.id) == "payee_repair");
  BOOST_TEST(p.book() == "1000.00 0.00 0.00");
  BOOST_TEST(p.scene.problems().empty());
}

BOOST_AUTO_TEST_CASE(after_a_no_a_corrected_request_follows_under_a_new_number) {
  Paying p;
  p.say(AnswerState::sent_back);
  BOOST_TEST(p.scene.state(p.id) == "payee_repair");
  BOOST_TEST(p.book() == "1000.00 0.00 0.00");
  p.scene.must([&](storage::Transaction& t) { return p.scene.cases->correct(t, p.id, "用途已更正", kOfficer); });
  BOOST_TEST(p.scene.state(p.id) == "approved");
  const auto again = value_of(p.scene.request(p.id));
  BOOST_TEST(again.business_no.str() == p.id.str() + "-02");
  BOOST_TEST(p.scene.state(p.id) == "requested");
}

BOOST_AUTO_TEST_CASE(contradictions_are_kept_and_wait_for_a_person) {
  struct Case {
    const char* code;
    Receipt receipt;
  };
  const AttemptId any;
  auto amount = MoneyScene::receipt(any, AnswerState::paid, 99'99, "B1");
  auto payee = MoneyScene::receipt(any, AnswerState::paid, 100'00, "B1");
  payee.payee_account_no = "1";
  auto year = MoneyScene::receipt(any, AnswerState::paid, 100'00, "B1");
  year.fiscal_year = 2024;
  auto division = MoneyScene::receipt(any, AnswerState::accepted);
  division.division = "330522";
  for (const Case& c : {Case{"amount_differs", amount}, Case{"payee_differs", payee}, Case{"year_differs", year},
                        Case{"division_differs", division}}) {
    Paying p;
    Receipt receipt = c.receipt;
    receipt.business_no = p.number;
    BOOST_TEST(value_of(p.scene.answer(receipt)).conflicts == 1, c.code);
    BOOST_TEST(p.attempt() == "queued");
    BOOST_TEST(p.book() == "900.00 100.00 0.00");
    BOOST_TEST(p.scene.load(p.id).frozen);
    BOOST_TEST(p.scene.text("SELECT code FROM payment_conflict") == c.code);
    // Bad news waits while it is open whether money has left; good news is true all the same.
    BOOST_TEST(p.say(AnswerState::sent_back).waiting == 1);
    BOOST_TEST(p.book() == "900.00 100.00 0.00");
    p.scene.must([&](storage::Transaction& t) {
      return p.scene.treasury_room.resolve_conflict(t, 1, "user:zhao", "财政局书面更正", p.scene.move());
    });
    BOOST_TEST(p.attempt() == "rejected");
    BOOST_TEST(!p.scene.load(p.id).frozen);
    BOOST_TEST(p.book() == "1000.00 0.00 0.00");
  }
}

BOOST_AUTO_TEST_CASE(paid_after_no_is_never_paid_again) {
  Paying p;
  p.say(AnswerState::sent_back);
  BOOST_TEST(p.say(AnswerState::paid, 100'00, "B1").conflicts == 1);
  BOOST_TEST(p.attempt() == "rejected");
  BOOST_TEST(p.scene.load(p.id).frozen);
  BOOST_TEST(!p.scene.write([&](storage::Transaction& t) { return p.scene.cases->correct(t, p.id, "", kOfficer); }));
  BOOST_TEST(!p.scene.request(p.id));
}

BOOST_AUTO_TEST_CASE(numbers_that_nobody_knows_are_reported) {
  MoneyScene scene;
  BOOST_TEST(value_of(scene.answer(MoneyScene::receipt(AttemptId("NO-SUCH"), AnswerState::accepted))).unknown == 1);
  BOOST_TEST(scene.number("SELECT count(*) FROM audit_record WHERE kind = 'person_asked'") == 1);
}

BOOST_AUTO_TEST_CASE(silence_is_asked_about_and_the_same_bytes_are_sent_again) {
  Paying p;
  value_of(p.scene.run("UPDATE outbox SET state = 'sent'"));
  BOOST_TEST(p.scene.must([&](storage::Transaction& t) { return p.scene.treasury_room.note_sent(t); }) == 1);
  BOOST_TEST(p.attempt() == "sent");
  const auto overdue = [&] {
    return p.scene.must([&](storage::Transaction& t) { return p.scene.treasury_room.overdue(t); });
  };
  BOOST_TEST(overdue().empty());
  const auto first = p.scene.sent.back();
  p.scene.clock.advance(25h);
  const auto work = overdue();
  BOOST_REQUIRE(work.size() == 1u);
  p.scene.must([&](storage::Transaction& t) {
    return p.scene.treasury_room.commit_overdue(t, work.front(), "seal", p.scene.send());
  });
  BOOST_TEST(p.scene.sent.back().again);
  BOOST_TEST(p.scene.sent.back().message_id == first.message_id);
  BOOST_TEST(p.scene.sent.back().body == first.body);
  BOOST_TEST(p.scene.sent.back().seal == first.seal);
  BOOST_TEST(overdue().empty());
  BOOST_TEST(p.book() == "900.00 100.00 0.00");
  p.scene.clock.set(value_of(parse_rfc3339("2026-01-05T09:00:00+08:00")));
  BOOST_TEST(!overdue().front().resend);  // A closed year takes no request.
}

BOOST_AUTO_TEST_CASE(a_day_agrees_with_the_treasurys_statement_to_the_fen) {
  Paying p;
  p.say(AnswerState::paid, 100'00, "B1");
  const auto state_day = [&](const std::string& fen, const std::string& serial) {
    treasury::VerifiedMessage message;
    message.peer = "treasury";
    message.message_id = "st-" + fen + serial;
    message.body =
        "<PAY_STATEMENT><HEAD><MOF_DIV_CODE>330502</MOF_DIV_CODE><FISCAL_YEAR>2025</"
        "FISCAL_YEAR><STATEMENT_DATE>20251120"
        "</STATEMENT_DATE><DETAIL_COUNT>1</DETAIL_COUNT><TOTAL_AMT>" +
        fen + "</TOTAL_AMT></HEAD><DETAILS><DETAIL><BUSINESS_NO>" + p.number.str() +
        "</BUSINESS_NO><DIRECTION>PAID</DIRECTION><XPAY_AMT>" + fen +
        "</XPAY_AMT><XPAY_DATE>20251120</XPAY_DATE><AGENT_BUSINESS_NO>" + serial +
        "</AGENT_BUSINESS_NO></DETAIL></DETAILS></PAY_STATEMENT>";
    message.seal = "s";
    message.content = value_of(treasury::decode_message(message.body));
    p.scene.must([&](storage::Transaction& t) { return p.scene.treasury_room.apply(t, message, p.scene.move()); });
    return p.scene.must([&](storage::Transaction& t) {
      return treasury::reconcile_day(t, value_of(Date::parse("2025-11-20")), "330502");
    });
  };
  const auto agrees = state_day("100.00", "B1");
  BOOST_TEST(agrees.agrees());
  BOOST_TEST(agrees.statement_received);
  BOOST_TEST(agrees.paid_fen == 100'00);
  BOOST_TEST(agrees.balances.front().closing_spent == 100'00);
  BOOST_TEST(treasury::to_text(agrees).find("MATCHED") != std::string::npos);
  const auto differs = state_day("100.00", "B7");
  BOOST_TEST(differs.unexplained == 1);
  BOOST_TEST(treasury::to_json(differs)["agrees"] == false);
}

BOOST_AUTO_TEST_CASE(a_hub_from_an_older_copy_gives_the_same_numbers_and_learns_what_was_paid) {
  Paying first;
  const auto sent = first.scene.sent.back();
  Paying second;  // The copy knew neither the case nor its request; both are made again, some seconds later.
  BOOST_TEST(second.id.str() == first.id.str());
  BOOST_TEST(second.number.str() == first.number.str());
  BOOST_TEST(second.scene.sent.back().message_id == sent.message_id);
  // The treasury has the number with other octets, and refuses. Nothing is paid; after a while the hub asks.
  value_of(
      second.scene.run("UPDATE outbox SET state = 'rejected', reason_code = 'business_no_reused', settled_at = 1 "
                       "WHERE subject = 'payment_request/1'"));
  const auto overdue = [&] {
    return second.scene.must([&](storage::Transaction& t) { return second.scene.treasury_room.overdue(t); });
  };
  BOOST_TEST(overdue().empty());
  second.scene.clock.advance(25h);
  const auto works = overdue();
  BOOST_REQUIRE(works.size() == 1u);
  BOOST_TEST(!works.front().resend);
  second.scene.must([&](storage::Transaction& t) {
    return second.scene.treasury_room.commit_overdue(t, works.front(), "seal", second.scene.send());
  });
  BOOST_TEST(second.scene.sent.back().subject == "status_query/1");
  BOOST_TEST(!second.scene.sent.back().again);
  BOOST_TEST(second.scene.number("SELECT count(*) FROM audit_record WHERE kind = 'person_asked'") == 0);
  BOOST_TEST(overdue().empty());
  second.say(AnswerState::paid, 100'00, "B1");
  BOOST_TEST(second.attempt() == "settled");
  BOOST_TEST(second.scene.state(second.id) == "paid");
  BOOST_TEST(second.book() == "900.00 0.00 100.00");
  BOOST_TEST(second.scene.problems().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::test
