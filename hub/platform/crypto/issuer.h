// A small certificate authority: keys, certificates and revocation lists for development, tests and system seals. Real
// seals and certificates come from authorities outside.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "platform/crypto/algorithm.h"
#include "platform/crypto/certificate.h"

namespace zhida::crypto {

/// What a certificate is for; decides its extensions.
enum class CertificateRole {
  root_authority,          ///< Self-signed; keyCertSign, cRLSign.
  intermediate_authority,  ///< pathlen 0.
  seal,                    ///< Makers and signers of seals: digitalSignature, nonRepudiation.
  tls,                     ///< Server and client at once: each system listens and connects.
  timestamping,            ///< A time-stamp authority: extended key usage timeStamping, critical and alone.
  encryption_only,         ///< keyEncipherment; must be refused for seals.
};

struct CertificateSpec {
  std::string common_name{};   ///< UTF-8.
  std::string organisation{};  ///< UTF-8.
  CertificateRole role = CertificateRole::seal;
  Instant valid_from{};
  Instant valid_to{};
  std::vector<std::string> alternative_names{};  ///< `DNS:localhost`, `IP:127.0.0.1`
};

struct KeyAndCertificate {
  Secret<Bytes> key_pem;  ///< PKCS#8, encrypted where a passphrase was given.
  Certificate certificate;
};

struct Revocation {
  Certificate certificate;
  Instant since;
};

class Issuer {
 public:
  /// A new root. Errors `issuing_failed`, `certificate_spec_wrong`.
  static Result<Issuer> create_root(Alg alg, const CertificateSpec& spec);
  /// An authority from its files' content. Errors as FileSigner::create_from.
  static Result<Issuer> load(ByteView key_pem, const Certificate& certificate, const Secret<std::string>& passphrase);
  ~Issuer();
  Issuer(Issuer&&) noexcept;

  const Certificate& certificate() const;
  Result<Secret<Bytes>> key_pem() const;
  /// A new key of the issuer's family with its certificate. A passphrase encrypts the key (PBES2: scrypt, AES-256-CBC).
  Result<KeyAndCertificate> issue(const CertificateSpec& spec, const Secret<std::string>& passphrase = {}) const;
  Result<Issuer> issue_authority(const CertificateSpec& spec) const;
  Result<RevocationList> revocation_list(const std::vector<Revocation>& revoked, Instant this_update,
                                         Instant next_update) const;

 private:
  struct Impl;
  explicit Issuer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace zhida::crypto
