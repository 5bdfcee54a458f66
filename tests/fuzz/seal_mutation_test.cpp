#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <iostream>
#include <random>

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

}  // namespace

BOOST_AUTO_TEST_CASE(no_mutation_of_a_good_file_harms_its_readers_or_verifies) {
  const char* const given = std::getenv("ZHIDA_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "ZHIDA_SEED=" << seed << std::endl;
  std::mt19937_64 random(seed);
  for (const Alg alg : {Alg::sm2_sm3, Alg::ecdsa_p256_sha256}) {
    const SealWorld world(alg);
    const auto trust = world.trust();
    const Bytes good[] = {world.sign_unchecked(world.signer, world.seal_der), world.seal_der,
                          world.signer.certificate().der(),
                          world.root.revocation_list({{world.maker.certificate(), kNow}}, kFrom, kTo).value().der()};
    for (const Bytes& file : good) BOOST_TEST(feed_seal_readers(file));
    for (int round = 0; round < 3000; ++round) {
      const Bytes& origin = good[random() % std::size(good)];
      const Bytes octets = mutated(origin, random);
      feed_seal_readers(octets);
      if (octets == good[0]) continue;  // The changes took each other back.
      BOOST_TEST_REQUIRE(!seal::verify(octets, kPayload, *trust, policy_at(kNow)).passed(), "ZHIDA_SEED=" << seed);
    }
  }
}
