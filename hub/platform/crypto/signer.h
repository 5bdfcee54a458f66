// Private keys behind one small door, so that a hardware module can stand there later.
#pragma once
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "platform/crypto/algorithm.h"
#include "platform/crypto/certificate.h"

namespace zhida::crypto {

/// Signs with one private key. Any thread.
class Signer {
 public:
  virtual ~Signer() = default;
  virtual Alg alg() const = 0;
  virtual const Certificate& certificate() const = 0;
  /// The signature value, DER SEQUENCE{r,s}, over the octets as they are (the hash is made here). Error
  /// `signing_failed`.
  virtual Result<Bytes> sign(ByteView tbs) const = 0;
};

/// A key in a PKCS#8 PEM file, encrypted or not.
class FileSigner final : public Signer {
 public:
  /// Errors: those of read_file; `key_malformed`, `key_passphrase_wrong`, `key_file_open_to_others` (mode wider than
  /// 0640), `certificate_malformed`, `certificate_not_of_key`, `key_kind_unsupported` (neither SM2 nor P-256).
  static Result<std::unique_ptr<FileSigner>> create(const std::string& key_file, const std::string& certificate_file,
                                                    const Secret<std::string>& passphrase);
  /// From memory; for tests and for the program that makes development certificates.
  static Result<std::unique_ptr<FileSigner>> create_from(ByteView key_pem, const Certificate& certificate,
                                                         const Secret<std::string>& passphrase);
  ~FileSigner() override;
  Alg alg() const override;
  const Certificate& certificate() const override;
  Result<Bytes> sign(ByteView tbs) const override;

 private:
  struct Impl;
  explicit FileSigner(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace zhida::crypto
