#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "base/time.h"
#include "platform/crypto/algorithm.h"
#include "platform/crypto/certificate.h"
#include "platform/crypto/trust_store.h"
#include "seal/status_list.h"

namespace zhida::seal {

/// Where a trust snapshot is read from. Each path is a file (PEM or DER; PEM may hold several) or a folder of such
/// files.
struct TrustFiles {
  std::vector<std::string> roots{};
  std::vector<std::string> intermediates{};
  std::vector<std::string> revocation_lists{};
  /// The list of seal statuses (status_list.h), canonical JSON; its seal lies beside it as `<file>.ses`. Empty: none.
  std::string seal_status_list{};
  std::vector<crypto::Alg> allowed = {crypto::Alg::sm2_sm3, crypto::Alg::ecdsa_p256_sha256};
  std::vector<std::string> time_roots{};      ///< Roots of time-stamp authorities; empty: `roots`.
  std::set<std::string> status_list_seals{};  ///< esIDs whose word on other seals counts; empty: any trusted seal's.
  std::optional<std::chrono::milliseconds> revocation_list_age_max{};  ///< Older lists say nothing; absent: nextUpdate.
};

/// The same, read.
struct TrustContent {
  std::vector<crypto::Certificate> roots{}, intermediates{}, time_roots{};
  std::vector<crypto::RevocationList> lists{};
  SealStatusList status{};
  std::vector<crypto::Alg> allowed = {crypto::Alg::sm2_sm3, crypto::Alg::ecdsa_p256_sha256};
  std::optional<std::chrono::milliseconds> revocation_list_age_max{};
};

/// Whom we believe: an immutable snapshot, replaced as a whole when its files change. Keeps what it found out about
/// seals and certificates, so that a message costs one signature verification and one hash. Any thread.
class Trust {
 public:
  /// Errors: of reading; `certificate_malformed`, `crl_malformed`, `seal_status_list_malformed`, `trust_without_root`;
  /// `seal_status_list_wrong` where its seal does not hold, `seal_status_list_older` where `before` had a newer one.
  static Result<std::shared_ptr<const Trust>> load(const TrustFiles& files, const Trust* before = nullptr);

  using RevokedSeal = zhida::seal::RevokedSeal;
  explicit Trust(TrustContent content);
  Trust(std::vector<crypto::Certificate> roots, std::vector<crypto::Certificate> intermediates,
        std::vector<crypto::RevocationList> lists, std::vector<RevokedSeal> revoked_seals = {},
        std::vector<crypto::Alg> allowed = {crypto::Alg::sm2_sm3, crypto::Alg::ecdsa_p256_sha256});
  ~Trust();
  Trust(const Trust&) = delete;
  Trust& operator=(const Trust&) = delete;

  const crypto::TrustStore& chains() const { return chains_; }
  const crypto::TrustStore& time_authorities() const { return time_chains_ ? *time_chains_ : chains_; }
  const std::vector<crypto::Certificate>& intermediates() const { return intermediates_; }
  const std::vector<crypto::Alg>& allowed() const { return allowed_; }
  bool allows(crypto::Alg alg) const;
  std::optional<Instant> seal_revoked_since(const std::string& es_id) const;
  const SealStatusList& status_list() const { return status_; }

  struct Cache;  // Verified seals; known to this folder only.
  Cache& cache() const { return *cache_; }

 private:
  crypto::TrustStore chains_;
  std::unique_ptr<crypto::TrustStore> time_chains_;  // Where time-stamp authorities have roots of their own.
  std::vector<crypto::Certificate> intermediates_;
  SealStatusList status_;
  std::vector<crypto::Alg> allowed_;
  std::unique_ptr<Cache> cache_;
};

/// The snapshot in force, handed to many and swapped as a whole. Who began with one finishes with it. Any thread.
class TrustHolder {
 public:
  explicit TrustHolder(std::shared_ptr<const Trust> trust) : trust_(std::move(trust)) {}
  std::shared_ptr<const Trust> current() const {
    const Lock lock(mutex_);
    return trust_;
  }
  void replace(std::shared_ptr<const Trust> trust) {
    const Lock lock(mutex_);
    trust_ = std::move(trust);
  }
  /// Reads the files anew and swaps only when all is well; otherwise the old snapshot stays. Errors of Trust::load.
  Result<void> reload(const TrustFiles& files) {
    auto trust = Trust::load(files, current().get());
    if (!trust) return trust.error();
    replace(std::move(trust.value()));
    return ok();
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const Trust> trust_ GUARDED_BY(mutex_);  // Shared: see above.
};

}  // namespace zhida::seal
