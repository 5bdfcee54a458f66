// Sixteen messages at once with AVX-512. Called only where the processor has it (sm3_many.cpp asks).
#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx2,bmi2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx2,bmi2")
#endif
#include "platform/crypto/sm3_lanes_internal.h"

namespace {

struct SixteenLanes {
  using V = __m512i;
  static V add(V a, V b) { return _mm512_add_epi32(a, b); }
  static V all(std::uint32_t word) { return _mm512_set1_epi32(static_cast<int>(word)); }
  static V exclusive(V a, V b) { return _mm512_xor_si512(a, b); }
  static V exclusive3(V a, V b, V c) { return _mm512_ternarylogic_epi32(a, b, c, 0x96); }
  static V majority(V a, V b, V c) { return _mm512_ternarylogic_epi32(a, b, c, 0xe8); }
  static V choose(V e, V f, V g) { return _mm512_ternarylogic_epi32(e, f, g, 0xca); }
  template <int N>
  static V rotate(V x) {
    return _mm512_rol_epi32(x, N);
  }
};

}  // namespace

namespace zhida::crypto::sm3_block {

void compress_sixteen(std::uint32_t (*state)[16], const unsigned char* const* blocks, std::size_t count) {
  __m512i s[8], now[8], w[68];
  for (int i = 0; i < 8; ++i) s[i] = _mm512_loadu_si512(state[i]);
  for (std::size_t block = 0; block < count; ++block) {
    for (std::size_t half = 0; half < 2; ++half) {
      __m256i low[8], high[8];
      transpose_words(blocks, block * 64 + half * 32, low);
      transpose_words(blocks + 8, block * 64 + half * 32, high);
      for (std::size_t i = 0; i < 8; ++i) {
        w[half * 8 + i] = _mm512_inserti64x4(_mm512_castsi256_si512(low[i]), high[i], 1);
      }
    }
    for (int i = 0; i < 8; ++i) now[i] = s[i];
    steps_of<SixteenLanes, 0>(now, w);
    for (int i = 0; i < 8; ++i) s[i] = _mm512_xor_si512(s[i], now[i]);
  }
  for (int i = 0; i < 8; ++i) _mm512_storeu_si512(state[i], s[i]);
}

}  // namespace zhida::crypto::sm3_block
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
