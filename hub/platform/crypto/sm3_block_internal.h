// The compression function of SM3 (GB/T 32905) for one message at a time, in plain C++: its time and its memory
// accesses do not depend on the data. For the sources of this folder only.
#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"

namespace zhida::crypto::sm3_block {

using State = std::array<std::uint32_t, 8>;
inline constexpr std::size_t kBlockBytes = 64;
inline constexpr State kInitial = {0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
                                   0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e};

/// Takes `count` whole blocks into the state.
void compress(State& state, const unsigned char* blocks, std::size_t count);

/// Pads what is left of a message of `total` octets (`tail`: its last total % 64 octets) and finishes the digest.
void finish(State state, const unsigned char* tail, std::uint64_t total, unsigned char* digest);

/// A whole message behind a state that already took `taken` octets, a multiple of 64.
void digest_behind(const State& state, std::uint64_t taken, ByteView message, unsigned char* digest);

inline std::uint32_t load_big_endian(const unsigned char* at) {
  std::uint32_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return std::endian::native == std::endian::little ? __builtin_bswap32(word) : word;
}
inline void store_big_endian(unsigned char* at, std::uint32_t word) {
  if (std::endian::native == std::endian::little) word = __builtin_bswap32(word);
  std::memcpy(at, &word, sizeof word);
}

}  // namespace zhida::crypto::sm3_block
