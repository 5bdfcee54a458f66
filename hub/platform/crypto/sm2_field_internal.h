// Numbers modulo the prime and the order of the SM2 curve (GB/T 32918.5), four words of 64 bits in Montgomery's form.
// Every function takes the same steps and touches the same memory whatever the numbers are, so that they may be secret.
// For the sources of this folder only.
#pragma once
#include <array>
#include <cstdint>

#if defined(__x86_64__) && defined(__GNUC__)
#define ZHIDA_SM2_X86_64 1
#include "platform/crypto/sm2_prime_x86_64_internal.h"
#endif

namespace zhida::crypto::sm2 {

using Word = std::uint64_t;
__extension__ using DoubleWord = unsigned __int128;

/// 256 bits, lowest word first.
struct Number {
  std::array<Word, 4> w{};
};

/// The compiler must not learn that a mask is only ever all or nothing, or it may make a branch of it.
inline Word opaque(Word mask) {
#if defined(__GNUC__)
  __asm__("" : "+r"(mask));
#endif
  return mask;
}
/// All ones where `value` is zero, else zero.
inline Word mask_if_zero(Word value) {
  return opaque(static_cast<Word>(((value | (0 - value)) >> 63) - 1));
}
inline Word mask_if_zero(const Number& a) {
  return mask_if_zero(a.w[0] | a.w[1] | a.w[2] | a.w[3]);
}
inline Word mask_if_equal(const Number& a, const Number& b) {
  return mask_if_zero((a.w[0] ^ b.w[0]) | (a.w[1] ^ b.w[1]) | (a.w[2] ^ b.w[2]) | (a.w[3] ^ b.w[3]));
}
/// `yes` where the mask is all ones, `no` where it is zero.
inline Number choose(Word mask, const Number& yes, const Number& no) {
  Number out;
  for (std::size_t i = 0; i < 4; ++i) out.w[i] = no.w[i] ^ (mask & (yes.w[i] ^ no.w[i]));
  return out;
}

constexpr Word add_word(Word a, Word b, Word& carry) {
  const DoubleWord sum = static_cast<DoubleWord>(a) + b + carry;
  carry = static_cast<Word>(sum >> 64);
  return static_cast<Word>(sum);
}
constexpr Word subtract_word(Word a, Word b, Word& borrow) {
  const DoubleWord difference = static_cast<DoubleWord>(a) - b - borrow;
  borrow = static_cast<Word>(difference >> 64) & 1;
  return static_cast<Word>(difference);
}
/// a·b + c + carry, which always fits two words.
constexpr Word multiply_word(Word a, Word b, Word c, Word& carry) {
  const DoubleWord product = static_cast<DoubleWord>(a) * b + c + carry;
  carry = static_cast<Word>(product >> 64);
  return static_cast<Word>(product);
}

/// `carry`·2^256 + sum, which is below 2m, reduced below m.
constexpr Number reduce_once(const Number& sum, Word carry, const Number& modulus) {
  Number less;
  Word borrow = 0;
  for (std::size_t i = 0; i < 4; ++i) less.w[i] = subtract_word(sum.w[i], modulus.w[i], borrow);
  const Word keep = carry - borrow;  // All ones only where nothing was carried and too much was taken.
  Number out;
  for (std::size_t i = 0; i < 4; ++i) out.w[i] = less.w[i] ^ (keep & (sum.w[i] ^ less.w[i]));
  return out;
}

/// 2^256 mod m, or 2^512 mod m: what Montgomery's form needs.
constexpr Number power_of_two(int exponent, const Number& modulus) {
  Number value;
  value.w[0] = 1;
  for (int i = 0; i < exponent; ++i) {
    Number twice;
    Word carry = 0;
    for (std::size_t j = 0; j < 4; ++j) twice.w[j] = add_word(value.w[j], value.w[j], carry);
    value = reduce_once(twice, carry, modulus);
  }
  return value;
}
constexpr Word minus_inverse_of(Word odd) {
  Word inverse = odd;  // Right in the lowest three bits; each round doubles that.
  for (int i = 0; i < 6; ++i) inverse *= 2 - odd * inverse;
  return 0 - inverse;
}

/// The prime p = 2^256 - 2^224 - 2^96 + 2^64 - 1.
struct Prime {
  static constexpr Number kModulus{{0xffffffffffffffff, 0xffffffff00000000, 0xffffffffffffffff, 0xfffffffeffffffff}};
  static constexpr bool kIsThePrime = true;
#if defined(ZHIDA_SM2_X86_64)
  static constexpr bool kByRegister = true;
#else
  static constexpr bool kByRegister = false;
#endif
};
/// The same prime, always in plain C++: what other processors run, and what tests hold the other against.
struct PlainPrime {
  static constexpr Number kModulus = Prime::kModulus;
  static constexpr bool kIsThePrime = true;
  static constexpr bool kByRegister = false;
};
/// The order n of the base point.
struct Order {
  static constexpr Number kModulus{{0x53bbf40939d54123, 0x7203df6b21c6052b, 0xffffffffffffffff, 0xfffffffeffffffff}};
  static constexpr bool kIsThePrime = false;
  static constexpr bool kByRegister = false;
};

/// A residue modulo M::kModulus in Montgomery's form, always fully reduced.
template <class M>
struct Residue {
  Number n;

  static constexpr Number kOne = power_of_two(256, M::kModulus);
  static constexpr Number kSquare = power_of_two(512, M::kModulus);
  static constexpr Word kMinusInverse = minus_inverse_of(M::kModulus.w[0]);

  static Residue zero() { return {}; }
  static Residue one() { return {kOne}; }
  /// Of a number below the modulus.
  static Residue from(const Number& number) { return multiply({number}, {kSquare}); }
  Number number() const {
    std::array<Word, 8> t{};
    for (std::size_t i = 0; i < 4; ++i) t[i] = n.w[i];
    return reduce(t);
  }

  friend Residue operator+(const Residue& a, const Residue& b) {
#if defined(ZHIDA_SM2_X86_64)
    if constexpr (M::kByRegister) {
      Residue out;
      add_prime_x86_64(out.n.w.data(), a.n.w.data(), b.n.w.data());
      return out;
    }
#endif
    Number sum;
    Word carry = 0;
    for (std::size_t i = 0; i < 4; ++i) sum.w[i] = add_word(a.n.w[i], b.n.w[i], carry);
    return {reduce_once(sum, carry, M::kModulus)};
  }
  friend Residue operator-(const Residue& a, const Residue& b) {
#if defined(ZHIDA_SM2_X86_64)
    if constexpr (M::kByRegister) {
      Residue out;
      subtract_prime_x86_64(out.n.w.data(), a.n.w.data(), b.n.w.data());
      return out;
    }
#endif
    Number difference;
    Word borrow = 0, carry = 0;
    for (std::size_t i = 0; i < 4; ++i) difference.w[i] = subtract_word(a.n.w[i], b.n.w[i], borrow);
    const Word mask = 0 - borrow;
    for (std::size_t i = 0; i < 4; ++i) {
      difference.w[i] = add_word(difference.w[i], M::kModulus.w[i] & mask, carry);
    }
    return {difference};
  }
  friend Residue operator*(const Residue& a, const Residue& b) {
    return multiply(a, b);
  }
  friend Residue negate(const Residue& a) {
    return zero() - a;
  }

  friend Residue square(const Residue& a) {
#if defined(ZHIDA_SM2_X86_64)
    if constexpr (M::kByRegister) {
      Residue out;
      square_prime_x86_64(out.n.w.data(), a.n.w.data());
      return out;
    }
#endif
    std::array<Word, 8> t{};
    Word carry = 0;
    t[1] = multiply_word(a.n.w[0], a.n.w[1], 0, carry);
    t[2] = multiply_word(a.n.w[0], a.n.w[2], 0, carry);
    t[3] = multiply_word(a.n.w[0], a.n.w[3], 0, carry);
    t[4] = carry;
    carry = 0;
    t[3] = multiply_word(a.n.w[1], a.n.w[2], t[3], carry);
    t[4] = multiply_word(a.n.w[1], a.n.w[3], t[4], carry);
    t[5] = carry;
    carry = 0;
    t[5] = multiply_word(a.n.w[2], a.n.w[3], t[5], carry);
    t[6] = carry;
    t[7] = t[6] >> 63;
    for (std::size_t i = 6; i > 1; --i) t[i] = (t[i] << 1) | (t[i - 1] >> 63);
    t[1] <<= 1;
    Word over = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const DoubleWord product = static_cast<DoubleWord>(a.n.w[i]) * a.n.w[i];
      t[2 * i] = add_word(t[2 * i], static_cast<Word>(product), over);
      t[2 * i + 1] = add_word(t[2 * i + 1], static_cast<Word>(product >> 64), over);
    }
    return {reduce(t)};
  }

 private:
  static Residue multiply(const Residue& a, const Residue& b) {
#if defined(ZHIDA_SM2_X86_64)
    if constexpr (M::kByRegister) {
      Residue out;
      multiply_prime_x86_64(out.n.w.data(), a.n.w.data(), b.n.w.data());
      return out;
    }
#endif
    std::array<Word, 8> t{};
    for (std::size_t i = 0; i < 4; ++i) {
      Word carry = 0;
      for (std::size_t j = 0; j < 4; ++j) t[i + j] = multiply_word(a.n.w[i], b.n.w[j], t[i + j], carry);
      t[i + 4] = carry;
    }
    return {reduce(t)};
  }

  // t / 2^256 modulo m, for t below 2^256 m.
  static Number reduce(std::array<Word, 8>& t) {
    Word top = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      if constexpr (M::kIsThePrime) {
        // p is -1 modulo 2^64: u = t[i] itself makes t + u·p end in a zero word, and u·p takes shifts only.
        const Word u = t[i];
        Word borrow = 0;
        const Word u0 = subtract_word(u, u << 32, borrow);
        const Word u1 = subtract_word(0, u >> 32, borrow);
        const Word u2 = subtract_word(0, u << 32, borrow);
        const Word u3 = subtract_word(u, u >> 32, borrow);
        Word carry = 0;
        t[i + 1] = add_word(t[i + 1], u0, carry);
        t[i + 2] = add_word(t[i + 2], u1, carry);
        t[i + 3] = add_word(t[i + 3], u2, carry);
        const Word sum = add_word(t[i + 4], u3, carry);
        Word over = 0;
        t[i + 4] = add_word(sum, top, over);
        top = carry + over;
      } else {
        const Word u = t[i] * kMinusInverse;
        Word carry = 0;
        for (std::size_t j = 0; j < 4; ++j) t[i + j] = multiply_word(u, M::kModulus.w[j], t[i + j], carry);
        Word over = 0;
        const Word sum = add_word(t[i + 4], carry, over);
        Word again = 0;
        t[i + 4] = add_word(sum, top, again);
        top = over + again;
      }
    }
    return reduce_once(Number{{t[4], t[5], t[6], t[7]}}, top, M::kModulus);
  }
};

using FieldElement = Residue<Prime>;
using Scalar = Residue<Order>;

/// Big-endian, 32 octets.
Number read_number(const unsigned char* octets);
void write_number(unsigned char* octets, const Number& number);
/// Whether a < b; a mask.
Word mask_if_less(const Number& a, const Number& b);
/// a, which is below 2m, modulo m.
template <class M>
Number reduced(const Number& a) {
  return reduce_once(a, 0, M::kModulus);
}

/// 1/a by Fermat's theorem: the exponent is public, the steps are always the same. 0 for 0.
FieldElement inverse(const FieldElement& a);
Scalar inverse(const Scalar& a);

}  // namespace zhida::crypto::sm2
