#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <iostream>
#include <random>

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
    const int rounds = std::getenv("ZHIDA_LONG") != nullptr ? 300000 : 4000;
    for (int round = 0; round < rounds; ++round) {
      const std::size_t which = random() % std::size(good);
      const Bytes octets = mutated(good[which], random);
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
