// The short message adapter against its simulator: sent once, reported once, killed in between.
#include <boost/test/unit_test.hpp>
#include <thread>

#include "adapter_api/adapter_spec.h"
#include "adapters/simulator_kit/town_scene.h"
#include "conformance/recording_context.h"
#include "support/temp_folder.h"

namespace zhida::adapters::sms_gateway {
AdapterSpec spec();
}

using namespace zhida;

namespace {

OutgoingMessage notice(const std::string& id, const std::string& to, const std::string& text = "您好") {
  OutgoingMessage message;
  message.message_id = id;
  message.subject = "notice/1";
  message.body = Json{{"id", id}, {"to", to}, {"text", text}}.dump();
  return message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sms_gateway)

BOOST_AUTO_TEST_CASE(a_message_is_delivered_once_and_reported_even_when_the_gateway_dies) {
  test::TempFolder folder;
  auto made = simulator::TownScene::make(folder.path().string(), std::string(ZHIDA_BINARY_DIR) + "/bin", "sms_gateway",
                                         5, true);
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(made), conformance::why(made));
  auto& scene = made.value();
  BOOST_REQUIRE(scene.start());
  conformance::RecordingContext context;
  const auto spec = adapters::sms_gateway::spec();
  const auto config = spec.new_configuration();
  const auto yaml =
      "endpoint: " + scene.address() + "\nca_file: " + scene.ca_file() + "\nsecret: file:" + scene.secret_file() + "\n";
  BOOST_REQUIRE(config->read(config::parse_yaml(yaml, "settings").value(), ConfigContext{}));
  const auto adapter = spec.make(*config, context).value();

  BOOST_REQUIRE(adapter->send(notice("N1", "13800000001")));
  BOOST_REQUIRE(adapter->send(notice("N2", "13800000007")));
  BOOST_REQUIRE(adapter->send(notice("N3", "12")));
  scene.child().kill();
  BOOST_TEST((adapter->send(notice("N4", "13800000004")).error().fate == Fate::retry));
  BOOST_REQUIRE(scene.start());
  BOOST_REQUIRE(adapter->send(notice("N1", "13800000001")));
  BOOST_TEST(!adapter->send(notice("N1", "13800000001", "另一条")));
  BOOST_REQUIRE(adapter->send(notice("N4", "13800000004")));

  const auto until = std::chrono::steady_clock::now() + 10s;
  while (context.keys("sms_gateway.report").size() < 4 && std::chrono::steady_clock::now() < until) {
    BOOST_REQUIRE(adapter->pull({}));
    std::this_thread::sleep_for(20ms);
  }
  std::map<std::string, std::string> states;
  for (const auto& [place, record] : context.rows)
    states[record.columns.at("notice_id").value()] =
        record.columns.at("state").value() + " " + record.columns.at("reason").value();
  BOOST_TEST(states.size() == 4);
  BOOST_TEST(states["N1"] == "delivered ");
  BOOST_TEST(states["N2"] == "failed 关机");
  BOOST_TEST(states["N3"] == "failed 空号");
  BOOST_TEST(states["N4"] == "delivered ");
  BOOST_TEST(context.complaints.empty());
}

BOOST_AUTO_TEST_SUITE_END()
