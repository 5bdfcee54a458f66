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
  static std::uint64_t count(const std::uint64_t* words) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < kVectorWords; ++i) out += static_cast<std::uint64_t>(std::popcount(words[i]));
    return out;
  }

  static std::uint64_t bytes_within(const std::uint8_t* codes, std::uint8_t low, std::uint8_t width) {
    std::uint64_t out = 0;
    if constexpr (std::endian::native == std::endian::little) {
      constexpr std::uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
      const auto lows = kOnes * low, widths = kOnes * width;
      for (unsigned i = 0; i < 8; ++i) {
        std::uint64_t x = 0;
        std::memcpy(&x, codes + 8 * i, sizeof x);
        // Octet by octet, no borrow from one into the next: x - low, then whether width >= that.
        const auto apart = ((x | kHighs) - (lows & ~kHighs)) ^ ((x ^ ~lows) & kHighs);
        const auto less = (widths | kHighs) - (apart & ~kHighs);
        const auto holds = ((widths & ~apart) | (~(widths ^ apart) & less)) & kHighs;
        out |= ((holds >> 7) * 0x0102040810204080 >> 56) << (8 * i);
      }
    } else {
      for (unsigned i = 0; i < 64; ++i)
        out |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(codes[i] - low) <= width) << i;
    }
    return out;
  }
  static std::uint64_t words_within(const std::uint16_t* codes, std::uint16_t low, std::uint16_t width) {
    std::uint64_t out = 0;
    for (unsigned i = 0; i < 64; ++i)
      out |= static_cast<std::uint64_t>(static_cast<std::uint16_t>(codes[i] - low) <= width) << i;
    return out;
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
