#include "stages/casework/casework.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "case_steps.h"
#include "stages/casework/payee.h"

namespace zhida::test {
namespace {

std::string shared(const std::string& name) {
  const char* folder = std::getenv("ZHIDA_SHARED");
  return std::string(folder == nullptr ? ZHIDA_SOURCE_DIR "/../shared" : folder) + "/domain/ref/" + name;
}

/// Rows of a plain CSV file without its header; nothing where the folder is absent.
std::vector<std::vector<std::string>> rows_of(const std::string& name) {
  std::ifstream file(shared(name));
  std::vector<std::vector<std::string>> rows;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::vector<std::string> cells;
    std::istringstream text(line);
    for (std::string cell; std::getline(text, cell, ',');) cells.push_back(cell);
    rows.push_back(cells);
  }
  if (rows.empty()) std::cout << "SKIPPED: " << name << " is not here\n";
  return rows;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(casework_rooms)

BOOST_AUTO_TEST_CASE(every_state_can_be_reached_and_left_only_as_the_table_says) {
  std::set<CaseState> reached = {CaseState::matched};
  for (const auto& transition : casework::transitions()) reached.insert(transition.to);
  for (int s = 0; s <= static_cast<int>(CaseState::voided); ++s) {
    const auto state = static_cast<CaseState>(s);
    BOOST_TEST(reached.contains(state), to_text(state));
    BOOST_TEST((case_state_from(to_text(state)) == state));
    for (int e = 0; e <= static_cast<int>(CaseEvent::voided); ++e) {
      BenefitCase c;
      c.state = state;
      bool listed = false;
      for (const auto& transition : casework::transitions())
        listed |= transition.from == state && static_cast<int>(transition.event) == e;
      const auto next = casework::next_state(c, static_cast<CaseEvent>(e), casework::Role::fund);
      if (!listed) BOOST_TEST(next.error().code == "case_event_not_possible");
    }
  }
}

BOOST_AUTO_TEST_CASE(publicity_counts_as_real_notices_did) {
  std::string days;
  for (const auto& row : rows_of("workdays-2023-2026.csv"))
    days += (days.empty() ? "date,weekday,is_workday,kind,name_zh\n" : "") + row[0] + "," + row[1] + "," + row[2] +
            "," + row[3] + ",\n";
  if (days.empty()) return;
  const auto calendar = value_of(Calendar::parse(days));
  for (const auto& row : rows_of("publicity-period-vectors.csv")) {
    const Date start = value_of(Date::parse(row[1])), end = value_of(Date::parse(row[2]));
    BOOST_TEST(calendar.working_days_between(start, end) == std::stoi(row[4]), row[0]);
    if (row[3] == "7 calendar days") {
      BOOST_TEST((casework::publicity_last_day(start, 7, DayUnit::calendar, true, calendar) == end), row[0]);
    } else {
      BOOST_TEST((casework::publicity_last_day(start, std::stoi(row[4]), DayUnit::working, true, calendar) == end),
                 row[0]);
    }
  }
}

BOOST_AUTO_TEST_CASE(bank_numbers_carry_a_check_digit) {
  for (const auto& row : rows_of("cnaps-vectors.csv"))
    BOOST_TEST(casework::bank_number_is_valid(row[0]) == (row[1] == "valid"), row[0]);
  BOOST_TEST(!casework::bank_number_is_valid("31333607157"));
  BOOST_TEST(!casework::bank_number_is_valid("31333607157x"));
}

BOOST_AUTO_TEST_CASE(a_payee_must_be_the_firm_itself) {
  const PayeeAccount good{"湖州（样例）机械有限公司", "3305-0000-19", "样例银行", "313336071575"};
  BOOST_TEST(!casework::payee_problem(good, "湖州(样例)机械有限公司", PayeeRule::own_account));
  BOOST_TEST(casework::payee_problem(good, "另一家公司", PayeeRule::own_account).has_value());
  BOOST_TEST(!casework::payee_problem(good, "另一家公司", PayeeRule::any_account));
  PayeeAccount bad = good;
  bad.bank_no = "313336071574";
  BOOST_TEST(casework::payee_problem(bad, good.name, PayeeRule::own_account).has_value());
  bad = good;
  bad.account_no = "3305 0000";
  BOOST_TEST(casework::payee_problem(bad, good.name, PayeeRule::own_account).has_value());
}

BOOST_AUTO_TEST_CASE(a_case_goes_through_all_hands) {
  MoneyScene scene;
  const CaseId id = confirmed(scene, kFirmA, 500'000);
  BOOST_TEST(scene.sent.size() == 1u);
  BOOST_TEST(scene.sent.front().address == "sms_gateway");
  BOOST_TEST(scene.state(id) == "in_review");
  BOOST_TEST(review(scene, id, kChecker) == "not_your_turn");
  BOOST_TEST(review(scene, id, {"user:li", casework::Role::checker, "经信局"}) == "case_role_wrong");
  BOOST_TEST(review(scene, id, {"firm:portal", casework::Role::maker, "经信局"}) == "four_eyes");
  BOOST_TEST(review(scene, id, kMaker) == "in_review");
  BOOST_TEST(review(scene, id, {"user:zhang", casework::Role::checker, "财政局"}) == "four_eyes");
  BOOST_TEST(approve(scene, id, kReleaser) == "case_not_ready");
  BOOST_TEST(review(scene, id, kChecker) == "publicity");
  BOOST_TEST(scene.load(id).due_on->to_string() == "2025-11-07");
  BOOST_TEST(approve(scene, id, kReleaser) == "case_not_ready");
  BOOST_TEST(!due(scene).contains("end_publicity"));
  scene.clock.set(value_of(parse_rfc3339("2025-11-07T23:59:00+08:00")));
  BOOST_TEST(!due(scene).contains("end_publicity"));
  scene.clock.set(value_of(parse_rfc3339("2025-11-08T00:01:00+08:00")));
  BOOST_TEST(due(scene).contains("end_publicity"));
  scene.must([&](storage::Transaction& t) { return scene.cases->end_publicity(t, id); });
  BOOST_TEST(due(scene).contains("approve"));
  BOOST_TEST(approve(scene, id, {"user:zhang", casework::Role::releaser, "经信局"}) == "four_eyes");
  BOOST_TEST(approve(scene, id, {"user:wang", casework::Role::maker, "经信局"}) == "case_role_wrong");
  BOOST_TEST(approve(scene, id, kReleaser) == "approved");
  BOOST_TEST(due(scene).contains("start_recheck"));
  const auto events = scene.must([&](storage::Transaction& t) { return casework::load_events(t, id); });
  BOOST_TEST(events.back().event == "approved");
  BOOST_TEST(scene.number("SELECT count(*) FROM audit_record WHERE case_id = ?", {id.str()}) >=
             std::int64_t(events.size()));
}

BOOST_AUTO_TEST_CASE(the_database_holds_four_eyes) {
  MoneyScene scene;
  const CaseId id = confirmed(scene, kFirmA, 500'000);
  for (const char* state : {"approved", "rechecking", "requested", "paid"}) {
    const auto done = scene.run("UPDATE benefit_case SET state = ?", {std::string(state)});
    BOOST_TEST(!done, state);
  }
  BOOST_TEST(!scene.run("DELETE FROM case_event"));
  BOOST_TEST(!scene.run("UPDATE benefit_case SET uscc = '91330502MA00000009'"));
  BOOST_TEST(!scene.run("UPDATE benefit_case SET amount_fen = amount_fen + 1"));  // Over the award's cap.
}

BOOST_AUTO_TEST_CASE(an_objection_holds_one_case_only) {
  MoneyScene scene;
  const CaseId a = confirmed(scene, kFirmA, 500'000), b = confirmed(scene, kFirmB, 500'000);
  for (const CaseId& id : {a, b}) {
    review(scene, id, kMaker);
    BOOST_TEST(review(scene, id, kChecker) == "publicity");
  }
  const casework::Actor citizen{"person:chen", casework::Role::anyone, {}};
  const auto objection = scene.must(
      [&](storage::Transaction& t) { return scene.cases->raise_objection(t, a, "未达到条件", "sm3:00", citizen); });
  BOOST_TEST(scene.state(a) == "held");
  BOOST_TEST(scene.state(b) == "publicity");
  scene.clock.advance(24h * 6);
  BOOST_TEST(due(scene) == (std::set<std::string>{"end_publicity"}), boost::test_tools::per_element());
  scene.must([&](storage::Transaction& t) { return scene.cases->end_publicity(t, b); });
  BOOST_TEST(approve(scene, b, kReleaser) == "approved");
  BOOST_TEST(approve(scene, a, kReleaser) == "case_event_not_possible");
  scene.must([&](storage::Transaction& t) {
    return scene.cases->decide_objection(t, objection, casework::ObjectionDecision::dismissed, "查无实据", kOfficer);
  });
  BOOST_TEST(scene.state(a) == "publicity");
  scene.must([&](storage::Transaction& t) { return scene.cases->end_publicity(t, a); });
  BOOST_TEST(approve(scene, a, kReleaser) == "approved");
}

BOOST_AUTO_TEST_CASE(an_upheld_objection_ends_the_case_and_a_new_review_needs_new_hands) {
  MoneyScene scene;
  const CaseId a = confirmed(scene, kFirmA, 500'000), b = confirmed(scene, kFirmB, 500'000);
  const casework::Actor citizen{"person:chen", casework::Role::anyone, {}};
  const auto decide = [&](const CaseId& id, casework::ObjectionDecision decision) {
    review(scene, id, kMaker);
    review(scene, id, kChecker);
    const auto objection =
        scene.must([&](storage::Transaction& t) { return scene.cases->raise_objection(t, id, "有异议", "", citizen); });
    scene.must(
        [&](storage::Transaction& t) { return scene.cases->decide_objection(t, objection, decision, "", kOfficer); });
    return scene.state(id);
  };
  BOOST_TEST(decide(a, casework::ObjectionDecision::upheld) == "refused");
  BOOST_TEST(decide(b, casework::ObjectionDecision::review_again) == "in_review");
  BOOST_TEST(review(scene, b, kMaker) == "in_review");
  BOOST_TEST(review(scene, b, kChecker) == "publicity");
}

BOOST_AUTO_TEST_CASE(silence_lapses_and_a_bad_account_is_put_right) {
  MoneyScene scene;
  const CaseId a = open(scene, scene.entitlement(kFirmA, 500'000));
  scene.must([&](storage::Transaction& t) { return scene.cases->notify(t, a, "", scene.send()); });
  BOOST_TEST(!scene.write([&](storage::Transaction& t) { return scene.cases->lapse(t, a); }));
  const CaseId b =
      confirmed(scene, kFirmB, 500'000, {"另一家公司", "33050000000000000019", "样例银行", "313336071575"});
  BOOST_TEST(scene.state(b) == "payee_repair");
  BOOST_TEST(!scene.load(b).reason.empty());
  scene.must([&](storage::Transaction& t) {
    return scene.cases->confirm(t, b, {"湖州样例机械有限公司", "33050000000000000019", "样例银行", "313336071575"},
                                kFirm);
  });
  scene.must([&](storage::Transaction& t) { return scene.cases->check_payee(t, b); });
  BOOST_TEST(scene.state(b) == "in_review");
  scene.clock.advance(24h * 40);
  BOOST_TEST(due(scene).contains("lapse"));
  scene.must([&](storage::Transaction& t) { return scene.cases->lapse(t, a); });
  BOOST_TEST(scene.state(a) == "lapsed");
  BOOST_TEST(due(scene).contains("review_overdue"));
}

BOOST_AUTO_TEST_CASE(new_verdicts_change_or_end_a_case_before_its_approval) {
  MoneyScene scene;
  const auto update = [&](const Entitlement& e) {
    return scene.must([&](storage::Transaction& t) { return scene.cases->open_or_update_cases(t, {e}, {}, {}); });
  };
  const CaseId id = open(scene, scene.entitlement(kFirmA, 500'000));
  BOOST_TEST(update(scene.entitlement(kFirmA, 500'000)).opened.empty());
  BOOST_TEST(update(scene.entitlement(kFirmA, 0, Verdict::unknown)).voided.empty());
  BOOST_TEST(update(scene.entitlement(kFirmA, 700'000)).changed.size() == 1u);
  BOOST_TEST(scene.load(id).amount->fen() == 700'000);
  BOOST_TEST(update(scene.entitlement(kFirmA, 0, Verdict::not_met)).voided.size() == 1u);
  BOOST_TEST(scene.state(id) == "void");
  BOOST_TEST(update(scene.entitlement(kFirmA, 600'000)).changed.size() == 1u);
  BOOST_TEST(scene.state(id) == "matched");
  BOOST_TEST(scene.number("SELECT cap_fen FROM benefit_award") == 600'000);
  const CaseId approved = scene.approved_case(kFirmB, 500'000);
  BOOST_TEST(update(scene.entitlement(kFirmB, 0, Verdict::not_met)).voided.empty());
  BOOST_TEST(scene.state(approved) == "approved");
}

BOOST_AUTO_TEST_CASE(tranches_are_cases_under_one_cap) {
  MoneyScene scene;
  auto e = scene.entitlement(kFirmA, 16'000'000);
  e.tranches = {{"advance", Money::from_fen(16'000'000)}};
  open(scene, e);
  e.amount = Money::from_fen(30'000'000);
  e.tranches.push_back({"settlement", Money::from_fen(14'000'000)});
  open(scene, e);
  BOOST_TEST(scene.number("SELECT count(*) FROM benefit_case") == 2);
  BOOST_TEST(scene.number("SELECT cap_fen FROM benefit_award") == 30'000'000);
  BOOST_TEST(!scene.run("UPDATE benefit_case SET amount_fen = 16000001 WHERE tranche = 'advance'"));
  e.tranches.pop_back();
  e.amount = Money::from_fen(16'000'000);
  open(scene, e);
  BOOST_TEST(scene.text("SELECT state FROM benefit_case WHERE tranche = 'settlement'") == "void");
  BOOST_TEST(scene.number("SELECT cap_fen FROM benefit_award") == 16'000'000);
}

BOOST_AUTO_TEST_CASE(fresh_data_decides_before_money_is_asked_for) {
  MoneyScene scene;
  const auto recheck = [&](const CaseId& id, Verdict verdict, std::int64_t fen) {
    if (scene.state(id) == "approved")
      scene.must([&](storage::Transaction& t) { return scene.cases->start_recheck(t, id); });
    scene.must([&](storage::Transaction& t) {
      return scene.cases->apply_recheck(t, id, {verdict, Money::from_fen(fen), 9, "参保人数不足"});
    });
    return scene.state(id);
  };
  const CaseId a = scene.approved_case(kFirmA, 500'000);
  BOOST_TEST(recheck(a, Verdict::unknown, 0) == "rechecking");
  BOOST_TEST(due(scene).contains("recheck"));
  BOOST_TEST(recheck(a, Verdict::met, 400'000) == "in_review");
  BOOST_TEST(scene.load(a).review_round == 2);
  const CaseId b = scene.approved_case(kFirmB, 500'000);
  BOOST_TEST(recheck(b, Verdict::not_met, 0) == "void");
  BOOST_TEST(scene.load(b).reason == "参保人数不足");
}

BOOST_AUTO_TEST_CASE(reliefs_are_decided_and_funds_get_a_sealed_decision) {
  MoneyScene scene;
  HandlingSettings relief = scene.book["IN-006"];
  relief.channel = Channel::relief;
  scene.book["IN-006"] = relief;
  auto e = scene.entitlement(kFirmA, 0);
  e.amount.reset();
  e.tranches.clear();
  const CaseId a = open(scene, e);
  BOOST_TEST(due(scene).contains("grant_relief"));
  scene.must([&](storage::Transaction& t) { return scene.cases->grant_relief(t, a); });
  BOOST_TEST(scene.state(a) == "decided");

  relief.channel = Channel::social_insurance_fund;
  relief.fund = "social_security";
  scene.book["IN-006"] = relief;
  const CaseId b = scene.approved_case(kFirmB, 123'456);
  BOOST_TEST((scene.recheck(b) == casework::RecheckOutcome::passed));
  BOOST_TEST(due(scene).contains("send_decision"));
  const auto prepared = scene.must([&](storage::Transaction& t) { return scene.cases->prepare_decision(t, b); });
  BOOST_TEST(prepared.body.find("\"amount_fen\":123456") != std::string::npos);
  BOOST_TEST(value_of(canonical_json(value_of(parse_json(prepared.body)))) == prepared.body);
  scene.must([&](storage::Transaction& t) { return scene.cases->commit_decision(t, prepared, "seal", scene.send()); });
  BOOST_TEST(scene.state(b) == "sent_to_fund");
  BOOST_TEST(scene.sent.back().address == "social_security");
  BOOST_TEST(!scene.write(
      [&](storage::Transaction& t) { return scene.cases->commit_decision(t, prepared, "seal", scene.send()); }));
  for (int again = 0; again < 2; ++again)
    scene.must([&](storage::Transaction& t) {
      return scene.cases->acknowledge_decision(t, b, "peer:social_security", "SB-1");
    });
  BOOST_TEST(scene.state(b) == "decided");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::test
