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

  /// One plane more of at_least(): both or either, without a branch.
  [[gnu::always_inline]] static Register weave(const Register& rows, const Register& plane, bool one) {
    // The majority of three.
    return {_mm512_ternarylogic_epi64(rows.a, plane.a, _mm512_set1_epi64(one ? 0 : -1), 0xe8)};
  }
  /// One plane more of equal().
  [[gnu::always_inline]] static Register pick(const Register& rows, const Register& plane, bool one) {
    // rows & (plane ^ all of the other)
    return {_mm512_ternarylogic_epi64(rows.a, plane.a, _mm512_set1_epi64(one ? 0 : -1), 0x60)};
  }

  /// 64 octets into planes.
  template <bool kCodes>
  [[gnu::always_inline]] static void slice(const std::uint8_t* octets, unsigned bits, std::uint64_t* planes,
                                           std::uint64_t* unknown) {
    auto value = _mm512_loadu_si512(octets);
    if constexpr (kCodes) {
      *unknown = _mm512_testn_epi8_mask(value, value);
      value = _mm512_subs_epu8(value, _mm512_set1_epi8(1));
    }
    // The highest bit wanted moves to where masks are taken from, then the next one.
    value = _mm512_sll_epi16(value, _mm_cvtsi32_si128(static_cast<int>(8 - bits)));
    for (auto i = bits; i-- > 0; value = _mm512_add_epi8(value, value))
      planes[i * kBlockWords] = _mm512_movepi8_mask(value);
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
