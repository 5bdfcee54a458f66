// Any machine: 64-bit words, eight octets of codes at a time.
#include <bit>
#include <cstring>

#include "stages/matching/engine/kernel_body.h"
#include "stages/matching/engine/kernels.h"

namespace zhida::matching::engine::detail {
namespace {

struct Portable {
  struct Register {
    std::uint64_t words[kVectorWords];
  };
  static Register load(const std::uint64_t* from) {
    Register out;
    std::memcpy(out.words, from, sizeof out.words);
    return out;
  }
  static Register load_unaligned(const std::uint64_t* from) { return load(from); }
  static void store(std::uint64_t* to, const Register& value) { std::memcpy(to, value.words, sizeof value.words); }
  static Register all(std::uint64_t word) {
    Register out;
    for (auto& each : out.words) each = word;
    return out;
  }
  static Register ones() { return all(~std::uint64_t{0}); }
  static Register zeros() { return all(0); }
  template <class Combine>
  static Register each(const Register& a, const Register& b, const Combine& combine) {
    Register out;
    for (std::size_t i = 0; i < kVectorWords; ++i) out.words[i] = combine(a.words[i], b.words[i]);
    return out;
  }
  static Register both(const Register& a, const Register& b) {
    return each(a, b, [](std::uint64_t x, std::uint64_t y) { return x & y; });
  }
  static Register either(const Register& a, const Register& b) {
    return each(a, b, [](std::uint64_t x, std::uint64_t y) { return x | y; });
  }
  static Register without(const Register& a, const Register& b) {
    return each(a, b, [](std::uint64_t x, std::uint64_t y) { return x & ~y; });
  }
  static Register opposite(const Register& a) { return without(ones(), a); }
  static bool any(const Register& a) {
    std::uint64_t found = 0;
    for (const auto word : a.words) found |= word;
    return found != 0;
  }

  /// How many rows there are in all that was added; eight words at a time, where registers cannot count.
  class Count {
   public:
    void add(const Register& rows) {
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
  static Register narrowed(const Register& x, const Register& y, const Register& z) { return both(x, either(y, z)); }
  static constexpr unsigned kSideBySide = 1;  ///< Vectors that there are registers for.
  static constexpr bool kBranches = true;     ///< Whether weave() and pick() do.

  /// One plane more of at_least().
  static Register weave(const Register& rows, const Register& plane, bool one) {
    return one ? both(rows, plane) : either(rows, plane);
  }
  /// One plane more of equal().
  static Register pick(const Register& rows, const Register& plane, bool one) {
    return one ? both(rows, plane) : without(rows, plane);
  }

  static void lay16(const std::byte* const* columns, std::size_t row, std::byte* out, std::size_t row_bytes) {
    for (std::size_t i = 0; i < 16; ++i)
      for (std::size_t k = 0; k < 16; ++k) out[i * row_bytes + k] = columns[k][row + i];
  }

  /// 64 octets into planes.
  template <bool kCodes>
  static void slice(const std::uint8_t* octets, unsigned bits, std::uint64_t* planes, std::uint64_t* unknown) {
    std::uint64_t out[9] = {};
    for (unsigned i = 0; i < 64; ++i) {
      const auto value = static_cast<std::uint64_t>(kCodes ? octets[i] - (octets[i] != 0) : octets[i]);
      for (unsigned bit = 0; bit < bits; ++bit) out[bit] |= (value >> bit & 1) << i;
      if constexpr (kCodes) out[8] |= static_cast<std::uint64_t>(octets[i] == 0) << i;
    }
    for (unsigned bit = 0; bit < bits; ++bit) planes[bit * kBlockWords] = out[bit];
    if constexpr (kCodes) *unknown = out[8];
  }

  static constexpr std::size_t kCountCutsMax = 0;
  template <class Out>
  static void count_codes(const std::int64_t* values, const std::uint64_t* known, std::size_t count,
                          std::span<const std::int64_t> cuts, Out* out) {
    search_codes<Portable>(values, known, count, cuts, out);
  }
};

}  // namespace

const Kernels kPortableKernels = kernels_of<Portable>();
#if !defined(__SSE2__)
const Kernels kBaselineKernels = kernels_of<Portable>();
#endif

}  // namespace zhida::matching::engine::detail
