// SM3's compression function over the lanes of a vector register. Included, behind a #pragma that turns the
// instructions on, by the two sources that know them; everything here has internal linkage, so that no code with those
// instructions is ever shared with another source.
#pragma once
#include <cstddef>
#include <cstdint>

#include <immintrin.h>

namespace {

/// What compress() needs of a register of lanes: add, exclusive or, rotate, and the two boolean functions.
template <class L>
[[gnu::always_inline]] inline typename L::V p0_of(typename L::V x) {
  return L::exclusive3(x, L::template rotate<9>(x), L::template rotate<17>(x));
}
template <class L>
[[gnu::always_inline]] inline typename L::V p1_of(typename L::V x) {
  return L::exclusive3(x, L::template rotate<15>(x), L::template rotate<23>(x));
}

template <class L, int J>
[[gnu::always_inline]] inline void step_of(typename L::V a, typename L::V& b, typename L::V c, typename L::V& d,
                                           typename L::V e, typename L::V& f, typename L::V g, typename L::V& h,
                                           typename L::V word, typename L::V later) {
  constexpr std::uint32_t kBase = J < 16 ? 0x79cc4519u : 0x7a879d8au;
  constexpr int kTurn = J % 32;
  constexpr std::uint32_t kConstant = kTurn == 0 ? kBase : (kBase << kTurn | kBase >> ((32 - kTurn) % 32));
  const auto a12 = L::template rotate<12>(a);
  const auto ss1 = L::template rotate<7>(L::add(L::add(a12, e), L::all(kConstant)));
  typename L::V ff, gg;
  if constexpr (J < 16) {
    ff = L::exclusive3(a, b, c);
    gg = L::exclusive3(e, f, g);
  } else {
    ff = L::majority(a, b, c);
    gg = L::choose(e, f, g);
  }
  d = L::add(L::add(d, ff), L::add(L::exclusive(ss1, a12), L::exclusive(word, later)));
  h = p0_of<L>(L::add(L::add(h, gg), L::add(ss1, word)));
  b = L::template rotate<9>(b);
  f = L::template rotate<19>(f);
}

template <class L, int J>
[[gnu::always_inline]] inline void steps_of(typename L::V* s, typename L::V* w) {
  if constexpr (J < 64) {
    if constexpr (J >= 12) {
      for (int i = J + 4; i < J + 8; ++i) {
        const auto inner = L::exclusive3(w[i - 16], w[i - 9], L::template rotate<15>(w[i - 3]));
        w[i] = L::exclusive3(p1_of<L>(inner), L::template rotate<7>(w[i - 13]), w[i - 6]);
      }
    }
    step_of<L, J + 0>(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], w[J + 0], w[J + 4]);
    step_of<L, J + 1>(s[3], s[0], s[1], s[2], s[7], s[4], s[5], s[6], w[J + 1], w[J + 5]);
    step_of<L, J + 2>(s[2], s[3], s[0], s[1], s[6], s[7], s[4], s[5], w[J + 2], w[J + 6]);
    step_of<L, J + 3>(s[1], s[2], s[3], s[0], s[5], s[6], s[7], s[4], w[J + 3], w[J + 7]);
    steps_of<L, J + 4>(s, w);
  }
}

/// Eight rows of eight words become eight columns; the octets of each word turned round, since SM3 is big-endian.
[[gnu::always_inline]] inline void transpose_words(const unsigned char* const* rows, std::size_t offset,
                                                   __m256i* columns) {
  const __m256i turn = _mm256_broadcastsi128_si256(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
  __m256i r[8], t[8];
  for (int i = 0; i < 8; ++i) {
    r[i] = _mm256_shuffle_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows[i] + offset)), turn);
  }
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  for (int i = 0; i < 4; ++i) {
    columns[i] = _mm256_permute2x128_si256(r[i], r[i + 4], 0x20);
    columns[i + 4] = _mm256_permute2x128_si256(r[i], r[i + 4], 0x31);
  }
}

}  // namespace
