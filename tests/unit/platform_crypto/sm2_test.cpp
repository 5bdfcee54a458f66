#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>
#include <thread>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include "platform/crypto/digest.h"
#include "platform/crypto/openssl_handles_internal.h"
#include "platform/crypto/sm2_curve_internal.h"
#include "platform/crypto/sm2_key.h"
#include "platform/crypto/sm3_many.h"

using namespace zhida;
using namespace zhida::crypto;

namespace {

using Number = sm2::Number;

const char* const kKeyX = "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020";
const char* const kKeyY = "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
const char* const kOrderHex = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";
const char* const kPrimeHex = "fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff";

Bytes hex(const std::string& text) {
  return from_hex(text).value();
}
ByteView view(const auto& octets) {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}
RawSignature raw_of(const Bytes& r, const Bytes& s) {
  RawSignature raw;
  std::copy(r.begin(), r.end(), raw.begin());
  std::copy(s.begin(), s.end(), raw.begin() + 32);
  return raw;
}

/// A number of exactly 32 octets, as a big number of OpenSSL.
using Big = Handle<BIGNUM, BN_free>;
Big big(const Bytes& octets) {
  return Big(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(octets.data()), static_cast<int>(octets.size()), nullptr));
}
Bytes octets32(const BIGNUM* number) {
  Bytes out(32, '\0');
  BOOST_REQUIRE(BN_bn2binpad(number, octets(out), 32) == 32);
  return out;
}

const EC_GROUP* curve() {
  static const Handle<EC_GROUP, EC_GROUP_free> group(EC_GROUP_new_by_curve_name(NID_sm2));
  return group.get();
}

/// x || y of a·G + b·Q by OpenSSL; empty for the neutral point.
Bytes openssl_multiple(const Bytes& a, const Bytes& b = {}, const Bytes& q = {}) {
  const Handle<EC_POINT, EC_POINT_free> out(EC_POINT_new(curve())), point(EC_POINT_new(curve()));
  const auto first = big(a), second = big(b);
  if (!q.empty()) {
    const Bytes encoded = "\x04" + q;
    BOOST_REQUIRE(EC_POINT_oct2point(curve(), point.get(), octets(ByteView(encoded)), encoded.size(), nullptr) == 1);
  }
  BOOST_REQUIRE(EC_POINT_mul(curve(), out.get(), first.get(), q.empty() ? nullptr : point.get(),
                             q.empty() ? nullptr : second.get(), nullptr) == 1);
  if (EC_POINT_is_at_infinity(curve(), out.get()) == 1) return {};
  Bytes encoded(65, '\0');
  BOOST_REQUIRE(EC_POINT_point2oct(curve(), out.get(), POINT_CONVERSION_UNCOMPRESSED, octets(encoded), 65, nullptr) ==
                65);
  return encoded.substr(1);
}

/// The same key for OpenSSL; with the private part where `d` is not empty.
KeyHandle openssl_key(const Bytes& point, const Bytes& d = {}) {
  const Bytes encoded = "\x04" + point;
  const Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "SM2", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, encoded.data(), encoded.size());
  const auto number = big(d);
  if (!d.empty()) OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get());
  const Handle<OSSL_PARAM, OSSL_PARAM_free> params(OSSL_PARAM_BLD_to_param(builder.get()));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "SM2", nullptr));
  EVP_PKEY* key = nullptr;
  BOOST_REQUIRE(EVP_PKEY_fromdata_init(context.get()) == 1);
  BOOST_REQUIRE(
      EVP_PKEY_fromdata(context.get(), &key, d.empty() ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR, params.get()) == 1);
  return KeyHandle(key);
}

Bytes openssl_sign(EVP_PKEY* key, ByteView message) {
  const auto context = context_to_sign(key, Alg::sm2_sm3).value();
  Bytes value(80, '\0');
  std::size_t size = value.size();
  BOOST_REQUIRE(EVP_DigestSign(context.digest_context.get(), octets(value), &size, octets(message), message.size()) ==
                1);
  value.resize(size);
  return value;
}
bool openssl_verify(EVP_PKEY* key, ByteView message, ByteView value) {
  const auto context = context_to_verify(key, Alg::sm2_sm3).value();
  const bool good =
      EVP_DigestVerify(context.digest_context.get(), octets(value), value.size(), octets(message), message.size()) == 1;
  ERR_clear_error();
  return good;
}
/// Over a ready digest: what a device would be asked.
bool openssl_verify_e(EVP_PKEY* key, ByteView e, const RawSignature& raw) {
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  BOOST_REQUIRE(EVP_PKEY_verify_init(context.get()) == 1);
  const Bytes der = encode_signature(raw);
  const bool good = EVP_PKEY_verify(context.get(), octets(ByteView(der)), der.size(), octets(e), e.size()) == 1;
  ERR_clear_error();
  return good;
}

struct Random {
  std::mt19937_64 engine;
  explicit Random(std::uint64_t seed) : engine(seed) { BOOST_TEST_MESSAGE("seed " << seed); }
  Bytes bytes(std::size_t count) {
    Bytes out(count, '\0');
    for (auto& octet : out) octet = static_cast<char>(engine());
    return out;
  }
};
std::uint64_t fresh_seed() {
  return std::random_device()();
}

Bytes plus(const char* base, int difference) {
  const auto number = big(hex(base));
  if (difference >= 0) {
    BN_add_word(number.get(), static_cast<BN_ULONG>(difference));
  } else {
    BN_sub_word(number.get(), static_cast<BN_ULONG>(-difference));
  }
  return octets32(number.get());
}
Bytes small(unsigned value) {
  Bytes out(32, '\0');
  out[31] = static_cast<char>(value & 255);
  out[30] = static_cast<char>(value >> 8);
  return out;
}

Number number(const Bytes& octets) {
  return sm2::read_number(reinterpret_cast<const unsigned char*>(octets.data()));
}
template <class M>
Bytes octets_of(const sm2::Residue<M>& residue) {
  Bytes out(32, '\0');
  sm2::write_number(octets(out), residue.number());
  return out;
}
Bytes affine_of(const sm2::Point& point) {
  if (point.is_neutral()) return {};
  const auto inverted = inverse(point.z);
  const auto zz = square(inverted);
  return octets_of(point.x * zz) + octets_of(point.y * (zz * inverted));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sm2_arithmetic)

BOOST_AUTO_TEST_CASE(the_published_values_come_out) {
  const auto key = Sm2PublicKey::from_point(hex(std::string(kKeyX) + kKeyY));
  BOOST_REQUIRE(key.has_value());
  BOOST_TEST(to_hex(key->z()) == "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3");
  const auto e = key->digest("message digest");
  BOOST_TEST(to_hex(view(e)) == "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640");
  const auto raw = raw_of(hex("f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"),
                          hex("b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"));
  BOOST_TEST(key->verify_e(view(e), raw));

  // GB/T 32918.5, annex A: the private key and the nonce are published too.
  const auto d = Sm2PrivateKey::from_octets(hex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"));
  BOOST_REQUIRE(d.has_value());
  BOOST_TEST(d->public_key().point() == key->point());
  const auto again =
      d->sign_e_with_nonce(view(e), hex("59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21"));
  BOOST_REQUIRE(again.has_value());
  BOOST_TEST(to_hex(view(*again)) == to_hex(view(raw)));
}

BOOST_AUTO_TEST_CASE(residues_agree_with_openssl) {
  Random random(fresh_seed());
  const auto check = [&]<class M>(sm2::Residue<M>, const char* modulus_hex) {
    const auto modulus = big(hex(modulus_hex));
    const Handle<BN_CTX, BN_CTX_free> context(BN_CTX_new());
    std::vector<Bytes> values = {small(0),
                                 small(1),
                                 small(2),
                                 plus(modulus_hex, -1),
                                 plus(modulus_hex, -2),
                                 hex("00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff"),
                                 hex("fffffffeffffffffffffffffffffffff00000000000000000000000000000000")};
    while (values.size() < 60) {
      const auto value = big(random.bytes(32));
      BN_nnmod(value.get(), value.get(), modulus.get(), context.get());
      values.push_back(octets32(value.get()));
    }
    const Big wanted(BN_new());
    for (const auto& left : values) {
      const auto a = sm2::Residue<M>::from(number(left));
      const auto big_a = big(left);
      BOOST_TEST(octets_of(a) == left);
      BN_mod_sqr(wanted.get(), big_a.get(), modulus.get(), context.get());
      BOOST_REQUIRE(octets_of(square(a)) == octets32(wanted.get()));
      if constexpr (!std::is_same_v<M, sm2::PlainPrime>) {
        BOOST_REQUIRE(octets_of(a * inverse(a)) == (left == small(0) ? small(0) : small(1)));
      }
      for (const auto& right : values) {
        const auto b = sm2::Residue<M>::from(number(right));
        const auto big_b = big(right);
        BN_mod_mul(wanted.get(), big_a.get(), big_b.get(), modulus.get(), context.get());
        BOOST_REQUIRE(octets_of(a * b) == octets32(wanted.get()));
        BN_mod_add(wanted.get(), big_a.get(), big_b.get(), modulus.get(), context.get());
        BOOST_REQUIRE(octets_of(a + b) == octets32(wanted.get()));
        BN_mod_sub(wanted.get(), big_a.get(), big_b.get(), modulus.get(), context.get());
        BOOST_REQUIRE(octets_of(a - b) == octets32(wanted.get()));
      }
    }
  };
  check(sm2::FieldElement(), kPrimeHex);
  check(sm2::Residue<sm2::PlainPrime>(), kPrimeHex);
  check(sm2::Scalar(), kOrderHex);
}

BOOST_AUTO_TEST_CASE(multiples_agree_with_openssl_at_the_edges_too) {
  Random random(fresh_seed());
  std::vector<Bytes> scalars = {small(1), small(2), small(3), small(31), small(32), small(33), small(63), small(64),
                                small(65), plus(kOrderHex, -1), plus(kOrderHex, -2), plus(kOrderHex, -33),
                                // The neighbours of what would make equal points meet at the top window.
                                hex("e000000100000000000000000000000000000000000000000000000000000000"),
                                hex("e0000000fffffffffffffffffffffffff0000000000000000000000000000001"),
                                hex("8000000000000000000000000000000000000000000000000000000000000000"),
                                hex("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
                                hex("0820820820820820820820820820820820820820820820820820820820820820"),
                                hex("efbefbefbefbefbefbefbefbefbefbefbefbefbefbefbefbefbefbefbefbefbe")};
  const auto order = big(hex(kOrderHex));
  for (int window = 0; window < 256; ++window) {
    const Big power(BN_new());
    BN_set_bit(power.get(), window);
    scalars.push_back(octets32(power.get()));
    BN_sub(power.get(), order.get(), power.get());
    scalars.push_back(octets32(power.get()));
  }
  while (scalars.size() < 700) {
    auto scalar = random.bytes(32);
    scalar[0] = static_cast<char>(scalar[0] & 0x7f);
    scalars.push_back(scalar);
  }
  const Bytes own = openssl_multiple(random.bytes(31));
  const auto point = sm2::point_on_curve(number(own.substr(0, 32)), number(own.substr(32)));
  BOOST_REQUIRE(point.has_value());
  const sm2::CombTable table(*point);
  for (const auto& scalar : scalars) {
    BOOST_REQUIRE_MESSAGE(affine_of(sm2::base_table().multiply(number(scalar))) == openssl_multiple(scalar),
                          to_hex(scalar));
    const Bytes wanted = openssl_multiple(small(0), scalar, own);
    BOOST_REQUIRE_MESSAGE(affine_of(sm2::multiply_public(number(scalar), *point)) == wanted, to_hex(scalar));
    BOOST_REQUIRE_MESSAGE(affine_of(table.multiply_public(number(scalar), sm2::Point::neutral())) == wanted,
                          to_hex(scalar));
  }
  // Sums that meet themselves, their opposite and nothing.
  const auto g = sm2::Point::from(sm2::base_point());
  auto minus_g = sm2::base_point();
  minus_g.y = negate(minus_g.y);
  BOOST_TEST(affine_of(sm2::add_public(g, sm2::base_point())) == openssl_multiple(small(2)));
  BOOST_TEST(affine_of(sm2::add_public(g, g)) == openssl_multiple(small(2)));
  BOOST_TEST(sm2::add_public(g, minus_g).is_neutral());
  BOOST_TEST(sm2::add_public(g, sm2::Point::from(minus_g)).is_neutral());
  BOOST_TEST(sm2::base_table().multiply_public(number(plus(kOrderHex, -1)), g).is_neutral());
  BOOST_TEST(sm2::multiply_public(number(small(0)), sm2::base_point()).is_neutral());
}

BOOST_AUTO_TEST_CASE(signatures_are_taken_both_ways) {
  Random random(fresh_seed());
  // ZHIDA_LONG: tests/run --long.
  const int keys = std::getenv("ZHIDA_LONG") != nullptr ? 600 : 40;
  for (int i = 0; i < keys; ++i) {
    Bytes d = random.bytes(32);
    d[0] = static_cast<char>(d[0] & 0x7f);
    if (i == 0) d = small(1);
    if (i == 1) d = plus(kOrderHex, -2);
    if (i == 2) d = small(2);
    const auto key = Sm2PrivateKey::from_octets(d);
    BOOST_REQUIRE(key.has_value());
    const Bytes point = key->public_key().point();
    BOOST_REQUIRE(point == openssl_multiple(d));
    const auto peer = openssl_key(point, d);
    for (int j = 0; j < 18; ++j) {
      const Bytes message = random.bytes(j < 4 ? static_cast<std::size_t>(31 + j) : random.engine() % 300);
      const auto e = key->public_key().digest(message);
      const auto raw = key->sign_e(view(e));
      BOOST_REQUIRE(raw.has_value());
      const Bytes ours = encode_signature(raw.value());
      BOOST_REQUIRE(openssl_verify(peer.get(), message, ours));
      BOOST_REQUIRE(key->public_key().verifies(message, ours));
      const Bytes theirs = openssl_sign(peer.get(), message);
      BOOST_REQUIRE(key->public_key().verifies(message, theirs));
      // Anything that is not quite it is refused by both.
      Bytes other = theirs;
      other[random.engine() % other.size()] ^= static_cast<char>(1 << (random.engine() % 8));
      BOOST_REQUIRE(key->public_key().verifies(message, other) == openssl_verify(peer.get(), message, other));
      BOOST_REQUIRE(!key->public_key().verifies(message + "x", theirs));
    }
  }
}

BOOST_AUTO_TEST_CASE(both_judge_strange_numbers_alike) {
  const Bytes d = hex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8");
  const auto key = Sm2PrivateKey::from_octets(d);
  const auto peer = openssl_key(key->public_key().point());
  const auto good = key->sign_e(small(7)).value();
  const Bytes r(reinterpret_cast<const char*>(good.data()), 32), s(reinterpret_cast<const char*>(good.data()) + 32, 32);
  const Bytes edges[] = {small(0),
                         small(1),
                         plus(kOrderHex, -1),
                         plus(kOrderHex, 0),
                         plus(kOrderHex, 1),
                         plus(kPrimeHex, 0),
                         Bytes(32, '\xff'),
                         r,
                         s};
  const Bytes digests[] = {small(0),           small(1),           small(7),         plus(kOrderHex, -1),
                           plus(kOrderHex, 0), plus(kOrderHex, 7), Bytes(32, '\xff')};
  int taken = 0;
  for (const auto& e : digests)
    for (const auto& one : edges)
      for (const auto& two : edges) {
        const auto raw = raw_of(one, two);
        const bool ours = key->public_key().verify_e(e, raw);
        BOOST_TEST(ours == openssl_verify_e(peer.get(), e, raw), to_hex(e) << " " << to_hex(one) << " " << to_hex(two));
        taken += ours ? 1 : 0;
      }
  BOOST_TEST(taken == 2);  // The good one, for e = 7 and for e = n + 7, which is the same modulo n.
  // Digests at the edges are signed, too, and r + s = n is refused although each is in range.
  for (const auto& e : digests) BOOST_TEST(openssl_verify_e(peer.get(), e, key->sign_e(e).value()));
  BOOST_TEST(!key->public_key().verify_e(small(7), raw_of(small(1), plus(kOrderHex, -1))));
  for (const auto& nonce : {small(0), plus(kOrderHex, 0), Bytes(32, '\xff'), Bytes(31, '\1')}) {
    BOOST_TEST(!key->sign_e_with_nonce(small(7), nonce).has_value());
  }
  // A nonce with kG = G and e = n - x: r would be zero.
  const Bytes gx = openssl_multiple(small(1)).substr(0, 32);
  const Big zero_r(BN_new());
  BN_sub(zero_r.get(), big(hex(kOrderHex)).get(), big(gx).get());
  BOOST_TEST(!key->sign_e_with_nonce(octets32(zero_r.get()), small(1)).has_value());
  BN_sub_word(zero_r.get(), 1);  // r = n - 1 and k = 1: r + k = n.
  BOOST_TEST(!key->sign_e_with_nonce(octets32(zero_r.get()), small(1)).has_value());
}

BOOST_AUTO_TEST_CASE(a_digest_whose_point_lies_above_the_order_is_judged_right) {
  // x in [n, p) cannot be met by chance; it is built: choose a point with such an x, and read s, r, e off it. With t
  // and s free, sum = s·G + t·P, so P = (sum - s·G)/t is a key for which (r, s) with r = t - s signs e = r - x.
  Bytes x;
  Handle<EC_POINT, EC_POINT_free> sum(EC_POINT_new(curve()));
  for (int i = 0; i < 100 && x.empty(); ++i) {
    const auto candidate = big(plus(kOrderHex, i));
    if (EC_POINT_set_compressed_coordinates(curve(), sum.get(), candidate.get(), 0, nullptr) == 1) {
      x = octets32(candidate.get());
    }
  }
  ERR_clear_error();
  BOOST_REQUIRE(!x.empty());
  const Handle<BN_CTX, BN_CTX_free> context(BN_CTX_new());
  const auto order = big(hex(kOrderHex)), s = big(small(12345)), t = big(small(54321));
  const Handle<EC_POINT, EC_POINT_free> point(EC_POINT_new(curve()));
  const Big minus_s(BN_new()), one_by_t(BN_new()), r(BN_new()), e(BN_new());
  BN_sub(minus_s.get(), order.get(), s.get());
  BN_mod_inverse(one_by_t.get(), t.get(), order.get(), context.get());
  EC_POINT_mul(curve(), point.get(), minus_s.get(), nullptr, nullptr, nullptr);
  EC_POINT_add(curve(), point.get(), point.get(), sum.get(), nullptr);
  EC_POINT_mul(curve(), point.get(), nullptr, point.get(), one_by_t.get(), nullptr);
  BN_mod_sub(r.get(), t.get(), s.get(), order.get(), context.get());
  BN_mod_sub(e.get(), r.get(), big(x).get(), order.get(), context.get());
  Bytes encoded(65, '\0');
  EC_POINT_point2oct(curve(), point.get(), POINT_CONVERSION_UNCOMPRESSED, octets(encoded), 65, nullptr);
  const auto key = Sm2PublicKey::from_point(encoded);
  BOOST_REQUIRE(key.has_value());
  const auto raw = raw_of(octets32(r.get()), octets32(s.get()));
  BOOST_TEST(openssl_verify_e(openssl_key(key->point()).get(), octets32(e.get()), raw));
  BOOST_TEST(key->verify_e(octets32(e.get()), raw));
}

BOOST_AUTO_TEST_CASE(keys_that_are_none_are_refused) {
  for (const auto& d : {small(0), plus(kOrderHex, -1), plus(kOrderHex, 0), Bytes(32, '\xff'), Bytes(31, '\1')}) {
    BOOST_TEST(!Sm2PrivateKey::from_octets(d).has_value());
  }
  const Bytes good = hex(std::string(kKeyX) + kKeyY);
  BOOST_TEST(Sm2PublicKey::from_point(good).has_value());
  BOOST_TEST(Sm2PublicKey::from_point("\x04" + good).has_value());
  Bytes off = good;
  off[63] ^= 1;
  for (const Bytes& point : {off, Bytes(64, '\0'), Bytes(), Bytes("\x02" + good), Bytes("\x04" + good + "x"),
                             Bytes(hex(kPrimeHex) + good.substr(32)), Bytes(64, '\xff')}) {
    BOOST_TEST(!Sm2PublicKey::from_point(point).has_value());
  }
  // y of the base point plus p is congruent to it, but not canonical; it does not fit 256 bits for this curve, so take
  // a point with a small y: none is known. x = 0 is on the curve: x = p says the same and must be refused.
  const Handle<EC_POINT, EC_POINT_free> zero_x(EC_POINT_new(curve()));
  const auto zero = big(small(0));
  if (EC_POINT_set_compressed_coordinates(curve(), zero_x.get(), zero.get(), 0, nullptr) == 1) {
    Bytes encoded(65, '\0');
    EC_POINT_point2oct(curve(), zero_x.get(), POINT_CONVERSION_UNCOMPRESSED, octets(encoded), 65, nullptr);
    BOOST_TEST(Sm2PublicKey::from_point(encoded).has_value());
    encoded.replace(1, 32, hex(kPrimeHex));
    BOOST_TEST(!Sm2PublicKey::from_point(encoded).has_value());
  }
  ERR_clear_error();
}

BOOST_AUTO_TEST_CASE(nonces_never_come_twice) {
  const auto key = *Sm2PrivateKey::from_octets(small(77));
  std::vector<Bytes> seen;
  for (int i = 0; i < 500; ++i) {
    const auto raw = key.sign_e(small(1)).value();
    seen.emplace_back(reinterpret_cast<const char*>(raw.data()), 32);
  }
  std::sort(seen.begin(), seen.end());
  BOOST_TEST((std::adjacent_find(seen.begin(), seen.end()) == seen.end()));
}

BOOST_AUTO_TEST_CASE(signature_values_are_read_strictly) {
  Random random(fresh_seed());
  for (int i = 0; i < 2000; ++i) {
    RawSignature raw{};
    const auto noise = random.bytes(64);
    const std::size_t from = random.engine() % 33;
    for (std::size_t j = 0; j < 64; ++j) raw[j] = j % 32 < from ? 0 : static_cast<unsigned char>(noise[j]);
    const Bytes der = encode_signature(raw);
    const auto back = decode_signature(der);
    BOOST_REQUIRE(back.has_value());
    BOOST_REQUIRE((*back == raw));
    BOOST_REQUIRE(!decode_signature(der + "x").has_value());
    for (std::size_t cut = 0; cut < der.size(); cut += 7)
      BOOST_REQUIRE(!decode_signature(ByteView(der).substr(0, cut)));
  }
  for (const char* wrong :
       {"", "30", "3000", "3006020101020101ff", "30060201ff020101", "300702020001020101", "3081060201010201 01",
        "300602010102010", "3106020101020101", "3006020101030101", "30050200020101", "3008020101020101020101"}) {
    const auto octets = from_hex(wrong);
    if (octets) BOOST_TEST(!decode_signature(octets.value()).has_value(), wrong);
  }
}

BOOST_AUTO_TEST_CASE(many_messages_hash_as_each_by_itself) {
  Random random(fresh_seed());
  for (const auto lanes : {Sm3Lanes::one, Sm3Lanes::eight, Sm3Lanes::sixteen, Sm3Lanes::best}) {
    if (!sm3_lanes_available(lanes)) {
      BOOST_TEST_MESSAGE("SKIPPED: this processor has no lanes of that width");
      continue;
    }
    for (const std::size_t count : {0u, 1u, 2u, 3u, 7u, 8u, 9u, 15u, 16u, 17u, 33u, 100u}) {
      std::vector<Bytes> messages;
      for (std::size_t i = 0; i < count; ++i) {
        messages.push_back(random.bytes(count == 33 ? 55 + i : random.engine() % (i % 5 == 0 ? 3000 : 130)));
      }
      const std::vector<ByteView> views(messages.begin(), messages.end());
      std::vector<Sm3Digest> digests(count);
      sm3_many_with(lanes, views, digests);
      for (std::size_t i = 0; i < count; ++i) BOOST_REQUIRE(view(digests[i]) == sm3(messages[i]));
    }
  }
  BOOST_TEST(to_hex(sm3_many(std::vector<ByteView>{"abc"})[0]) ==
             "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
}

BOOST_AUTO_TEST_CASE(secrets_live_in_memory_that_is_wiped) {
  auto bytes = SecureBytes::of("a passphrase");
  BOOST_TEST(bytes.view() == "a passphrase");
  auto moved = std::move(bytes);
  BOOST_TEST(bytes.empty());
  moved.shrink(1);
  BOOST_TEST(moved.view() == "a");
  Bytes plain = "text";
  wipe(plain);
  BOOST_TEST(plain.empty());
}

BOOST_AUTO_TEST_SUITE_END()
