// AVX-512 (F, BW, DQ, VL): 512 rows in one register, 64 codes in one comparison.
#include "stages/matching/engine/kernels.h"

#if defined(__x86_64__)
#include <bit>
#include <cstring>
#include <span>

#include <immintrin.h>

// Only for the functions from here on; see kernels_avx2.cpp.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,popcnt,bmi"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,popcnt,bmi")
#endif

#include "stages/matching/engine/kernel_body.h"

namespace zhida::matching::engine::detail {
namespace {

struct Avx512 {
  struct Register {
    __m512i a;
  };
  [[gnu::always_inline]] static Register load(const std::uint64_t* from) { return {_mm512_load_si512(from)}; }
  [[gnu::always_inline]] static Register load_unaligned(const std::uint64_t* from) {
    return {_mm512_loadu_si512(from)};
  }
  [[gnu::always_inline]] static void store(std::uint64_t* to, const Register& value) {
    _mm512_store_si512(to, value.a);
  }
  [[gnu::always_inline]] static Register ones() { return {_mm512_set1_epi32(-1)}; }
  [[gnu::always_inline]] static Register zeros() { return {_mm512_setzero_si512()}; }
  [[gnu::always_inline]] static Register both(const Register& x, const Register& y) {
    return {_mm512_and_si512(x.a, y.a)};
  }
  [[gnu::always_inline]] static Register either(const Register& x, const Register& y) {
    return {_mm512_or_si512(x.a, y.a)};
  }
  [[gnu::always_inline]] static Register without(const Register& x, const Register& y) {
    return {_mm512_andnot_si512(y.a, x.a)};
  }
  [[gnu::always_inline]] static Register opposite(const Register& x) { return without(ones(), x); }
  [[gnu::always_inline]] static bool any(const Register& x) { return _mm512_test_epi64_mask(x.a, x.a) != 0; }
  [[gnu::always_inline]] static std::uint64_t count(const std::uint64_t* words) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < kVectorWords; ++i) out += static_cast<std::uint64_t>(_mm_popcnt_u64(words[i]));
    return out;
  }

  [[gnu::always_inline]] static std::uint64_t bytes_within(const std::uint8_t* codes, std::uint8_t low,
                                                           std::uint8_t width) {
    const auto apart = _mm512_sub_epi8(_mm512_loadu_si512(codes), _mm512_set1_epi8(static_cast<char>(low)));
    return _mm512_cmple_epu8_mask(apart, _mm512_set1_epi8(static_cast<char>(width)));
  }
  [[gnu::always_inline]] static std::uint64_t words_within(const std::uint16_t* codes, std::uint16_t low,
                                                           std::uint16_t width) {
    const auto lows = _mm512_set1_epi16(static_cast<short>(low)), widths = _mm512_set1_epi16(static_cast<short>(width));
    const std::uint64_t first = _mm512_cmple_epu16_mask(_mm512_sub_epi16(_mm512_loadu_si512(codes), lows), widths);
    const std::uint64_t second =
        _mm512_cmple_epu16_mask(_mm512_sub_epi16(_mm512_loadu_si512(codes + 32), lows), widths);
    return first | second << 32;
  }

  static constexpr std::size_t kCountCutsMax = 64;
  /// Few cuts: counting those that are not above the value is faster than searching.
  template <class Out>
  static void count_codes(const std::int64_t* values, const std::uint64_t* known, std::size_t count,
                          std::span<const std::int64_t> cuts, Out* out) {
    const auto one = _mm512_set1_epi64(1);
    for (std::size_t at = 0; at < count; at += 64) {
      __m512i value[8], code[8];
      for (int i = 0; i < 8; ++i) {
        value[i] = _mm512_loadu_si512(values + at + 8 * static_cast<std::size_t>(i));
        code[i] = one;
      }
      for (const auto cut : cuts) {
        const auto all = _mm512_set1_epi64(cut);
        for (int i = 0; i < 8; ++i)
          code[i] = _mm512_mask_add_epi64(code[i], _mm512_cmple_epi64_mask(all, value[i]), code[i], one);
      }
      const auto bits = known[at / 64];
      for (int i = 0; i < 8; ++i) {
        const auto some = static_cast<__mmask8>(bits >> (8 * i));
        if constexpr (sizeof(Out) == 1)
          _mm_storel_epi64(reinterpret_cast<__m128i*>(out + at + 8 * static_cast<std::size_t>(i)),
                           _mm512_maskz_cvtepi64_epi8(some, code[i]));
        else
          _mm_storeu_si128(reinterpret_cast<__m128i*>(out + at + 8 * static_cast<std::size_t>(i)),
                           _mm512_maskz_cvtepi64_epi16(some, code[i]));
      }
    }
  }
};

}  // namespace

const Kernels kAvx512Kernels = kernels_of<Avx512>();

}  // namespace zhida::matching::engine::detail

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
