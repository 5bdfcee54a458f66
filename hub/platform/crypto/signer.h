// A private key together with its certificate: what signs seals.
#pragma once
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "platform/crypto/algorithm.h"
#include "platform/crypto/certificate.h"
#include "platform/crypto/signing_key.h"

namespace zhida::crypto {

/// Signs with one private key. Any thread.
class Signer {
 public:
  virtual ~Signer() = default;
  virtual Alg alg() const = 0;
  virtual const Certificate& certificate() const = 0;
  /// The signature value, DER SEQUENCE{r,s}, over the octets as they are (the hash is made here). Errors of
  /// SigningKey::sign_e().
  virtual Result<Bytes> sign(ByteView tbs) const = 0;
};

/// Any SigningKey with its certificate.
class KeySigner : public Signer {
 public:
  /// Errors `certificate_not_of_key`, `key_kind_unsupported`.
  static Result<std::unique_ptr<KeySigner>> create(std::unique_ptr<SigningKey> key, const Certificate& certificate);
  ~KeySigner() override;
  Alg alg() const override;
  const Certificate& certificate() const override;
  Result<Bytes> sign(ByteView tbs) const override;

 protected:
  struct Impl;
  explicit KeySigner(std::unique_ptr<Impl> impl);
  static Result<std::unique_ptr<Impl>> make(std::unique_ptr<SigningKey> key, const Certificate& certificate);

 private:
  std::unique_ptr<Impl> impl_;
};

/// A key in a PKCS#8 PEM file, encrypted or not.
class FileSigner final : public KeySigner {
 public:
  /// Errors: those of key_from_file(), `certificate_malformed`, `certificate_not_of_key`.
  static Result<std::unique_ptr<FileSigner>> create(const std::string& key_file, const std::string& certificate_file,
                                                    const Secret<std::string>& passphrase);
  /// From memory; for tests and for the program that makes development certificates.
  static Result<std::unique_ptr<FileSigner>> create_from(ByteView key_pem, const Certificate& certificate,
                                                         const Secret<std::string>& passphrase);

 private:
  explicit FileSigner(std::unique_ptr<Impl> impl);
};

}  // namespace zhida::crypto
