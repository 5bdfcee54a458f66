// libFuzzer's way in: NAME_fuzz CORPUS_FOLDER, for each of the entries that CMakeLists.txt names. Octets are changed as
// libFuzzer likes or, half of the time, such that what lies behind the outermost form is reached.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "mutate.h"
#include "pack_entry.h"
#include "seal_entry.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace zhida::test {

[[maybe_unused]] static void feed_texts(ByteView octets) {
  feed_proof_readers(octets);
  feed_pack_texts(octets);
}

}  // namespace zhida::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  zhida::test::ZHIDA_FUZZ_ENTRY({reinterpret_cast<const char*>(data), size});
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  std::mt19937_64 random(seed);
  if (random() % 2 == 0) return LLVMFuzzerMutate(data, size, max_size);
  const zhida::Bytes before(reinterpret_cast<const char*>(data), size);
  const zhida::Bytes after = zhida::test::ZHIDA_FUZZ_MUTATOR(before, random);
  if (after == before || after.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, after.data(), after.size());
  return after.size();
}
