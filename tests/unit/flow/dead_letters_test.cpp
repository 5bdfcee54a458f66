// What no door could take is kept, and goes through the same door once more: with one effect, whoever asks how often.
#include <future>

#include "flow/sources.h"
#include "platform/crypto/digest.h"
#include "platform/messaging/dead_letter.h"
#include "scene.h"

using namespace zhida;
using namespace zhida::flow;
using namespace zhida::flow::testing;

namespace {

const Bytes kRow = std::string(kFirm) + ",202509,1234.50";

/// A message at its door as HandleOnce brings it, over the hub's own writer; gives what became of it.
messaging::Receipt knock(Scene& scene, const messaging::Envelope& envelope, const std::string& peer = "credit") {
  const auto& rooms = scene.hub->rooms();
  const auto doors = scene.hub->sources().doors();
  const Bytes message = messaging::encode(envelope);
  messaging::Work work;
  work.peer = peer;
  work.message_id = envelope.message_id;
  work.digest = crypto::sha256(messaging::bare_message(message).value().bytes);
  work.door = "source";
  work.address = envelope.address;
  work.message = std::make_shared<const Bytes>(message);
  const auto thought = doors.at(envelope.address).handle({peer, envelope.address, envelope});
  if (thought) {
    work.effect = thought.value().run();
  } else {
    work.effect = [error = thought.error()](storage::Transaction&) -> Result<void> { return error; };
  }
  std::promise<messaging::Receipt> told;
  work.done = [&](const messaging::Receipt& receipt) { told.set_value(receipt); };
  BOOST_REQUIRE(rooms.writer.submit(std::move(work)));
  return told.get_future().get();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dead_letters)

BOOST_AUTO_TEST_CASE(a_letter_goes_through_its_door_once_the_cause_is_mended_and_only_once) {
  Scene scene;
  PushAdapter::away = true;
  const auto envelope = scene.sealed("m1", kRow);
  BOOST_CHECK(knock(scene, envelope).kind == messaging::Receipt::Kind::refused);
  BOOST_TEST(scene.text("SELECT code || ' ' || state || ' ' || address FROM dead_letter") ==
             "source_disabled open tax.push");

  // Not mended yet: it stays, and people see that it was tried.
  auto& letters = scene.hub->dead_letters();
  const auto still = value_of(letters.replay(1, "user:operator"));
  BOOST_TEST(!still.done);
  BOOST_TEST(still.code == "source_disabled");
  BOOST_TEST(scene.text("SELECT state || ' ' || replays || ' ' || replay_result FROM dead_letter") ==
             "open 1 source_disabled");
  BOOST_TEST(scene.number("SELECT count(*) FROM intake_batch") == 0);

  PushAdapter::away = false;
  const auto done = value_of(letters.replay(1, "user:operator"));
  BOOST_TEST(done.done);
  BOOST_TEST(done.replay == 2);
  BOOST_TEST(scene.text("SELECT state || ' ' || replays || ' ' || replay_result FROM dead_letter") ==
             "replayed 2 done");
  BOOST_TEST(scene.number("SELECT replayed_at FROM dead_letter") == to_millis(scene.hub->rooms().clock.now()));
  BOOST_TEST(scene.text("SELECT outcome || ' ' || replay FROM inbox WHERE message_id = 'm1'") == "done 2");
  BOOST_TEST(scene.number("SELECT count(*) FROM intake_batch") == 1);
  BOOST_TEST(scene.number("SELECT count(*) FROM source_record WHERE record_type = 'tax.sales'") == 1);
  BOOST_TEST(scene.number("SELECT count(*) FROM audit_record WHERE kind = 'message_replayed'") == 2);
  BOOST_TEST(scene.hub->sources().status().front().totals.received == 1);

  // A second time, and the peer's own repetition, change nothing.
  BOOST_TEST(letters.replay(1, "user:operator").error().code == "dead_letter_not_open");
  BOOST_CHECK(knock(scene, envelope).kind == messaging::Receipt::Kind::duplicate);
  BOOST_TEST(scene.number("SELECT count(*) FROM source_record WHERE record_type = 'tax.sales'") == 1);
  BOOST_TEST(scene.number("SELECT count(*) FROM dead_letter WHERE state = 'open'") == 0);
}

BOOST_AUTO_TEST_CASE(two_people_at_once_have_one_effect) {
  Scene scene;
  PushAdapter::away = true;
  BOOST_CHECK(knock(scene, scene.sealed("m1", kRow)).kind == messaging::Receipt::Kind::refused);
  PushAdapter::away = false;
  std::vector<std::future<bool>> answers;
  for (int i = 0; i < 4; ++i)
    answers.push_back(std::async(std::launch::async, [&scene] {
      const auto replayed = scene.hub->dead_letters().replay(1, "user:operator");
      return replayed && replayed.value().done;
    }));
  int done = 0;
  for (auto& answer : answers) done += answer.get() ? 1 : 0;
  BOOST_TEST(done == 1);
  BOOST_TEST(scene.number("SELECT count(*) FROM audit_record WHERE kind = 'message_replayed'") == 1);
  BOOST_TEST(scene.number("SELECT count(*) FROM audit_record WHERE kind = 'batch_received'") == 1);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_replayed_is_told_so) {
  Scene scene;
  BOOST_CHECK(knock(scene, scene.sealed("m1", kRow)).kind == messaging::Receipt::Kind::done);
  // The same id with other octets is the sender's to mend.
  const auto other = scene.sealed("m1", std::string(kFirm) + ",202509,9.00");
  BOOST_CHECK(knock(scene, other).kind == messaging::Receipt::Kind::modified);
  auto& letters = scene.hub->dead_letters();
  BOOST_TEST(letters.replay(1, "cli").error().code == "dead_letter_superseded");
  BOOST_TEST(letters.replay(2, "cli").error().code == "dead_letter_unknown");
  BOOST_TEST(scene.text("SELECT state FROM dead_letter") == "open");
  // A seal that does not hold is not believed the second time either.
  auto forged = scene.sealed("m2", kRow);
  forged.body += "0";
  BOOST_CHECK(knock(scene, forged).kind == messaging::Receipt::Kind::refused);
  const auto replayed = value_of(letters.replay(2, "cli"));
  BOOST_TEST(!replayed.done);
  BOOST_TEST(scene.number("SELECT count(*) FROM intake_batch") == 1);
}

BOOST_AUTO_TEST_CASE(what_was_pushed_is_counted_once_however_often_its_transaction_is_tried) {
  Scene scene;
  const auto doors = scene.hub->sources().doors();
  const auto envelope = scene.sealed("m1", kRow);
  const auto effect = value_of(doors.at(kAddress).handle({"credit", kAddress, envelope}));
  for (int i = 0; i < 3; ++i) {
    const auto lost = scene.hub->rooms().database.write([&](storage::Transaction& transaction) -> Result<void> {
      CHECK_OK(effect.run()(transaction));
      return refuse("test_rollback", "The commit fails.");
    });
    BOOST_TEST(!lost);
  }
  BOOST_TEST(scene.hub->sources().status().front().totals.received == 0);
  BOOST_TEST(!scene.hub->sources().status().front().first_sweep_done);
  value_of(scene.hub->rooms().database.write(effect.run()));
  effect.committed()();
  BOOST_TEST(scene.hub->sources().status().front().totals.received == 1);
  BOOST_TEST(scene.hub->sources().status().front().totals.accepted == 1);
  BOOST_TEST(scene.hub->sources().status().front().first_sweep_done);
}

BOOST_AUTO_TEST_SUITE_END()
