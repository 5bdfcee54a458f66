// SM2 (GB/T 32918.2) in our own arithmetic: signing takes the same steps and touches the same memory whatever the key,
// the nonce and the digest are; verifying, where nothing is secret, takes short cuts. Why not OpenSSL's: its SM2 is the
// generic curve code, some twenty times slower (docs/decisions/0010-sm2-of-our-own.md). Held against OpenSSL both ways by tests.
#pragma once
#include <array>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "platform/crypto/secure_memory.h"
#include "platform/crypto/signature_value.h"

namespace zhida::crypto {

/// A public key. Immutable but for a table that it makes when it is used often (88 KB); cheap to copy. Any thread.
class Sm2PublicKey {
 public:
  /// From x || y, 64 octets, or 04 || x || y. Nothing for a point that is not on the curve or not canonical.
  static std::optional<Sm2PublicKey> from_point(ByteView point);

  const Bytes& point() const;  ///< x || y.
  /// e = SM3(Z || message) with the signer id 1234567812345678: what is signed.
  std::array<unsigned char, 32> digest(ByteView message) const;
  /// Z itself, 32 octets.
  Bytes z() const;
  /// `e` has 32 octets.
  bool verify_e(ByteView e, const RawSignature& signature) const;
  /// A DER signature value over a message.
  bool verifies(ByteView message, ByteView der_signature) const;

 private:
  struct Impl;
  explicit Sm2PublicKey(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;  // Shared, because certificates are copied and the table should be made once.
};

/// A private key. Any thread; cannot be copied; wiped when it goes.
class Sm2PrivateKey {
 public:
  /// `d`: 32 octets, big-endian, 1 … n - 2. Nothing for any other.
  static std::optional<Sm2PrivateKey> from_octets(ByteView d);

  const Sm2PublicKey& public_key() const { return public_key_; }
  /// Signs a digest of 32 octets. The nonce is made from the key, the digest and fresh randomness by SM3 (as RFC 6979
  /// does, hedged): a generator that fails does not give the key away. Error `signing_failed` where there is no
  /// randomness at all.
  Result<RawSignature> sign_e(ByteView e) const;
  /// With a nonce of the caller, 32 octets: for known answers. Nothing where the standard asks for another nonce.
  std::optional<RawSignature> sign_e_with_nonce(ByteView e, ByteView nonce) const;

 private:
  Sm2PrivateKey(SecureBytes secret, Sm2PublicKey public_key);
  SecureBytes secret_;  // d, then 1/(1+d) in Montgomery's form.
  Sm2PublicKey public_key_;
};

}  // namespace zhida::crypto
