// libFuzzer's way in: seal_fuzz CORPUS_FOLDER
#include <cstddef>
#include <cstdint>

#include "seal_entry.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  zhida::test::feed_seal_readers({reinterpret_cast<const char*>(data), size});
  return 0;
}
