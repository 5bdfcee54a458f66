// AVX2: 256 bits at a time.
#include "stages/matching/engine/kernels.h"

#if defined(__x86_64__)
#include <bit>
#include <cstring>
#include <span>

#include <immintrin.h>

// Functions from here on, and only those, may use these instructions: a flag for the whole file would let the linker
// choose its copy of some inline function for everybody.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,popcnt,bmi"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,popcnt,bmi")
#endif

#include "stages/matching/engine/kernel_body.h"

namespace zhida::matching::engine::detail {
namespace {

struct Avx2 {
  struct Register {
    __m256i a, b;
  };
  [[gnu::always_inline]] static Register load(const std::uint64_t* from) {
    const auto* at = reinterpret_cast<const __m256i*>(from);
    return {_mm256_load_si256(at), _mm256_load_si256(at + 1)};
  }
  [[gnu::always_inline]] static Register load_unaligned(const std::uint64_t* from) {
    const auto* at = reinterpret_cast<const __m256i*>(from);
    return {_mm256_loadu_si256(at), _mm256_loadu_si256(at + 1)};
  }
  [[gnu::always_inline]] static void store(std::uint64_t* to, const Register& value) {
    auto* at = reinterpret_cast<__m256i*>(to);
    _mm256_store_si256(at, value.a);
    _mm256_store_si256(at + 1, value.b);
  }
  [[gnu::always_inline]] static Register ones() { return {_mm256_set1_epi32(-1), _mm256_set1_epi32(-1)}; }
  [[gnu::always_inline]] static Register zeros() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }
  [[gnu::always_inline]] static Register both(const Register& x, const Register& y) {
    return {_mm256_and_si256(x.a, y.a), _mm256_and_si256(x.b, y.b)};
  }
  [[gnu::always_inline]] static Register either(const Register& x, const Register& y) {
    return {_mm256_or_si256(x.a, y.a), _mm256_or_si256(x.b, y.b)};
  }
  [[gnu::always_inline]] static Register without(const Register& x, const Register& y) {
    return {_mm256_andnot_si256(y.a, x.a), _mm256_andnot_si256(y.b, x.b)};
  }
  [[gnu::always_inline]] static Register opposite(const Register& x) { return without(ones(), x); }
  [[gnu::always_inline]] static bool any(const Register& x) {
    const auto found = _mm256_or_si256(x.a, x.b);
    return _mm256_testz_si256(found, found) == 0;
  }
  [[gnu::always_inline]] static std::uint64_t count(const std::uint64_t* words) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < kVectorWords; ++i) out += static_cast<std::uint64_t>(_mm_popcnt_u64(words[i]));
    return out;
  }

  [[gnu::always_inline]] static std::uint64_t bytes_within(const std::uint8_t* codes, std::uint8_t low,
                                                           std::uint8_t width) {
    const auto lows = _mm256_set1_epi8(static_cast<char>(low)), widths = _mm256_set1_epi8(static_cast<char>(width));
    std::uint64_t out = 0;
    for (int i = 0; i < 2; ++i) {
      const auto apart = _mm256_sub_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes) + i), lows);
      const auto holds = _mm256_cmpeq_epi8(_mm256_min_epu8(apart, widths), apart);
      out |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(holds))) << (32 * i);
    }
    return out;
  }
  [[gnu::always_inline]] static std::uint64_t words_within(const std::uint16_t* codes, std::uint16_t low,
                                                           std::uint16_t width) {
    const auto lows = _mm256_set1_epi16(static_cast<short>(low)), widths = _mm256_set1_epi16(static_cast<short>(width));
    std::uint64_t out = 0;
    for (int i = 0; i < 2; ++i) {
      const auto* at = reinterpret_cast<const __m256i*>(codes) + 2 * i;
      auto first = _mm256_sub_epi16(_mm256_loadu_si256(at), lows);
      auto second = _mm256_sub_epi16(_mm256_loadu_si256(at + 1), lows);
      first = _mm256_cmpeq_epi16(_mm256_min_epu16(first, widths), first);
      second = _mm256_cmpeq_epi16(_mm256_min_epu16(second, widths), second);
      // Packing works within halves; put the four quarters back in order.
      const auto packed = _mm256_permute4x64_epi64(_mm256_packs_epi16(first, second), 0xd8);
      out |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(packed))) << (32 * i);
    }
    return out;
  }

  static constexpr std::size_t kCountCutsMax = 32;
  /// Few cuts: counting those that are not above the value is faster than searching.
  template <class Out>
  static void count_codes(const std::int64_t* values, const std::uint64_t* known, std::size_t count,
                          std::span<const std::int64_t> cuts, Out* out) {
    for (std::size_t at = 0; at < count; at += 16) {
      const auto* from = reinterpret_cast<const __m256i*>(values + at);
      __m256i value[4], above[4];
      for (int i = 0; i < 4; ++i) {
        value[i] = _mm256_loadu_si256(from + i);
        above[i] = _mm256_setzero_si256();
      }
      for (const auto cut : cuts) {
        const auto all = _mm256_set1_epi64x(cut);
        for (int i = 0; i < 4; ++i) above[i] = _mm256_add_epi64(above[i], _mm256_cmpgt_epi64(all, value[i]));
      }
      // Each cut above took one away.
      alignas(32) std::int64_t taken[16];
      for (int i = 0; i < 4; ++i) _mm256_store_si256(reinterpret_cast<__m256i*>(taken) + i, above[i]);
      const auto bits = known[at / 64] >> (at % 64);
      const auto most = static_cast<std::int64_t>(cuts.size()) + 1;
      for (std::size_t i = 0; i < 16; ++i)
        out[at + i] = static_cast<Out>((most + taken[i]) & -static_cast<std::int64_t>(bits >> i & 1));
    }
  }
};

}  // namespace

const Kernels kAvx2Kernels = kernels_of<Avx2>();

}  // namespace zhida::matching::engine::detail

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
