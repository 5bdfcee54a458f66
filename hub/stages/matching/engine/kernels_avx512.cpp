// AVX-512 (F, BW, DQ, VL): 512 rows in one register, 64 codes in one comparison.
#include "stages/matching/engine/kernels.h"

#if defined(__x86_64__)
#include <algorithm>
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
#include "stages/matching/engine/kernels_x86.h"

namespace zhida::matching::engine::detail {
namespace {

struct Avx512 : X86 {
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

  /// How many rows there are in all that was added: octets by their halves, in registers.
  class Count {
   public:
    [[gnu::always_inline]] Count() : all_(_mm512_setzero_si512()) {}
    [[gnu::always_inline]] void add(const Register& rows) {
      const auto ones = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
      const auto half = _mm512_set1_epi8(15);
      const auto lower = _mm512_shuffle_epi8(ones, _mm512_and_si512(rows.a, half));
      const auto upper = _mm512_shuffle_epi8(ones, _mm512_and_si512(_mm512_srli_epi16(rows.a, 4), half));
      all_ = _mm512_add_epi64(all_, _mm512_sad_epu8(_mm512_add_epi8(lower, upper), _mm512_setzero_si512()));
    }
    [[gnu::always_inline]] std::uint64_t all() const {
      return static_cast<std::uint64_t>(_mm512_reduce_add_epi64(all_));
    }

   private:
    __m512i all_;
  };

  /// x, where y or z.
  [[gnu::always_inline]] static Register narrowed(const Register& x, const Register& y, const Register& z) {
    return {_mm512_ternarylogic_epi64(x.a, y.a, z.a, 0xe0)};
  }
  static constexpr unsigned kSideBySide = 8;  ///< Vectors that there are registers for.
  static constexpr bool kBranches = false;    ///< Whether weave() and pick() do.

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

  static constexpr std::size_t kCountCutsMax = 63;
  static constexpr std::size_t kSteps = 6;
  /// The cuts as steps of a search, so that each finds its next limit within registers: step s asks one of 2^s.
  struct Search {
    __m512i limits[4];         ///< Steps 0 to 3.
    __m512i more[2], most[4];  ///< Steps 4 and 5.
    std::size_t steps = 0;
    explicit Search(std::span<const std::int64_t> cuts) {
      while ((std::size_t{1} << steps) <= cuts.size()) ++steps;
      alignas(64) std::int64_t table[kSteps][32];
      for (std::size_t step = 0; step < steps; ++step)
        for (std::size_t i = 0; i < 32; ++i) {
          const auto half = std::size_t{1} << (steps - step - 1);
          const auto at = half - 1 + 2 * half * i;
          table[step][i] = at < cuts.size() ? cuts[at] : INT64_MAX;
        }
      for (std::size_t step = 0; step < std::min<std::size_t>(steps, 4); ++step)
        limits[step] = _mm512_load_si512(table[step]);
      for (std::size_t i = 0; i < 2 && steps > 4; ++i) more[i] = _mm512_load_si512(table[4] + 8 * i);
      for (std::size_t i = 0; i < 4 && steps > 5; ++i) most[i] = _mm512_load_si512(table[5] + 8 * i);
    }
    [[gnu::always_inline]] static __m512i step(__m512i found, __m512i limit, __m512i value) {
      const auto twice = _mm512_add_epi64(found, found);
      return _mm512_mask_add_epi64(twice, _mm512_cmple_epi64_mask(limit, value), twice, _mm512_set1_epi64(1));
    }
    /// How many cuts are not above each value; ends that are only filled in may count.
    [[gnu::always_inline]] __m512i of(__m512i value) const {
      auto found = _mm512_setzero_si512();
      for (std::size_t i = 0; i < 4 && i < steps; ++i)
        found = step(found, _mm512_permutexvar_epi64(found, limits[i]), value);
      if (steps > 4) found = step(found, _mm512_permutex2var_epi64(more[0], found, more[1]), value);
      if (steps > 5)
        found = step(found,
                     _mm512_mask_blend_epi64(_mm512_cmpge_epi64_mask(found, _mm512_set1_epi64(16)),
                                             _mm512_permutex2var_epi64(most[0], found, most[1]),
                                             _mm512_permutex2var_epi64(most[2], found, most[3])),
                     value);
      return found;
    }
  };

  /// Up to so many cuts, asking them all is as fast as searching among them.
  static constexpr std::size_t kAskedAll = 6;
  template <class Out>
  static void count_codes(const std::int64_t* values, const std::uint64_t* known, std::size_t count,
                          std::span<const std::int64_t> cuts, Out* out) {
    const auto one = _mm512_set1_epi64(1), most = _mm512_set1_epi64(static_cast<std::int64_t>(cuts.size()));
    const Search search(cuts);
    for (std::size_t at = 0; at < count; at += 64) {
      __m512i value[8], code[8];
      for (int i = 0; i < 8; ++i) {
        value[i] = _mm512_loadu_si512(values + at + 8 * static_cast<std::size_t>(i));
        code[i] = one;
      }
      if (cuts.size() > kAskedAll) {
        for (int i = 0; i < 8; ++i) code[i] = _mm512_add_epi64(_mm512_min_epi64(search.of(value[i]), most), one);
      } else {
        for (const auto cut : cuts) {
          const auto all = _mm512_set1_epi64(cut);
          for (int i = 0; i < 8; ++i)
            code[i] = _mm512_mask_add_epi64(code[i], _mm512_cmple_epi64_mask(all, value[i]), code[i], one);
        }
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
