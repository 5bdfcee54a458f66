#include <boost/test/unit_test.hpp>

#include "mutate.h"
#include "pack_entry.h"
#include "pack_world.h"

using namespace zhida;
using namespace zhida::test;

BOOST_AUTO_TEST_CASE(no_mutation_of_a_good_pack_harms_its_readers_or_verifies) {
  const std::uint64_t seed = the_seed();
  std::mt19937_64 random(seed);
  const PackWorld alone, in_batch(Alg::sm2_sm3, Sealed::in_batch);
  const Bytes good_alone = alone.pack(), good_in_batch = in_batch.pack();
  for (int round = 0; round < 1500; ++round) {
    const PackWorld& world = round % 2 == 0 ? alone : in_batch;
    const Bytes& good = round % 2 == 0 ? good_alone : good_in_batch;
    if (round < 2) BOOST_TEST(feed_pack_readers(good));
    const Bytes octets = mutated(good, random);
    feed_pack_readers(octets);
    if (octets == good) continue;
    const auto report = world.verify(octets);
    BOOST_TEST_REQUIRE(static_cast<int>(report.code) != 0, "ZHIDA_SEED=" << seed);
    BOOST_TEST_REQUIRE(!report.json["does_not_hold"].empty(), "ZHIDA_SEED=" << seed);
  }
}

// Behind the archive's check sums and the manifest's digests: a member is mutated and everything is sealed anew.
BOOST_AUTO_TEST_CASE(no_mutation_of_a_member_harms_its_reader_even_when_it_is_sealed_again) {
  const std::uint64_t seed = the_seed();
  std::mt19937_64 random(seed);
  const PackWorld alone, in_batch(Alg::sm2_sm3, Sealed::in_batch);
  const auto members_alone = alone.members(), members_in_batch = in_batch.members();
  for (int round = 0; round < 800; ++round) {
    const PackWorld& world = round % 2 == 0 ? alone : in_batch;
    auto changed = round % 2 == 0 ? members_alone : members_in_batch;
    auto& member = changed[random() % changed.size()];
    if (member.name == "report.html") continue;  // Anything may stand there.
    const Bytes before = member.data;
    member.data = mutated(before, random);
    feed_pack_readers(member.data);
    if (member.data == before) continue;
    // Some changes say nothing that a seal holds (the number of the form); whatever is said, a report must come.
    const auto report = world.verify(world.sealed(std::move(changed)));
    BOOST_TEST_REQUIRE(report.json.contains("findings"), "ZHIDA_SEED=" << seed);
    BOOST_TEST_REQUIRE((static_cast<int>(report.code) == 0) == report.findings.empty(), "ZHIDA_SEED=" << seed);
  }
}
