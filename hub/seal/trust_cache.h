// What a trust snapshot remembers. For the sources of this folder only.
#pragma once
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/mutex.h"
#include "platform/crypto/digest.h"
#include "platform/crypto/timestamp.h"
#include "seal/trust.h"

namespace zhida::seal {

/// A seal whose maker's signature and chain held (steps b to d of 5.2), with what depends on the moment asked about.
struct SealFacts {
  crypto::Certificate maker;
  crypto::ChainCheck maker_chain;                   // At the seal's createDate.
  std::optional<crypto::TimestampToken> timestamp;  // Version 5, where the seal has one and it held.
};

struct Trust::Cache {
  // Keys are SHA-256 of the DER. What comes from outside must not fill the memory.
  static constexpr std::size_t kSealsMax = 1024;
  static constexpr std::size_t kCertificatesMax = 4096;

  Mutex mutex;
  std::unordered_map<Bytes, SealFacts> seals GUARDED_BY(mutex);
  std::unordered_map<Bytes, crypto::Certificate> certificates GUARDED_BY(mutex);
  // Seals over batches whose signature value fits: every message of a batch brings the same one along.
  static constexpr std::size_t kBatchesMax = 4096;
  std::unordered_set<Bytes> batches GUARDED_BY(mutex);

  bool has_batch(const Bytes& key) {
    const Lock lock(mutex);
    return batches.contains(key);
  }
  void keep_batch(const Bytes& key) {
    const Lock lock(mutex);
    if (batches.size() >= kBatchesMax) batches.clear();
    batches.insert(key);
  }

  std::optional<SealFacts> find_seal(const Bytes& key) {
    const Lock lock(mutex);
    const auto it = seals.find(key);
    return it == seals.end() ? std::nullopt : std::optional(it->second);
  }
  void keep_seal(const Bytes& key, const SealFacts& facts) {
    const Lock lock(mutex);
    if (seals.size() >= kSealsMax) seals.clear();
    seals.insert_or_assign(key, facts);
  }
  Result<crypto::Certificate> parse_certificate(ByteView der) {
    const Bytes key = crypto::sha256(der);
    {
      const Lock lock(mutex);
      if (const auto it = certificates.find(key); it != certificates.end()) return it->second;
    }
    const auto certificate = TRY(crypto::Certificate::parse(der));
    if (certificate.der() != der) return refuse("certificate_malformed", "The certificate is not DER.");  // But PEM.
    const Lock lock(mutex);
    if (certificates.size() >= kCertificatesMax) certificates.clear();
    certificates.insert_or_assign(key, certificate);
    return certificate;
  }
};

}  // namespace zhida::seal
