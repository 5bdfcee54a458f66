// X.509 certificates and revocation lists as values.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "platform/crypto/algorithm.h"

namespace zhida::crypto {

enum class PublicKeyKind { sm2, p256, other };

/// One certificate, immutable and cheap to copy. Any thread.
class Certificate {
 public:
  /// DER, or PEM (then the first certificate of the text). The DER must be canonical and nothing may follow it.
  /// Error `certificate_malformed`.
  static Result<Certificate> parse(ByteView der_or_pem);
  static Result<Certificate> load(
      const std::string& path);  ///< Errors of read_file, `certificate_malformed` with the path.
  /// Every certificate of a PEM text, or the one of a DER file, in order.
  static Result<std::vector<Certificate>> parse_all(ByteView der_or_pem);

  const Bytes& der() const;
  std::string pem() const;
  const std::string& fingerprint() const;  ///< SHA-256 of the DER, 64 lower-case hex digits.
  const std::string& subject() const;      ///< RFC 2253 in UTF-8, e.g. `CN=hub,O=Zhida,C=CN`.
  const std::string& issuer() const;
  const std::string& common_name() const;  ///< The last CN of the subject; empty where there is none.
  const std::string& serial() const;       ///< Lower-case hex, no leading zeros.
  Instant not_before() const;
  Instant not_after() const;
  bool valid_at(Instant moment) const { return not_before() <= moment && moment <= not_after(); }
  PublicKeyKind key_kind() const;
  /// Key usage is there and has both digitalSignature and nonRepudiation, as makers and signers of seals need.
  bool may_sign_seals() const;
  /// Extended key usage is timeStamping, critical and alone, and the key usage fits (RFC 3161 section 2.3).
  bool may_stamp_time() const;
  /// Checks a signature value (strict DER SEQUENCE{r,s}) over `message`. False also where the family does not fit the
  /// key.
  bool verifies(Alg alg, ByteView message, ByteView signature) const;

  struct Impl;  // OpenSSL's object; known to this folder only.
  const Impl& impl() const { return *impl_; }

 private:
  explicit Certificate(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;  // Shared, because certificates are immutable and copied into caches and reports.
};

/// One certificate revocation list, immutable and cheap to copy. Its signature is checked by TrustStore.
class RevocationList {
 public:
  static Result<RevocationList> parse(ByteView der_or_pem);  ///< Error `crl_malformed`.
  static Result<RevocationList> load(const std::string& path);
  const Bytes& der() const;
  std::string pem() const;

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  explicit RevocationList(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace zhida::crypto
