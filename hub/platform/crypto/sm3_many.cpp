#include "platform/crypto/sm3_many.h"

#include <algorithm>

#include "base/assert.h"
#include "platform/crypto/sm3_block_internal.h"

namespace zhida::crypto {

namespace sm3_block {
#if defined(__x86_64__)
// state[i][lane]: word i of each lane; blocks[lane]: at least count * 64 octets.
void compress_eight(std::uint32_t (*state)[8], const unsigned char* const* blocks, std::size_t count);
void compress_sixteen(std::uint32_t (*state)[16], const unsigned char* const* blocks, std::size_t count);
#endif
}  // namespace sm3_block

namespace {

using sm3_block::kBlockBytes;
using sm3_block::State;

const unsigned char* octets_of(ByteView view) {
  return reinterpret_cast<const unsigned char*>(view.data());
}

/// Where one message stands: whole blocks that are read in place, then one or two of padding.
struct Run {
  ByteView message;
  std::size_t whole = 0, padded = 0, at = 0;
  unsigned char last[2 * kBlockBytes] = {};

  void begin(ByteView text) {
    message = text;
    whole = text.size() / kBlockBytes;
    at = 0;
    const std::size_t left = text.size() % kBlockBytes;
    padded = left < 56 ? 1 : 2;
    std::memset(last, 0, sizeof last);
    if (left > 0) std::memcpy(last, octets_of(text) + whole * kBlockBytes, left);
    last[left] = 0x80;
    unsigned char* const length = last + padded * kBlockBytes - 8;
    sm3_block::store_big_endian(length, static_cast<std::uint32_t>(std::uint64_t{text.size()} >> 29));
    sm3_block::store_big_endian(length + 4, static_cast<std::uint32_t>(text.size() << 3));
  }
  std::size_t left() const { return whole + padded - at; }
  /// How many blocks lie one behind another from here.
  std::size_t in_one_piece() const { return at < whole ? whole - at : left(); }
  const unsigned char* next() const {
    return at < whole ? octets_of(message) + at * kBlockBytes : last + (at - whole) * kBlockBytes;
  }
};

#if defined(__x86_64__)
template <std::size_t N>
using Compress = void (*)(std::uint32_t (*)[N], const unsigned char* const*, std::size_t);

template <std::size_t N>
struct LaneState {
  alignas(64) std::uint32_t words[8][N];
};

/// N lanes; a lane whose message is done takes the next one at once, so that lengths need not be alike.
template <std::size_t N>
void in_lanes(Compress<N> compress, std::span<const ByteView> messages, std::span<Sm3Digest> digests) {
  LaneState<N> state;
  std::array<Run, N> runs;
  std::array<std::size_t, N> message_of{};
  constexpr std::size_t kIdle = SIZE_MAX;
  std::size_t next = 0;
  const auto fill = [&](std::size_t lane) {
    if (next == messages.size()) {
      message_of[lane] = kIdle;
      return;
    }
    message_of[lane] = next;
    runs[lane].begin(messages[next++]);
    for (std::size_t i = 0; i < 8; ++i) state.words[i][lane] = sm3_block::kInitial[i];
  };
  for (std::size_t lane = 0; lane < N; ++lane) fill(lane);
  while (true) {
    std::size_t step = SIZE_MAX, busy = 0, somewhere = 0;
    for (std::size_t lane = 0; lane < N; ++lane) {
      if (message_of[lane] == kIdle) continue;
      step = std::min(step, runs[lane].in_one_piece());
      somewhere = lane;
      ++busy;
    }
    if (busy == 0) return;
    const unsigned char* blocks[N];
    for (std::size_t lane = 0; lane < N; ++lane)
      blocks[lane] = runs[message_of[lane] == kIdle ? somewhere : lane].next();
    compress(state.words, blocks, step);
    for (std::size_t lane = 0; lane < N; ++lane) {
      if (message_of[lane] == kIdle) continue;
      runs[lane].at += step;
      if (runs[lane].left() > 0) continue;
      for (std::size_t i = 0; i < 8; ++i) {
        sm3_block::store_big_endian(digests[message_of[lane]].data() + 4 * i, state.words[i][lane]);
      }
      fill(lane);
    }
  }
}
#endif

void one_by_one(std::span<const ByteView> messages, std::span<Sm3Digest> digests) {
  for (std::size_t i = 0; i < messages.size(); ++i) {
    sm3_block::digest_behind(sm3_block::kInitial, 0, messages[i], digests[i].data());
  }
}

}  // namespace

bool sm3_lanes_available(Sm3Lanes lanes) {
#if defined(__x86_64__)
  if (lanes == Sm3Lanes::eight) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
  if (lanes == Sm3Lanes::sixteen) {
    return sm3_lanes_available(Sm3Lanes::eight) && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  }
#endif
  return lanes == Sm3Lanes::one || lanes == Sm3Lanes::best;
}

void sm3_many_with(Sm3Lanes lanes, std::span<const ByteView> messages, std::span<Sm3Digest> digests) {
  ZHIDA_ASSERT(digests.size() >= messages.size());
  ZHIDA_ASSERT(sm3_lanes_available(lanes));
#if defined(__x86_64__)
  if (lanes == Sm3Lanes::best) {
    // Few messages leave most lanes idle: then the narrower way is the faster one.
    lanes = Sm3Lanes::one;
    if (messages.size() >= 3 && sm3_lanes_available(Sm3Lanes::eight)) lanes = Sm3Lanes::eight;
    if (messages.size() >= 6 && sm3_lanes_available(Sm3Lanes::sixteen)) lanes = Sm3Lanes::sixteen;
  }
  if (lanes == Sm3Lanes::eight) return in_lanes<8>(&sm3_block::compress_eight, messages, digests);
  if (lanes == Sm3Lanes::sixteen) return in_lanes<16>(&sm3_block::compress_sixteen, messages, digests);
#endif
  one_by_one(messages, digests);
}

void sm3_many(std::span<const ByteView> messages, std::span<Sm3Digest> digests) {
  sm3_many_with(Sm3Lanes::best, messages, digests);
}

std::vector<Bytes> sm3_many(std::span<const ByteView> messages) {
  std::vector<Sm3Digest> digests(messages.size());
  sm3_many(messages, digests);
  std::vector<Bytes> all;
  all.reserve(digests.size());
  for (const auto& digest : digests) all.emplace_back(reinterpret_cast<const char*>(digest.data()), digest.size());
  return all;
}

std::string_view sm3_many_kind() {
  if (sm3_lanes_available(Sm3Lanes::sixteen)) return "avx512";
  return sm3_lanes_available(Sm3Lanes::eight) ? "avx2" : "plain";
}

}  // namespace zhida::crypto
