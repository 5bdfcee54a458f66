#include "platform/messaging/node.h"

#include <atomic>
#include <boost/test/unit_test.hpp>

#include "certificates.h"
#include "scene.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::messaging;
using namespace zhida::messaging::testing;

namespace {

struct Listening {
  std::unique_ptr<Node> node;
  std::uint16_t port = 0;
  explicit Listening(NodeOptions options = {}, PeerRules rules = everybody_is("tax")) {
    node = std::move(Node::create(std::move(options)).value());
    port = node->listen("127.0.0.1", 0, Plain{}, std::move(rules)).value();
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(node)

BOOST_AUTO_TEST_CASE(ranges_of_addresses) {
  const std::vector<std::string> ranges{"10.1.0.0/16", "192.0.2.7", "fd00::/8", "nonsense/8", "10.9.0.0/99"};
  BOOST_TEST(ip_in("10.1.255.1", ranges));
  BOOST_TEST(!ip_in("10.2.0.1", ranges));
  BOOST_TEST(ip_in("192.0.2.7", ranges));
  BOOST_TEST(!ip_in("192.0.2.8", ranges));
  BOOST_TEST(ip_in("fd12::1", ranges));
  BOOST_TEST(ip_in("::ffff:10.1.2.3", ranges));
  BOOST_TEST(!ip_in("10.9.0.1", ranges));
  BOOST_TEST(!ip_in("not an address", ranges));
}

BOOST_AUTO_TEST_CASE(messages_go_both_ways_and_each_learns_its_outcome) {
  Listening hub;
  Inbox inbox(*hub.node, false);
  const auto peer = dialler(hub.port, {"tax.records"}, {"tax.queries"});
  Inbox peers_inbox(*peer);

  std::atomic<int> outcomes{0};
  for (const auto kind : {OutcomeKind::accepted, OutcomeKind::rejected, OutcomeKind::released}) {
    std::atomic<bool> right{false};
    const Bytes message = encode(envelope_of("m" + std::to_string(static_cast<int>(kind)), Bytes("\0\xff", 2)));
    const std::size_t before = inbox.size();
    BOOST_REQUIRE(comes_true([&] {
      return peer->send("tax.records", "", message, 7, [&](SendToken id, const Outcome& outcome) {
        right = id == 7 && outcome.kind == kind &&
                (kind != OutcomeKind::rejected || (outcome.code == "field_missing" && outcome.description == "Why."));
        ++outcomes;
      }) == SendResult::taken;
    }));
    BOOST_REQUIRE(comes_true([&] { return inbox.size() == before + 1; }));
    inbox.settle_all(kind == OutcomeKind::rejected ? Outcome{kind, "field_missing", "Why."} : Outcome{kind, {}, {}});
    BOOST_REQUIRE(comes_true([&] { return outcomes == static_cast<int>(before) + 1; }));
    BOOST_TEST(right);
  }
  const Incoming first = inbox.seen()[0];
  BOOST_TEST(first.peer == "tax");
  BOOST_TEST(first.address == "tax.records");
  BOOST_TEST((first.envelope().value().body == Bytes("\0\xff", 2)));

  const auto answer = send_and_wait(*hub.node, "tax.queries", envelope_of("q1"));
  BOOST_REQUIRE(answer.has_value());
  BOOST_TEST((answer->kind == OutcomeKind::accepted));
  BOOST_TEST(peers_inbox.seen()[0].peer == "hub");
  BOOST_TEST((hub.node->send("nobody.here", "", encode(envelope_of("x")), 1, {}) == SendResult::no_receiver));
  BOOST_TEST(hub.node->stats().in_flight_bytes == 0u);
}

BOOST_AUTO_TEST_CASE(credit_comes_back_only_with_the_settlement) {
  NodeOptions options;
  options.limits.credit_per_link = 10;
  Listening hub(options);
  Inbox inbox(*hub.node, false);
  const auto peer = dialler(hub.port, {"a"});
  int taken = 0;
  BOOST_REQUIRE(comes_true([&] {
    if (peer->send("a", "", encode(envelope_of("m" + std::to_string(taken))), taken, {}) == SendResult::taken) ++taken;
    return taken == 10;
  }));
  BOOST_REQUIRE(comes_true([&] { return inbox.size() == 10; }));
  BOOST_TEST((peer->send("a", "", encode(envelope_of("m10")), 10, {}) == SendResult::no_credit));
  std::atomic<int> ready{0};
  const auto registration = peer->on_ready([&](const std::string& address) { ready += address == "a"; });
  inbox.settle_all();
  BOOST_REQUIRE(comes_true([&] { return ready > 0; }));
  BOOST_TEST((peer->send("a", "", encode(envelope_of("m10")), 10, {}) == SendResult::taken));
}

BOOST_AUTO_TEST_CASE(a_sender_has_a_window_of_its_own) {
  Listening hub;
  Inbox inbox(*hub.node, false);
  NodeOptions options;
  options.limits.unsettled_per_sender_max = 5;
  const auto peer = dialler(hub.port, {"a"}, {}, options);
  int taken = 0;
  BOOST_REQUIRE(comes_true([&] {
    taken += peer->send("a", "", encode(envelope_of("m" + std::to_string(taken))), taken, {}) == SendResult::taken;
    return inbox.size() == 5;
  }));
  BOOST_TEST((peer->send("a", "", encode(envelope_of("more")), 10, {}) == SendResult::no_credit));
  inbox.settle_all();
  BOOST_TEST(comes_true([&] { return peer->send("a", "", encode(envelope_of("more")), 10, {}) == SendResult::taken; }));
}

BOOST_AUTO_TEST_CASE(above_the_byte_budget_no_credit_is_given_and_below_it_again) {
  NodeOptions options;
  options.limits.credit_per_link = 4;
  options.limits.in_flight_bytes_high = 100'000;
  Listening hub(options);
  Inbox inbox(*hub.node, false);
  const auto peer = dialler(hub.port, {"a"});
  std::atomic<int> answered{0}, taken{0};
  const Bytes message = encode(envelope_of("m", Bytes(40'000, 'x')));
  const auto push = [&] {
    if (peer->send("a", "", message, 1, [&](SendToken, const Outcome&) { ++answered; }) == SendResult::taken) ++taken;
  };
  BOOST_REQUIRE(comes_true([&] {
    push();
    return inbox.size() == 4;
  }));
  BOOST_TEST(hub.node->stats().in_flight_bytes >= 160'000u);
  inbox.settle_all();
  BOOST_REQUIRE(comes_true([&] {
    push();
    if (inbox.size() >= 8) inbox.settle_all();
    return answered >= 20;
  }));
  inbox.settle_all();
  BOOST_TEST(comes_true([&] {
    inbox.settle_all();
    return hub.node->stats().in_flight_bytes == 0u;
  }));
}

BOOST_AUTO_TEST_CASE(without_a_handler_messages_are_released) {
  Listening hub;
  const auto peer = dialler(hub.port, {"a"});
  const auto answer = send_and_wait(*peer, "a", envelope_of("m1"));
  BOOST_REQUIRE(answer.has_value());
  BOOST_TEST((answer->kind == OutcomeKind::released));
}

BOOST_AUTO_TEST_CASE(messages_of_one_group_go_down_one_link_in_order) {
  Listening hub;
  const auto one = dialler(hub.port, {}, {"q"});
  const auto two = dialler(hub.port, {}, {"q"});
  Inbox first(*one), second(*two);
  BOOST_REQUIRE(comes_true([&] {
    std::size_t ready = 0;
    for (const LinkStats& link : hub.node->stats().links) ready += link.credit > 0;
    return ready == 2;
  }));
  for (int i = 0; i < 100; ++i)
    BOOST_REQUIRE((hub.node->send("q", "g" + std::to_string(i % 5),
                                  encode(envelope_of("m" + std::to_string(1000 + i), "b", "g" + std::to_string(i % 5))),
                                  i, {}) == SendResult::taken));
  BOOST_REQUIRE(comes_true([&] { return first.size() + second.size() == 100; }));
  for (const Inbox* inbox : {&first, &second}) {
    std::map<std::string, std::string> last;
    for (const Incoming& incoming : inbox->seen()) {
      BOOST_TEST(last[incoming.group_id] < incoming.message_id);
      last[incoming.group_id] = incoming.message_id;
    }
  }
}

BOOST_AUTO_TEST_CASE(a_lost_connection_is_dialled_again_and_what_was_on_its_way_is_reported_lost) {
  auto hub = std::make_unique<Listening>();
  auto inbox = std::make_unique<Inbox>(*hub->node, false);
  const auto peer = dialler(hub->port, {"a"});
  std::atomic<int> lost{0};
  BOOST_REQUIRE(comes_true([&] {
    return peer->send("a", "", encode(envelope_of("m1")), 1, [&](SendToken, const Outcome& outcome) {
      lost += outcome.kind == OutcomeKind::lost;
    }) == SendResult::taken;
  }));
  BOOST_REQUIRE(comes_true([&] { return inbox->size() == 1; }));
  const std::uint16_t port = hub->port;
  inbox.reset();
  hub.reset();
  BOOST_REQUIRE(comes_true([&] { return lost == 1; }));
  auto again = std::move(Node::create({}).value());
  Inbox new_inbox(*again);
  BOOST_REQUIRE(again->listen("127.0.0.1", port, Plain{}, everybody_is("tax")).has_value());
  const auto answer = send_and_wait(*peer, "a", envelope_of("m1"));
  BOOST_REQUIRE(answer.has_value());
  BOOST_TEST((answer->kind == OutcomeKind::accepted));
}

BOOST_AUTO_TEST_CASE(shutdown_says_every_accept_before_it_closes) {
  Listening hub;
  Inbox inbox(*hub.node, false);
  const auto peer = dialler(hub.port, {"a"});
  std::atomic<int> accepted{0}, other{0}, taken{0};
  std::atomic<bool> stop{false};
  std::thread sender([&] {
    while (!stop) {
      const auto result = peer->send(
          "a", "", encode(envelope_of("m" + std::to_string(taken))), 1,
          [&](SendToken, const Outcome& outcome) { ++(outcome.kind == OutcomeKind::accepted ? accepted : other); });
      if (result == SendResult::taken) ++taken;
    }
  });
  BOOST_TEST(comes_true([&] { return inbox.size() > 200; }));
  hub.node->shutdown([&] { inbox.settle_all(); });
  stop = true;
  sender.join();
  BOOST_TEST(comes_true([&] { return accepted + other == taken; }));
  BOOST_TEST(static_cast<std::size_t>(accepted) == inbox.size());
}

BOOST_AUTO_TEST_CASE(certificates_decide_who_is_who_and_trust_may_change_at_run_time) {
  const test::TempFolder folder;
  TestAuthority authority(folder.path().string(), "ca");
  const TlsFiles server = authority.issue("server"), tax = authority.issue("tax"), credit = authority.issue("credit");
  std::mutex mutex;
  std::map<std::string, std::string> names{{TestAuthority::fingerprint(tax.certificate_file), "tax"}};
  PeerRules rules = everybody_is("");
  rules.peer_of = [&](const std::string& fingerprint) -> std::optional<std::string> {
    const std::lock_guard lock(mutex);
    const auto found = names.find(fingerprint);
    return found == names.end() ? std::nullopt : std::optional(found->second);
  };
  rules.may_come_from = [](const std::string&, const std::string& ip) {
    return ip_in(ip, std::vector<std::string>{"127.0.0.0/8"});
  };
  auto hub = std::move(Node::create({}).value());
  Inbox inbox(*hub);
  const std::uint16_t port = hub->listen("127.0.0.1", 0, server, rules).value();

  const auto dial = [&](const TlsFiles& files, std::vector<std::string> fingerprints) {
    auto node = std::move(Node::create({}).value());
    DialOptions options;
    options.name = "hub";
    options.host = "127.0.0.1";
    options.port = port;
    options.security = files;
    options.server_name = "localhost";
    options.server_fingerprints = std::move(fingerprints);
    options.send_to = {"a"};
    BOOST_REQUIRE(node->dial(options).has_value());
    return node;
  };
  const auto by_name = dial(tax, {});
  const auto by_fingerprint = dial(tax, {TestAuthority::fingerprint(server.certificate_file)});
  for (const auto& node : {by_name.get(), by_fingerprint.get()}) {
    const auto answer = send_and_wait(*node, "a", envelope_of("m1"));
    BOOST_REQUIRE(answer.has_value());
    BOOST_TEST((answer->kind == OutcomeKind::accepted));
  }
  BOOST_TEST(inbox.seen()[0].peer == "tax");

  const auto wrong_server = dial(tax, {TestAuthority::fingerprint(tax.certificate_file)});
  const auto unknown = dial(credit, {});
  BOOST_TEST(comes_true([&] { return wrong_server->stats().connections_killed > 0; }));
  BOOST_TEST(comes_true([&] { return hub->stats().connections_killed > 0; }));
  BOOST_TEST(!unknown->has_receiver("a"));
  {
    const std::lock_guard lock(mutex);
    names = {{TestAuthority::fingerprint(credit.certificate_file), "credit"}};
  }
  hub->recheck_trust();
  BOOST_TEST(comes_true([&] { return !by_name->has_receiver("a") && unknown->has_receiver("a"); }));
  BOOST_TEST(!by_fingerprint->has_receiver("a"));
}

BOOST_AUTO_TEST_CASE(wrong_files_and_taken_ports_are_errors_that_say_so) {
  auto hub = std::move(Node::create({}).value());
  const auto missing =
      hub->listen("127.0.0.1", 0, TlsFiles{"/nowhere.crt", "/nowhere.key", "/nowhere.ca", {}}, everybody_is("x"));
  BOOST_REQUIRE(!missing);
  BOOST_TEST(missing.error().code == "tls_files_wrong");
  Listening other;
  const auto taken = hub->listen("127.0.0.1", other.port, Plain{}, everybody_is("x"));
  BOOST_REQUIRE(!taken);
  BOOST_TEST(taken.error().code == "listen_failed");
}

BOOST_AUTO_TEST_SUITE_END()
