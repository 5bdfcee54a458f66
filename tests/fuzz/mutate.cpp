#include "mutate.h"

#include <cstdlib>
#include <iostream>

#include "platform/crypto/der.h"
#include "seal/pack_zip.h"

namespace zhida::test {
namespace {

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

}  // namespace

std::uint64_t the_seed() {
  const char* const given = std::getenv("ZHIDA_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "ZHIDA_SEED=" << seed << std::endl;
  return seed;
}

Bytes mutated(Bytes octets, std::mt19937_64& random) {
  const auto below = [&](std::size_t end) { return static_cast<std::size_t>(random() % end); };
  for (std::size_t change = 1 + below(4); change > 0 && !octets.empty(); --change) {
    const std::size_t at = below(octets.size());
    const std::size_t count = 1 + below(std::min<std::size_t>(octets.size() - at, below(4) == 0 ? 64 : 16));
    switch (below(13)) {
      case 0:
      case 1:
        octets[at] = static_cast<char>(random());
        break;
      case 2:
      case 3:
        octets[at] = static_cast<char>(octets[at] ^ (1 << below(8)));
        break;
      case 4:
      case 5:
        octets[at] = static_cast<char>(octets[at] + (below(2) == 0 ? 1 : -1));
        break;
      case 6:
      case 7:
        octets.erase(at, count);
        break;
      case 8:
      case 9:
        octets.insert(at, octets.substr(at, count));
        break;
      case 10:
      case 11:
        octets.insert(at, Bytes(count, static_cast<char>(random())));
        break;
      default:
        octets.resize(at);
        break;
    }
  }
  return octets;
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

Bytes mutated_pack(const Bytes& octets, std::mt19937_64& random) {
  auto members = seal::read_pack(octets).members;
  if (members.empty()) return octets;
  auto& member = members[random() % members.size()];
  member.data = mutated(std::move(member.data), random);
  if (random() % 8 == 0) std::swap(member, members[random() % members.size()]);
  if (random() % 8 == 0) members.erase(members.begin() + static_cast<std::ptrdiff_t>(random() % members.size()));
  auto written = seal::write_pack(members);
  return written ? std::move(written).value() : octets;
}

}  // namespace zhida::test
