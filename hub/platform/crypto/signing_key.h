// The seam where private keys stand: a key signs a ready digest and gives r, s. Behind it may be our own arithmetic, a
// process of its own (key_agent.h), a PKCS#11 module (pkcs11_key.h) or an SM2 device that is asked for r, s of e
// (GM/T 0018 works that way). Whatever stands there, Signer makes the digest and writes the value.
#pragma once
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "platform/crypto/algorithm.h"
#include "platform/crypto/certificate.h"
#include "platform/crypto/signature_value.h"

namespace zhida::crypto {

/// One private key. Any thread.
class SigningKey {
 public:
  virtual ~SigningKey() = default;
  virtual Alg alg() const = 0;
  virtual const Bytes& public_point() const = 0;  ///< x || y, 64 octets.
  /// `e`, 32 octets: SM3(Z || message) for SM2, SHA-256(message) for P-256. Error `signing_failed`; `key_away` (retry)
  /// where the key is elsewhere and cannot be reached just now.
  virtual Result<RawSignature> sign_e(ByteView e) const = 0;
};

/// Of an SM2 or P-256 key in PKCS#8 PEM, encrypted or not. Errors `key_malformed`, `key_passphrase_wrong`,
/// `key_kind_unsupported`.
Result<std::unique_ptr<SigningKey>> key_from_pem(ByteView pem, const Secret<std::string>& passphrase);

/// The same from a file that nobody but its owner may touch. A key that is not encrypted is taken with a warning in the
/// log. Errors: of reading; `key_file_open_to_others` (any right for group or others, or a file of another user).
Result<std::unique_ptr<SigningKey>> key_from_file(const std::string& path, const Secret<std::string>& passphrase);

/// The same PKCS#8 PEM under another passphrase (PBES2: scrypt, AES-256-CBC); an empty `from` for one that is not
/// encrypted. Errors of key_from_pem(), `key_unwritable`.
Result<Secret<Bytes>> lock_key_pem(ByteView pem, const Secret<std::string>& from, const Secret<std::string>& to);

/// x || y of a certificate's key; empty for a key that is neither SM2 nor P-256.
Bytes public_point_of(const Certificate& certificate);

/// What is signed for a message: e of SM2 needs the public key.
Bytes digest_to_sign(Alg alg, ByteView public_point, ByteView message);

}  // namespace zhida::crypto
