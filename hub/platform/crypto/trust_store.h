// Chains and revocation. OpenSSL 3.0 cannot check SM2 revocation lists itself, so that part is done here.
#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "platform/crypto/certificate.h"

namespace zhida::crypto {

/// What can be said about a certificate at one moment.
struct ChainCheck {
  enum class Verdict {
    good,
    not_trusted,  ///< No chain to a root at that moment, or a CA in it may not issue; `detail` says which.
    revoked,      ///< It, or a CA above it, was revoked at or before the moment.
  };
  Verdict verdict = Verdict::not_trusted;
  std::string detail;
  std::optional<Instant> revoked_at;  ///< The earliest revocation in the chain, also where it is later than the moment.
  Instant valid_from{}, valid_to{};   ///< When all certificates of the chain are valid.
  std::optional<Instant>
      status_until;  ///< Until when the revocation lists of the whole chain speak; nothing: no usable list.
};

/// Roots, intermediates and revocation lists; immutable but for its cache of chains. Any thread.
class TrustStore {
 public:
  /// With list_age_max, a revocation list speaks no longer than that after its thisUpdate, whatever its nextUpdate
  /// says.
  TrustStore(std::vector<Certificate> roots, std::vector<Certificate> intermediates, std::vector<RevocationList> lists,
             std::optional<std::chrono::milliseconds> list_age_max = std::nullopt);
  ~TrustStore();
  TrustStore(const TrustStore&) = delete;
  TrustStore& operator=(const TrustStore&) = delete;

  /// The chain as it stood at `moment`: signatures, CA constraints, path length, validity, revocation.
  ChainCheck check(const Certificate& certificate, Instant moment) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zhida::crypto
