// Authorities, a maker, signers and seals for tests, made fresh in memory.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "platform/crypto/issuer.h"
#include "platform/crypto/signer.h"
#include "seal/seal.h"
#include "seal/trust.h"

namespace zhida::test {

using crypto::Alg;
using crypto::CertificateRole;

inline const Instant kFrom = parse_rfc3339("2025-01-01T00:00:00+08:00").value();
inline const Instant kTo = parse_rfc3339("2027-01-01T00:00:00+08:00").value();
inline const Instant kSealed = parse_rfc3339("2025-11-03T09:00:00+08:00").value();
inline const Instant kNow = parse_rfc3339("2025-11-05T09:00:00+08:00").value();
inline const Bytes kPayload = R"({"amount":"5000000","case":"01JBQ"})";

/// A key with its certificate, ready to sign.
struct Party {
  crypto::KeyAndCertificate made;
  std::unique_ptr<crypto::FileSigner> signer;
  const crypto::Certificate& certificate() const { return made.certificate; }
};

class SealWorld {
 public:
  explicit SealWorld(Alg alg, std::string authority_name = "印章 CA");

  Party party(const std::string& name, CertificateRole role = CertificateRole::seal, Instant from = kFrom,
              Instant to = kTo) const;
  /// A seal that lists the certificate of `signer`.
  Bytes seal_for(const Party& signer, const Party& maker, bool digests = true, Instant from = kFrom, Instant to = kTo,
                 const std::string& es_id = "SEAL-1") const;
  /// The same of structure version 5, made at `from`, time-stamped where a timestamper is given.
  Bytes seal_of_version_5(const Party& signer, const Party& maker, const seal::Timestamper& timestamper = {},
                          Instant created = kFrom) const;
  /// Stamps as the world's own time-stamp authority, or as another, whatever the clock says.
  seal::Timestamper stamps_at(Instant time) const { return stamps_at(time, time_authority); }
  seal::Timestamper stamps_at(Instant time, const Party& authority) const;
  /// Seals without any of the checks of seal(), so that faulty files can be made too.
  Bytes sign_unchecked(const Party& signer, ByteView seal_der, ByteView payload = kPayload, Instant at = kSealed) const;
  Bytes sign_unchecked(const Party& signer, ByteView seal_der, ByteView payload, Instant at,
                       const std::string& property_info) const;

  std::shared_ptr<const seal::Trust> trust(const std::vector<crypto::Revocation>& revoked = {},
                                           std::vector<seal::Trust::RevokedSeal> revoked_seals = {},
                                           std::vector<Alg> allowed = {Alg::sm2_sm3, Alg::ecdsa_p256_sha256}) const;

  const Alg alg;
  const crypto::Issuer root;
  const Party maker;
  const Party signer;
  const Party time_authority;
  const Bytes seal_der;
};

/// Signs with one key and shows another's certificate: for files whose only fault is that.
class Impostor final : public crypto::Signer {
 public:
  Impostor(const crypto::Signer& key, crypto::Certificate certificate)
      : key_(key), certificate_(std::move(certificate)) {}
  Alg alg() const override { return key_.alg(); }
  const crypto::Certificate& certificate() const override { return certificate_; }
  Result<Bytes> sign(ByteView tbs) const override { return key_.sign(tbs); }

 private:
  const crypto::Signer& key_;
  crypto::Certificate certificate_;
};

/// The parts of a good signature, to be put together wrongly.
struct Parts {
  Bytes to_sign, certificate, alg_oid, signature;
  explicit Parts(ByteView ses);
  Bytes whole(const Bytes& more = {}) const;
  Bytes with_timestamp(ByteView token) const;
};

seal::Policy policy_at(Instant now);
/// The code of verifying at kNow, as text for a table.
std::string outcome(ByteView ses, ByteView payload, const seal::Trust& trust);

}  // namespace zhida::test
