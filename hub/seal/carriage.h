// How proofs travel. A full signature contains the whole seal with its picture, 2 to 20 KB; who has the seal already
// needs about 250 octets of it. Archives and hand-over always take the full form.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/mutex.h"
#include "seal/batch.h"

namespace zhida::seal {

/// The value of the AMQP property `seal-form`.
enum class Form {
  full,     ///< `ses4`: SES_Signature, DER (of version 4 or 5).
  compact,  ///< `ses4-compact`: see to_compact().
  batch,    ///< `batch`: see pack().
};
std::string_view name_of(Form form);
std::optional<Form> form_of(std::string_view name);  ///< Empty means full: peers of before wrote no form.

/// Seals and certificates known from configuration or from full signatures that were verified. Bounded; what was
/// configured stays. Any thread.
class SealStore {
 public:
  Result<void> keep_seal(ByteView seal_der);        ///< Configured. Error `seal_malformed`.
  void keep_certificate(ByteView certificate_der);  ///< Configured: a signer's, for seals that list digests.
  void learn(ByteView ses);                         ///< From a signature that was verified.
  std::optional<Bytes> seal(const Bytes& sha256) const;
  struct KnownSigner {
    Bytes certificate;
    Alg alg;
  };
  std::optional<KnownSigner> signer(const Bytes& sha256) const;  ///< By the hash of the certificate.

 private:
  struct Entry {
    Bytes der;
    bool learnt = false;
    Alg alg = Alg::sm2_sm3;  // Of a certificate's key: reading it anew for each message costs more than the rest.
  };
  using Entries = std::unordered_map<Bytes, Entry>;
  static Entry* keep(Entries& entries, ByteView der, bool learnt);
  void keep_signer(ByteView certificate_der, bool learnt) REQUIRES(mutex_);

  mutable Mutex mutex_;
  Entries seals_ GUARDED_BY(mutex_), certificates_ GUARDED_BY(mutex_);
};

/// DER SEQUENCE { version INTEGER 1, esID IA5String, SHA-256 of the seal OCTET STRING, SHA-256 of the signer's
/// certificate OCTET STRING, timeInfo GeneralizedTime, propertyInfo IA5String, signature OCTET STRING,
/// timeStamp [0] OCTET STRING OPTIONAL }. The payload's hash is not in it: the receiver has the payload. Errors
/// `seal_malformed`, `seal_not_compactable` (extensions, which could not be rebuilt).
Result<Bytes> to_compact(ByteView ses);
/// The identical signature, DER, for the caller to verify. A changed payload shows as `sign_value` there, since its
/// hash is part of what was signed. Errors `carriage_malformed`, `seal_unknown` (ask for the full form).
Result<Bytes> from_compact(ByteView compact, const SealStore& store, ByteView payload);

/// The octets of the property `seal`. For a member of a batch: DER SEQUENCE { version INTEGER 1, manifest OCTET STRING,
/// seal [0] OCTET STRING (full) or [1] OCTET STRING (compact), propertyInfo IA5String, index INTEGER, path OCTET STRING
/// of 32 octets a step }.
struct Carriage {
  Form form = Form::full;
  Bytes octets{};
};
/// Falls back on the full form where a signature cannot be compacted.
Carriage pack(const Evidence& evidence, bool compact);
/// Back to what archives keep. Errors `carriage_malformed`, `seal_unknown`.
Result<Evidence> unpack(Form form, ByteView octets, const SealStore& store, ByteView payload);

}  // namespace zhida::seal
