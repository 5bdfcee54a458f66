// grants.yaml, peers.yaml, what a delivery drops, and signatures.
#include <boost/test/unit_test.hpp>

#include "adapter_api/grants.h"
#include "adapter_api/peers.h"
#include "adapter_api/transports/amqp_push.h"
#include "adapter_api/transports/delivery.h"
#include "adapter_api/transports/signed_http.h"
#include "conformance/recording_context.h"

using namespace zhida;
using conformance::RecordingContext;

namespace {

constexpr const char* kGrants = R"(
grants:
  - source: tax
    legal_basis: 某某办法第五条
    purpose: 资格核验
    agreement: 湖数共享〔2025〕12号
    from: 2025-01-01
    to: 2025-12-31
    record_types:
      tax.registration: all
      tax.arrears: [djxh, tax_no]
)";

Date day(const char* text) {
  return Date::parse(text).value();
}

const std::string kFingerprint(64, 'a');

std::string peers(const std::string& more = "") {
  return "peers:\n  - name: treasury\n    certificates: [" + kFingerprint +
         "]\n    seals: [T1]\n    may_send: [treasury.receipts]\n    may_receive: [treasury.instructions]\n"
         "    may_come_from: [127.0.0.0/8]\n" +
         more;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rules)

BOOST_AUTO_TEST_CASE(a_grant_covers_its_source_types_columns_and_days) {
  const auto grants = Grants::parse(kGrants, "grants.yaml");
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(grants), conformance::why(grants));
  const auto& book = grants.value();
  BOOST_TEST(book.granted("tax", "tax.registration", day("2025-01-01")));
  BOOST_TEST(book.granted("tax", "tax.registration", day("2025-12-31")));
  BOOST_TEST(!book.granted("tax", "tax.registration", day("2026-01-01")));
  BOOST_TEST(!book.granted("tax", "tax.sales", day("2025-06-01")));
  BOOST_TEST(!book.granted("credit", "tax.registration", day("2025-06-01")));
  BOOST_TEST(book.column_granted("tax", "tax.registration", "anything", day("2025-06-01")));
  BOOST_TEST(book.column_granted("tax", "tax.arrears", "djxh", day("2025-06-01")));
  BOOST_TEST(!book.column_granted("tax", "tax.arrears", "cumu_own_amt", day("2025-06-01")));
  BOOST_TEST(!Grants().granted("tax", "tax.registration", day("2025-06-01")));
}

BOOST_AUTO_TEST_CASE(a_wrong_grant_says_where_it_is_wrong) {
  const std::string good = kGrants;
  const auto with = [&](const std::string& from, const std::string& to) {
    auto text = good;
    text.replace(text.find(from), from.size(), to);
    return Grants::parse(text, "grants.yaml");
  };
  for (const auto& wrong :
       {with("2025-01-01", "2027-01-01"), with("2025-01-01", "soon"), with("tax.arrears", "credit.rating"),
        with("某某办法第五条", "\"\""), with("all", "most"), with("purpose", "porpoise")}) {
    BOOST_REQUIRE(!wrong);
    BOOST_TEST(wrong.error().code == "grants_malformed");
    BOOST_TEST(wrong.error().message.find("grants.yaml:") != std::string::npos, wrong.error().message);
  }
}

BOOST_AUTO_TEST_CASE(a_peer_is_its_certificate_and_may_do_what_is_listed) {
  const auto parsed = PeerBook::parse(peers(), "peers.yaml");
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(parsed), conformance::why(parsed));
  const auto& book = parsed.value();
  BOOST_TEST(book.peer_of(kFingerprint).value() == "treasury");
  BOOST_TEST(!book.peer_of(std::string(64, 'b')));
  BOOST_TEST(book.may_send("treasury", "treasury.receipts"));
  BOOST_TEST(!book.may_send("treasury", "treasury.instructions"));
  BOOST_TEST(book.may_receive("treasury", "treasury.instructions"));
  BOOST_TEST(book.owns_seal("treasury", "T1"));
  BOOST_TEST(!book.owns_seal("credit", "T1"));
  BOOST_TEST(book.may_come_from("treasury", "127.0.0.1"));
  BOOST_TEST(!book.may_come_from("treasury", "10.0.0.1"));
  const auto rules = PeerBook::rules(std::make_shared<const PeerBook>(book));
  BOOST_TEST(rules.peer_of(kFingerprint).value() == "treasury");
  BOOST_TEST(!rules.may_send("stranger", "treasury.receipts"));
}

BOOST_AUTO_TEST_CASE(certificates_and_seals_stand_with_one_peer_only) {
  for (const auto& more : {"  - name: treasury\n", "  - name: credit\n    seals: [T1]\n",
                           "  - name: credit\n    certificates: [aa]\n", "  - name: credit\n    rights: all\n"}) {
    const auto wrong = PeerBook::parse(peers(more), "peers.yaml");
    BOOST_REQUIRE(!wrong);
    BOOST_TEST(wrong.error().code == "peers_malformed");
  }
  std::string colons;
  for (int i = 0; i < 32; ++i) colons += i == 0 ? "BB" : ":BB";
  const auto read = PeerBook::parse(peers("  - name: credit\n    certificates: [\"" + colons + "\"]\n"), "peers.yaml");
  BOOST_REQUIRE(read);
  BOOST_TEST(read.value().peer_of(std::string(64, 'b')).value() == "credit");
}

BOOST_AUTO_TEST_CASE(what_is_not_granted_is_stored_nowhere) {
  RecordingContext context;
  context.column_withheld = "tax.arrears/secret";
  SourceBatch batch;
  SourceRecord record;
  record.record_type = "tax.arrears";
  record.columns = {{"djxh", "1"}, {"secret", "13800000000"}};
  record.body = R"({"djxh":1,"secret":"13800000000"})";
  batch.records = {record};
  transports::keep_granted(context, batch);
  BOOST_REQUIRE_EQUAL(batch.records.size(), 1);
  BOOST_TEST(batch.records[0].body == R"({"djxh":"1"})");
  context.grant_nothing = true;
  transports::keep_granted(context, batch);
  BOOST_TEST(batch.records.empty());
}

BOOST_AUTO_TEST_CASE(the_same_rows_have_the_same_id_on_the_same_day_only) {
  SourceBatch batch;
  SourceRecord record;
  record.key = "1";
  record.body = "x";
  batch.records = {record};
  const auto id = transports::digest_batch_id("page", batch, day("2025-11-03"));
  BOOST_TEST(id == transports::digest_batch_id("page", batch, day("2025-11-03")));
  BOOST_TEST(id != transports::digest_batch_id("page", batch, day("2025-11-04")));
  batch.records[0].change = Change::withdraw;
  BOOST_TEST(id != transports::digest_batch_id("page", batch, day("2025-11-03")));
}

// RFC 4231 gives the HMAC; that id, time and nonce stand in this order is the gateway's document.
BOOST_AUTO_TEST_CASE(signatures_are_made_of_the_agreed_parts) {
  const Secret<std::string> secret(std::string("Jefe"));
  const auto headers = transports::client_gateway_signature("what do ya want ", secret)(0, " for nothing?");
  BOOST_TEST(headers.at("X-Timestamp") == "0");
  const auto other = transports::national_platform_signature("what do ya want ", "for nothing?", secret)(5, "unused");
  BOOST_TEST(other.size() == 4);
  BOOST_TEST(other.at("gjgxjhpt_rtime") == "5");
  // HMAC-SHA256("Jefe", "what do ya want for nothing?") where time and nonce are empty would be RFC 4231 case 2; ours
  // carries a time, so that the two headers are compared by their own parts instead.
  BOOST_TEST(headers.at("X-Signature") != other.at("gjgxjhpt_sign"));
}

BOOST_AUTO_TEST_CASE(a_message_is_the_batch_of_its_message_id) {
  PushedMessage message{.peer = "credit",
                        .address = "credit.records",
                        .message_id = "m1",
                        .subject = {},
                        .content_type = {},
                        .trace_id = {},
                        .body = "{}",
                        .seal = "s",
                        .received_at = {}};
  const auto fill = [](const PushedMessage&, SourceBatch&) -> Result<void> { return ok(); };
  const auto batch = transports::batch_of_message("credit", message, fill);
  BOOST_REQUIRE(batch);
  BOOST_TEST(batch.value().batch_id == "message:credit:m1");
  BOOST_TEST(batch.value().payload == "{}");
  message.message_id.clear();
  BOOST_TEST(!transports::batch_of_message("credit", message, fill));
}

BOOST_AUTO_TEST_SUITE_END()
