// What a trust snapshot remembers. For the sources of this folder only.
#pragma once
#include <functional>
#include <memory>
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
  // Keys are the octets themselves: comparing them costs less than any hash that a stranger could not collide. What
  // comes from outside must not fill the memory.
  static constexpr std::size_t kSealsMax = 1024;
  static constexpr std::size_t kCertificatesMax = 4096;
  static constexpr std::size_t kBatchesMax = 1024;

  struct OctetsHash {
    using is_transparent = void;  // Looked up without a copy.
    std::size_t operator()(ByteView octets) const { return std::hash<ByteView>{}(octets); }
  };
  template <class T>
  using Map = std::unordered_map<Bytes, T, OctetsHash, std::equal_to<>>;

  Mutex mutex;
  Map<std::shared_ptr<const SealFacts>> seals GUARDED_BY(mutex);  // Shared: a reader keeps what the cache may drop.
  Map<crypto::Certificate> certificates GUARDED_BY(mutex);
  // Seals over batches whose signature value fits: every message of a batch brings the same one along.
  std::unordered_set<Bytes, OctetsHash, std::equal_to<>> batches GUARDED_BY(mutex);

  bool has_batch(ByteView ses) {
    const Lock lock(mutex);
    return batches.find(ses) != batches.end();
  }
  void keep_batch(ByteView ses) {
    const Lock lock(mutex);
    if (batches.size() >= kBatchesMax) batches.clear();
    batches.emplace(ses);
  }
  std::shared_ptr<const SealFacts> find_seal(ByteView seal_der) {
    const Lock lock(mutex);
    const auto it = seals.find(seal_der);
    return it == seals.end() ? nullptr : it->second;
  }
  void keep_seal(ByteView seal_der, std::shared_ptr<const SealFacts> facts) {
    const Lock lock(mutex);
    if (seals.size() >= kSealsMax) seals.clear();
    seals.insert_or_assign(Bytes(seal_der), std::move(facts));
  }
  Result<crypto::Certificate> parse_certificate(ByteView der) {
    {
      const Lock lock(mutex);
      if (const auto it = certificates.find(der); it != certificates.end()) return it->second;
    }
    const auto certificate = TRY(crypto::Certificate::parse(der));
    if (certificate.der() != der) return refuse("certificate_malformed", "The certificate is not DER.");  // But PEM.
    const Lock lock(mutex);
    if (certificates.size() >= kCertificatesMax) certificates.clear();
    certificates.insert_or_assign(Bytes(der), certificate);
    return certificate;
  }
};

}  // namespace zhida::seal
