// A hub as a client of an existing broker: whoever may publish there is still nobody but himself.
#include <thread>

#include "platform/messaging/node.h"
#include "scene.h"
#include "support/rabbitmq.h"

using namespace zhida;
using namespace zhida::flow;
using namespace zhida::flow::testing;
using namespace std::chrono_literals;

namespace {

messaging::DialOptions to_broker(const test::RabbitMq& broker) {
  messaging::DialOptions dial;
  dial.name = "broker";
  dial.host = "127.0.0.1";
  dial.port = broker.port();
  dial.security = messaging::Plain{};
  dial.user = "guest";
  dial.password = Secret<std::string>("guest");
  dial.address_prefix = "/amq/queue/";
  return dial;
}

template <class Condition>
bool comes_true(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

void send(messaging::Node& node, const messaging::Envelope& envelope) {
  const Bytes message = messaging::encode(envelope);
  BOOST_REQUIRE(comes_true([&] {
    return node.send(envelope.address, "", message, 1, [](messaging::SendToken, const messaging::Outcome&) {}) ==
           messaging::SendResult::taken;
  }));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(broker)

BOOST_AUTO_TEST_CASE(a_valid_seal_of_another_peer_is_refused_at_an_address_and_ids_do_not_collide) {
  if (!test::RabbitMq::available()) {
    BOOST_TEST_MESSAGE("SKIPPED: RabbitMQ is not installed.");
    return;
  }
  test::RabbitMq rabbit;
  for (const char* queue : {"tax.push", "treasury.receipts"}) rabbit.declare_quorum_queue(queue);
  Scene scene([&](HubConfig& config) { config.brokers.push_back(to_broker(rabbit)); });
  value_of(scene.hub->start());

  auto partner = value_of(messaging::Node::create({}));
  auto dial = to_broker(rabbit);
  dial.send_to = {"tax.push", "treasury.receipts"};
  value_of(partner->dial(dial));
  const auto publish = [&](const messaging::Envelope& envelope) { send(*partner, envelope); };
  const Bytes row = std::string(kFirm) + ",202509,1234.50", other = std::string(kFirm) + ",202508,99.00";
  publish(scene.sealed("m1", row, "credit", "tax.push"));
  publish(scene.sealed("m2", other, "treasury", "tax.push"));
  // The treasury's own message of the same id is another message.
  publish(scene.sealed("m1", "no answer of ours", "treasury", "treasury.receipts"));
  publish(scene.sealed("m3", "no answer of ours", "credit", "treasury.receipts"));
  BOOST_TEST(comes_true([&] {
    return scene.number("SELECT count(*) FROM inbox") >= 4 && scene.number("SELECT count(*) FROM dead_letter") >= 3;
  }));
  BOOST_TEST(scene.number("SELECT count(*) FROM source_record WHERE record_type = 'tax.sales'") == 1);
  BOOST_TEST(scene.text("SELECT peer || ' ' || message_id || ' ' || code FROM dead_letter WHERE code = "
                        "'seal_seal_of_another_peer' ORDER BY peer, message_id") ==
             "credit m2 seal_seal_of_another_peer,treasury m3 seal_seal_of_another_peer");
  BOOST_TEST(scene.number("SELECT count(*) FROM dead_letter WHERE code = 'message_id_reused'") == 0);
  BOOST_TEST(scene.text("SELECT peer FROM inbox WHERE message_id = 'm1' ORDER BY peer") == "credit,treasury");
  BOOST_TEST(scene.number("SELECT count(*) FROM audit_record WHERE kind = 'seal_refused'") == 2);
  partner->shutdown();
  scene.hub->stop();
}

BOOST_AUTO_TEST_CASE(a_queue_without_a_leader_holds_up_no_other_address) {
  if (!test::RabbitMq::available()) {
    BOOST_TEST_MESSAGE("SKIPPED: RabbitMQ is not installed.");
    return;
  }
  test::RabbitMq rabbit;
  for (const char* queue : {"tax.push", "treasury.receipts"}) rabbit.declare_quorum_queue(queue);
  const std::string leader = "{'%2F_treasury.receipts', node()}";
  rabbit.eval("ra:stop_server(quorum_queues, " + leader + ").");
  Scene scene([&](HubConfig& config) {
    config.brokers.push_back(to_broker(rabbit));
    config.amqp_limits.handshake_deadline = 1'000ms;  // For the answer to an attach.
  });
  value_of(scene.hub->start());
  auto partner = value_of(messaging::Node::create({}));
  auto dial = to_broker(rabbit);
  dial.send_to = {"tax.push"};
  value_of(partner->dial(dial));

  // Longer than the broker has for an answer: records go on arriving all the while.
  const auto until = std::chrono::steady_clock::now() + 4s;
  int sent = 0;
  while (std::chrono::steady_clock::now() < until) {
    const std::string number = std::to_string(++sent);
    send(*partner, scene.sealed("t" + number, std::string(kFirm) + ",202509," + number + ".00", "credit", "tax.push"));
    BOOST_REQUIRE(comes_true(
        [&] { return scene.number("SELECT count(*) FROM inbox WHERE message_id = 't" + number + "'") == 1; }));
  }
  BOOST_TEST(sent > 3);
  BOOST_TEST(scene.number("SELECT count(*) FROM dead_letter") == 0);

  // The leader is back: so is the address, without anybody's doing.
  rabbit.eval("ra:restart_server(quorum_queues, " + leader + ").");
  auto treasury = value_of(messaging::Node::create({}));
  dial.send_to = {"treasury.receipts"};
  value_of(treasury->dial(dial));
  send(*treasury, scene.sealed("r1", "no answer of ours", "treasury", "treasury.receipts"));
  BOOST_TEST(comes_true([&] { return scene.number("SELECT count(*) FROM dead_letter WHERE message_id = 'r1'") == 1; }));
  treasury->shutdown();
  partner->shutdown();
  scene.hub->stop();
}

BOOST_AUTO_TEST_SUITE_END()
