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
  const Bytes seal_der;
};

seal::Policy policy_at(Instant now);
/// The code of verifying at kNow, as text for a table.
std::string outcome(ByteView ses, ByteView payload, const seal::Trust& trust);

}  // namespace zhida::test
