#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>

#include "good_files.h"
#include "mutate.h"
#include "platform/crypto/timestamp.h"
#include "seal/carriage.h"
#include "seal_entry.h"
#include "seal_world.h"

using namespace zhida;
using namespace zhida::test;

namespace {

// As many rounds as a quick run has time for; with ZHIDA_LONG (tests/run --long) five minutes an algorithm: the hour is
// libFuzzer's (tests/fuzz/run).
class Rounds {
 public:
  bool next() {
    ++count_;
    return is_long_ ? std::chrono::steady_clock::now() < end_ : count_ <= 4000;
  }

 private:
  const bool is_long_ = std::getenv("ZHIDA_LONG") != nullptr;
  const std::chrono::steady_clock::time_point end_ = std::chrono::steady_clock::now() + std::chrono::minutes(5);
  int count_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE(no_mutation_of_a_good_file_harms_its_readers_or_verifies) {
  const std::uint64_t seed = the_seed();
  std::mt19937_64 random(seed);
  for (const Alg alg : {Alg::sm2_sm3, Alg::ecdsa_p256_sha256}) {
    const SealWorld world(alg);
    const auto trust = world.trust();
    const GoodSealFiles good(world);
    seal::SealStore store;
    store.learn(good.batch.ses);
    for (const Bytes& file : good.der) BOOST_TEST(feed_der_readers(file));
    for (const Bytes& file : good.proofs) BOOST_TEST(feed_proof_readers(file));
    std::vector<Bytes> files = good.der;
    files.insert(files.end(), good.proofs.begin(), good.proofs.end());
    for (Rounds rounds; rounds.next();) {
      const Bytes& before = files[random() % files.size()];
      const Bytes octets = random() % 2 == 0 ? mutated(before, random) : mutated_der(before, random);
      feed_der_readers(octets);
      feed_proof_readers(octets);
      if (octets == before) continue;  // The changes took each other back.
      bool passed = seal::verify(octets, kPayload, *trust, policy_at(kNow)).passed();
      passed |=
          crypto::verify_timestamp_token(octets, kPayload, {.authorities = trust->chains(), .now = kNow}).has_value();
      if (const auto proof = seal::read_proof_json(octets)) {
        passed |= seal::verify_in_batch(good.batch.ses, proof.value(), kPayload, *trust, policy_at(kNow)).passed();
      }
      for (const seal::Form form : {seal::Form::compact, seal::Form::batch}) {
        const auto evidence = seal::unpack(form, octets, store, kPayload);
        passed |= evidence && seal::verify(evidence.value(), kPayload, *trust, policy_at(kNow)).passed();
      }
      BOOST_TEST_REQUIRE(!passed, "ZHIDA_SEED=" << seed);
    }
  }
}
