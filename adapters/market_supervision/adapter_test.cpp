// Market supervision against its simulator: both spellings of the change flag, and the day on which everything is
// written again.
#include <boost/test/unit_test.hpp>
#include <set>
#include <thread>

#include "adapter_api/adapter_spec.h"
#include "adapters/simulator_kit/town_scene.h"
#include "adapters/town/world.h"
#include "conformance/recording_context.h"
#include "platform/storage/database.h"
#include "support/temp_folder.h"

namespace zhida::adapters::market_supervision {
AdapterSpec spec();
}

using namespace zhida;

namespace {

struct Town {
  test::TempFolder folder;
  simulator::TownScene scene;
  conformance::RecordingContext context;
  AdapterSpec spec = adapters::market_supervision::spec();
  AdapterSpec::Configuration config = spec.new_configuration();
  std::unique_ptr<Adapter> adapter;

  Town()
      : scene(simulator::TownScene::make(folder.path().string(), std::string(ZHIDA_BINARY_DIR) + "/bin",
                                         "market_supervision", 60, true)
                  .value()) {
    const auto started = scene.start();
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(started), conformance::why(started));
    BOOST_REQUIRE(config->read(config::parse_yaml("database: " + url() + "\n", "settings").value(), ConfigContext{}));
    adapter = spec.make(*config, context).value();
  }
  std::string url() const { return "sqlite://" + scene.state() + "/front.db"; }
  storage::Rows query(const std::string& sql, const char* columns) const {
    const auto database = storage::Database::open({.url = url(), .password = {}, .readers = 1}).value();
    storage::Rows rows;
    BOOST_REQUIRE(database->read([&](storage::Transaction& transaction) -> Result<void> {
      rows = TRY(transaction.query(sql, {}, columns));
      return ok();
    }));
    return rows;
  }
  void move_clock(const std::string& rfc3339) {
    BOOST_REQUIRE(scene.set_clock(rfc3339));
    context.manual_clock().set(parse_rfc3339(rfc3339).value());
  }
  /// What truly stands in the tables now.
  std::set<std::string> true_keys(const std::string& type) const {
    const auto world = town::World::open(scene.world()).value();
    town::RowQuery query;
    query.record_type = type;
    query.as_of = context.clock().now();
    query.limit = 1'000'000;
    std::set<std::string> keys;
    const auto rows = world.rows(query).value();
    for (const auto& row : rows)
      if (!row.withdrawn) keys.insert(row.key);
    return keys;
  }
  void check_whole(const char* when) {
    for (const auto& type : spec.record_types()) {
      BOOST_TEST_CONTEXT(when << ", " << type.name) {
        const auto expected = true_keys(type.name);
        BOOST_TEST(!expected.empty());
        BOOST_TEST(conformance::difference(expected, context.keys(type.name)) == "");
      }
    }
    BOOST_TEST(context.complaints.empty(), (context.complaints.empty() ? "" : context.complaints.front()));
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(market_supervision)

BOOST_AUTO_TEST_CASE(both_spellings_of_the_change_flag_are_read) {
  Town town;
  std::set<std::string> flags;
  for (const auto& row : town.query("SELECT DISTINCT opflag FROM reg_info", "t")) flags.insert(row.text(0));
  BOOST_TEST((flags.contains("i") || flags.contains("u")));
  BOOST_TEST((flags.contains("1") || flags.contains("2")));
  const auto pulled = town.adapter->pull({});
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(pulled), conformance::why(pulled));
  BOOST_TEST(town.context.unreadable == 0);
  town.check_whole("first pull");
}

BOOST_AUTO_TEST_CASE(a_table_that_is_emptied_and_written_again_loses_and_invents_nothing) {
  Town town;
  BOOST_REQUIRE(town.adapter->pull({}));
  town.check_whole("before");
  const auto world = town::World::open(town.scene.world()).value();
  Instant reload{};
  const auto faults = world.faults("market_supervision").value();
  for (const auto& fault : faults)
    if (fault.kind == "full_reload") reload = fault.at;
  BOOST_REQUIRE(to_millis(reload) > 0);
  town.move_clock(to_rfc3339(reload + 1h));
  // Once every row carries the load time of that day, the bureau has done.
  const auto before = town.query("SELECT MIN(load_time) FROM reg_info", "t").front().text(0);
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (town.query("SELECT MIN(load_time) FROM list_coverage", "t").front().text(0) <
             to_rfc3339(reload).substr(0, 10) &&
         std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(5ms);
  }
  BOOST_TEST(town.query("SELECT MIN(load_time) FROM reg_info", "t").front().text(0) > before);
  // A reload is waited out until it stands still, so it may take more than one pull.
  bool whole = false;
  while (!whole && std::chrono::steady_clock::now() < end) {
    const auto pulled = town.adapter->pull({});
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(pulled), conformance::why(pulled));
    for (const auto& batch : town.context.batches) whole = whole || !batch.complete_for.empty();
  }
  BOOST_TEST(whole, "the reload was never taken for the complete list");
  town.check_whole("after the reload");
  const auto batches = town.context.batches.size();
  BOOST_REQUIRE(town.adapter->pull({}));
  BOOST_TEST(town.context.batches.size() == batches);
}

BOOST_AUTO_TEST_SUITE_END()
