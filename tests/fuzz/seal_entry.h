#pragma once
#include "base/bytes.h"

namespace zhida::test {

/// Gives the octets to everything that reads proofs of batches, compact signatures and seal status lists. Aborts where
/// one is accepted, or is not written as it was read. Returns whether anything took them.
bool feed_proof_readers(ByteView octets);

/// Gives the octets to everything that reads seals, certificates, revocation lists and time-stamps. Must never crash,
/// hang or accept. Returns whether anything took them as a whole structure.
bool feed_der_readers(ByteView octets);

}  // namespace zhida::test
