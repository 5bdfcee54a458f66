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
#include "stages/matching/engine/kernels_x86.h"

namespace zhida::matching::engine::detail {
namespace {

struct Avx2 : X86 {
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

  /// How many rows there are in all that was added: octets by their halves, in registers.
  class Count {
   public:
    [[gnu::always_inline]] Count() : all_(_mm256_setzero_si256()) {}
    [[gnu::always_inline]] void add(const Register& rows) {
      all_ = _mm256_add_epi64(all_, _mm256_add_epi64(of(rows.a), of(rows.b)));
    }
    [[gnu::always_inline]] std::uint64_t all() const {
      return static_cast<std::uint64_t>(_mm256_extract_epi64(all_, 0) + _mm256_extract_epi64(all_, 1) +
                                        _mm256_extract_epi64(all_, 2) + _mm256_extract_epi64(all_, 3));
    }

   private:
    [[gnu::always_inline]] static __m256i of(__m256i rows) {
      const auto ones = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
      const auto half = _mm256_set1_epi8(15);
      const auto lower = _mm256_shuffle_epi8(ones, _mm256_and_si256(rows, half));
      const auto upper = _mm256_shuffle_epi8(ones, _mm256_and_si256(_mm256_srli_epi16(rows, 4), half));
      return _mm256_sad_epu8(_mm256_add_epi8(lower, upper), _mm256_setzero_si256());
    }
    __m256i all_;
  };

  /// x, where y or z.
  [[gnu::always_inline]] static Register narrowed(const Register& x, const Register& y, const Register& z) {
    return both(x, either(y, z));
  }
  static constexpr unsigned kSideBySide = 4;  ///< Vectors that there are registers for.
  static constexpr bool kBranches = true;     ///< Whether weave() and pick() do.

  /// One plane more of at_least().
  [[gnu::always_inline]] static Register weave(const Register& rows, const Register& plane, bool one) {
    return one ? both(rows, plane) : either(rows, plane);
  }
  /// One plane more of equal().
  [[gnu::always_inline]] static Register pick(const Register& rows, const Register& plane, bool one) {
    return one ? both(rows, plane) : without(rows, plane);
  }

  /// 64 octets into planes.
  template <bool kCodes>
  [[gnu::always_inline]] static void slice(const std::uint8_t* octets, unsigned bits, std::uint64_t* planes,
                                           std::uint64_t* unknown) {
    const auto* at = reinterpret_cast<const __m256i*>(octets);
    __m256i value[2] = {_mm256_loadu_si256(at), _mm256_loadu_si256(at + 1)};
    if constexpr (kCodes) {
      const auto zero = _mm256_setzero_si256(), one = _mm256_set1_epi8(1);
      *unknown = mask(_mm256_cmpeq_epi8(value[0], zero), _mm256_cmpeq_epi8(value[1], zero));
      for (auto& part : value) part = _mm256_subs_epu8(part, one);
    }
    const auto shift = _mm_cvtsi32_si128(static_cast<int>(8 - bits));
    for (auto& part : value) part = _mm256_sll_epi16(part, shift);
    for (auto i = bits; i-- > 0;) {
      planes[i * kBlockWords] = mask(value[0], value[1]);
      for (auto& part : value) part = _mm256_add_epi8(part, part);
    }
  }
  [[gnu::always_inline]] static std::uint64_t mask(__m256i first, __m256i second) {
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(first)) |
           static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(second))) << 32;
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
