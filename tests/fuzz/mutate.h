// Changes to octets that a parser must live through. The same ones for the quick tests, whose seed is printed, and for
// libFuzzer, which chooses among what they lead to.
#pragma once
#include <random>

#include "base/bytes.h"

namespace zhida::test {

/// ZHIDA_SEED, or a fresh one; printed, so that a failure can be run again.
std::uint64_t the_seed();

/// One to four changes of a few octets (changed, counted up or down, taken out, repeated, put in; seldom cut off), so
/// that most of the file stays believable; lengths and tags are as likely to be hit as content.
Bytes mutated(Bytes octets, std::mt19937_64& random);

/// One change to the elements of a DER file (taken out, repeated, exchanged, retagged, emptied, replaced by another):
/// what comes out is sound DER and comes past the strict walker. `octets` themselves where they are no DER.
Bytes mutated_der(const Bytes& octets, std::mt19937_64& random);

/// One member of a pack changed and the archive written anew, with check sums that fit. `octets` themselves where they
/// are no pack.
Bytes mutated_pack(const Bytes& octets, std::mt19937_64& random);

}  // namespace zhida::test
