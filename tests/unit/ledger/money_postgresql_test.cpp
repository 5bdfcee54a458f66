// The same rooms on PostgreSQL: one story from verdict to a returned and repeated payment, and what the database
// refuses.
#include <boost/test/unit_test.hpp>
#include <iostream>

#include "support/money_scene.h"

namespace zhida::test {

BOOST_AUTO_TEST_CASE(the_money_rooms_work_on_postgresql) {
  if (!ScratchServer::available()) {
    std::cout << "SKIPPED: PostgreSQL is not installed\n";
    return;
  }
  ScratchServer server;
  MoneyScene scene(server);
  scene.appropriate("A1", 300'00);
  BOOST_TEST((scene.appropriate("A1", 300'00, 100'00) == ledger::ReportOutcome::applied));
  const CaseId id = scene.approved_case("91330502MA00000001", 100'00);
  scene.clock.set(value_of(parse_rfc3339("2025-11-20T09:00:00+08:00")));
  auto number = value_of(scene.request(id)).business_no;
  BOOST_TEST(scene.state(id) == "requested");
  BOOST_TEST((scene.appropriate("A1", 50'00) == ledger::ReportOutcome::parked));
  value_of(scene.run("UPDATE outbox SET state = 'sent'"));
  BOOST_TEST(scene.must([&](storage::Transaction& t) { return scene.treasury_room.note_sent(t); }) == 1);
  value_of(scene.answer(MoneyScene::receipt(number, AnswerState::accepted)));
  value_of(scene.answer(MoneyScene::receipt(number, AnswerState::paid, 100'00, "B1")));
  BOOST_TEST(scene.state(id) == "paid");
  value_of(scene.answer(MoneyScene::receipt(number, AnswerState::returned, 100'00, "B2")));
  BOOST_TEST(scene.state(id) == "payee_repair");
  // The return made room, so the cut that waited was taken in.
  BOOST_TEST(scene.balance("A1").total.fen() == 50'00);
  BOOST_TEST((scene.appropriate("A1", 300'00) == ledger::ReportOutcome::applied));
  scene.must([&](storage::Transaction& t) { return scene.cases->correct(t, id, "账户无误", kOfficer); });
  number = value_of(scene.request(id)).business_no;
  BOOST_TEST(number.str() == id.str() + "-02");
  BOOST_TEST(value_of(scene.answer(MoneyScene::receipt(number, AnswerState::paid, 1, "B3"))).conflicts == 1);
  BOOST_TEST(value_of(scene.answer(MoneyScene::receipt(AttemptId("NONE"), AnswerState::accepted))).unknown == 1);
  scene.must([&](storage::Transaction& t) {
    return scene.treasury_room.resolve_conflict(t, 1, "user:zhao", "更正", scene.move());
  });
  value_of(scene.answer(MoneyScene::receipt(number, AnswerState::paid, 100'00, "B4")));
  BOOST_TEST(scene.state(id) == "paid");
  BOOST_TEST(scene.problems().empty());
  BOOST_TEST(scene.must([&](storage::Transaction& t) { return treasury::payment_totals(t); }).settled_fen == 100'00);
  BOOST_TEST(scene
                 .must([&](storage::Transaction& t) {
                   return treasury::reconcile_day(t, value_of(Date::parse("2025-11-20")));
                 })
                 .paid_count == 3);
  BOOST_TEST(scene.must([&](storage::Transaction& t) { return casework::find_cases(t, {}); }).size() == 1u);
  BOOST_TEST(scene.must([&](storage::Transaction& t) { return casework::count_by_state(t, "3305%"); }).size() == 1u);
  BOOST_TEST(!scene.must([&](storage::Transaction& t) { return scene.cases->due(t, scene.clock.now()); }).size());
  for (const char* sql : {"UPDATE ledger_entry SET amount_fen = 1", "DELETE FROM ledger_entry", "TRUNCATE ledger_entry",
                          "UPDATE appropriation SET available_fen = available_fen + 1, reserved_fen = reserved_fen - 1",
                          "UPDATE payment_attempt SET state = 'rejected'", "UPDATE payment_attempt SET amount_fen = 1",
                          "DELETE FROM payment_attempt", "DELETE FROM case_event",
                          "UPDATE benefit_case SET amount_fen = amount_fen + 1", "DELETE FROM treasury_message"}) {
    const auto done = scene.run(sql);
    BOOST_TEST(!done, sql);
    if (!done) BOOST_TEST(done.error().code == "storage_check", sql << " gave " << done.error().message);
  }
}

}  // namespace zhida::test
