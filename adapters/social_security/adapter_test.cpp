// Social security against its simulator: packages with deliberate faults, the feedback for each, and sealed decisions
// that the fund acknowledges.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "adapter_api/adapter_spec.h"
#include "adapters/simulator_kit/hub_line.h"
#include "adapters/simulator_kit/town_scene.h"
#include "adapters/town/world.h"
#include "base/bytes.h"
#include "conformance/recording_context.h"
#include "platform/text/encoding.h"
#include "platform/text/xml.h"
#include "seal/sealer.h"
#include "support/temp_folder.h"

namespace zhida::adapters::social_security {
AdapterSpec spec();
}

using namespace zhida;
namespace fs = std::filesystem;

namespace {

struct Folder {
  test::TempFolder folder;
  std::string exchange;
  conformance::RecordingContext context;
  AdapterSpec spec = adapters::social_security::spec();
  AdapterSpec::Configuration config = spec.new_configuration();
  std::unique_ptr<Adapter> adapter;

  void connect(const std::string& where) {
    exchange = where;
    const auto yaml = "folder: " + exchange + "\nstable_for: 0s\n";
    BOOST_REQUIRE(config->read(config::parse_yaml(yaml, "settings").value(), ConfigContext{}));
    adapter = spec.make(*config, context).value();
  }
  void pull() {
    const auto pulled = adapter->pull({});
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(pulled), conformance::why(pulled));
  }
  text::XmlDocument feedback(const std::string& file) const {
    auto octets = read_file(exchange + "/feedback/" + file + ".fk.xml");
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(octets), file << ": " << conformance::why(octets));
    return text::XmlDocument::parse(octets.value()).value();
  }
  std::string head(const std::string& file, const char* name) const {
    return feedback(file).root().child("HEAD")->child_text(name).value_or("");
  }
};

Bytes package(const std::string& number, int count, const std::string& records) {
  return text::utf8_to_gb18030("<?xml version=\"1.0\" encoding=\"GB18030\"?>\n<SJB><HEAD><SJBBH>" + number +
                               "</SJBBH><JLS>" + std::to_string(count) +
                               "</JLS><SCRQ>20251101</SCRQ></HEAD>\n<JFXX101>\n" + records + "</JFXX101></SJB>\n")
      .value();
}
std::string payment(const std::string& key) {
  return "<RECORD><AAZ083>" + key +
         "</AAZ083><AAB001>U1</AAB001><AAB998>91330100716105852F</AAB998><AAE140>210</AAE140>"
         "<AAE003>202510</AAE003><AAB119>5</AAB119><AAE080>10.00</AAE080></RECORD>\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(social_security)

BOOST_AUTO_TEST_CASE(the_feedback_says_what_was_taken_and_why_the_rest_was_not) {
  Folder drop;
  drop.connect(drop.folder.file("exchange"));
  drop.folder.write("exchange/inbox/A.xml", package("SJB1", 3, payment("Z1") + payment(" ") + payment("Z3")));
  drop.folder.write("exchange/inbox/B.xml", package("SJB2", 9, payment("Z9")));
  drop.pull();
  BOOST_TEST(conformance::difference({"Z1", "Z3"}, drop.context.keys("social_security.payment")) == "");
  BOOST_TEST(drop.head("A.xml", "SJBBH") == "SJB1");
  BOOST_TEST(drop.head("A.xml", "JSJG") == "1");
  BOOST_TEST(drop.head("A.xml", "JLS") == "3");
  BOOST_TEST(drop.head("A.xml", "RKS") == "2");
  const auto document = drop.feedback("A.xml");
  const auto errors = document.root().child("YWJY101")->children("RECORD");
  BOOST_REQUIRE(errors.size() == 1u);
  BOOST_TEST(errors.front().child_text("RECORD_INDEX").value() == "2");
  BOOST_TEST(errors.front().child_text("RKHJYSBYY").value().find("key_missing") == 0u);
  BOOST_TEST(drop.head("B.xml", "JSJG") == "0");
  BOOST_TEST(drop.head("B.xml", "YY").find("package_count_differs") == 0u);
  BOOST_TEST(fs::exists(drop.exchange + "/refused/B.xml"));
}

BOOST_AUTO_TEST_CASE(a_package_number_counts_once_under_any_file_name) {
  Folder drop;
  drop.connect(drop.folder.file("exchange"));
  for (const char* name : {"A.xml", "A_again.xml"})
    drop.folder.write("exchange/inbox/" + std::string(name), package("SJB1", 1, payment("Z1")));
  drop.pull();
  BOOST_TEST(drop.context.batches.size() == 1u);
  BOOST_TEST(drop.context.deliveries == 2);
  BOOST_TEST(drop.head("A_again.xml", "RKS") == "1");
  BOOST_TEST(drop.context.complaints.empty());
}

BOOST_AUTO_TEST_CASE(the_towns_packages_come_over_and_decisions_are_acknowledged_under_a_good_seal_only) {
  Folder drop;
  const std::string programs = std::string(ZHIDA_BINARY_DIR) + "/bin";
  auto scene = simulator::TownScene::make(drop.folder.path().string(), programs, "social_security", 60, true).value();
  const auto certs = drop.folder.file("certs");
  BOOST_REQUIRE(simulator::issue_certificates(programs, certs));
  const auto started = scene.start();
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(started), conformance::why(started));
  drop.connect(scene.state() + "/exchange");
  drop.pull();

  const auto now = drop.context.clock().now();
  const auto world = town::World::open(scene.world()).value();
  std::map<std::string, std::set<std::string>> expected;
  std::set<std::string> faults;
  const auto deliveries = world.deliveries("social_security", now).value();
  for (const auto& delivery : deliveries) {
    faults.insert(delivery.fault);
    const bool bad = delivery.fault == "wrong_count" || delivery.fault == "truncated";
    BOOST_TEST(drop.head(delivery.id + ".xml", "JSJG") == (bad ? "0" : "1"), delivery.id << " " << delivery.fault);
    if (bad) continue;
    for (const auto& type : delivery.record_types) {
      town::RowQuery query;
      query.record_type = type;
      query.as_of = now;
      query.batch = delivery.id;
      query.all_versions = true;
      query.limit = 1'000'000;
      const auto rows = world.rows(query).value();
      for (const auto& row : rows) expected[type].insert(row.key);
    }
  }
  for (const char* fault : {"wrong_count", "truncated", "sent_twice"}) BOOST_TEST(faults.contains(fault), fault);
  for (const auto& [type, keys] : expected)
    BOOST_TEST(conformance::difference(keys, drop.context.keys(type)) == "", type);
  BOOST_TEST(drop.context.complaints.empty());

  // Two sealed decisions out; the second one is altered afterwards, as on a share that somebody else may write to.
  seal::TrustFiles files;
  files.roots = {certs + "/seal/ca.crt"};
  files.revocation_lists = {certs + "/seal/ca.crl"};
  const auto sealer =
      seal::Sealer::create({certs + "/seal/hub.esl", certs + "/seal/hub.key", certs + "/seal/hub.crt", {}},
                           seal::Trust::load(files).value())
          .value();
  const auto decision = [&](const std::string& id, const std::string& later) {
    OutgoingMessage message;
    message.message_id = id;
    message.subject = "decision/1";
    message.content_type = "application/json";
    message.body = R"({"case":"C-)" + id + R"(","kind":"benefit_decision"})";
    message.seal = sealer->seal(message.body, message.content_type, id, "trace", now).value();
    message.body += later;
    return message;
  };
  scene.child().kill();  // So that both are found in one look, and while nobody was there.
  BOOST_REQUIRE(drop.adapter->send(decision("bad", " ")));
  BOOST_REQUIRE(drop.adapter->send(decision("good", "")));
  BOOST_REQUIRE(drop.adapter->send(decision("good", "")));
  BOOST_REQUIRE(scene.start());  // It looks before it says that it is ready.
  drop.pull();
  BOOST_TEST(conformance::difference({"good"}, drop.context.keys("social_security.decision_report")) == "");
  const auto& report = drop.context.rows.at({"social_security.decision_report", "good"});
  BOOST_TEST(report.columns.at("case_id").value() == "C-good");
  BOOST_TEST(report.columns.at("state").value() == "accepted");
  BOOST_TEST(!report.columns.at("reference").value().empty());
  BOOST_REQUIRE(scene.start());
  const auto before = drop.context.batches.size();
  drop.pull();
  BOOST_TEST(drop.context.batches.size() == before, "a decision was acknowledged twice");
}

BOOST_AUTO_TEST_SUITE_END()
