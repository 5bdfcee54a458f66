// The invented treasury as a process of its own, with a node in the hub's place: what it pays, says and forgets not.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "adapters/simulator_kit/hub_line.h"
#include "adapters/simulator_kit/town_scene.h"
#include "base/bytes.h"
#include "base/json.h"
#include "conformance/recording_context.h"
#include "platform/text/encoding.h"
#include "platform/text/xml.h"
#include "support/temp_folder.h"

using namespace zhida;

namespace {

constexpr const char* kNumber = "01JCX2K8V6M4T9Q0R3S5W7Y1ZA-01";
constexpr std::int64_t kAmountFen = 20'000'000;

// Written by hand, after docs/treasury_interface.md: the counterpart has that page and not our code.
Bytes message(const std::string& root, const std::string& details) {
  return text::utf8_to_gbk("<?xml version=\"1.0\" encoding=\"GBK\"?>\n<" + root +
                           " VERSION=\"1\">\n  <HEAD>\n    <MOF_DIV_CODE>330502</MOF_DIV_CODE>\n    "
                           "<FISCAL_YEAR>2025</FISCAL_YEAR>\n    <DETAIL_COUNT>1</DETAIL_COUNT>\n    "
                           "<CREATE_TIME>20251103090000</CREATE_TIME>\n  </HEAD>\n  <DETAILS>\n    <DETAIL>\n" +
                           details + "    </DETAIL>\n  </DETAILS>\n</" + root + ">\n")
      .value();
}

Bytes request(const std::string& number, const std::string& amount = "200000.00") {
  return message("PAY_REQUEST", "<BUSINESS_NO>" + number + "</BUSINESS_NO><TRACKING_ID>" + number.substr(0, 26) +
                                    "</TRACKING_ID><BGT_ID>BGT-330502-2025-0007</BGT_ID><USE_DES>惠企政策兑现 "
                                    "小巨人企业奖励 2025</USE_DES><PAYEE_ACCT_NAME>湖州样例精密机械有限公司"
                                    "</PAYEE_ACCT_NAME><PAYEE_ACCT_NO>33050000000000000019</PAYEE_ACCT_NO>"
                                    "<PAY_APP_AMT>" +
                                    amount + "</PAY_APP_AMT>\n");
}

struct Treasury {
  test::TempFolder folder;
  simulator::TownScene scene;
  std::unique_ptr<simulator::HubLine> hub;

  explicit Treasury(bool faults = false)
      : scene(simulator::TownScene::make(folder.path().string(), programs(), "treasury", 5, faults).value()) {
    std::filesystem::copy_file(std::string(ZHIDA_SOURCE_DIR) + "/mappings/codes/workdays.csv",
                               folder.file("town/workdays.csv"));
    Log::set_level(LogLevel::error);
    BOOST_REQUIRE(simulator::issue_certificates(programs(), folder.file("certs")));
    auto line = simulator::HubLine::open({.certs = folder.file("certs"),
                                          .peer = "treasury",
                                          .listen_address = "treasury.receipts",
                                          .outgoing_address = "treasury.instructions",
                                          .clock = folder.file("clock")});
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(line), conformance::why(line));
    hub = std::move(line.value());
    start();
  }
  static std::string programs() { return std::string(ZHIDA_BINARY_DIR) + "/bin"; }
  void start() {
    const auto started = scene.start({"--hub", hub->address()});
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(started), conformance::why(started));
  }

  std::string send(const std::string& id, const std::string& subject, const Bytes& body, bool spoil = false,
                   bool in_batch = false) {
    const auto outcome = hub->send(id, subject, body, spoil, in_batch);
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(outcome), conformance::why(outcome));
    return outcome.value().kind == messaging::OutcomeKind::accepted ? "accepted" : outcome.value().code;
  }
  static std::string part(const simulator::HubLine::Letter& letter, const char* name) {
    const auto document = text::XmlDocument::parse(letter.envelope.body).value();
    return document.root().child("DETAILS")->child("DETAIL")->child_text(name).value_or("");
  }
  /// The states that were told of a number, in order; a broken seal is marked.
  std::vector<std::string> told(const std::string& number) const {
    std::vector<std::string> states;
    for (const auto& letter : hub->letters()) {
      if (!letter.report.passed()) {
        states.emplace_back(seal::name_of(letter.report.code));
      } else if (part(letter, "BUSINESS_NO") == number) {
        states.push_back(part(letter, "STATE"));
      }
    }
    return states;
  }
  std::string story(const std::string& number) const {
    std::string text;
    for (const auto& state : told(number)) text += (text.empty() ? "" : " ") + state;
    return text;
  }
  bool comes(const std::string& number, const std::string& expected) {
    const bool came = hub->wait_for([&] { return story(number) == expected; });
    BOOST_TEST(story(number) == expected);
    return came;
  }
  std::int64_t counted(const char* what) {
    const auto text = read_file(scene.state() + "/summary.json");
    if (!text) return -1;
    const auto json = parse_json(text.value());
    return json ? json.value().value(what, std::int64_t{-1}) : -1;
  }
  void expect(const char* what, std::int64_t number) {
    (void)hub->wait_for([&] { return counted(what) == number; });
    BOOST_TEST(counted(what) == number, what << ": " << counted(what) << " is not " << number);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(treasury)

BOOST_AUTO_TEST_CASE(a_request_is_accepted_at_once_and_paid_on_the_next_working_day) {
  Treasury treasury;
  BOOST_TEST(treasury.send("m1", "payment_request/1", request(kNumber)) == "accepted");
  treasury.comes(kNumber, "ACCEPTED");
  treasury.expect("money_out_fen", 0);
  BOOST_REQUIRE(treasury.scene.set_clock("2025-11-04T09:00:00+08:00"));
  treasury.comes(kNumber, "ACCEPTED AUDITED VOUCHER PAID");
  treasury.expect("money_out_fen", kAmountFen);
  treasury.expect("due_later", 0);
  const auto& paid = treasury.hub->letters().back();
  BOOST_TEST(Treasury::part(paid, "XPAY_AMT") == "200000.00");
  BOOST_TEST(Treasury::part(paid, "XPAY_DATE") == "20251104");
  BOOST_TEST(!Treasury::part(paid, "AGENT_BUSINESS_NO").empty());
  BOOST_TEST(paid.envelope.correlation_id == "m1");
  // What the budget system will list.
  const auto book = read_file(treasury.scene.state() + "/payments.jsonl").value();
  BOOST_TEST(std::count(book.begin(), book.end(), '\n') == 1);
  BOOST_TEST(treasury.scene.child().stop() == 0);
}

BOOST_AUTO_TEST_CASE(the_same_number_is_paid_once_and_never_with_other_content) {
  Treasury treasury;
  for (const char* id : {"m1", "m1", "m2"})
    BOOST_TEST(treasury.send(id, "payment_request/1", request(kNumber)) == "accepted");
  BOOST_TEST(treasury.send("m3", "payment_request/1", request(kNumber, "900000.00")) == "business_no_reused");
  BOOST_TEST(treasury.send("m4", "payment_request/1", request("01JCX2K8V6M4T9Q0R3S5W7Y1ZB-01"), true) == "accepted");
  // One of a batch, and one whose way leads elsewhere.
  BOOST_TEST(treasury.send("m7", "payment_request/1", request(kNumber), false, true) == "accepted");
  BOOST_TEST(treasury.send("m8", "payment_request/1", request("01JCX2K8V6M4T9Q0R3S5W7Y1ZC-01"), true, true) ==
             "accepted");
  BOOST_TEST(treasury.send("m5", "salutation/1", request(kNumber)) == "subject_unknown");
  BOOST_TEST(treasury.send("m6", "payment_request/1", "<PAY_REQUEST>") != "accepted");
  BOOST_REQUIRE(treasury.scene.set_clock("2025-11-04T09:00:00+08:00"));
  treasury.comes(kNumber, "ACCEPTED AUDITED VOUCHER PAID");
  treasury.expect("money_out_fen", kAmountFen);
  treasury.expect("requests_seen", 1);
  treasury.expect("repeats", 3);
  treasury.expect("contradictions", 1);
  treasury.expect("wrong_seals", 2);
  treasury.expect("paid_twice", 0);
}

BOOST_AUTO_TEST_CASE(a_power_cut_loses_nothing_and_pays_nothing_twice) {
  Treasury treasury;
  BOOST_TEST(treasury.send("m1", "payment_request/1", request(kNumber)) == "accepted");
  treasury.scene.child().kill();
  BOOST_REQUIRE(treasury.scene.set_clock("2025-11-04T09:00:00+08:00"));
  treasury.start();
  treasury.comes(kNumber, "ACCEPTED AUDITED VOUCHER PAID");
  treasury.scene.child().kill();
  treasury.start();
  BOOST_TEST(treasury.send("m1", "payment_request/1", request(kNumber)) == "accepted");
  treasury.expect("repeats", 1);
  treasury.expect("money_out_fen", kAmountFen);
  treasury.expect("due_now", 0);
  BOOST_TEST(treasury.hub->contradictions() == 0);
}

BOOST_AUTO_TEST_CASE(a_cancellation_that_comes_first_is_remembered) {
  Treasury treasury;
  const auto cancel = message("PAY_CANCEL", "<BUSINESS_NO>" + std::string(kNumber) + "</BUSINESS_NO>\n");
  BOOST_TEST(treasury.send("c1", "payment_cancel/1", cancel) == "accepted");
  treasury.comes(kNumber, "CANCELLED");
  treasury.scene.child().kill();
  treasury.start();
  BOOST_TEST(treasury.send("m1", "payment_request/1", request(kNumber)) == "accepted");
  const std::string other = "01JCX2K8V6M4T9Q0R3S5W7Y1ZB-01";
  BOOST_TEST(treasury.send("m2", "payment_request/1", request(other)) == "accepted");
  BOOST_REQUIRE(treasury.scene.set_clock("2025-11-06T09:00:00+08:00"));
  treasury.comes(other, "ACCEPTED AUDITED VOUCHER PAID");
  BOOST_TEST(treasury.story(kNumber) == "CANCELLED");
  treasury.expect("money_out_fen", kAmountFen);
  // Too late for the one that was paid.
  BOOST_TEST(treasury.send("c2", "payment_cancel/1",
                           message("PAY_CANCEL", "<BUSINESS_NO>" + other + "</BUSINESS_NO>\n")) == "accepted");
  treasury.comes(other, "ACCEPTED AUDITED VOUCHER PAID PAID");
}

BOOST_AUTO_TEST_CASE(a_query_is_answered_with_what_stands_on_record) {
  Treasury treasury;
  const auto ask = [&](const std::string& id) {
    BOOST_TEST(treasury.send(id, "status_query/1",
                             message("PAY_QUERY", "<BUSINESS_NO>" + std::string(kNumber) + "</BUSINESS_NO>\n")) ==
               "accepted");
  };
  ask("q1");
  ask("q1");
  treasury.comes(kNumber, "NOT_FOUND");
  BOOST_TEST(treasury.send("m1", "payment_request/1", request(kNumber)) == "accepted");
  treasury.comes(kNumber, "NOT_FOUND ACCEPTED");
  BOOST_REQUIRE(treasury.scene.set_clock("2025-11-04T09:00:00+08:00"));
  treasury.comes(kNumber, "NOT_FOUND ACCEPTED AUDITED VOUCHER PAID");
  ask("q2");
  treasury.comes(kNumber, "NOT_FOUND ACCEPTED AUDITED VOUCHER PAID PAID");
  treasury.expect("money_out_fen", kAmountFen);
}

BOOST_AUTO_TEST_CASE(with_a_demos_faults_the_books_still_agree) {
  Treasury treasury(true);
  std::vector<std::string> numbers;
  for (int i = 0; i < 40; ++i) {
    const std::string tail = std::to_string(100 + i);
    numbers.push_back("01JCX2K8V6M4T9Q0R3S5W7Y" + tail + "-01");
    BOOST_REQUIRE(treasury.send("m" + tail, "payment_request/1", request(numbers.back())) == "accepted");
  }
  for (const char* day : {"04", "05", "06", "07", "10", "11", "12", "13", "14"})
    BOOST_REQUIRE(treasury.scene.set_clock("2025-11-" + std::string(day) + "T09:00:00+08:00"));
  treasury.expect("due_later", 0);
  treasury.expect("due_now", 0);
  // What was said under a good seal, counted by itself: the last word on money is what left the bank.
  std::int64_t out = 0;
  int sent_back = 0;
  for (const auto& number : numbers) {
    bool paid = false, returned = false;
    for (const auto& state : treasury.told(number)) {
      paid = paid || state == "PAID";
      returned = returned || state == "RETURNED";
      sent_back += state == "SENT_BACK";
    }
    if (paid && !returned) out += kAmountFen;
  }
  treasury.expect("money_out_fen", out);
  BOOST_TEST(out > 0);
  BOOST_TEST(sent_back > 0);
  treasury.expect("paid_twice", 0);
  // Answers of one round share a seal.
  const auto& letters = treasury.hub->letters();
  const auto batched = std::count_if(letters.begin(), letters.end(), [](const auto& letter) {
    return letter.envelope.properties.at("seal-form") == "batch" && letter.report.passed();
  });
  BOOST_TEST(batched > 40);
}

BOOST_AUTO_TEST_SUITE_END()
