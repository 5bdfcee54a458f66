#pragma once
#include "base/bytes.h"

namespace zhida::test {

/// Gives the octets to everything that reads seals, certificates and revocation lists. Must never crash, hang or
/// accept. Returns whether anything took them as a whole structure.
bool feed_seal_readers(ByteView octets);

}  // namespace zhida::test
