// The tax adapter against the simulator as a process of its own: TLS, signatures, the town's deliberate faults.
#include <boost/test/unit_test.hpp>
#include <set>

#include "adapter_api/adapter_spec.h"
#include "adapter_api/transports/signed_http.h"
#include "adapters/simulator_kit/town_scene.h"
#include "adapters/town/world.h"
#include "base/bytes.h"
#include "conformance/recording_context.h"
#include "platform/http/http_client.h"
#include "support/temp_folder.h"

namespace zhida::adapters::tax {
AdapterSpec spec();
}

using namespace zhida;
using conformance::RecordingContext;

namespace {

struct Town {
  test::TempFolder folder;
  simulator::TownScene scene;
  RecordingContext context;
  AdapterSpec spec = adapters::tax::spec();
  AdapterSpec::Configuration config;
  std::unique_ptr<Adapter> adapter;

  explicit Town(int enterprises, bool faults)
      : scene(simulator::TownScene::make(folder.path().string(), std::string(ZHIDA_BINARY_DIR) + "/bin", "tax",
                                         enterprises, faults)
                  .value()) {
    const auto started = scene.start();
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(started), conformance::why(started));
    connect();
  }
  void connect(const std::string& more = "") {
    adapter.reset();
    config = spec.new_configuration();
    const auto yaml = "endpoint: " + scene.address() + "/gateway\nca_file: " + scene.ca_file() +
                      "\nsecret: file:" + scene.secret_file() + "\npage_size: 20\n" + more;
    const auto read = config->read(config::parse_yaml(yaml, "settings").value(), ConfigContext{});
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(read), conformance::why(read));
    adapter = spec.make(*config, context).value();
  }
  std::set<std::string> true_keys(const std::string& type) const {
    const auto world = town::World::open(scene.world()).value();
    town::RowQuery query;
    query.record_type = type;
    query.as_of = context.clock().now();
    query.limit = 1'000'000;
    std::set<std::string> keys;
    const auto rows = world.rows(query).value();
    for (const auto& row : rows) keys.insert(row.key);
    return keys;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(tax)

BOOST_AUTO_TEST_CASE(a_whole_town_comes_over_whatever_the_gateway_does) {
  Town town(60, true);
  const auto pulled = town.adapter->pull({});
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(pulled), conformance::why(pulled));
  for (const auto& type : town.spec.record_types()) {
    BOOST_TEST_CONTEXT(type.name) {
      const auto expected = town.true_keys(type.name);
      BOOST_TEST(!expected.empty());
      BOOST_TEST(conformance::difference(expected, town.context.keys(type.name)) == "");
      BOOST_TEST(town.context.cursors.contains(type.name));
    }
  }
  BOOST_TEST(town.context.complaints.empty());
  const auto again = town.adapter->pull({});
  BOOST_REQUIRE(again);
}

BOOST_AUTO_TEST_CASE(one_firm_is_fetched_alone) {
  Town town(30, false);
  const auto world = town::World::open(town.scene.world()).value();
  town::RowQuery query;
  query.record_type = "tax.registration";
  query.as_of = town.context.clock().now();
  const auto first = world.rows(query).value().front();
  PullRequest request;
  request.uscc = first.uscc;
  BOOST_REQUIRE(town.adapter->pull(request));
  BOOST_TEST(conformance::difference({first.key}, town.context.keys("tax.registration")) == "");
}

BOOST_AUTO_TEST_CASE(strangers_and_replays_are_turned_away) {
  Town town(10, false);
  http::HttpClient client;
  http::HttpCall call;
  call.url = town.scene.address() + "/gateway/arrears?PAGE=1&PAGENUM=10";
  call.ca_file = town.scene.ca_file();
  BOOST_TEST(client.call(call).value().status == 401);

  const auto secret_text = read_file(town.scene.secret_file()).value();
  const Secret<std::string> secret(secret_text.substr(0, secret_text.find('\n')));
  const auto now = to_millis(SystemClock().now());
  const auto status = [&](const std::string& id, std::int64_t time, const std::string& nonce) {
    const auto signature = transports::client_gateway_signature(id, secret);
    call.headers.clear();
    for (const auto& header : signature(time, nonce)) call.headers.push_back(header);
    return client.call(call).value().status;
  };
  BOOST_TEST(status("zhida", now, "n1") == 200);
  BOOST_TEST(status("zhida", now, "n1") == 401);
  BOOST_TEST(status("zhida", now - 11 * 60'000, "n2") == 401);
  BOOST_TEST(status("somebody", now, "n3") == 401);
  BOOST_TEST(status("zhida", now, "n4") == 200);

  town.folder.write("wrong", "not the secret");
  town.connect("attempts: 1\n");
  const auto wrong = town.folder.file("wrong");
  town.config = town.spec.new_configuration();
  BOOST_REQUIRE(town.config->read(
      config::parse_yaml("endpoint: " + town.scene.address() + "/gateway\nca_file: " + town.scene.ca_file() +
                             "\nsecret: file:" + wrong + "\nattempts: 1\n",
                         "settings")
          .value(),
      ConfigContext{}));
  town.adapter = town.spec.make(*town.config, town.context).value();
  const auto refused = town.adapter->pull({});
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().code == "source_refused");
}

BOOST_AUTO_TEST_CASE(a_certificate_of_another_authority_is_refused) {
  Town town(10, false);
  test::TempFolder other;
  const auto stranger =
      simulator::TownScene::make(other.path().string(), std::string(ZHIDA_BINARY_DIR) + "/bin", "tax", 5, false);
  BOOST_REQUIRE(stranger);
  town.config = town.spec.new_configuration();
  BOOST_REQUIRE(town.config->read(
      config::parse_yaml("endpoint: " + town.scene.address() + "/gateway\nca_file: " + stranger.value().ca_file() +
                             "\nsecret: file:" + town.scene.secret_file() + "\nattempts: 1\n",
                         "settings")
          .value(),
      ConfigContext{}));
  town.adapter = town.spec.make(*town.config, town.context).value();
  BOOST_TEST(!town.adapter->pull({}));
  BOOST_TEST(town.context.batches.empty());
}

BOOST_AUTO_TEST_CASE(a_bad_mood_passes) {
  Town town(10, false);
  town.connect("attempts: 2\n");
  BOOST_REQUIRE(town.scene.set_mood("rude"));
  BOOST_TEST(!town.adapter->pull({}));
  BOOST_REQUIRE(town.scene.set_mood("slow=30"));
  BOOST_TEST(static_cast<bool>(town.adapter->pull({})));
  BOOST_TEST(town.scene.child().stop() == 0);
  BOOST_TEST(!town.adapter->pull({}));
  BOOST_REQUIRE(town.scene.start());
  BOOST_TEST(static_cast<bool>(town.adapter->pull({})));
}

BOOST_AUTO_TEST_SUITE_END()
