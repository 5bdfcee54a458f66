#include "platform/crypto/sm2_key.h"

#include <atomic>
#include <cstring>
#include <mutex>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/assert.h"
#include "platform/crypto/sm2_curve_internal.h"
#include "platform/crypto/sm3_block_internal.h"

#if defined(ZHIDA_CONSTANT_TIME_CHECK)
#include <valgrind/memcheck.h>
#endif

namespace zhida::crypto {
namespace {

/// Marks where something made from a secret may show: public by its nature, or true with probability 2^-250 only. A
/// test runs signing under valgrind with the secrets marked as undefined; everything it finds must pass through here.
template <class T>
T revealed(T value) {
#if defined(ZHIDA_CONSTANT_TIME_CHECK)
  VALGRIND_MAKE_MEM_DEFINED(&value, sizeof value);
#endif
  return value;
}

using sm2::FieldElement;
using sm2::Number;
using sm2::Order;
using sm2::Point;
using sm2::Prime;
using sm2::Scalar;

constexpr std::string_view kSignerId = "1234567812345678";
// A table pays for itself after about fifteen signatures.
constexpr unsigned kUsesUntilTable = 16;

// OpenSSL's SM3 is faster on one long message, and slower to begin.
constexpr std::size_t kLongMessage = 512;

bool digest_of_two(const unsigned char* z, ByteView message, unsigned char* digest) {
  static const EVP_MD* const sm3 = EVP_MD_fetch(nullptr, "SM3", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                                     &EVP_MD_CTX_free);
  unsigned size = 0;
  return sm3 != nullptr && context && EVP_DigestInit_ex2(context.get(), sm3, nullptr) == 1 &&
         EVP_DigestUpdate(context.get(), z, 32) == 1 &&
         EVP_DigestUpdate(context.get(), message.data(), message.size()) == 1 &&
         EVP_DigestFinal_ex(context.get(), digest, &size) == 1 && size == 32;
}

const unsigned char* octets_of(ByteView view) {
  return reinterpret_cast<const unsigned char*>(view.data());
}

Number add_numbers(const Number& a, const Number& b, sm2::Word& carry) {
  Number sum;
  carry = 0;
  for (std::size_t i = 0; i < 4; ++i) sum.w[i] = sm2::add_word(a.w[i], b.w[i], carry);
  return sum;
}
/// (a + b) mod n for a, b < n.
Number add_mod_order(const Number& a, const Number& b) {
  sm2::Word carry = 0;
  const Number sum = add_numbers(a, b, carry);
  return sm2::reduce_once(sum, carry, Order::kModulus);
}
/// (a - b) mod n for a, b < n.
Number subtract_mod_order(const Number& a, const Number& b) {
  return (Scalar{a} - Scalar{b}).n;  // Subtraction is the same in Montgomery's form and out of it.
}

/// Where Number objects that hold secrets end: wiped.
struct SecretNumber {
  Number n;
  ~SecretNumber() { wipe(&n, sizeof n); }
};

}  // namespace

struct Sm2PublicKey::Impl {
  sm2::AffinePoint affine;
  Bytes point;
  std::array<unsigned char, 32> z{};  // Half a block of SM3: see digest().
  std::atomic<unsigned> uses{0};
  std::once_flag once;
  std::atomic<const sm2::CombTable*> ready{nullptr};
  std::unique_ptr<const sm2::CombTable> table;

  Point multiple(const Number& s, const Number& t) {
    // s·G + t·P; everything here is public.
    const sm2::CombTable* own = ready.load(std::memory_order_acquire);
    if (own == nullptr && uses.fetch_add(1, std::memory_order_relaxed) + 1 >= kUsesUntilTable) {
      std::call_once(once, [this] {
        table = std::make_unique<const sm2::CombTable>(affine);
        ready.store(table.get(), std::memory_order_release);
      });
      own = ready.load(std::memory_order_acquire);
    }
    const Point from_key = own != nullptr ? own->multiply_public(t, Point::neutral()) : sm2::multiply_public(t, affine);
    return sm2::base_table().multiply_public(s, from_key);
  }
};

std::optional<Sm2PublicKey> Sm2PublicKey::from_point(ByteView point) {
  if (point.size() == 65 && point.front() == '\x04') point.remove_prefix(1);
  if (point.size() != 64) return std::nullopt;
  const auto affine = sm2::point_on_curve(sm2::read_number(octets_of(point)), sm2::read_number(octets_of(point) + 32));
  if (!affine) return std::nullopt;
  auto impl = std::make_shared<Impl>();
  impl->affine = *affine;
  impl->point = Bytes(point);
  // Z = SM3(ENTL || id || a || b || xG || yG || xA || yA); GB/T 32918.2, 5.5.
  Bytes text = from_hex(
                   "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc"
                   "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93"
                   "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
                   "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0")
                   .value();
  text = Bytes("\x00\x80", 2) + Bytes(kSignerId) + text + impl->point;
  sm3_block::digest_behind(sm3_block::kInitial, 0, text, impl->z.data());
  return Sm2PublicKey(std::move(impl));
}

const Bytes& Sm2PublicKey::point() const {
  return impl_->point;
}

Bytes Sm2PublicKey::z() const {
  return {reinterpret_cast<const char*>(impl_->z.data()), impl_->z.size()};
}

std::array<unsigned char, 32> Sm2PublicKey::digest(ByteView message) const {
  // Z is half a block; the message's first 32 octets fill it up.
  std::array<unsigned char, 32> e;
  if (message.size() >= kLongMessage && digest_of_two(impl_->z.data(), message, e.data())) return e;
  unsigned char first[sm3_block::kBlockBytes];
  std::memcpy(first, impl_->z.data(), 32);
  sm3_block::State state = sm3_block::kInitial;
  if (message.size() < 32) {
    if (!message.empty()) std::memcpy(first + 32, message.data(), message.size());
    sm3_block::finish(state, first, 32 + message.size(), e.data());
    return e;
  }
  std::memcpy(first + 32, message.data(), 32);
  sm3_block::compress(state, first, 1);
  sm3_block::digest_behind(state, sm3_block::kBlockBytes, message.substr(32), e.data());
  return e;
}

bool Sm2PublicKey::verify_e(ByteView e, const RawSignature& signature) const {
  if (e.size() != 32) return false;
  const Number r = sm2::read_number(signature.data()), s = sm2::read_number(signature.data() + 32);
  for (const Number* number : {&r, &s}) {
    if (sm2::mask_if_zero(*number) != 0 || sm2::mask_if_less(*number, Order::kModulus) == 0) return false;
  }
  const Number t = add_mod_order(r, s);
  if (sm2::mask_if_zero(t) != 0) return false;
  const Point sum = impl_->multiple(s, t);
  if (sum.is_neutral()) return false;
  // R = e + x mod n must be r, so x mod n must be r - e; x itself is below p, which is larger than n, so that there are
  // at most two candidates. Compared in projective form: no inversion.
  const Number wanted = subtract_mod_order(r, sm2::reduced<Order>(sm2::read_number(octets_of(e))));
  const FieldElement zz = square(sum.z);
  if (sm2::mask_if_equal((FieldElement::from(wanted) * zz).n, sum.x.n) != 0) return true;
  sm2::Word carry = 0;
  const Number second = add_numbers(wanted, Order::kModulus, carry);
  if (carry != 0 || sm2::mask_if_less(second, Prime::kModulus) == 0) return false;
  return sm2::mask_if_equal((FieldElement::from(second) * zz).n, sum.x.n) != 0;
}

bool Sm2PublicKey::verifies(ByteView message, ByteView der_signature) const {
  const auto raw = decode_signature(der_signature);
  if (!raw) return false;
  const auto e = digest(message);
  return verify_e({reinterpret_cast<const char*>(e.data()), e.size()}, *raw);
}

Sm2PrivateKey::Sm2PrivateKey(SecureBytes secret, Sm2PublicKey public_key)
    : secret_(std::move(secret)), public_key_(std::move(public_key)) {}

namespace {

/// Affine x (and y) of a point that is not neutral, in constant time.
void write_affine(const Point& point, unsigned char* x, unsigned char* y) {
  const FieldElement inverted = inverse(point.z);
  const FieldElement zz = square(inverted);
  sm2::write_number(x, (point.x * zz).number());
  if (y != nullptr) sm2::write_number(y, (point.y * (zz * inverted)).number());
}

}  // namespace

std::optional<Sm2PrivateKey> Sm2PrivateKey::from_octets(ByteView octets) {
  if (octets.size() != 32) return std::nullopt;
  SecretNumber d{sm2::read_number(octets_of(octets))};
  Number most = Order::kModulus;  // d = n - 1 would make 1 + d zero.
  most.w[0] -= 1;
  if (revealed(sm2::mask_if_zero(d.n) | ~sm2::mask_if_less(d.n, most)) != 0) return std::nullopt;
  Number one;
  one.w[0] = 1;
  SecretNumber inverted{inverse(Scalar::from(add_mod_order(d.n, one))).n};
  SecureBytes secret(64);
  std::memcpy(secret.data(), octets.data(), 32);
  std::memcpy(secret.data() + 32, inverted.n.w.data(), 32);

  std::array<unsigned char, 64> point;
  write_affine(sm2::base_table().multiply(d.n), point.data(), point.data() + 32);
  point = revealed(point);
  auto public_key = Sm2PublicKey::from_point({reinterpret_cast<const char*>(point.data()), point.size()});
  ZHIDA_ASSERT(public_key.has_value());
  return Sm2PrivateKey(std::move(secret), *std::move(public_key));
}

std::optional<RawSignature> Sm2PrivateKey::sign_e_with_nonce(ByteView e, ByteView nonce) const {
  if (e.size() != 32 || nonce.size() != 32) return std::nullopt;
  SecretNumber k{sm2::read_number(octets_of(nonce))};
  // Whether a nonce or a signature must be thrown away may show: it says nothing about the one that is used.
  if (revealed(sm2::mask_if_zero(k.n) | ~sm2::mask_if_less(k.n, Order::kModulus)) != 0) return std::nullopt;
  RawSignature signature;
  unsigned char x_octets[32];
  write_affine(sm2::base_table().multiply(k.n), x_octets, nullptr);
  const Number x = sm2::reduced<Order>(sm2::read_number(x_octets));
  const Number r = revealed(add_mod_order(sm2::reduced<Order>(sm2::read_number(octets_of(e))), x));
  SecretNumber r_and_k{add_mod_order(r, k.n)};
  if (revealed(sm2::mask_if_zero(r) | sm2::mask_if_zero(r_and_k.n)) != 0) return std::nullopt;
  // s = (k - r·d)/(1 + d) = (k + r)/(1 + d) - r: one multiplication. The stored factor is in Montgomery's form and the
  // sum is not, so that their product comes out of it.
  SecretNumber inverted;
  std::memcpy(inverted.n.w.data(), secret_.data() + 32, 32);
  const Number s = revealed(subtract_mod_order((Scalar{r_and_k.n} * Scalar{inverted.n}).n, r));
  if (sm2::mask_if_zero(s) != 0) return std::nullopt;
  sm2::write_number(signature.data(), r);
  sm2::write_number(signature.data() + 32, s);
  return signature;
}

Result<RawSignature> Sm2PrivateKey::sign_e(ByteView e) const {
  if (e.size() != 32) return refuse("signing_failed", "An SM2 digest has 32 octets.");
  struct Work {
    unsigned char first[sm3_block::kBlockBytes];  // d, randomness
    unsigned char second[33];                     // e, which half
    unsigned char wide[64];
    unsigned char nonce[32];
    sm3_block::State state;
    ~Work() { wipe(this, sizeof *this); }
  } work;
  std::memcpy(work.first, secret_.data(), 32);
  std::memcpy(work.second, e.data(), 32);
  while (true) {
    if (RAND_priv_bytes(work.first + 32, 32) != 1) {
      return refuse("signing_failed", "The machine gives no randomness for a nonce.");
    }
    // 512 bits of SM3(d || random || e || 0), SM3(d || random || e || 1), modulo n: so even that no value of the nonce
    // is likelier than another by more than 2^-256.
    work.state = sm3_block::kInitial;
    sm3_block::compress(work.state, work.first, 1);
    for (unsigned char half = 0; half < 2; ++half) {
      work.second[32] = half;
      sm3_block::digest_behind(work.state, sm3_block::kBlockBytes,
                               {reinterpret_cast<const char*>(work.second), sizeof work.second}, work.wide + 32 * half);
    }
    // high·2^256 + low: Montgomery's form of `high` is just that first product.
    SecretNumber high{sm2::reduced<Order>(sm2::read_number(work.wide))};
    SecretNumber low{sm2::reduced<Order>(sm2::read_number(work.wide + 32))};
    SecretNumber k{add_mod_order(Scalar::from(high.n).n, low.n)};
    sm2::write_number(work.nonce, k.n);
    const auto signature = sign_e_with_nonce(e, {reinterpret_cast<const char*>(work.nonce), sizeof work.nonce});
    if (signature) return *signature;
  }
}

}  // namespace zhida::crypto
