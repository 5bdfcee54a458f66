// Department lists against their simulator: a newer file replaces the older one as a whole.
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "adapter_api/adapter_spec.h"
#include "adapters/simulator_kit/town_scene.h"
#include "adapters/town/world.h"
#include "base/bytes.h"
#include "conformance/recording_context.h"
#include "support/temp_folder.h"

namespace zhida::adapters::department_lists {
AdapterSpec spec();
}

using namespace zhida;

namespace {

struct Folder {
  test::TempFolder folder;
  conformance::RecordingContext context;
  AdapterSpec spec = adapters::department_lists::spec();
  AdapterSpec::Configuration config = spec.new_configuration();
  std::unique_ptr<Adapter> adapter;

  void connect(const std::string& exchange, const std::string& more = "") {
    const auto yaml = "folder: " + exchange + "\nstable_for: 0s\n" + more;
    BOOST_REQUIRE(config->read(config::parse_yaml(yaml, "settings").value(), ConfigContext{}));
    adapter = spec.make(*config, context).value();
  }
  void pull() {
    const auto pulled = adapter->pull({});
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(pulled), conformance::why(pulled));
  }
};

constexpr const char* kHeader = "企业名称,统一社会信用代码,专利号,国家,授权日期\r\n";
std::string patent(const std::string& number) {
  return "样例有限公司,91330100716105852F," + number + ",美国,2025-1-2\r\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(department_lists)

BOOST_AUTO_TEST_CASE(a_newer_file_takes_off_the_list_whom_it_lacks) {
  Folder drop;
  const auto exchange = drop.folder.file("exchange");
  drop.connect(exchange);
  drop.folder.write("exchange/inbox/patents_20251001.csv", kHeader + patent("US1") + patent("US2"));
  drop.pull();
  BOOST_TEST(conformance::difference({"US1", "US2"}, drop.context.keys("department_lists.patents")) == "");
  drop.folder.write("exchange/inbox/patents_20251101.csv", "\xEF\xBB\xBF" + (kHeader + patent("US2") + patent("US3")));
  drop.folder.write("exchange/inbox/patents_20251101_notes.txt", "not a list");
  drop.pull();
  BOOST_TEST(conformance::difference({"US2", "US3"}, drop.context.keys("department_lists.patents")) == "");
  const auto& coverage = drop.context.rows.at({"department_lists.list_coverage", "patents"});
  BOOST_TEST(coverage.as_of->to_string() == "2025-11-01");
  BOOST_TEST(coverage.columns.at("rows").value() == "2");
  BOOST_TEST(std::filesystem::exists(exchange + "/processed/patents_20251101.csv"));
  BOOST_TEST(std::filesystem::exists(exchange + "/inbox/patents_20251101_notes.txt"));
}

BOOST_AUTO_TEST_CASE(a_refused_file_leaves_the_list_as_it_was_and_says_why) {
  Folder drop;
  const auto exchange = drop.folder.file("exchange");
  drop.connect(exchange);
  drop.folder.write("exchange/inbox/patents_20251001.csv", kHeader + patent("US1"));
  drop.folder.write("exchange/inbox/patents_20251101.csv", "企业名称,专利号\r\n样例有限公司,US9\r\n");
  drop.pull();
  BOOST_TEST(conformance::difference({"US1"}, drop.context.keys("department_lists.patents")) == "");
  const auto reason = read_file(exchange + "/refused/patents_20251101.csv.reason.txt");
  BOOST_REQUIRE(reason);
  BOOST_TEST(reason.value().find("list_column_missing") != std::string::npos);
  BOOST_TEST(reason.value().find("统一社会信用代码") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(every_list_of_the_town_comes_over_in_its_own_encoding) {
  Folder drop;
  auto scene = simulator::TownScene::make(drop.folder.path().string(), std::string(ZHIDA_BINARY_DIR) + "/bin",
                                          "department_lists", 60, true)
                   .value();
  const auto started = scene.start();
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(started), conformance::why(started));
  drop.connect(scene.state() + "/exchange");
  drop.pull();
  std::set<std::string> encodings;
  const auto world = town::World::open(scene.world()).value();
  const auto files = world.deliveries("department_lists", drop.context.clock().now()).value();
  std::map<std::string, town::Delivery> newest;
  for (const auto& file : files) {
    encodings.insert(file.encoding);
    newest[file.record_type] = file;
  }
  BOOST_TEST(encodings.size() == 3u);
  BOOST_TEST(newest.size() == 5u);
  for (const auto& [type, file] : newest) {
    town::RowQuery query;
    query.record_type = type;
    query.as_of = drop.context.clock().now();
    query.batch = file.id;
    query.all_versions = true;
    query.limit = 1'000'000;
    std::set<std::string> keys;
    const auto rows = world.rows(query).value();
    for (const auto& row : rows) keys.insert(row.key);
    BOOST_TEST(conformance::difference(keys, drop.context.keys(type)) == "", type);
  }
  BOOST_TEST(drop.context.keys("department_lists.list_coverage").size() == 5u);
  BOOST_TEST(drop.context.complaints.empty());
}

BOOST_AUTO_TEST_SUITE_END()
