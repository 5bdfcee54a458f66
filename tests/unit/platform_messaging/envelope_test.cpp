#include "platform/messaging/envelope.h"

#include <boost/test/unit_test.hpp>
#include <random>

#include "raw_peer.h"

using namespace zhida;
using namespace zhida::messaging;
namespace amqp = zhida::messaging::testing::amqp;

namespace {

Bytes section(std::uint8_t code, ByteView value) {
  return Bytes("\0\x53", 2) + static_cast<char>(code) + Bytes(value);
}
Bytes properties(ByteView id) {
  return amqp::described(0x73, 1, id);
}
const Bytes kBody = section(0x75, amqp::binary("body"));
const Bytes kId = properties(amqp::string("m1"));

Envelope full() {
  Envelope envelope;
  envelope.message_id = "01JABC";
  envelope.correlation_id = "c-1";
  envelope.subject = "payment_request/1";
  envelope.reply_to = "replies";
  envelope.group_id = "91110000600037341L";
  envelope.content_type = "application/xml";
  envelope.address = "treasury.instructions";
  envelope.properties = {{"digest", "abc"}, {"名", "值"}};
  envelope.seal = Bytes("\0\1\2\xff", 4);
  envelope.body = Bytes("<a/>\0\xfe", 6);
  return envelope;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(envelope)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_byte_for_byte) {
  for (const std::size_t size : {1u, 200u, 255u, 256u, 70'000u}) {
    Envelope envelope = full();
    envelope.body = Bytes(size, '\x80');
    envelope.seal = Bytes(size, '\x01');
    const auto read = decode(encode(envelope)).value();
    BOOST_TEST(read.message_id == envelope.message_id);
    BOOST_TEST(read.correlation_id == envelope.correlation_id);
    BOOST_TEST(read.subject == envelope.subject);
    BOOST_TEST(read.reply_to == envelope.reply_to);
    BOOST_TEST(read.group_id == envelope.group_id);
    BOOST_TEST(read.content_type == envelope.content_type);
    BOOST_TEST(read.address == envelope.address);
    BOOST_TEST((read.properties == envelope.properties));
    BOOST_TEST((read.seal == envelope.seal));
    BOOST_TEST((read.body == envelope.body));
  }
}

// A repetition after an update of the program must have the digest of the first: these bytes may never change.
BOOST_AUTO_TEST_CASE(the_bytes_of_an_envelope_are_fixed) {
  BOOST_TEST(to_hex(encode(full())) ==
             "005370c00201410053"
             "73c06a0ba106" +
                 to_hex("01JABC") + "40a115" + to_hex("treasury.instructions") + "a111" + to_hex("payment_request/1") +
                 "a107" + to_hex("replies") + "a103" + to_hex("c-1") + "a30f" + to_hex("application/xml") +
                 "404040a112" + to_hex("91110000600037341L") + "005374c12406a106" + to_hex("digest") + "a103" +
                 to_hex("abc") + "a103" + to_hex("名") + "a103" + to_hex("值") + "a104" + to_hex("seal") +
                 "a004000102ff" + "005375a006" + to_hex("<a/>") + "00fe");
}

BOOST_AUTO_TEST_CASE(a_message_id_may_have_any_type_of_the_standard) {
  struct Case {
    Bytes id;
    std::string text;
  };
  const Case cases[] = {{amqp::string("abc"), "abc"},
                        {Bytes("\x44", 1), "n:0"},
                        {Bytes("\x53\x07", 2), "n:7"},
                        {Bytes("\x80\0\0\0\0\0\0\1\0", 9), "n:256"},
                        {Bytes("\x98") + Bytes(16, '\xab'), "u:" + to_hex(Bytes(16, '\xab'))},
                        {amqp::binary("\x01\x02"), "b:0102"}};
  for (const Case& one : cases) BOOST_TEST(decode(properties(one.id) + kBody).value().message_id == one.text);
}

BOOST_AUTO_TEST_CASE(what_is_not_a_whole_message_is_refused_and_says_why) {
  struct Case {
    Bytes message;
    std::string code;
  };
  const Case cases[] = {
      {"", "message_malformed"},
      {"garbage", "message_malformed"},
      {Bytes(1'000, '\0'), "message_malformed"},
      {kId, "body_missing"},
      {kBody, "message_id_missing"},
      {properties("\x40") + kBody, "message_id_missing"},
      {properties(amqp::string("")) + kBody, "message_id_missing"},
      {properties(amqp::string("a\xff")) + kBody, "message_malformed"},
      {properties(amqp::string(ByteView("a\0b", 3))) + kBody, "message_malformed"},
      {properties(amqp::string(Bytes(1'025, 'x'))) + kBody, "message_malformed"},
      {properties("\x41") + kBody, "message_malformed"},
      {kId + section(0x75, amqp::binary("")), "body_missing"},
      {kId + section(0x75, amqp::string("text")), "message_malformed"},
      {kId + section(0x76, Bytes("\x45", 1)), "message_malformed"},
      {kId + section(0x77, Bytes("\x41", 1)), "message_malformed"},
      {kId + kBody + section(0x77, amqp::binary("x")), "message_malformed"},
      {kBody + kId, "message_malformed"},
      {kId + kId + kBody, "message_malformed"},
      {kId + kBody + Bytes("\0\x53", 2), "message_malformed"},
      {(kId + kBody).substr(0, (kId + kBody).size() - 1), "message_malformed"},
      {kId + section(0x75, Bytes("\xb0\xff\xff\xff\xff", 5)), "message_malformed"},
      {kId + section(0x79, Bytes("\x40", 1)) + kBody, "message_malformed"},
      {amqp::described(0x73, 3, amqp::string("m1")) + kBody, "message_malformed"},
      {kId + section(0x74, "\xd1" + Bytes("\0\0\0\5\0\0\0\1", 8) + Bytes("\x40")) + kBody, "message_malformed"},
  };
  for (const Case& one : cases) {
    const auto read = decode(one.message);
    BOOST_TEST_CONTEXT(to_hex(one.message).substr(0, 80)) {
      BOOST_REQUIRE(!read);
      BOOST_TEST(read.error().code == one.code);
      BOOST_TEST(read.error().message.ends_with("."));
    }
  }
}

BOOST_AUTO_TEST_CASE(endless_nesting_is_refused) {
  Bytes nested;
  for (int i = 0; i < 100'000; ++i) nested += Bytes("\0", 1);
  BOOST_TEST(!decode(kId + section(0x72, nested + "\x40") + kBody));
}

BOOST_AUTO_TEST_CASE(what_nodes_on_the_way_change_does_not_change_the_digest) {
  const Bytes sent = encode(full());
  const Bytes bare(bare_message(sent).value().bytes);
  const Bytes annotations = section(0x71, Bytes("\xc1\1\0", 3)) + section(0x72, Bytes("\xc1\1\0", 3));
  const Bytes footer = section(0x78, Bytes("\xc1\1\0", 3));
  BOOST_TEST((bare_message(annotations + bare + footer).value().bytes == bare));
  BOOST_TEST(to_hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

BOOST_AUTO_TEST_CASE(no_cut_or_changed_message_is_read_beyond_its_end) {
  const unsigned seed = std::random_device{}();
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 random(seed);
  const Bytes good = encode(full());
  for (std::size_t cut = 0; cut < good.size(); ++cut) BOOST_TEST(!decode(ByteView(good).substr(0, cut)));
  for (int run = 0; run < 20'000; ++run) {
    Bytes changed = good;
    for (int i = 0; i < 3; ++i) changed[random() % changed.size()] = static_cast<char>(random());
    const auto read = decode(changed);
    if (read) BOOST_TEST(!read.value().message_id.empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()
