// Points of the SM2 curve y² = x³ - 3x + b (GB/T 32918.5). For the sources of this folder only.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "platform/crypto/sm2_field_internal.h"

namespace zhida::crypto::sm2 {

/// A point that is not the neutral one.
struct AffinePoint {
  FieldElement x, y;
};

/// (X/Z², Y/Z³); the neutral point has Z = 0.
struct Point {
  FieldElement x = FieldElement::one(), y = FieldElement::one(), z;
  static Point neutral() { return {}; }
  static Point from(const AffinePoint& a) { return {a.x, a.y, FieldElement::one()}; }
  bool is_neutral() const { return mask_if_zero(z.n) != 0; }  ///< For public points.
};

const AffinePoint& base_point();
/// Both coordinates below p and on the curve; otherwise nothing. The cofactor is 1: nothing more is to be checked.
std::optional<AffinePoint> point_on_curve(const Number& x, const Number& y);

Point twice(const Point& a);  ///< Constant time.
/// Any two points, by cases: for public points only.
Point add_public(const Point& a, const Point& b);
Point add_public(const Point& a, const AffinePoint& b);

/// 1, 2 … 32 times 2^(6i)·P for i = 0 … 42: any multiple of P is then a sum of 43 table entries, without a doubling.
class CombTable {
 public:
  static constexpr int kWindowBits = 6;
  static constexpr std::size_t kWindows = 43;
  static constexpr std::size_t kEntries = 32;

  explicit CombTable(const AffinePoint& point);
  /// k·P for a secret 0 < k < n: every window reads its whole part of the table, and always adds.
  Point multiply(const Number& k) const;
  /// start + k·P for a public k < n: reads what it needs.
  Point multiply_public(const Number& k, Point start) const;

 private:
  std::vector<AffinePoint> entries_;  // kWindows * kEntries
};

const CombTable& base_table();
/// k·P for public values, without a table: for keys that are seen once.
Point multiply_public(const Number& k, const AffinePoint& point);

}  // namespace zhida::crypto::sm2
