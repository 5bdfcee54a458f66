#include "platform/crypto/sm2_curve_internal.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace zhida::crypto::sm2 {
namespace {

FieldElement double_of(const FieldElement& a) {
  return a + a;
}

const FieldElement& curve_b() {
  static const FieldElement b =
      FieldElement::from(Number{{0xddbcbd414d940e93, 0xf39789f515ab8f92, 0x4d5a9e4bcf6509a7, 0x28e9fa9e9d9f5e34}});
  return b;
}

struct Digit {
  Word magnitude;  // 0 … 32
  Word negative;   // A mask.
};

/// Digit i of k in base 64 with digits -32 … 32 (Booth): six bits and the one below them. No branch, no table.
Digit digit_of(const Number& k, std::size_t i) {
  Word bits = 0;
  if (i == 0) {
    bits = (k.w[0] << 1) & 127;
  } else {
    const std::size_t at = 6 * i - 1, word = at / 64, shift = at % 64;
    bits = k.w[word] >> shift;
    if (shift > 57 && word < 3) bits |= k.w[word + 1] << (64 - shift);
    bits &= 127;
  }
  const Word negative = opaque(0 - (bits >> 6));
  const Word folded = (bits & ~negative) | ((127 - bits) & negative);
  return {(folded >> 1) + (folded & 1), negative};
}

/// The entry of that number (1 … 32), zeros for 0; reads all of them alike.
AffinePoint select(const AffinePoint* entries, Word number) {
  AffinePoint out;
#if defined(__SSE2__)
  static_assert(sizeof(AffinePoint) == 64);
  __m128i sum[4] = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
  const __m128i wanted = _mm_set1_epi32(static_cast<int>(number)), one = _mm_set1_epi32(1);
  __m128i current = one;
  for (std::size_t i = 0; i < CombTable::kEntries; ++i) {
    const __m128i mask = _mm_cmpeq_epi32(wanted, current);
    const auto* const at = reinterpret_cast<const __m128i*>(entries + i);
    for (std::size_t j = 0; j < 4; ++j) sum[j] = _mm_or_si128(sum[j], _mm_and_si128(mask, _mm_loadu_si128(at + j)));
    current = _mm_add_epi32(current, one);
  }
  for (std::size_t j = 0; j < 4; ++j) _mm_storeu_si128(reinterpret_cast<__m128i*>(&out) + j, sum[j]);
#else
  for (std::size_t i = 0; i < CombTable::kEntries; ++i) {
    const Word mask = mask_if_zero(number ^ (i + 1));
    for (std::size_t j = 0; j < 4; ++j) {
      out.x.n.w[j] |= mask & entries[i].x.n.w[j];
      out.y.n.w[j] |= mask & entries[i].y.n.w[j];
    }
  }
#endif
  return out;
}

/// What adding an affine point comes to; `difference` (H) is zero where both have the same x.
struct MixedSum {
  Point sum;
  FieldElement difference, slope;
};
MixedSum mixed(const Point& a, const AffinePoint& b) {
  const FieldElement zz = square(a.z);
  const FieldElement h = b.x * zz - a.x;
  const FieldElement r = b.y * (zz * a.z) - a.y;
  const FieldElement hh = square(h);
  const FieldElement hhh = hh * h;
  const FieldElement v = a.x * hh;
  MixedSum out{{}, h, r};
  out.sum.x = square(r) - hhh - double_of(v);
  out.sum.y = r * (v - out.sum.x) - a.y * hhh;
  out.sum.z = a.z * h;
  return out;
}

Point choose(Word mask, const Point& yes, const Point& no) {
  return {{choose(mask, yes.x.n, no.x.n)}, {choose(mask, yes.y.n, no.y.n)}, {choose(mask, yes.z.n, no.z.n)}};
}

/// Affine forms with one inversion for all (Montgomery's trick). None may be neutral. Public points.
std::vector<AffinePoint> to_affine(const std::vector<Point>& points) {
  std::vector<FieldElement> before(points.size());
  FieldElement product = FieldElement::one();
  for (std::size_t i = 0; i < points.size(); ++i) {
    before[i] = product;
    product = product * points[i].z;
  }
  FieldElement inverted = inverse(product);
  std::vector<AffinePoint> affine(points.size());
  for (std::size_t i = points.size(); i-- > 0;) {
    const FieldElement z = inverted * before[i];
    inverted = inverted * points[i].z;
    const FieldElement zz = square(z);
    affine[i] = {points[i].x * zz, points[i].y * (zz * z)};
  }
  return affine;
}

}  // namespace

const AffinePoint& base_point() {
  static const AffinePoint point{
      FieldElement::from(Number{{0x715a4589334c74c7, 0x8fe30bbff2660be1, 0x5f9904466a39c994, 0x32c4ae2c1f198119}}),
      FieldElement::from(Number{{0x02df32e52139f0a0, 0xd0a9877cc62a4740, 0x59bdcee36b692153, 0xbc3736a2f4f6779c}})};
  return point;
}

std::optional<AffinePoint> point_on_curve(const Number& x, const Number& y) {
  if (mask_if_less(x, Prime::kModulus) == 0 || mask_if_less(y, Prime::kModulus) == 0) return std::nullopt;
  const AffinePoint point{FieldElement::from(x), FieldElement::from(y)};
  const FieldElement three_x = double_of(point.x) + point.x;
  const FieldElement right = square(point.x) * point.x - three_x + curve_b();
  if (mask_if_equal(square(point.y).n, right.n) == 0) return std::nullopt;
  return point;
}

Point twice(const Point& a) {
  const FieldElement zz = square(a.z), yy = square(a.y);
  const FieldElement beta = a.x * yy;
  const FieldElement product = (a.x - zz) * (a.x + zz);
  const FieldElement alpha = double_of(product) + product;
  const FieldElement four_beta = double_of(double_of(beta));
  Point out;
  out.x = square(alpha) - double_of(four_beta);
  out.z = square(a.y + a.z) - yy - zz;
  const FieldElement two_yyyy = square(double_of(yy));  // 4 y⁴
  out.y = alpha * (four_beta - out.x) - double_of(two_yyyy);
  return out;
}

Point add_public(const Point& a, const AffinePoint& b) {
  if (a.is_neutral()) return Point::from(b);
  const MixedSum made = mixed(a, b);
  if (mask_if_zero(made.difference.n) == 0) return made.sum;
  return mask_if_zero(made.slope.n) != 0 ? twice(a) : Point::neutral();
}

Point add_public(const Point& a, const Point& b) {
  if (a.is_neutral()) return b;
  if (b.is_neutral()) return a;
  const FieldElement aa = square(a.z), bb = square(b.z);
  const FieldElement u = a.x * bb, s = a.y * (bb * b.z);
  const FieldElement h = b.x * aa - u, r = b.y * (aa * a.z) - s;
  if (mask_if_zero(h.n) != 0) return mask_if_zero(r.n) != 0 ? twice(a) : Point::neutral();
  const FieldElement hh = square(h);
  const FieldElement hhh = hh * h;
  const FieldElement v = u * hh;
  Point out;
  out.x = square(r) - hhh - double_of(v);
  out.y = r * (v - out.x) - s * hhh;
  out.z = a.z * b.z * h;
  return out;
}

CombTable::CombTable(const AffinePoint& point) {
  std::vector<Point> all;
  all.reserve(kWindows * kEntries);
  Point first = Point::from(point);
  for (std::size_t window = 0; window < kWindows; ++window) {
    all.push_back(first);
    for (std::size_t i = 1; i < kEntries; ++i) {
      const Point& half = all[window * kEntries + (i - 1) / 2];
      all.push_back(i % 2 == 1 ? twice(half) : add_public(all.back(), first));
    }
    first = twice(all.back());
  }
  entries_ = to_affine(all);
}

Point CombTable::multiply(const Number& k) const {
  // The sum of the lower windows is less than half of the next window's unit, in magnitude, and all sums are below n:
  // what is added is therefore never equal or opposite to the sum so far, and only the neutral point needs care. At the
  // top window, equality would ask for k = 2^256 + (2^256 - n), which is above n.
  Point sum = Point::neutral();
  for (std::size_t window = 0; window < kWindows; ++window) {
    const Digit digit = digit_of(k, window);
    AffinePoint entry = select(entries_.data() + window * kEntries, digit.magnitude);
    entry.y.n = sm2::choose(digit.negative, negate(entry.y).n, entry.y.n);
    const Word nothing_to_add = mask_if_zero(digit.magnitude);
    const Word nothing_yet = mask_if_zero(sum.z.n);
    Point next = mixed(sum, entry).sum;
    next = choose(nothing_yet, Point::from(entry), next);
    sum = choose(nothing_to_add, sum, next);
  }
  return sum;
}

Point CombTable::multiply_public(const Number& k, Point sum) const {
  for (std::size_t window = 0; window < kWindows; ++window) {
    const Digit digit = digit_of(k, window);
    if (digit.magnitude == 0) continue;
    AffinePoint entry = entries_[window * kEntries + static_cast<std::size_t>(digit.magnitude - 1)];
    if (digit.negative != 0) entry.y = negate(entry.y);
    sum = add_public(sum, entry);
  }
  return sum;
}

const CombTable& base_table() {
  static const CombTable table(base_point());
  return table;
}

Point multiply_public(const Number& k, const AffinePoint& point) {
  // Width-5 non-adjacent form: odd digits up to ±15, on average every sixth bit.
  std::array<Point, 8> odd;
  odd[0] = Point::from(point);
  const Point two = twice(odd[0]);
  for (std::size_t i = 1; i < odd.size(); ++i) odd[i] = add_public(odd[i - 1], two);

  std::array<signed char, 257> digits{};
  std::array<Word, 5> rest{k.w[0], k.w[1], k.w[2], k.w[3], 0};
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if ((rest[0] & 1) != 0) {
      const int low = static_cast<int>(rest[0] & 31);
      const int digit = low < 16 ? low : low - 32;
      digits[i] = static_cast<signed char>(digit);
      Word borrow = 0, carry = 0;
      const Word minus = digit > 0 ? static_cast<Word>(digit) : 0, plus = digit < 0 ? static_cast<Word>(-digit) : 0;
      for (std::size_t j = 0; j < rest.size(); ++j) {
        rest[j] = subtract_word(rest[j], j == 0 ? minus : 0, borrow);
        rest[j] = add_word(rest[j], j == 0 ? plus : 0, carry);
      }
    }
    for (std::size_t j = 0; j + 1 < rest.size(); ++j) rest[j] = (rest[j] >> 1) | (rest[j + 1] << 63);
    rest[4] >>= 1;
  }

  Point sum = Point::neutral();
  for (std::size_t i = digits.size(); i-- > 0;) {
    sum = twice(sum);
    const int digit = digits[i];
    if (digit == 0) continue;
    Point entry = odd[static_cast<std::size_t>((digit < 0 ? -digit : digit) / 2)];
    if (digit < 0) entry.y = negate(entry.y);
    sum = add_public(sum, entry);
  }
  return sum;
}

}  // namespace zhida::crypto::sm2
