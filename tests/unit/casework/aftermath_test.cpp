// What comes after the decision: money that came back, messages that were refused, amounts over a cap, old numbers.
#include <boost/test/unit_test.hpp>

#include "case_steps.h"

namespace zhida::test {

BOOST_AUTO_TEST_SUITE(casework_rooms)

BOOST_AUTO_TEST_CASE(after_money_came_back_another_account_goes_through_all_hands_again) {
  const PayeeAccount same{"湖州样例机械有限公司", "33050000000000000019", "样例银行吴兴支行", "313336071575"};
  struct Row {
    const char* what;
    PayeeAccount account;
    const char* state;
  };
  PayeeAccount number = same;
  number.account_no = "33050000000000000027";
  for (const auto& [answered, serial] : {std::pair{AnswerState::sent_back, ""}, std::pair{AnswerState::returned, "B2"}})
    for (const Row& row : {Row{"the same", same, "approved"}, Row{"another number", number, "in_review"}}) {
      MoneyScene scene;
      scene.appropriate("A1", 900'000);
      const CaseId id = scene.approved_case(kFirmA, 500'000);
      const AttemptId first = value_of(scene.request(id)).business_no;
      if (answered == AnswerState::returned)
        value_of(scene.answer(MoneyScene::receipt(first, AnswerState::paid, 500'000, "B1")));
      value_of(scene.answer(MoneyScene::receipt(first, answered, *serial == 0 ? -1 : 500'000, serial)));
      BOOST_TEST(scene.state(id) == "payee_repair", row.what);
      scene.must([&](storage::Transaction& t) { return scene.cases->confirm(t, id, row.account, kFirm); });
      scene.must([&](storage::Transaction& t) { return scene.cases->check_payee(t, id); });
      BOOST_TEST(scene.state(id) == row.state, row.what);
      if (scene.state(id) == "in_review") {
        BOOST_TEST(scene.load(id).review_round == 2);
        BOOST_TEST(!scene.request(id));
        BOOST_TEST(approve(scene, id, kReleaser) == "case_not_ready");
        // The hands of the first round do not count for the second, in the database either.
        BOOST_TEST(!scene.run("UPDATE benefit_case SET state = 'approved'"));
        BOOST_TEST(review(scene, id, kMaker) == "in_review");
        BOOST_TEST(review(scene, id, kChecker) == "publicity");
        scene.clock.set(scene.load(id).due_on->plus_days(1).begins());
        scene.must([&](storage::Transaction& t) { return scene.cases->end_publicity(t, id); });
        BOOST_TEST(approve(scene, id, kReleaser) == "approved");
      }
      BOOST_TEST(value_of(scene.request(id)).business_no.str() == id.str() + "-02");
      BOOST_TEST(scene.text("SELECT payee_account_no FROM payment_attempt WHERE attempt = 2") ==
                 row.account.account_no);
      BOOST_TEST(scene.problems().empty());
    }
}

BOOST_AUTO_TEST_CASE(a_released_account_is_not_changed_behind_the_releasers_back) {
  MoneyScene scene;
  const CaseId id = scene.approved_case(kFirmA, 500'000);
  for (const char* column : {"payee_name", "payee_account_no", "payee_bank_name", "payee_bank_no"})
    BOOST_TEST(!scene.run("UPDATE benefit_case SET " + std::string(column) + " = '1'"), column);
  BOOST_TEST(scene.state(id) == "approved");
}

BOOST_AUTO_TEST_CASE(who_was_approved_once_does_not_lapse_by_naming_a_wrong_account) {
  MoneyScene scene;
  scene.appropriate("A1", 900'000);
  const CaseId id = scene.approved_case(kFirmA, 500'000);
  const AttemptId first = value_of(scene.request(id)).business_no;
  value_of(scene.answer(MoneyScene::receipt(first, AnswerState::sent_back)));
  scene.must([&](storage::Transaction& t) {
    return scene.cases->confirm(t, id, {"另一家公司", "33050000000000000027", "样例银行", "313336071575"}, kFirm);
  });
  scene.must([&](storage::Transaction& t) { return scene.cases->check_payee(t, id); });
  BOOST_TEST(scene.state(id) == "payee_repair");
  scene.clock.advance(24h * 60);
  BOOST_TEST(!due(scene).contains("lapse"));
  BOOST_TEST(!scene.write([&](storage::Transaction& t) { return scene.cases->lapse(t, id); }));
}

BOOST_AUTO_TEST_CASE(a_refused_message_asks_a_person_once_and_the_question_closes_by_itself) {
  MoneyScene scene;
  scene.appropriate("A1", 900'000);
  const CaseId id = scene.approved_case(kFirmA, 500'000);
  const AttemptId number = value_of(scene.request(id)).business_no;
  const auto refuse_it = [&](std::int64_t at) {
    value_of(
        scene.run("UPDATE outbox SET state = 'rejected', reason_code = 'amqp:not-allowed', reason = 'not today', "
                  "settled_at = ? WHERE message_id = ?",
                  {at, "pay-" + number.str()}));
  };
  const auto note = [&] {
    const bool wanted = scene.must([&](storage::Transaction& t) { return scene.cases->has_refusals_to_note(t); });
    const auto notes = scene.must([&](storage::Transaction& t) { return scene.cases->note_refusals(t); });
    BOOST_TEST(wanted == (notes.asked + notes.closed > 0));
    return notes;
  };
  const auto open = [&] {
    return scene.must([&](storage::Transaction& t) { return casework::load_refused_messages(t, id); });
  };
  const auto asked = [&] {
    return scene.number("SELECT count(*) FROM audit_record WHERE kind = 'person_asked' AND case_id = ?", {id.str()});
  };
  BOOST_TEST(note().asked == 0);
  refuse_it(1);
  BOOST_TEST(note().asked == 1);
  BOOST_TEST(note().asked == 0);
  BOOST_TEST(asked() == 1);
  BOOST_REQUIRE(open().size() == 1u);
  BOOST_TEST(open().front().code == "amqp:not-allowed");
  BOOST_TEST(!open().front().leaves_again);
  // Nothing moves by a refusal: the money stays reserved, and the case waits.
  BOOST_TEST(scene.state(id) == "requested");
  BOOST_TEST(scene.balance("A1").reserved.fen() == 500'000);
  // Sent again and refused again is another question.
  value_of(scene.run("UPDATE outbox SET state = 'unsent', settled_at = NULL WHERE state = 'rejected'"));
  BOOST_TEST(note().closed == 0);
  BOOST_TEST(open().front().leaves_again);
  refuse_it(2);
  BOOST_TEST(note().asked == 1);
  BOOST_TEST(asked() == 2);
  BOOST_TEST(open().size() == 1u);
  // Sent again and taken: nobody needs to say that it is settled.
  value_of(scene.run("UPDATE outbox SET state = 'sent', settled_at = 3 WHERE state = 'rejected'"));
  BOOST_TEST(note().closed == 1);
  BOOST_TEST(note().closed == 0);
  BOOST_TEST(open().empty());
  BOOST_TEST(scene.number("SELECT count(*) FROM audit_record WHERE kind = 'question_closed'") == 1);
}

BOOST_AUTO_TEST_CASE(a_refused_decision_asks_too_and_a_treasury_that_answers_settles_the_question) {
  MoneyScene scene;
  scene.appropriate("A1", 900'000);
  const CaseId paid = scene.approved_case(kFirmA, 500'000);
  const AttemptId number = value_of(scene.request(paid)).business_no;
  HandlingSettings fund = scene.book["IN-006"];
  fund.channel = Channel::social_insurance_fund;
  fund.fund = "social_security";
  scene.book["IN-006"] = fund;
  const CaseId decided = scene.approved_case(kFirmB, 123'456);
  scene.recheck(decided);
  const auto prepared = scene.must([&](storage::Transaction& t) { return scene.cases->prepare_decision(t, decided); });
  scene.must([&](storage::Transaction& t) { return scene.cases->commit_decision(t, prepared, "seal", scene.send()); });
  value_of(
      scene.run("UPDATE outbox SET state = 'rejected', settled_at = 1 WHERE subject IN ('decision/1', "
                "'payment_request/1')"));
  const auto note = [&] { return scene.must([&](storage::Transaction& t) { return scene.cases->note_refusals(t); }); };
  BOOST_TEST(note().asked == 2);
  BOOST_TEST(scene.number("SELECT count(*) FROM audit_record WHERE kind = 'person_asked' AND case_id = ?",
                          {decided.str()}) == 1);
  value_of(scene.answer(MoneyScene::receipt(number, AnswerState::accepted)));
  BOOST_TEST(note().closed == 1);
  BOOST_TEST(scene.number("SELECT count(*) FROM refused_message WHERE closed_at IS NULL") == 1);
  BOOST_TEST(note().asked == 0);  // The row is still there as refused, but it was asked about.
  // A query about the request is as good as the request; a fund that acknowledges has the decision.
  value_of(
      scene.run("INSERT INTO outbox (message_id, address, subject, correlation_id, body, seal, case_id, state, "
                "created_at, settled_at) VALUES ('ask-1', 'treasury.instructions', 'status_query/1', ?, ?, ?, ?, "
                "'rejected', 1, 1)",
                {"pay-" + number.str(), storage::Blob{"b"}, storage::Blob{"s"}, paid.str()}));
  scene.must([&](storage::Transaction& t) {
    return scene.cases->acknowledge_decision(t, decided, "peer:social_security", "SB-1");
  });
  BOOST_TEST(note().closed == 1);
  BOOST_TEST(note().closed == 1);
  BOOST_TEST(scene.number("SELECT count(*) FROM refused_message WHERE closed_at IS NULL") == 0);
}

BOOST_AUTO_TEST_CASE(an_amount_over_the_cap_stops_one_case_and_asks_a_person_once) {
  MoneyScene scene;
  const auto verdict = [&](std::int64_t advance, std::int64_t settlement) {
    auto e = scene.entitlement(kFirmA, advance + settlement);
    e.tranches = {{"advance", Money::from_fen(advance)}};
    if (settlement > 0) e.tranches.push_back({"settlement", Money::from_fen(settlement)});
    return e;
  };
  const auto update = [&](const std::vector<Entitlement>& all) {
    return scene.must([&](storage::Transaction& t) {
      return scene.cases->open_or_update_cases(t, all, {{kFirmA, "湖州样例机械有限公司"}}, {});
    });
  };
  const auto asked = [&] { return scene.number("SELECT count(*) FROM audit_record WHERE kind = 'person_asked'"); };
  scene.approve(update({verdict(16'000, 0)}).opened.front());
  const CaseId rest = update({verdict(16'000, 2'000)}).opened.front();
  // The approved tranche keeps what it has, so the other one cannot grow to what it would be now. Another firm of the
  // same batch goes on.
  const auto changes = update({verdict(10'000, 8'000), scene.entitlement(kFirmB, 500)});
  BOOST_TEST(changes.opened.size() == 1u);
  BOOST_TEST(changes.changed.empty());
  BOOST_TEST(scene.load(rest).amount->fen() == 2'000);
  BOOST_TEST(!scene.load(rest).reason.empty());
  BOOST_TEST(asked() == 1);
  update({verdict(10'000, 8'000)});
  BOOST_TEST(asked() == 1);
  // Fresh data before the money says the same: the case waits instead of failing for ever.
  scene.approve(rest);
  scene.must([&](storage::Transaction& t) { return scene.cases->start_recheck(t, rest); });
  for (int again = 0; again < 2; ++again)
    BOOST_TEST((scene.must([&](storage::Transaction& t) {
      return scene.cases->apply_recheck(t, rest, {Verdict::met, Money::from_fen(8'000), 9, {}});
    }) == casework::RecheckOutcome::wait));
  BOOST_TEST(scene.state(rest) == "rechecking");
  BOOST_TEST(asked() == 2);
}

BOOST_AUTO_TEST_CASE(a_case_that_matches_again_over_the_cap_stays_void) {
  MoneyScene scene;
  const auto update = [&](std::int64_t advance, std::int64_t settlement) {
    auto e = scene.entitlement(kFirmA, advance + settlement);
    e.tranches = {{"advance", Money::from_fen(advance)}};
    if (settlement > 0) e.tranches.push_back({"settlement", Money::from_fen(settlement)});
    return scene.must([&](storage::Transaction& t) {
      return scene.cases->open_or_update_cases(t, {e}, {{kFirmA, "湖州样例机械有限公司"}}, {});
    });
  };
  scene.approve(update(16'000, 0).opened.front());
  const CaseId rest = update(16'000, 2'000).opened.front();
  BOOST_TEST(update(16'000, 0).voided.size() == 1u);
  BOOST_TEST(update(10'000, 8'000).changed.empty());
  BOOST_TEST(scene.state(rest) == "void");
  BOOST_TEST(scene.number("SELECT count(*) FROM audit_record WHERE kind = 'person_asked'") == 1);
  BOOST_TEST(update(16'000, 2'000).changed.size() == 1u);
  BOOST_TEST(scene.state(rest) == "matched");
}

BOOST_AUTO_TEST_CASE(who_raised_an_objection_does_not_decide_it_whatever_they_act_as) {
  using casework::Actor;
  struct Row {
    const char* what;
    std::string on_behalf_of;
    Actor decides;
    const char* code;
  };
  const Actor writer{"user:chen", casework::Role::anyone, {}, "chen", "陈某"};
  const Row rows[] = {
      {"the writer", "", {"user:chen", casework::Role::officer, "经信局", "chen", "陈某"}, "four_eyes"},
      {"the writer under another name",
       "",
       {"cert:5e88", casework::Role::officer, "经信局", "chen", "陈某"},
       "four_eyes"},
      {"whom it was written for, by id",
       "zhao",
       {"user:zhao", casework::Role::officer, "经信局", "zhao", "赵某"},
       "four_eyes"},
      {"whom it was written for, by name",
       "赵某",
       {"user:zhao", casework::Role::officer, "经信局", "zhao", "赵某"},
       "four_eyes"},
      {"somebody else", "某单位", {"user:zhao", casework::Role::officer, "经信局", "zhao", "赵某"}, "ok"}};
  for (const Row& row : rows) {
    MoneyScene scene;
    const CaseId id = confirmed(scene, kFirmA, 500'000);
    review(scene, id, kMaker);
    review(scene, id, kChecker);
    const auto objection = scene.must([&](storage::Transaction& t) {
      return scene.cases->raise_objection(t, id, "有异议", "", writer, row.on_behalf_of);
    });
    const auto done = scene.write([&](storage::Transaction& t) {
      return scene.cases->decide_objection(t, objection, casework::ObjectionDecision::dismissed, "", row.decides);
    });
    BOOST_TEST((done ? "ok" : done.error().code) == row.code, row.what);
    BOOST_TEST(!scene.run("UPDATE objection SET state = 'upheld', decided_by = 'x', decided_by_person = 'chen', "
                          "decided_at = 1"),
               row.what);
  }
}

BOOST_AUTO_TEST_CASE(a_cases_number_follows_from_what_it_is_about) {
  const PolicyId item("IN-006");
  const std::string id = casework::case_id_of(kFirmA, item, "2025", "whole").str();
  BOOST_TEST(id == "IN006-7QFPK0HCQC2ECZKTPHHJ");  // Fixed for good: treasuries know benefits by these numbers.
  BOOST_TEST(id.size() == 26u);
  std::set<std::string> all;
  for (const std::string& firm : {kFirmA, kFirmB})
    for (const char* policy : {"IN-006", "IN-007", "long-policy-name-1", "long-policy-name-2", "企业"})
      for (const char* period : {"2025", "2026"})
        for (const char* tranche : {"whole", "advance", "settlement"}) {
          const std::string one = casework::case_id_of(firm, PolicyId(policy), period, tranche).str();
          BOOST_TEST(one.size() == 26u);
          BOOST_TEST(all.insert(one).second, one);
        }
  BOOST_TEST(casework::case_id_of("a", item, "bc", "d").str() != casework::case_id_of("a", item, "b", "cd").str());
}

BOOST_AUTO_TEST_CASE(a_case_of_an_older_store_keeps_its_number) {
  MoneyScene scene;
  const std::string old = "01JCX2K8V6M4T9Q0R3S5W7Y1ZA";
  auto c = scene.load(open(scene, scene.entitlement(kFirmA, 500'000)));
  c.uscc = kFirmB;
  c.id = CaseId(old);
  scene.must([&](storage::Transaction& t) -> Result<void> {
    CHECK_OK(t.execute(
        "INSERT INTO benefit_award (uscc, policy_id, period, cap_fen) VALUES (?, 'IN-006', '2025', 500000)", {kFirmB}));
    return casework::insert_case(t, c, scene.clock.now());
  });
  BOOST_TEST(open(scene, scene.entitlement(kFirmB, 500'000)).empty());
  scene.approve(CaseId(old));
  BOOST_TEST(scene.state(CaseId(old)) == "approved");
  BOOST_TEST(scene.number("SELECT count(*) FROM benefit_case") == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::test
