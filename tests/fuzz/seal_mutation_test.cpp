#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>

#include "platform/crypto/der.h"
#include "platform/crypto/timestamp.h"
#include "seal/carriage.h"
#include "seal/status_list.h"
#include "seal_entry.h"
#include "seal_world.h"

using namespace zhida;
using namespace zhida::test;

namespace {

// Changes, inserts, removes or repeats a few octets, where lengths and tags are as likely to be hit as content.
Bytes mutated(Bytes octets, std::mt19937_64& random) {
  const auto below = [&](std::size_t end) { return static_cast<std::size_t>(random() % end); };
  for (std::size_t change = 1 + below(4); change > 0 && !octets.empty(); --change) {
    const std::size_t at = below(octets.size());
    const std::size_t count = 1 + below(std::min<std::size_t>(octets.size() - at, 16));
    switch (below(5)) {
      case 0:
        octets[at] = static_cast<char>(random());
        break;
      case 1:
        octets[at] = static_cast<char>(octets[at] + (below(2) == 0 ? 1 : -1));
        break;
      case 2:
        octets.erase(at, count);
        break;
      case 3:
        octets.insert(at, octets.substr(at, count));
        break;
      default:
        octets.insert(at, Bytes(count, static_cast<char>(random())));
        break;
    }
  }
  return octets;
}

/// A DER element taken apart, so that it can be changed and still be sound DER: such files come past the strict walker
/// and reach what reads the structure.
struct Node {
  std::uint8_t tag = 0;
  Bytes content;                 // Of a primitive element …
  Bytes before;                  // … or the unused-bits octet of a BIT STRING that holds DER.
  std::vector<Node> children{};  // Of a constructed element, or of a string that holds DER.
};

std::vector<Node> taken_apart(ByteView octets) {
  std::vector<Node> nodes;
  crypto::der::Reader reader(octets);
  while (!reader.at_end()) {
    const auto element = reader.any("An element");
    if (!element) return {};
    Node node{element.value().tag, Bytes(element.value().content), {}, {}};
    const bool is_bits = node.tag == crypto::der::kBitString && !node.content.empty();
    const ByteView inside = ByteView(node.content).substr(is_bits ? 1 : 0);
    const bool is_string = is_bits || node.tag == crypto::der::kOctetString;
    if ((node.tag & 0x20) != 0 || (is_string && crypto::der::check_strict(inside))) {
      node.children = taken_apart(inside);
      if (!node.children.empty()) node.before = node.content.substr(0, is_bits ? 1 : 0);
    }
    nodes.push_back(std::move(node));
  }
  return nodes;
}

Bytes put_together(const std::vector<Node>& nodes) {
  Bytes out;
  for (const Node& node : nodes) {
    out +=
        crypto::der::write(node.tag, node.children.empty() ? node.content : node.before + put_together(node.children));
  }
  return out;
}

void collect(std::vector<Node>& nodes, std::vector<std::vector<Node>*>& lists) {
  if (nodes.empty()) return;
  lists.push_back(&nodes);
  for (Node& node : nodes) collect(node.children, lists);
}

Bytes mutated_der(const Bytes& octets, std::mt19937_64& random) {
  static constexpr std::uint8_t kTags[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13,
                                           0x16, 0x17, 0x18, 0x30, 0x31, 0x80, 0xa0, 0xa1};
  std::vector<Node> nodes = taken_apart(octets);
  std::vector<std::vector<Node>*> lists;
  collect(nodes, lists);
  if (lists.empty()) return octets;
  std::vector<Node>& list = *lists[random() % lists.size()];
  const auto at = static_cast<std::ptrdiff_t>(random() % list.size());
  Node& node = list[static_cast<std::size_t>(at)];
  switch (random() % 7) {
    case 0:
      list.erase(list.begin() + at);
      break;
    case 1:
      list.insert(list.begin() + at, Node(node));
      break;
    case 2:
      std::swap(node, list[random() % list.size()]);
      break;
    case 3:
      node.tag = kTags[random() % std::size(kTags)];
      break;
    case 4:
      node.children.clear();
      node.content = mutated(node.content, random);
      break;
    case 5:
      node.children.clear();
      node.content.clear();
      break;
    default: {
      const std::vector<Node>& other = *lists[random() % lists.size()];
      if (other.empty()) break;
      const Node taken = other[random() % other.size()];  // A copy: it may be what it replaces, or be above it.
      node = taken;
      break;
    }
  }
  return put_together(nodes);
}

// As many rounds as a quick run has time for; with ZHIDA_LONG (tests/run --long) half an hour an algorithm.
class Rounds {
 public:
  bool next() {
    ++count_;
    return is_long_ ? std::chrono::steady_clock::now() < end_ : count_ <= 4000;
  }

 private:
  const bool is_long_ = std::getenv("ZHIDA_LONG") != nullptr;
  const std::chrono::steady_clock::time_point end_ = std::chrono::steady_clock::now() + std::chrono::minutes(30);
  int count_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE(no_mutation_of_a_good_file_harms_its_readers_or_verifies) {
  const char* const given = std::getenv("ZHIDA_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "ZHIDA_SEED=" << seed << std::endl;
  std::mt19937_64 random(seed);
  for (const Alg alg : {Alg::sm2_sm3, Alg::ecdsa_p256_sha256}) {
    const SealWorld world(alg);
    const auto trust = world.trust();
    const std::vector<seal::ToSeal> messages{{kPayload, {}}, {"two", {}}, {"three", {}}};
    const auto batch =
        seal::seal_batch(seal::batch_members(alg, messages), world.seal_der, *world.signer.signer, *trust, kSealed)
            .value()[0];
    const auto request = crypto::make_timestamp_request(crypto::HashKind::sm3, kPayload);
    const Bytes token = world.stamps_at(kSealed)(crypto::HashKind::sm3, kPayload).value();
    const Bytes good[] = {
        world.sign_unchecked(world.signer, world.seal_der),
        world.seal_der,
        world.signer.certificate().der(),
        world.root.revocation_list({{world.maker.certificate(), kNow}}, kFrom, kTo).value().der(),
        world.seal_of_version_5(world.signer, world.maker, world.stamps_at(kFrom + 1h)),
        token,
        crypto::write_timestamp_request(request),
        seal::write_proof_json(*batch.proof),
        seal::to_compact(batch.ses).value(),
        seal::pack(batch, true).octets,
        seal::pack(batch, false).octets,
        seal::write_status_list({.number = 1, .issued = kFrom, .next = kTo, .revoked = {{"S", kTo}}})};
    seal::SealStore store;
    store.learn(batch.ses);
    for (const Bytes& file : good) BOOST_TEST(feed_seal_readers(file));
    for (Rounds rounds; rounds.next();) {
      const std::size_t which = random() % std::size(good);
      const Bytes octets = random() % 2 == 0 ? mutated(good[which], random) : mutated_der(good[which], random);
      feed_seal_readers(octets);
      if (octets == good[which]) continue;  // The changes took each other back.
      bool passed = seal::verify(octets, kPayload, *trust, policy_at(kNow)).passed();
      passed |=
          crypto::verify_timestamp_token(octets, kPayload, {.authorities = trust->chains(), .now = kNow}).has_value();
      if (const auto proof = seal::read_proof_json(octets)) {
        passed |= seal::verify_in_batch(batch.ses, proof.value(), kPayload, *trust, policy_at(kNow)).passed();
      }
      for (const seal::Form form : {seal::Form::compact, seal::Form::batch}) {
        const auto evidence = seal::unpack(form, octets, store, kPayload);
        passed |= evidence && seal::verify(evidence.value(), kPayload, *trust, policy_at(kNow)).passed();
      }
      BOOST_TEST_REQUIRE(!passed, "ZHIDA_SEED=" << seed);
    }
  }
}
