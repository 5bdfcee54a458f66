#include "platform/crypto/sm2_field_internal.h"

namespace zhida::crypto::sm2 {
namespace {

FieldElement square_times(FieldElement a, int count) {
  for (int i = 0; i < count; ++i) a = square(a);
  return a;
}

}  // namespace

Number read_number(const unsigned char* octets) {
  Number number;
  for (std::size_t i = 0; i < 32; ++i) number.w[3 - i / 8] = (number.w[3 - i / 8] << 8) | octets[i];
  return number;
}

void write_number(unsigned char* octets, const Number& number) {
  for (std::size_t i = 0; i < 32; ++i)
    octets[i] = static_cast<unsigned char>(number.w[3 - i / 8] >> (56 - 8 * (i % 8)));
}

Word mask_if_less(const Number& a, const Number& b) {
  Word borrow = 0;
  for (std::size_t i = 0; i < 4; ++i) (void)subtract_word(a.w[i], b.w[i], borrow);
  return opaque(0 - borrow);
}

FieldElement inverse(const FieldElement& a) {
  // p - 2 in binary: 31 ones, a zero, 128 ones, 32 zeros, 62 ones, 0, 1. xN is a to the power of N ones.
  const FieldElement x2 = square(a) * a;
  const FieldElement x4 = square_times(x2, 2) * x2;
  const FieldElement x6 = square_times(x4, 2) * x2;
  const FieldElement x8 = square_times(x4, 4) * x4;
  const FieldElement x14 = square_times(x8, 6) * x6;
  const FieldElement x16 = square_times(x8, 8) * x8;
  const FieldElement x30 = square_times(x16, 14) * x14;
  const FieldElement x31 = square(x30) * a;
  const FieldElement x32 = square(x31) * a;
  FieldElement power = square(x31);
  for (int i = 0; i < 4; ++i) power = square_times(power, 32) * x32;
  power = square_times(power, 64) * x32;
  power = square_times(power, 30) * x30;
  return square_times(power, 2) * a;
}

Scalar inverse(const Scalar& a) {
  std::array<Scalar, 16> power;  // a to the 0 … 15.
  power[0] = Scalar::one();
  for (std::size_t i = 1; i < 16; ++i) power[i] = power[i - 1] * a;
  Number exponent = Order::kModulus;
  exponent.w[0] -= 2;
  Scalar out = Scalar::one();
  for (int nibble = 63; nibble >= 0; --nibble) {
    out = square(square(square(square(out))));
    out = out * power[(exponent.w[static_cast<std::size_t>(nibble / 16)] >> (4 * (nibble % 16))) & 15];
  }
  return out;
}

}  // namespace zhida::crypto::sm2
