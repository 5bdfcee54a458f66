// The credit centre as a process of its own, with a node in the hub's place: what is sealed holds, what is broken is
// noticed, and what was sent survives a power cut.
#include <boost/test/unit_test.hpp>
#include <set>

#include "adapter_api/adapter_spec.h"
#include "adapters/simulator_kit/hub_line.h"
#include "adapters/simulator_kit/town_scene.h"
#include "adapters/town/world.h"
#include "base/bytes.h"
#include "conformance/recording_context.h"
#include "support/temp_folder.h"

namespace zhida::adapters::credit {
AdapterSpec spec();
}

using namespace zhida;

namespace {

struct Town {
  test::TempFolder folder;
  simulator::TownScene scene;
  std::unique_ptr<simulator::HubLine> hub;
  conformance::RecordingContext context;
  AdapterSpec spec = adapters::credit::spec();
  AdapterSpec::Configuration config = spec.new_configuration();
  std::unique_ptr<Adapter> adapter;

  Town() : scene(simulator::TownScene::make(folder.path().string(), programs(), "credit", 60, true).value()) {
    BOOST_REQUIRE(simulator::issue_certificates(programs(), folder.file("certs")));
    auto line = simulator::HubLine::open({.certs = folder.file("certs"),
                                          .peer = "credit",
                                          .listen_address = "credit.records",
                                          .outgoing_address = "",
                                          .clock = folder.file("clock")});
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(line), conformance::why(line));
    hub = std::move(line.value());
    BOOST_REQUIRE(config->read(config::parse_yaml("enabled: true\n", "settings").value(), ConfigContext{}));
    adapter = spec.make(*config, context).value();
  }
  static std::string programs() { return std::string(ZHIDA_BINARY_DIR) + "/bin"; }
  void start() {
    const auto started = scene.start({"--hub", hub->address()});
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(started), conformance::why(started));
  }
  /// Every letter of the centre is with the hub.
  bool all_sent() {
    return hub->wait_for([&] {
      const auto text = read_file(scene.state() + "/summary.json");
      if (!text) return false;
      const auto summary = parse_json(text.value());
      return summary && summary.value().value("messages", 0) > 0 && summary.value().value("due_now", 1) == 0;
    });
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(credit)

BOOST_AUTO_TEST_CASE(all_seals_hold_but_the_broken_one_and_its_rows_come_again) {
  Town town;
  town.start();
  BOOST_REQUIRE(town.all_sent());
  const auto world = town::World::open(town.scene.world()).value();
  const auto deliveries = world.deliveries("credit", town.context.clock().now()).value();
  std::set<std::string> broken, expected;
  for (const auto& delivery : deliveries) {
    (delivery.fault == "broken_seal" ? broken : expected).insert("credit-" + delivery.id);
    if (delivery.fault == "sent_twice") expected.insert("credit-" + delivery.id + "-again");
  }
  BOOST_TEST(!broken.empty());
  std::set<std::string> held, refused, batches;
  for (const auto& letter : town.hub->letters()) {
    (letter.report.passed() ? held : refused).insert(letter.envelope.message_id);
    if (!letter.report.passed()) continue;
    BOOST_TEST(letter.report.message_id.substr(0, 7) == "credit-");
    if (letter.envelope.properties.at("seal-form") == "batch") batches.insert(letter.report.batch);
    PushedMessage message;
    message.peer = "credit";
    message.address = "credit.records";
    message.message_id = letter.envelope.message_id;
    message.body = letter.envelope.body;
    message.seal = letter.envelope.seal;
    message.received_at = town.context.clock().now();
    auto batch = town.adapter->decode(message);
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(batch), conformance::why(batch));
    BOOST_TEST(batch.value().unreadable.empty());
    BOOST_REQUIRE(town.context.deliver(std::move(batch.value())));
  }
  BOOST_TEST(conformance::difference(expected, held) == "");
  BOOST_TEST(!batches.empty(), "what is due together shares a seal");
  BOOST_TEST(!batches.contains(""));
  BOOST_TEST(conformance::difference(broken, refused) == "");
  for (const auto& type : town.spec.record_types()) BOOST_TEST(!town.context.keys(type.name).empty(), type.name);
  BOOST_TEST(town.context.complaints.empty());
}

BOOST_AUTO_TEST_CASE(a_power_cut_sends_the_same_octets_again_and_forgets_none) {
  Town town;
  BOOST_REQUIRE(town.scene.set_clock("2025-11-03T09:00:00+08:00"));
  town.start();
  BOOST_REQUIRE(town.hub->wait_for([&] { return !town.hub->letters().empty(); }));
  town.scene.child().kill();
  const auto before = town.hub->letters().size();
  town.start();
  BOOST_REQUIRE(town.all_sent());
  const auto world = town::World::open(town.scene.world()).value();
  const auto deliveries = world.deliveries("credit", town.context.clock().now()).value();
  BOOST_TEST(town.hub->letters().size() >= std::max(before, deliveries.size()));
  BOOST_TEST(town.hub->contradictions() == 0);
  BOOST_TEST(town.scene.child().stop() == 0);
}

BOOST_AUTO_TEST_CASE(rows_of_no_known_type_are_kept_for_people_but_not_without_any_grant) {
  Town town;
  PushedMessage message;
  message.message_id = "m1";
  message.body = R"({"records":[{"type":"reward","id":"B-1"},"noise"]})";
  BOOST_TEST(town.adapter->decode(message).value().unreadable.size() == 2u);
  town.context.grant_nothing = true;
  BOOST_TEST(town.adapter->decode(message).value().unreadable.empty());
}

BOOST_AUTO_TEST_SUITE_END()
