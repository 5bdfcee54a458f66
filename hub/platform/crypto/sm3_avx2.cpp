// Eight messages at once with AVX2. Called only where the processor has it (sm3_many.cpp asks).
#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi2")
#endif
#include "platform/crypto/sm3_lanes_internal.h"

namespace {

struct EightLanes {
  using V = __m256i;
  static V add(V a, V b) { return _mm256_add_epi32(a, b); }
  static V all(std::uint32_t word) { return _mm256_set1_epi32(static_cast<int>(word)); }
  static V exclusive(V a, V b) { return _mm256_xor_si256(a, b); }
  static V exclusive3(V a, V b, V c) { return exclusive(exclusive(a, b), c); }
  static V majority(V a, V b, V c) {
    return _mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(_mm256_or_si256(a, b), c));
  }
  static V choose(V e, V f, V g) { return exclusive(_mm256_and_si256(exclusive(f, g), e), g); }
  template <int N>
  static V rotate(V x) {
    return _mm256_or_si256(_mm256_slli_epi32(x, N), _mm256_srli_epi32(x, 32 - N));
  }
};

}  // namespace

namespace zhida::crypto::sm3_block {

void compress_eight(std::uint32_t (*state)[8], const unsigned char* const* blocks, std::size_t count) {
  __m256i s[8], now[8], w[68];
  for (int i = 0; i < 8; ++i) s[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(state[i]));
  for (std::size_t block = 0; block < count; ++block) {
    transpose_words(blocks, block * 64, w);
    transpose_words(blocks, block * 64 + 32, w + 8);
    for (int i = 0; i < 8; ++i) now[i] = s[i];
    steps_of<EightLanes, 0>(now, w);
    for (int i = 0; i < 8; ++i) s[i] = _mm256_xor_si256(s[i], now[i]);
  }
  for (int i = 0; i < 8; ++i) _mm256_storeu_si256(reinterpret_cast<__m256i*>(state[i]), s[i]);
}

}  // namespace zhida::crypto::sm3_block
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
