#pragma once
#include "base/bytes.h"

namespace zhida::test {

/// Gives the octets to everything that reads packs: the archive, and each JSON in it. Must never crash or hang. Returns
/// whether anything took them as a whole.
bool feed_pack_readers(ByteView octets);

}  // namespace zhida::test
