#pragma once
#include "base/bytes.h"

namespace zhida::test {

/// Gives the octets to the readers of the JSON members of packs. Aborts where what was read is not written again as it
/// came: there is one form only. Returns whether one of them took the octets.
bool feed_pack_texts(ByteView octets);

/// To those, and to the reader of the archive. Must never crash or hang. Returns whether anything took the octets.
bool feed_pack_readers(ByteView octets);

/// To the archive's reader with the whole verification behind it. Aborts where octets verify that are no whole archive.
bool feed_pack_verifier(ByteView octets);

}  // namespace zhida::test
