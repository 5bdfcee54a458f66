#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "platform/crypto/algorithm.h"
#include "platform/crypto/certificate.h"
#include "platform/crypto/trust_store.h"

namespace zhida::seal {

/// Where a trust snapshot is read from. Each path is a file (PEM or DER; PEM may hold several) or a folder of such
/// files.
struct TrustFiles {
  std::vector<std::string> roots{};
  std::vector<std::string> intermediates{};
  std::vector<std::string> revocation_lists{};
  std::string
      seal_status_list{};  ///< JSON {"v":1,"seals":[{"esID","status":"revoked","since":RFC 3339}]}; empty: none.
  std::vector<crypto::Alg> allowed = {crypto::Alg::sm2_sm3, crypto::Alg::ecdsa_p256_sha256};
};

/// Whom we believe: an immutable snapshot, replaced as a whole when its files change. Keeps what it found out about
/// seals and certificates, so that a message costs one signature verification and one hash. Any thread.
class Trust {
 public:
  /// Errors: of reading; `certificate_malformed`, `crl_malformed`, `seal_status_list_malformed`, `trust_without_root`.
  static Result<std::shared_ptr<const Trust>> load(const TrustFiles& files);

  struct RevokedSeal {
    std::string es_id;
    Instant since;
  };
  Trust(std::vector<crypto::Certificate> roots, std::vector<crypto::Certificate> intermediates,
        std::vector<crypto::RevocationList> lists, std::vector<RevokedSeal> revoked_seals = {},
        std::vector<crypto::Alg> allowed = {crypto::Alg::sm2_sm3, crypto::Alg::ecdsa_p256_sha256});
  ~Trust();
  Trust(const Trust&) = delete;
  Trust& operator=(const Trust&) = delete;

  const crypto::TrustStore& chains() const { return chains_; }
  bool allows(crypto::Alg alg) const;
  std::optional<Instant> seal_revoked_since(const std::string& es_id) const;

  struct Cache;  // Verified seals; known to this folder only.
  Cache& cache() const { return *cache_; }

 private:
  crypto::TrustStore chains_;
  std::vector<RevokedSeal> revoked_seals_;
  std::vector<crypto::Alg> allowed_;
  std::unique_ptr<Cache> cache_;
};

}  // namespace zhida::seal
