// The two objects that the rest of the hub holds: one that seals for us, one that checks what peers sealed.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>

#include "base/mutex.h"
#include "base/secret.h"
#include "seal/carriage.h"
#include "seal/seal.h"
#include "seal/trust.h"

namespace zhida::seal {

struct SealerFiles {
  std::string seal_file{};         ///< SESeal, DER (`.esl`).
  std::string key_file{};          ///< PKCS#8 PEM, mode 0600.
  std::string certificate_file{};  ///< The signer's certificate, PEM or DER; the seal lists it.
  Secret<std::string> passphrase{};
};

/// A loaded system seal and its key. Any thread.
class Sealer {
 public:
  /// Reads the files. Errors: of reading, of FileSigner::create, `seal_malformed`, `signer_not_in_seal`.
  static Result<std::unique_ptr<Sealer>> create(const SealerFiles& files, std::shared_ptr<const Trust> trust);
  /// From memory. Errors `seal_malformed`, `signer_not_in_seal`.
  static Result<std::unique_ptr<Sealer>> create_from(Bytes seal_der, std::unique_ptr<Signer> signer,
                                                     std::shared_ptr<const Trust> trust);

  /// SES_Signature over the exact octets. Errors as those of seal().
  Result<Bytes> seal(ByteView payload, const std::string& media_type, const std::string& message_id,
                     const std::string& trace_id, Instant now) const;

  /// One seal over all of them (batch.h): one evidence a message, in order. At most kBatchLeavesMax.
  Result<std::vector<Evidence>> seal_batch(std::span<const ToSeal> messages, Instant now) const;

  std::string es_id() const { return own()->es_id; }
  Bytes seal_der() const { return own()->seal_der; }
  Alg alg() const { return own()->signer->alg(); }
  crypto::Certificate certificate() const { return own()->signer->certificate(); }
  /// Another key and the seal that lists it, from now on; what is being sealed ends with the old ones. Errors
  /// `seal_malformed`, `signer_not_in_seal`: then nothing changes.
  Result<void> replace(Bytes seal_der, std::unique_ptr<Signer> signer);
  void replace_trust(std::shared_ptr<const Trust> trust);  ///< E.g. when a new revocation list came.

 private:
  struct Own {
    Bytes seal_der;
    std::string es_id;
    std::unique_ptr<Signer> signer;
  };
  Sealer(std::shared_ptr<const Own> own, std::shared_ptr<const Trust> trust);
  static Result<std::shared_ptr<const Own>> check(Bytes seal_der, std::unique_ptr<Signer> signer);
  std::shared_ptr<const Own> own() const;
  std::shared_ptr<const Trust> trust() const;

  mutable Mutex mutex_;
  std::shared_ptr<const Own> own_ GUARDED_BY(mutex_);  // Shared for the same reason as the trust.
  std::shared_ptr<const Trust> trust_
      GUARDED_BY(mutex_);  // Shared: a seal being made keeps the snapshot it began with.
};

/// Verifies what came from a named peer: everything that verify() checks, and that the seal is one agreed with this
/// peer. Any thread.
class SealVerifier {
 public:
  /// Seal ids (esID) by peer name, as peers.yaml says.
  using PeerSeals = std::map<std::string, std::set<std::string>>;
  /// `store` outlives a snapshot of trust in the hands of its owner; absent: one of its own.
  SealVerifier(std::shared_ptr<const Trust> trust, PeerSeals peer_seals, bool require_revocation_status = false,
               std::shared_ptr<SealStore> store = nullptr);

  /// `seal_of_another_peer` when all is well but the seal id is not the peer's; a wrong seal keeps its own code.
  Report verify_from(const std::string& peer, ByteView ses, ByteView payload, Instant now) const;

  /// The same for whatever form the proof came in. Where all is well, `evidence` becomes what the archive keeps, and
  /// the seal is remembered for compact proofs to come. A proof that cannot be read or rebuilt gives `format`.
  Report verify_from(const std::string& peer, Form form, ByteView carried, ByteView payload, Instant now,
                     Evidence& evidence) const;
  SealStore& store() const { return *store_; }

  void replace_trust(std::shared_ptr<const Trust> trust);

 private:
  Report verify_evidence(const std::string& peer, const Evidence& evidence, ByteView payload, Instant now) const;

  const std::shared_ptr<SealStore> store_;  // Shared: see the constructor.
  const PeerSeals peer_seals_;
  const bool require_revocation_status_;
  mutable Mutex mutex_;
  std::shared_ptr<const Trust> trust_ GUARDED_BY(mutex_);
  mutable std::string learnt_batch_ GUARDED_BY(mutex_);  // Its members all bring the same seal.
};

}  // namespace zhida::seal
