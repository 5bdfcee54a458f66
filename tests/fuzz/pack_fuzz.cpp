// libFuzzer's door to the readers of evidence packs, with the whole verification behind it.
#include <cstddef>
#include <cstdint>

#include "pack_entry.h"
#include "seal/pack_verify.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const zhida::ByteView octets(reinterpret_cast<const char*>(data), size);
  zhida::test::feed_pack_readers(octets);
  zhida::seal::verify_pack(octets, {});
  return 0;
}
