// What every x86-64 has: SSE2. Elsewhere the portable kernels stand in (kernels_portable.cpp).
#include "stages/matching/engine/kernels.h"

#if defined(__SSE2__)
#include <bit>

#include <emmintrin.h>

#include "stages/matching/engine/kernel_body.h"
#include "stages/matching/engine/kernels_x86.h"

namespace zhida::matching::engine::detail {
namespace {

struct Baseline : X86 {
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

  /// How many rows there are in all that was added; eight words at a time, where registers cannot count.
  class Count {
   public:
    [[gnu::always_inline]] void add(const Register& rows) {
      alignas(64) std::uint64_t words[kVectorWords];
      store(words, rows);
      int found = 0;
      for (std::size_t i = 0; i < kVectorWords; ++i) found += __builtin_popcountll(words[i]);
      all_ += static_cast<std::uint64_t>(found);
    }
    std::uint64_t all() const { return all_; }

   private:
    std::uint64_t all_ = 0;
  };

  /// x, where y or z.
  [[gnu::always_inline]] static Register narrowed(const Register& x, const Register& y, const Register& z) {
    return both(x, either(y, z));
  }
  static constexpr unsigned kSideBySide = 2;  ///< Vectors that there are registers for.
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
    for (std::size_t i = 0; i < bits; ++i) planes[i * kBlockWords] = 0;
    if constexpr (kCodes) *unknown = 0;
    const auto zero = _mm_setzero_si128(), one = _mm_set1_epi8(1);
    const auto shift = _mm_cvtsi32_si128(static_cast<int>(8 - bits));
    const auto mask = [](__m128i value) { return static_cast<std::uint64_t>(_mm_movemask_epi8(value)); };
    for (int part = 0; part < 4; ++part) {
      auto value = _mm_loadu_si128(reinterpret_cast<const __m128i*>(octets) + part);
      if constexpr (kCodes) {
        *unknown |= mask(_mm_cmpeq_epi8(value, zero)) << (16 * part);
        value = _mm_subs_epu8(value, one);
      }
      value = _mm_sll_epi16(value, shift);
      for (std::size_t i = bits; i-- > 0; value = _mm_add_epi8(value, value))
        planes[i * kBlockWords] |= mask(value) << (16 * part);
    }
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
