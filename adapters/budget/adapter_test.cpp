// The budget adapter against its simulator: increments, and our own payments among those of others.
#include <boost/test/unit_test.hpp>
#include <set>

#include "adapter_api/adapter_spec.h"
#include "adapters/simulator_kit/town_scene.h"
#include "adapters/town/world.h"
#include "base/bytes.h"
#include "conformance/recording_context.h"
#include "support/temp_folder.h"

namespace zhida::adapters::budget {
AdapterSpec spec();
}

using namespace zhida;

BOOST_AUTO_TEST_SUITE(budget)

BOOST_AUTO_TEST_CASE(our_payments_come_among_those_of_others_and_changes_come_later) {
  test::TempFolder folder;
  auto made =
      simulator::TownScene::make(folder.path().string(), std::string(ZHIDA_BINARY_DIR) + "/bin", "budget", 20, true);
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(made), conformance::why(made));
  auto& scene = made.value();
  const auto treasury = folder.file("payments.jsonl");
  const auto started = scene.start({"--treasury-state", treasury});
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(started), conformance::why(started));

  conformance::RecordingContext context;
  const auto spec = adapters::budget::spec();
  const auto config = spec.new_configuration();
  const auto yaml = "endpoint: " + scene.address() + "/budget\nca_file: " + scene.ca_file() +
                    "\nsecret: file:" + scene.secret_file() + "\npage_size: 7\n";
  const auto read = config->read(config::parse_yaml(yaml, "settings").value(), ConfigContext{});
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(read), conformance::why(read));
  const auto adapter = spec.make(*config, context).value();
  const auto pull = [&] {
    const auto pulled = adapter->pull({});
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(pulled), conformance::why(pulled));
  };

  pull();
  const auto world = town::World::open(scene.world()).value();
  for (const std::string type : {"budget.appropriation", "budget.payment"}) {
    town::RowQuery query;
    query.record_type = type;
    query.as_of = context.clock().now();
    query.limit = 100'000;
    std::set<std::string> expected;
    const auto rows = world.rows(query).value();
    for (const auto& row : rows)
      if (!row.withdrawn) expected.insert(row.key);
    BOOST_TEST(!expected.empty());
    BOOST_TEST(conformance::difference(expected, context.keys(type)) == "");
  }

  folder.write("payments.jsonl",
               R"({"pay_app_no":"ZF1","business_no":"B-1","bgt_id":"X","mof_div_code":"330500","amount_fen":8000050,)"
               R"("payee_acct_name":"某公司","use_des":"奖励","at":"2025-11-03T09:05:00+08:00"})"
               "\n{\"pay_app_no\":\"ZF2\",\"half a line");
  context.manual_clock().advance(10min);
  BOOST_REQUIRE(scene.set_clock("2025-11-03T09:10:00+08:00"));
  pull();
  BOOST_REQUIRE(context.keys("budget.payment").contains("ZF1"));
  BOOST_TEST(!context.keys("budget.payment").contains("ZF2"));
  const auto& ours = context.rows.at({"budget.payment", "ZF1"});
  BOOST_TEST(ours.columns.at("BUSINESS_NO").value() == "B-1");
  BOOST_TEST(ours.columns.at("PAY_APP_AMT").value() == "80000.50");

  folder.write("payments.jsonl",
               R"({"pay_app_no":"ZF1","business_no":"B-1","bgt_id":"X","mof_div_code":"330500","amount_fen":8000050,)"
               R"("payee_acct_name":"某公司","use_des":"奖励","at":"2025-11-03T09:05:00+08:00"})"
               "\n"
               R"({"pay_app_no":"ZF1","business_no":"B-1","bgt_id":"X","mof_div_code":"330500","amount_fen":8000050,)"
               R"("payee_acct_name":"某公司","use_des":"奖励","at":"2025-11-03T09:15:00+08:00","deleted":true})"
               "\n");
  context.manual_clock().advance(10min);
  BOOST_REQUIRE(scene.set_clock("2025-11-03T09:20:00+08:00"));
  pull();
  BOOST_TEST(!context.keys("budget.payment").contains("ZF1"));
  BOOST_TEST(context.withdrawn.contains("ZF1"));
  BOOST_TEST(context.complaints.empty());
}

BOOST_AUTO_TEST_SUITE_END()
