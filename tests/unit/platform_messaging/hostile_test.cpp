// What strangers and broken peers do to a listener. Whatever it is: the node stays up, says why, its memory stays flat,
// and good traffic goes on.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <fstream>

#include <openssl/ssl.h>
#include <unistd.h>

#include "certificates.h"
#include "platform/messaging/node.h"
#include "raw_peer.h"
#include "scene.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::messaging;
using namespace zhida::messaging::testing;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // Freed memory is kept for a while: no figures.
#else
constexpr bool kSanitized = false;
#endif

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// A listener with small patience, a good peer at work, and what was used before the attack.
struct Scene {
  static NodeOptions options() {
    NodeOptions options;
    options.limits.handshake_deadline = 300ms;
    options.limits.close_deadline = 300ms;
    options.limits.credit_per_link = 100;
    options.limits.message_bytes_max = 1u << 20;
    options.limits.in_flight_bytes_high = 8u << 20;
    options.limits.connections_max = 40;
    options.limits.connections_unopened_max = 20;
    return options;
  }

  std::unique_ptr<Node> hub = std::move(Node::create(options()).value());
  Inbox inbox{*hub};
  std::uint16_t port = hub->listen("127.0.0.1", 0, Plain{}, everybody_is("tax")).value();
  std::unique_ptr<Node> good = dialler(port, {"good"});
  std::size_t memory_before = 0;

  Scene() {
    BOOST_REQUIRE(works());
    memory_before = resident_bytes();
  }
  ~Scene() {
    BOOST_TEST(works());
    const std::size_t now = resident_bytes();
    if (!kSanitized) BOOST_TEST(now < memory_before + (40u << 20));
    BOOST_TEST(comes_true([&] { return hub->stats().in_flight_bytes == 0u; }));
  }
  bool works() {
    const auto answer = send_and_wait(*good, "good", envelope_of("good"));
    return answer && answer->kind == OutcomeKind::accepted;
  }
};

struct Attacker : RawPeer {
  explicit Attacker(std::uint16_t port, const std::string& address = "a") : RawPeer(port) {
    BOOST_REQUIRE(sign_in());
    begin();
    attach_sender(0, address);
    BOOST_REQUIRE(read_until(0x13).has_value());  // Credit.
  }
};

bool has_credit(const Node& node, const std::string& address) {
  for (const LinkStats& link : node.stats().links)
    if (link.sending && link.address == address && link.credit > 0) return true;
  return false;
}

bool says(const RawPeer& peer, const std::string& condition) {
  return peer.text_seen().find(condition) != Bytes::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(hostile, Scene)

BOOST_AUTO_TEST_CASE(an_empty_transfer_is_rejected) {
  Attacker attacker(port);
  attacker.transfer(0, 0, "");
  BOOST_TEST(attacker.read_until(0x15).has_value());
  BOOST_TEST(says(attacker, "amqp:decode-error"));
  attacker.transfer(0, 1, encode(envelope_of("m1")));
  BOOST_TEST(attacker.read_until(0x15).has_value());
  BOOST_TEST(hub->stats().malformed == 1u);
}

BOOST_AUTO_TEST_CASE(garbage_messages_are_rejected_one_by_one) {
  Attacker attacker(port);
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    attacker.transfer(0, i, Bytes(i % 50 + 1, static_cast<char>(i)));
    BOOST_REQUIRE(attacker.read_until(0x15).has_value());
  }
  BOOST_TEST(hub->stats().malformed == 1'000u);
}

BOOST_AUTO_TEST_CASE(an_aborted_delivery_is_forgotten_and_its_credit_returned) {
  Attacker attacker(port);
  for (std::uint32_t i = 0; i < 300; ++i) {
    attacker.transfer(0, i, Bytes(1'000, 'x'), true);
    BOOST_REQUIRE(attacker.transfer(0, i, "", false, true));
  }
  attacker.transfer(0, 300, encode(envelope_of("m1")));
  BOOST_TEST(comes_true([&] { return hub->stats().aborted == 300u && hub->stats().received == 2u; }));
}

BOOST_AUTO_TEST_CASE(a_message_of_64_mebibytes_is_refused_while_it_comes) {
  Attacker attacker(port);
  const Bytes piece(60'000, 'x');
  for (int i = 0; i < (64 << 20) / 60'000; ++i)
    if (!attacker.transfer(0, 0, piece, true)) break;
  BOOST_TEST(comes_true([&] { return hub->stats().oversize == 1u; }));
  attacker.is_closed_within(3s);
  BOOST_TEST(says(attacker, "amqp:link:message-size-exceeded"));
}

BOOST_AUTO_TEST_CASE(an_endless_message_ends_with_its_connection) {
  Attacker attacker(port);
  const Bytes piece(60'000, 'x');
  const bool ended = comes_true([&] { return !attacker.transfer(0, 0, piece, true); });
  BOOST_TEST(ended);
}

BOOST_AUTO_TEST_CASE(many_half_messages_at_once_are_too_many) {
  RawPeer attacker(port);
  BOOST_REQUIRE(attacker.sign_in());
  attacker.begin();
  for (std::uint32_t i = 0; i < 30; ++i) attacker.attach_sender(i, "a");
  for (int i = 0; i < 30; ++i) BOOST_REQUIRE(attacker.read_until(0x13).has_value());
  for (std::uint32_t round = 0; round < 10; ++round)
    for (std::uint32_t i = 0; i < 30; ++i) attacker.transfer(i, i, Bytes(50'000, 'x'), true);
  BOOST_TEST(attacker.is_closed_within(5s));
  BOOST_TEST(says(attacker, "amqp:resource-limit-exceeded"));
}

BOOST_AUTO_TEST_CASE(more_transfers_than_credit_end_the_link) {
  // Nothing is settled here, so the credit of 100 is all there is.
  auto other = std::move(Node::create(Scene::options()).value());
  Inbox silent(*other, false);
  Attacker attacker(other->listen("127.0.0.1", 0, Plain{}, everybody_is("tax")).value());
  const Bytes message = encode(envelope_of("m1"));
  for (std::uint32_t i = 0; i < 5'000; ++i)
    if (!attacker.transfer(0, i, message)) break;
  attacker.is_closed_within(3s);
  BOOST_TEST(says(attacker, "amqp:link:transfer-limit-exceeded"));
  BOOST_TEST(silent.size() <= 100u);
  silent.settle_all();
}

BOOST_AUTO_TEST_CASE(transfers_on_our_sending_link_end_the_connection) {
  RawPeer attacker(port);
  BOOST_REQUIRE(attacker.sign_in());
  attacker.begin();
  attacker.attach_receiver(0, "a");
  BOOST_REQUIRE(attacker.read_until(0x12).has_value());
  const Bytes message = encode(envelope_of("m1", Bytes(10'000, 'x')));
  for (std::uint32_t i = 0; i < 5'000; ++i)
    if (!attacker.transfer(0, i, message)) break;
  BOOST_TEST(attacker.is_closed_within(5s));
  BOOST_TEST(says(attacker, "amqp:not-allowed"));
}

BOOST_AUTO_TEST_CASE(thousands_of_links_are_too_many) {
  for (const std::string address : {"a", "forbidden"}) {
    RawPeer attacker(port);
    BOOST_REQUIRE(attacker.sign_in());
    attacker.begin();
    for (std::uint32_t i = 0; i < 5'000; ++i)
      if (!attacker.attach_sender(i, address)) break;
    BOOST_TEST(attacker.is_closed_within(5s));
    BOOST_TEST(says(attacker, "amqp:resource-limit-exceeded"));
  }
}

BOOST_AUTO_TEST_CASE(thousands_of_sessions_are_too_many) {
  RawPeer at_once(port);
  BOOST_REQUIRE(at_once.sign_in());
  for (std::uint16_t i = 0; i < 5'000; ++i)
    if (!at_once.begin(i)) break;
  BOOST_TEST(at_once.is_closed_within(5s));

  RawPeer one_by_one(port);
  BOOST_REQUIRE(one_by_one.sign_in());
  for (int i = 0; i < 5'000; ++i)
    if (!one_by_one.begin() || !one_by_one.frame(amqp::described(0x17, 0, ""))) break;
  BOOST_TEST(one_by_one.is_closed_within(5s));
  BOOST_TEST(hub->stats().connections_killed == 1u);  // The reason may be lost: the attacker reads too late.
}

BOOST_AUTO_TEST_CASE(a_forbidden_address_is_refused_with_a_reason) {
  RawPeer attacker(port);
  BOOST_REQUIRE(attacker.sign_in());
  attacker.begin();
  attacker.attach_sender(0, "forbidden.records");
  BOOST_TEST(attacker.read_until(0x16).has_value());
  BOOST_TEST(says(attacker, "amqp:unauthorized-access"));
  attacker.attach_sender(1, "");
  BOOST_TEST(attacker.read_until(0x16).has_value());
}

BOOST_AUTO_TEST_CASE(silent_callers_are_cut_and_do_not_keep_others_out) {
  std::vector<std::unique_ptr<RawPeer>> silent;
  for (int i = 0; i < 100; ++i) silent.push_back(std::make_unique<RawPeer>(port));
  const auto newcomer = dialler(port, {"good"});
  const auto answer = send_and_wait(*newcomer, "good", envelope_of("m1"));
  BOOST_TEST(answer.has_value());
  for (const auto& one : silent) BOOST_TEST(one->is_closed_within(5s));
}

BOOST_AUTO_TEST_CASE(garbage_bytes_end_their_connection_only) {
  const std::string kinds[] = {
      "GET / HTTP/1.1\r\n\r\n", std::string(100'000, '\0'), std::string("AMQP\0\1\0\0", 8) + std::string(100, '\xff'),
      std::string("AMQP\3\1\0\0", 8) + std::string(100, '\xff'), std::string("AMQP\0\0\x09\1", 8)};
  for (const std::string& bytes : kinds) {
    RawPeer attacker(port);
    attacker.write(bytes);
    BOOST_TEST(attacker.is_closed_within(5s));
  }
  Attacker opened(port);
  opened.write(std::string(1'000, '\x7f'));
  BOOST_TEST(opened.is_closed_within(5s));
}

BOOST_AUTO_TEST_CASE(a_consumer_that_never_settles_gets_its_window_and_no_more) {
  RawPeer consumer(port);
  BOOST_REQUIRE(consumer.sign_in());
  consumer.begin();
  consumer.attach_receiver(0, "out");
  consumer.flow(0, 100'000);
  BOOST_REQUIRE(comes_true([&] { return has_credit(*hub, "out"); }));
  const Bytes message = encode(envelope_of("m1", Bytes(10'000, 'x')));
  std::size_t taken = 0;
  for (int i = 0; i < 20'000; ++i) taken += hub->send("out", "", message, 1, {}) == SendResult::taken;
  BOOST_TEST(taken > 100u);
  BOOST_TEST(taken <= 2'000u);
}

BOOST_AUTO_TEST_CASE(a_consumer_that_never_reads_fills_its_window_and_no_memory) {
  RawPeer consumer(port);
  BOOST_REQUIRE(consumer.sign_in());
  consumer.begin();
  consumer.attach_receiver(0, "out");
  consumer.flow(0, 1'000'000);
  BOOST_REQUIRE(comes_true([&] { return has_credit(*hub, "out"); }));
  const Bytes message = encode(envelope_of("m1", Bytes(100'000, 'x')));
  std::size_t taken = 0;
  const auto lost = std::make_shared<std::atomic<std::size_t>>(0);
  for (int i = 0; i < 20'000; ++i)
    taken += hub->send("out", "", message, 1, [lost](SendToken, const Outcome& outcome) {
      *lost += outcome.kind == OutcomeKind::lost;
    }) == SendResult::taken;
  BOOST_TEST(taken * 100'000 <= 17u << 20);
  BOOST_TEST((hub->send("out", "", message, 1, {}) == SendResult::no_credit));
}

BOOST_AUTO_TEST_CASE(a_handler_that_throws_ends_the_connection_it_was_called_for) {
  auto other = std::move(Node::create(Scene::options()).value());
  const auto registration = other->on_incoming([&](Incoming incoming) {
    if (incoming.message_id == "boom") throw std::runtime_error("boom");
    const Settlement settlement{incoming.token, {}};
    other->settle({&settlement, 1});
  });
  const std::uint16_t there = other->listen("127.0.0.1", 0, Plain{}, everybody_is("tax")).value();
  const auto calm = dialler(there, {"a"});
  BOOST_REQUIRE(send_and_wait(*calm, "a", envelope_of("m1")).has_value());
  Attacker attacker(there);
  attacker.transfer(0, 0, encode(envelope_of("boom")));
  BOOST_TEST(attacker.is_closed_within(5s));
  BOOST_TEST(says(attacker, "amqp:internal-error"));
  const auto answer = send_and_wait(*calm, "a", envelope_of("m2"));
  BOOST_REQUIRE(answer.has_value());
  BOOST_TEST((answer->kind == OutcomeKind::accepted));
  BOOST_TEST(other->stats().in_flight_bytes == 0u);
}

BOOST_AUTO_TEST_CASE(only_known_certificates_over_tls_1_2_or_1_3_with_sasl_external_come_in) {
  const test::TempFolder folder;
  TestAuthority authority(folder.path().string(), "ca"), stranger(folder.path().string(), "stranger_ca");
  const TlsFiles server = authority.issue("server"), tax = authority.issue("tax"), credit = authority.issue("credit"),
                 outside = stranger.issue("outside");
  PeerRules rules = everybody_is("tax");
  rules.peer_of = [known = TestAuthority::fingerprint(tax.certificate_file)](const std::string& fingerprint) {
    return fingerprint == known ? std::optional<std::string>("tax") : std::nullopt;
  };
  const std::uint16_t secure = hub->listen("127.0.0.1", 0, server, rules).value();

  struct Case {
    std::string what;
    RawTls tls;
    std::string mechanism;  // Empty: SASL is skipped.
    bool comes_in;
  };
  const Case cases[] = {
      {"TLS 1.3", {tax, TLS1_3_VERSION}, "EXTERNAL", true},
      {"TLS 1.2", {tax, TLS1_2_VERSION}, "EXTERNAL", true},
      {"TLS 1.1", {tax, TLS1_1_VERSION}, "EXTERNAL", false},
      {"TLS 1.0", {tax, TLS1_VERSION}, "EXTERNAL", false},
      {"no certificate", {{}, 0}, "EXTERNAL", false},
      {"a certificate of another authority", {outside, 0}, "EXTERNAL", false},
      {"a certificate nobody registered", {credit, 0}, "EXTERNAL", false},
      {"ANONYMOUS", {tax, 0}, "ANONYMOUS", false},
      {"PLAIN", {tax, 0}, "PLAIN", false},
      {"no SASL", {tax, 0}, "", false},
  };
  for (const Case& one : cases) BOOST_TEST_CONTEXT(one.what) {
      RawPeer peer(secure, one.tls);
      bool in = false;
      if (!peer.handshake_failed()) {
        if (one.mechanism.empty()) {
          peer.write(ByteView("AMQP\0\1\0\0", 8));
          peer.open();
          peer.begin();
          in = peer.read_until(0x11, 2s).has_value();
        } else {
          in = peer.sign_in(one.mechanism, one.mechanism == "PLAIN" ? ByteView("\0guest\0guest", 12) : ByteView()) &&
               peer.begin() && peer.read_until(0x11, 2s).has_value();
        }
      }
      BOOST_TEST(in == one.comes_in);
      if (!one.comes_in) BOOST_TEST(peer.is_closed_within(5s));
    }
  RawPeer without_tls(secure);
  BOOST_TEST(!without_tls.sign_in());
  BOOST_TEST(hub->stats().connections_refused + hub->stats().connections_killed >= 8u);
}

BOOST_AUTO_TEST_CASE(a_server_that_never_answers_an_attach_is_dialled_anew) {
  RawListener silent;
  const auto node = dialler(silent.port(), {"a"}, {}, options());
  const auto answered = dialler(port, {"answered"}, {}, options());  // The deadline is none of its business.
  BOOST_TEST(comes_true([&] { return answered->has_receiver("answered"); }));
  for (std::uint64_t call = 1; call <= 2; ++call) BOOST_TEST_CONTEXT("call " << call) {
      RawPeer server = silent.take();
      BOOST_REQUIRE(server.welcome());
      BOOST_REQUIRE(server.answer_begin());
      BOOST_REQUIRE(server.read_until(0x12).has_value());
      BOOST_TEST(server.is_closed_within(5s));
      BOOST_TEST(says(server, "The attach to a was not answered in time."));
      BOOST_TEST(comes_true([&] { return node->stats().connections_killed == call; }));
    }
  BOOST_TEST(!node->has_receiver("a"));
  BOOST_TEST(answered->stats().connections_killed == 0u);
  BOOST_TEST(answered->has_receiver("answered"));
}

BOOST_AUTO_TEST_SUITE_END()
