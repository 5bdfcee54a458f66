// Inside the engine only: what SSE2, AVX2 and AVX-512 share. Included by their kernels_<set>.cpp behind the choice of
// instructions, so each has a copy of its own, compiled for its set.
#pragma once
#include <emmintrin.h>

#include "stages/matching/engine/kernels.h"

namespace zhida::matching::engine::detail {
namespace {

struct X86 {
  /// 16 rows of 16 columns: what stood column by column stands row by row.
  [[gnu::always_inline]] static void lay16(const std::byte* const* columns, std::size_t row, std::byte* out,
                                           std::size_t row_bytes) {
    __m128i part[16], next[16];
    for (int i = 0; i < 16; ++i) part[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(columns[i] + row));
    // Shuffled like cards, four times: the first half with the second.
    for (int round = 0; round < 4; ++round) {
      for (int i = 0; i < 8; ++i) {
        next[2 * i] = _mm_unpacklo_epi8(part[i], part[i + 8]);
        next[2 * i + 1] = _mm_unpackhi_epi8(part[i], part[i + 8]);
      }
      for (int i = 0; i < 16; ++i) part[i] = next[i];
    }
    for (std::size_t i = 0; i < 16; ++i) _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i * row_bytes), part[i]);
  }
};

}  // namespace
}  // namespace zhida::matching::engine::detail
