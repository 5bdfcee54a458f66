#include "platform/crypto/sm3_block_internal.h"

namespace zhida::crypto::sm3_block {
namespace {

constexpr std::uint32_t round_constant(int j) {
  return std::rotl(j < 16 ? 0x79cc4519u : 0x7a879d8au, j % 32);
}
constexpr std::uint32_t p0(std::uint32_t x) {
  return x ^ std::rotl(x, 9) ^ std::rotl(x, 17);
}
constexpr std::uint32_t p1(std::uint32_t x) {
  return x ^ std::rotl(x, 15) ^ std::rotl(x, 23);
}

// One round with the registers named in turn, so that nothing has to be moved: after four rounds the names fit again.
template <int J>
[[gnu::always_inline]] inline void step(std::uint32_t a, std::uint32_t& b, std::uint32_t c, std::uint32_t& d,
                                        std::uint32_t e, std::uint32_t& f, std::uint32_t g, std::uint32_t& h,
                                        std::uint32_t word, std::uint32_t later) {
  const std::uint32_t a12 = std::rotl(a, 12);
  const std::uint32_t ss1 = std::rotl(a12 + e + round_constant(J), 7);
  std::uint32_t ff = 0, gg = 0;
  if constexpr (J < 16) {
    ff = a ^ b ^ c;
    gg = e ^ f ^ g;
  } else {
    ff = (a & b) | ((a | b) & c);
    gg = ((f ^ g) & e) ^ g;
  }
  d += ff + (ss1 ^ a12) + (word ^ later);
  h = p0(h + gg + ss1 + word);
  b = std::rotl(b, 9);
  f = std::rotl(f, 19);
}

template <int J>
[[gnu::always_inline]] inline void four_steps(State& s, std::uint32_t* w) {
  if constexpr (J >= 12) {
    // Words are made when the round that first needs them comes; the ring of 20 holds what is still asked for.
    for (int i = J + 4; i < J + 8; ++i) {
      w[i] = p1(w[i - 16] ^ w[i - 9] ^ std::rotl(w[i - 3], 15)) ^ std::rotl(w[i - 13], 7) ^ w[i - 6];
    }
  }
  step<J + 0>(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], w[J + 0], w[J + 4]);
  step<J + 1>(s[3], s[0], s[1], s[2], s[7], s[4], s[5], s[6], w[J + 1], w[J + 5]);
  step<J + 2>(s[2], s[3], s[0], s[1], s[6], s[7], s[4], s[5], w[J + 2], w[J + 6]);
  step<J + 3>(s[1], s[2], s[3], s[0], s[5], s[6], s[7], s[4], w[J + 3], w[J + 7]);
}

template <int J = 0>
[[gnu::always_inline]] inline void all_steps(State& s, std::uint32_t* w) {
  if constexpr (J < 64) {
    four_steps<J>(s, w);
    all_steps<J + 4>(s, w);
  }
}

}  // namespace

void compress(State& state, const unsigned char* blocks, std::size_t count) {
  std::uint32_t w[68];
  for (; count > 0; --count, blocks += kBlockBytes) {
    for (std::size_t i = 0; i < 16; ++i) w[i] = load_big_endian(blocks + 4 * i);
    State now = state;
    all_steps(now, w);
    for (std::size_t i = 0; i < 8; ++i) state[i] ^= now[i];
  }
}

void finish(State state, const unsigned char* tail, std::uint64_t total, unsigned char* digest) {
  const std::size_t left = total % kBlockBytes;
  unsigned char last[2 * kBlockBytes] = {};
  if (left > 0) std::memcpy(last, tail, left);
  last[left] = 0x80;
  const std::size_t blocks = left < 56 ? 1 : 2;
  unsigned char* const length = last + blocks * kBlockBytes - 8;
  store_big_endian(length, static_cast<std::uint32_t>(total >> 29));
  store_big_endian(length + 4, static_cast<std::uint32_t>(total << 3));
  compress(state, last, blocks);
  for (std::size_t i = 0; i < 8; ++i) store_big_endian(digest + 4 * i, state[i]);
}

void digest_behind(const State& state, std::uint64_t taken, ByteView message, unsigned char* digest) {
  State now = state;
  const auto* data = reinterpret_cast<const unsigned char*>(message.data());
  const std::size_t whole = message.size() / kBlockBytes;
  compress(now, data, whole);
  finish(now, data + whole * kBlockBytes, taken + message.size(), digest);
}

}  // namespace zhida::crypto::sm3_block
