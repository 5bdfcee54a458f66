// From message to effect and answer: node, workers, writer, store and outbox together.
#include <atomic>
#include <boost/test/unit_test.hpp>

#include "platform/messaging/handle_once.h"
#include "platform/messaging/outbox.h"
#include "platform/messaging/outbox_relay.h"
#include "scene.h"
#include "support/scratch_database.h"

using namespace zhida;
using namespace zhida::messaging;
using namespace zhida::messaging::testing;
using storage::Transaction;

namespace {

struct Fixture {
  test::ScratchDatabase database;
  ManualClock clock{parse_rfc3339("2025-11-03T09:00:00.000+08:00").value()};
  std::unique_ptr<Node> node = std::move(Node::create({}).value());
  std::unique_ptr<Writer> writer;
  std::unique_ptr<OutboxRelay> relay;
  std::unique_ptr<HandleOnce> doors;
  std::unique_ptr<Node> peer;
  std::atomic<int> handled{0}, away{0};

  Fixture() {
    (void)database.migrated()->write([](Transaction& transaction) -> Result<void> {
      CHECK_OK(transaction.execute("CREATE TABLE effect (name TEXT NOT NULL)"));
      return ok();
    });
    WriterOptions writing;
    writing.attempts_max = 3;
    writing.retry_first = 1ms;
    writer = std::make_unique<Writer>(*database, clock, writing);
    OutboxRelayOptions relaying;
    relaying.poll = 50ms;
    relaying.pause_after_release = 5ms;
    relay = std::make_unique<OutboxRelay>(*database, *writer, *node, clock, relaying);
    HandleOnceOptions handling;
    handling.release_after_first = 1ms;
    doors = std::make_unique<HandleOnce>(*node, *writer, handling);
    doors->open_door("in", Door{"in", [this](const DoorMessage& message) { return handle(message); }});
    const auto port = node->listen("127.0.0.1", 0, Plain{}, everybody_is("tax")).value();
    peer = dialler(port, {"in", "nowhere"}, {"out"});
  }
  ~Fixture() {
    peer->shutdown();
    node->shutdown([this] { doors->drain(); });
    relay->stop();
    doors.reset();
    writer->stop();
  }

  Result<Effect> handle(const DoorMessage& message) {
    ++handled;
    const Bytes body = message.envelope.body;
    if (body == "refuse") return refuse("field_missing", "Field a is missing.");
    if (body == "throw") throw std::runtime_error("boom");
    if (body == "away" && away-- > 0) return retry("peer_away", "The seal service is away.");
    return Effect([id = message.envelope.message_id, body](Transaction& transaction) -> Result<void> {
      CHECK_OK(transaction.execute("INSERT INTO effect (name) VALUES (?)", {id}));
      if (body == "refuse late") return refuse("exceeds_available", "The book has too little.");
      return ok();
    });
  }
  std::string one(const std::string& sql) {
    std::string text;
    (void)database->read([&](Transaction& transaction) -> Result<void> {
      for (const auto& row : TRY(transaction.query(sql, {}, "t"))) text += (text.empty() ? "" : ",") + row.text(0);
      return ok();
    });
    return text;
  }
  std::string says(const std::string& id, const Bytes& body, const std::string& address = "in") {
    const auto outcome = send_and_wait(*peer, address, envelope_of(id, body));
    if (!outcome) return "nothing";
    switch (outcome->kind) {
      case OutcomeKind::accepted:
        return "accepted";
      case OutcomeKind::rejected:
        return "rejected " + outcome->code;
      case OutcomeKind::released:
        return "released";
      case OutcomeKind::lost:
        return "lost";
    }
    return "";
  }
  void put(const std::string& id, const std::string& group = "", const Bytes& body = "b") {
    const auto done = database->write([&](Transaction& transaction) -> Result<void> {
      OutboxMessage message;
      message.message_id = id;
      message.address = "out";
      message.subject = "test/1";
      message.group_id = group;
      message.body = body;
      CHECK_OK(enqueue(transaction, message, clock.now()));
      return ok();
    });
    BOOST_REQUIRE(done.has_value());
    relay->wake();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(door, Fixture)

BOOST_AUTO_TEST_CASE(what_a_door_says_becomes_the_answer_to_the_peer) {
  struct Case {
    std::string id, body, answer, dead_letter;
  };
  const Case cases[] = {{"m1", "good", "accepted", ""},
                        {"m1", "good", "accepted", ""},
                        {"m1", "other bytes", "rejected message_id_reused", "message_id_reused"},
                        {"m2", "refuse", "accepted", "field_missing"},
                        {"m3", "refuse late", "accepted", "exceeds_available"},
                        {"m4", "throw", "accepted", "door_failed"}};
  std::string letters;
  for (const Case& one_case : cases) BOOST_TEST_CONTEXT(one_case.id << " " << one_case.body) {
      BOOST_TEST(says(one_case.id, one_case.body) == one_case.answer);
      if (!one_case.dead_letter.empty()) letters += (letters.empty() ? "" : ",") + one_case.dead_letter;
      BOOST_TEST(one("SELECT code FROM dead_letter ORDER BY id") == letters);
    }
  BOOST_TEST(one("SELECT name FROM effect") == "m1");
  BOOST_TEST(says("m9", "good", "nowhere") == "rejected amqp:not-found");
}

BOOST_AUTO_TEST_CASE(a_door_that_cannot_now_gives_the_message_back_and_at_last_keeps_it) {
  away = 2;
  BOOST_TEST(says("m1", "away") == "released");
  BOOST_TEST(says("m1", "away") == "released");
  BOOST_TEST(one("SELECT attempts || '' FROM delivery_attempt") == "2");
  BOOST_TEST(says("m1", "away") == "accepted");
  BOOST_TEST(one("SELECT name FROM effect") == "m1");
  BOOST_TEST(one("SELECT COUNT(*) || '' FROM delivery_attempt") == "0");
  away = 100;
  BOOST_TEST(says("m2", "away") == "released");
  BOOST_TEST(says("m2", "away") == "released");
  BOOST_TEST(says("m2", "away") == "accepted");
  BOOST_TEST(one("SELECT code || ' ' || attempts FROM dead_letter") == "peer_away 3");
}

BOOST_AUTO_TEST_CASE(messages_of_a_group_have_their_effects_in_order) {
  BOOST_REQUIRE(comes_true([&] { return peer->has_receiver("in"); }));
  std::atomic<int> answered{0};
  for (int i = 1'000; i < 1'400; ++i) {
    const std::string group = "g" + std::to_string(i % 3);
    const Bytes message = encode(envelope_of(group + "-" + std::to_string(i), "good", group));
    BOOST_REQUIRE(comes_true([&] {
      return peer->send("in", group, message, i, [&](SendToken, const Outcome&) { ++answered; }) == SendResult::taken;
    }));
  }
  BOOST_REQUIRE(comes_true([&] { return answered == 400; }));
  for (const std::string group : {"g0", "g1", "g2"})
    BOOST_TEST(one("SELECT name FROM effect WHERE name LIKE '" + group + "%' ORDER BY rowid") ==
               one("SELECT name FROM effect WHERE name LIKE '" + group + "%' ORDER BY name"));
}

BOOST_AUTO_TEST_CASE(what_is_enqueued_is_sent_and_marked) {
  Inbox inbox(*peer);
  for (int i = 0; i < 2'000; ++i) put("o" + std::to_string(i));
  BOOST_TEST(comes_true([&] { return one("SELECT COUNT(*) || '' FROM outbox WHERE state = 'sent'") == "2000"; }));
  BOOST_TEST(inbox.size() == 2'000u);
}

BOOST_AUTO_TEST_CASE(a_rejected_row_keeps_the_reason_and_may_be_sent_again) {
  Inbox inbox(*peer, false);
  put("o1", "g");
  put("o2", "g");
  BOOST_REQUIRE(comes_true([&] { return inbox.size() == 1; }));
  inbox.settle_all({OutcomeKind::rejected, "seal_wrong", "The seal does not fit."});
  BOOST_REQUIRE(comes_true([&] { return inbox.size() == 2; }));  // Its group goes on.
  inbox.settle_all();
  BOOST_TEST(comes_true([&] {
    return one("SELECT state || ' ' || reason_code || ' ' || reason FROM outbox ORDER BY id") ==
           "rejected seal_wrong The seal does not fit.,sent  ";
  }));
  BOOST_REQUIRE(database->write([](Transaction& transaction) { return send_again(transaction, 1); }).has_value());
  BOOST_REQUIRE(comes_true([&] { return inbox.size() == 3; }));
  inbox.settle_all();
  BOOST_TEST(inbox.seen()[2].message == inbox.seen()[0].message);
  BOOST_TEST(comes_true([&] { return one("SELECT state FROM outbox ORDER BY id") == "sent,sent"; }));
}

BOOST_AUTO_TEST_CASE(nothing_overtakes_within_a_group_even_when_the_peer_gives_back) {
  Inbox inbox(*peer, false);
  for (int i = 0; i < 5; ++i) {
    put("a" + std::to_string(i), "a");
    put("b" + std::to_string(i), "b");
  }
  int answers = 0;
  BOOST_TEST(comes_true([&] {
    inbox.settle_all({++answers % 3 == 0 ? OutcomeKind::released : OutcomeKind::accepted, {}, {}});
    return one("SELECT COUNT(*) || '' FROM outbox WHERE state = 'sent'") == "10";
  }));
  std::map<std::string, std::string> last;
  for (const Incoming& incoming : inbox.seen()) {
    BOOST_TEST(last[incoming.group_id] <= incoming.message_id);
    last[incoming.group_id] = incoming.message_id;
  }
}

BOOST_AUTO_TEST_CASE(a_row_sent_again_does_not_wait_for_a_quiet_moment) {
  Inbox inbox(*peer, false);
  put("o1");
  BOOST_REQUIRE(comes_true([&] { return inbox.size() == 1; }));
  inbox.settle_all({OutcomeKind::rejected, "seal_wrong", "The seal does not fit."});
  BOOST_REQUIRE(comes_true([&] { return one("SELECT state FROM outbox") == "rejected"; }));
  BOOST_REQUIRE(database->write([](Transaction& transaction) { return send_again(transaction, 1); }).has_value());
  BOOST_TEST(comes_true(
      [&] {
        relay->wake();  // News all the time, as on a hub at work.
        return inbox.size() == 2;
      },
      10s));
  inbox.settle_all();
  BOOST_TEST(comes_true([&] { return one("SELECT state FROM outbox") == "sent"; }));
}

BOOST_AUTO_TEST_CASE(a_row_that_was_ended_elsewhere_frees_its_group) {
  Inbox inbox(*peer, false);
  put("o1", "g");
  put("o2", "g");
  put("o3", "g");
  BOOST_REQUIRE(comes_true([&] { return inbox.size() == 1; }));
  BOOST_REQUIRE(database
                    ->write([&](Transaction& transaction) -> Result<void> {
                      CHECK_OK(mark_sent(transaction, 1, clock.now()));
                      return mark_sent(transaction, 2, clock.now());
                    })
                    .has_value());
  inbox.settle_all({OutcomeKind::released, {}, {}});
  BOOST_REQUIRE(comes_true([&] { return inbox.size() == 2; }, 10s));
  BOOST_TEST(inbox.seen()[1].message_id == "o3");
  inbox.settle_all();
  BOOST_TEST(comes_true([&] { return one("SELECT state FROM outbox ORDER BY id") == "sent,sent,sent"; }));
}

BOOST_AUTO_TEST_SUITE_END()
