// What every x86-64 has: SSE2. Elsewhere the portable kernels stand in (kernels_portable.cpp).
#include "stages/matching/engine/kernels.h"

#if defined(__SSE2__)
#include <bit>

#include <emmintrin.h>

#include "stages/matching/engine/kernel_body.h"

namespace zhida::matching::engine::detail {
namespace {

struct Baseline {
  struct Register {
    __m128i a, b, c, d;
  };
  [[gnu::always_inline]] static __m128i part(const std::uint64_t* from, int i) {
    return _mm_load_si128(reinterpret_cast<const __m128i*>(from) + i);
  }
  [[gnu::always_inline]] static Register load(const std::uint64_t* from) {
    return {part(from, 0), part(from, 1), part(from, 2), part(from, 3)};
  }
  [[gnu::always_inline]] static Register load_unaligned(const std::uint64_t* from) {
    const auto* at = reinterpret_cast<const __m128i*>(from);
    return {_mm_loadu_si128(at), _mm_loadu_si128(at + 1), _mm_loadu_si128(at + 2), _mm_loadu_si128(at + 3)};
  }
  [[gnu::always_inline]] static void store(std::uint64_t* to, const Register& value) {
    auto* at = reinterpret_cast<__m128i*>(to);
    _mm_store_si128(at, value.a);
    _mm_store_si128(at + 1, value.b);
    _mm_store_si128(at + 2, value.c);
    _mm_store_si128(at + 3, value.d);
  }
  [[gnu::always_inline]] static Register all(__m128i value) { return {value, value, value, value}; }
  [[gnu::always_inline]] static Register ones() { return all(_mm_set1_epi32(-1)); }
  [[gnu::always_inline]] static Register zeros() { return all(_mm_setzero_si128()); }
  [[gnu::always_inline]] static Register both(const Register& x, const Register& y) {
    return {_mm_and_si128(x.a, y.a), _mm_and_si128(x.b, y.b), _mm_and_si128(x.c, y.c), _mm_and_si128(x.d, y.d)};
  }
  [[gnu::always_inline]] static Register either(const Register& x, const Register& y) {
    return {_mm_or_si128(x.a, y.a), _mm_or_si128(x.b, y.b), _mm_or_si128(x.c, y.c), _mm_or_si128(x.d, y.d)};
  }
  [[gnu::always_inline]] static Register without(const Register& x, const Register& y) {
    return {_mm_andnot_si128(y.a, x.a), _mm_andnot_si128(y.b, x.b), _mm_andnot_si128(y.c, x.c),
            _mm_andnot_si128(y.d, x.d)};
  }
  [[gnu::always_inline]] static Register opposite(const Register& x) { return without(ones(), x); }
  [[gnu::always_inline]] static bool any(const Register& x) {
    const auto found = _mm_or_si128(_mm_or_si128(x.a, x.b), _mm_or_si128(x.c, x.d));
    return _mm_movemask_epi8(_mm_cmpeq_epi8(found, _mm_setzero_si128())) != 0xffff;
  }
  [[gnu::always_inline]] static std::uint64_t count(const std::uint64_t* words) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < kVectorWords; ++i) out += static_cast<std::uint64_t>(std::popcount(words[i]));
    return out;
  }

  [[gnu::always_inline]] static std::uint64_t bytes_within(const std::uint8_t* codes, std::uint8_t low,
                                                           std::uint8_t width) {
    const auto lows = _mm_set1_epi8(static_cast<char>(low)), widths = _mm_set1_epi8(static_cast<char>(width));
    std::uint64_t out = 0;
    for (int i = 0; i < 4; ++i) {
      const auto apart = _mm_sub_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes) + i), lows);
      const auto holds = _mm_cmpeq_epi8(_mm_min_epu8(apart, widths), apart);
      out |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(holds))) << (16 * i);
    }
    return out;
  }
  [[gnu::always_inline]] static std::uint64_t words_within(const std::uint16_t* codes, std::uint16_t low,
                                                           std::uint16_t width) {
    const auto lows = _mm_set1_epi16(static_cast<short>(low)), widths = _mm_set1_epi16(static_cast<short>(width));
    const auto zero = _mm_setzero_si128();
    std::uint64_t out = 0;
    for (int i = 0; i < 4; ++i) {
      const auto* at = reinterpret_cast<const __m128i*>(codes) + 2 * i;
      // Nothing is left of (x - low) - width when it saturates at 0.
      const auto first = _mm_cmpeq_epi16(_mm_subs_epu16(_mm_sub_epi16(_mm_loadu_si128(at), lows), widths), zero);
      const auto second = _mm_cmpeq_epi16(_mm_subs_epu16(_mm_sub_epi16(_mm_loadu_si128(at + 1), lows), widths), zero);
      out |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(first, second))))
             << (16 * i);
    }
    return out;
  }

  static constexpr std::size_t kCountCutsMax = 0;
  template <class Out>
  static void count_codes(const std::int64_t* values, const std::uint64_t* known, std::size_t count,
                          std::span<const std::int64_t> cuts, Out* out) {
    search_codes<Baseline>(values, known, count, cuts, out);
  }
};

}  // namespace

const Kernels kBaselineKernels = kernels_of<Baseline>();

}  // namespace zhida::matching::engine::detail
#endif
