// Whom the hub believes may change while it runs; what cannot be read changes nothing.
#include <fstream>
#include <thread>

#include "flow/sources.h"
#include "flow/trust_keeper.h"
#include "scene.h"

using namespace zhida;
using namespace zhida::flow;
using namespace zhida::flow::testing;

namespace {

const Bytes kRow = std::string(kFirm) + ",202509,1234.50";

messaging::DoorMessage from(const std::string& peer, messaging::Envelope envelope) {
  const std::string address = envelope.address;
  return {peer, address, std::move(envelope)};
}

std::string code_of(const Scene& scene, const messaging::DoorMessage& message) {
  const auto checked = scene.hub->trust().verify(message, scene.hub->rooms().clock.now());
  return checked.report.passed() ? "ok" : seal::to_error(checked.report).code;
}

/// The list and its seal, as an authority would publish them.
void publish(const std::string& file, std::int64_t number, const std::vector<std::string>& revoked) {
  seal::SealStatusList list;
  list.number = number;
  list.issued = value_of(parse_rfc3339("2025-11-01T00:00:00+08:00"));
  for (const auto& id : revoked) list.revoked.push_back({id, list.issued});
  const std::string text = seal::write_status_list(list);
  std::ofstream(file) << text;
  std::ofstream(file + ".ses") << value_of(Scene::sealer_of("hub")->seal(
      text, "application/json", "list", "", value_of(parse_rfc3339("2025-11-03T00:00:00+08:00"))));
}

template <class Condition>
bool comes_true(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trust)

BOOST_AUTO_TEST_CASE(a_seal_that_is_revoked_while_the_hub_runs_is_refused_from_then_on) {
  std::string list;
  Scene scene([&](HubConfig& config) {
    list = config.trust.seal_status_list = config.peers_file + ".status";
    publish(list, 1, {});
  });
  const auto message = from("credit", scene.sealed("m1", kRow));
  BOOST_TEST(code_of(scene, message) == "ok");
  publish(list, 2, {Scene::seal_id("credit")});
  value_of(scene.hub->reload_trust());
  BOOST_TEST(code_of(scene, message) != "ok");
  BOOST_TEST(scene.hub->trust().state().reloads == 1);
  BOOST_TEST(value_of(scene.hub->status()).at("trust").at("error").is_null());

  // An older list is not taken for the newest, however well it is sealed.
  publish(list, 1, {});
  BOOST_TEST(scene.hub->reload_trust().error().code == "seal_status_list_older");
  BOOST_TEST(code_of(scene, message) != "ok");

  // A file that cannot be read: what was read before goes on, and says so.
  std::ofstream(list) << "{ half a";
  BOOST_TEST(!scene.hub->reload_trust());
  BOOST_TEST(code_of(scene, message) != "ok");
  BOOST_TEST(scene.hub->trust().state().failures == 2);
  BOOST_TEST(!value_of(scene.hub->status()).at("trust").at("error").is_null());
  scene.folder.write("peers.yaml", "peers: [");
  BOOST_TEST(!scene.hub->reload_trust());
  BOOST_TEST(scene.hub->trust().state().peers == 2u);

  // Mended.
  publish(list, 3, {});
  scene.folder.write("peers.yaml", Scene::peers());
  value_of(scene.hub->reload_trust());
  BOOST_TEST(code_of(scene, message) == "ok");
  BOOST_TEST(scene.hub->trust().state().last_error.empty());
}

BOOST_AUTO_TEST_CASE(changed_files_are_seen_without_being_told) {
  Scene scene([](HubConfig& config) { config.trust_look_every = std::chrono::milliseconds(20); });
  value_of(scene.hub->start());
  const auto message = from("credit", scene.sealed("m1", kRow));
  BOOST_TEST(code_of(scene, message) == "ok");
  scene.folder.write("peers.yaml", "peers: []\n");
  BOOST_TEST(comes_true([&] { return code_of(scene, message) == "seal_seal_of_another_peer"; }));
  scene.folder.write("peers.yaml", "peers: [{");
  BOOST_TEST(comes_true([&] { return scene.hub->trust().state().failures > 0; }));
  BOOST_TEST(code_of(scene, message) == "seal_seal_of_another_peer");
  scene.folder.write("peers.yaml", Scene::peers());
  BOOST_TEST(comes_true([&] { return code_of(scene, message) == "ok"; }));
  scene.hub->stop();
}

BOOST_AUTO_TEST_CASE(what_a_broker_brings_is_held_against_the_seals_of_its_address) {
  Scene scene([](HubConfig& config) {
    messaging::DialOptions dial;
    dial.name = "broker";
    config.brokers.push_back(dial);  // Never dialled here.
    // Even one who gave the broker every seal and every address is not believed by it.
    std::ofstream(config.peers_file, std::ios::app)
        << "  - {name: broker, certificates: [], seals: [], may_send: [tax.push, treasury.receipts, nobody.here]}\n";
  });
  BOOST_TEST(code_of(scene, from("broker", scene.sealed("m1", kRow, "credit", "tax.push"))) == "ok");
  BOOST_TEST(code_of(scene, from("broker", scene.sealed("m1", kRow, "treasury", "tax.push"))) ==
             "seal_seal_of_another_peer");
  BOOST_TEST(code_of(scene, from("broker", scene.sealed("m1", kRow, "credit", "treasury.receipts"))) ==
             "seal_seal_of_another_peer");
  BOOST_TEST(code_of(scene, from("broker", scene.sealed("m1", kRow, "credit", "nobody.here"))) ==
             "seal_seal_of_another_peer");
  const auto checked =
      scene.hub->trust().verify(from("broker", scene.sealed("m1", kRow)), scene.hub->rooms().clock.now());
  BOOST_TEST(checked.peer == "credit");
  const auto sender_of = scene.hub->trust().sender_of();
  BOOST_TEST(sender_of("broker", "tax.push") == "credit");
  BOOST_TEST(sender_of("broker", "treasury.receipts") == "treasury");
  BOOST_TEST(sender_of("broker", "nobody.here") == "broker");
  BOOST_TEST(sender_of("credit", "treasury.receipts") == "credit");  // Who is connected is who he is.
}

BOOST_AUTO_TEST_SUITE_END()
