#include "seal/carriage.h"

#include "platform/crypto/certificate.h"
#include "platform/crypto/der.h"
#include "platform/crypto/digest.h"
#include "seal/structure.h"

namespace zhida::seal {
namespace der = crypto::der;

namespace {

constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kPathMax = 64;
constexpr std::size_t kLearntMax = 1024;  // Strangers must not fill the memory; their seals are learnt anew.
constexpr std::uint8_t kFullTag = 0xa0, kCompactTag = 0xa1;

Error malformed(const std::string& why) {
  return refuse("carriage_malformed", "The proof that came with the message cannot be read: " + why);
}

struct CompactStructure {
  std::string es_id, property_info;
  Bytes seal_hash, certificate_hash;
  Instant signed_at{};
  ByteView signature, timestamp;
};

Result<CompactStructure> read_compact(ByteView text) {
  if (text.size() > kStructureBytesMax) return malformed("it is larger than 1 MiB.");
  CHECK_OK(der::check_strict(text));
  der::Reader outer(text);
  der::Reader fields(TRY(outer.expect(der::kSequence, "Compact")).content);
  if (TRY(fields.integer("version")) != 1) return malformed("its version is not 1.");
  CompactStructure compact;
  compact.es_id = TRY(fields.ia5("esID"));
  compact.seal_hash = Bytes(TRY(fields.octet_string("the hash of the seal")));
  compact.certificate_hash = Bytes(TRY(fields.octet_string("the hash of the certificate")));
  compact.signed_at = TRY(fields.time("timeInfo"));
  compact.property_info = TRY(fields.ia5("propertyInfo"));
  compact.signature = TRY(fields.octet_string("signature"));
  if (!fields.at_end()) {
    der::Reader tagged(TRY(fields.expect(der::kExplicit0, "timeStamp")).content);
    compact.timestamp = TRY(tagged.octet_string("timeStamp"));
    CHECK_OK(tagged.end("timeStamp"));
    if (compact.timestamp.empty()) return malformed("its time-stamp is empty.");
  }
  CHECK_OK(fields.end("Compact"));
  return compact;
}

Result<Evidence> read_batch(ByteView text, const SealStore& store) {
  if (text.size() > kStructureBytesMax) return malformed("it is larger than 1 MiB.");
  CHECK_OK(der::check_strict(text));
  der::Reader outer(text);
  der::Reader fields(TRY(outer.expect(der::kSequence, "Batch")).content);
  if (TRY(fields.integer("version")) != 1) return malformed("its version is not 1.");
  BatchProof proof;
  proof.manifest = Bytes(TRY(fields.octet_string("manifest")));
  const auto seal = TRY(fields.any("seal"));
  if (seal.tag != kFullTag && seal.tag != kCompactTag) return malformed("it has no seal.");
  der::Reader tagged(seal.content);
  const ByteView octets = TRY(tagged.octet_string("seal"));
  CHECK_OK(tagged.end("seal"));
  proof.property_info = TRY(fields.ia5("propertyInfo"));
  proof.index = static_cast<std::uint64_t>(TRY(fields.integer("index")));
  ByteView path = TRY(fields.octet_string("path"));
  CHECK_OK(fields.end("Batch"));
  if (path.size() % kHashBytes != 0 || path.size() > kPathMax * kHashBytes) return malformed("its path is not whole.");
  for (; !path.empty(); path.remove_prefix(kHashBytes)) {
    proof.path.push_back(TRY(crypto::to_node_hash(path.substr(0, kHashBytes))));
  }
  Evidence evidence;
  evidence.ses = seal.tag == kFullTag ? Bytes(octets) : TRY(from_compact(octets, store, proof.manifest));
  evidence.proof = std::move(proof);
  return evidence;
}

}  // namespace

std::string_view name_of(Form form) {
  switch (form) {
    case Form::compact:
      return "ses4-compact";
    case Form::batch:
      return "batch";
    case Form::full:
      break;
  }
  return "ses4";
}

std::optional<Form> form_of(std::string_view name) {
  if (name.empty()) return Form::full;
  for (const Form form : {Form::full, Form::compact, Form::batch}) {
    if (name_of(form) == name) return form;
  }
  return std::nullopt;
}

/// The new entry, or null where it was there.
SealStore::Entry* SealStore::keep(Entries& entries, ByteView der, bool learnt) {
  if (learnt && entries.size() >= kLearntMax)
    std::erase_if(entries, [](const auto& entry) { return entry.second.learnt; });
  const auto [it, added] = entries.try_emplace(crypto::sha256(der), Entry{Bytes(der), learnt});
  if (!added && !learnt) it->second.learnt = false;
  return added ? &it->second : nullptr;
}

void SealStore::keep_signer(ByteView certificate_der, bool learnt) {
  Entry* const fresh = keep(certificates_, certificate_der, learnt);
  if (fresh == nullptr) return;
  const auto certificate = crypto::Certificate::parse(certificate_der);
  if (!certificate || certificate.value().key_kind() == crypto::PublicKeyKind::other) {
    certificates_.erase(crypto::sha256(certificate_der));  // Nobody signs seals with such a key.
    return;
  }
  fresh->alg = certificate.value().key_kind() == crypto::PublicKeyKind::sm2 ? Alg::sm2_sm3 : Alg::ecdsa_p256_sha256;
}

Result<void> SealStore::keep_seal(ByteView seal_der) {
  const auto seal = TRY(read_seal_structure(seal_der));
  const Lock lock(mutex_);
  (void)keep(seals_, seal_der, false);
  if (seal.certificate_list_type == 1) {
    for (const ByteView certificate : seal.certificate_list) keep_signer(certificate, false);
  }
  return ok();
}

void SealStore::keep_certificate(ByteView certificate_der) {
  const Lock lock(mutex_);
  keep_signer(certificate_der, false);
}

void SealStore::learn(ByteView ses) {
  const auto signature = read_signature_structure(ses);
  if (!signature) return;
  const Lock lock(mutex_);
  (void)keep(seals_, signature.value().seal.whole, true);
  keep_signer(signature.value().certificate, true);
}

std::optional<Bytes> SealStore::seal(const Bytes& sha256) const {
  const Lock lock(mutex_);
  const auto it = seals_.find(sha256);
  return it == seals_.end() ? std::nullopt : std::optional(it->second.der);
}

std::optional<SealStore::KnownSigner> SealStore::signer(const Bytes& sha256) const {
  const Lock lock(mutex_);
  const auto it = certificates_.find(sha256);
  return it == certificates_.end() ? std::nullopt : std::optional(KnownSigner{it->second.der, it->second.alg});
}

Result<Bytes> to_compact(ByteView ses) {
  const auto signature = TRY(read_signature_structure(ses));
  Bytes content = der::write_integer(1) + der::write(der::kIa5String, signature.seal.es_id) +
                  der::write(der::kOctetString, crypto::sha256(signature.seal.whole)) +
                  der::write(der::kOctetString, crypto::sha256(signature.certificate)) +
                  der::write_time(signature.signed_at) + der::write(der::kIa5String, signature.property_info) +
                  der::write(der::kOctetString, signature.signature);
  if (signature.timestamp) {
    content += der::write(der::kExplicit0, der::write(der::kOctetString, *signature.timestamp));
  }
  if (signature.has_extensions) {
    return refuse("seal_not_compactable", "The signature has extensions, which the compact form cannot carry.");
  }
  return der::write(der::kSequence, content);
}

Result<Bytes> from_compact(ByteView text, const SealStore& store, ByteView payload) {
  const auto read = read_compact(text);
  if (!read) return malformed(read.error().message);
  const CompactStructure& compact = read.value();
  const auto seal = store.seal(compact.seal_hash);
  const auto signer = store.signer(compact.certificate_hash);
  if (!seal || !signer) {
    return refuse("seal_unknown", "The compact proof names " +
                                      std::string(!seal ? "the seal " + compact.es_id : "a signer's certificate") +
                                      ", which is not in the seal store; the full form is needed.");
  }
  const auto structure = TRY(read_seal_structure(*seal));
  if (structure.es_id != compact.es_id) return malformed("it names the seal " + compact.es_id + " but means another.");
  const Bytes to_sign = write_to_sign(structure.version, *seal, compact.signed_at, crypto::digest(signer->alg, payload),
                                      compact.property_info);
  return write_signature(to_sign, signer->certificate, signer->alg, compact.signature, compact.timestamp);
}

Carriage pack(const Evidence& evidence, bool compact) {
  auto small = compact ? to_compact(evidence.ses) : Result<Bytes>(refuse("not_wanted", "The full form is wanted."));
  if (!evidence.proof) {
    if (small) return {Form::compact, std::move(small.value())};
    return {Form::full, evidence.ses};
  }
  const BatchProof& proof = *evidence.proof;
  const Bytes seal = small ? der::write(kCompactTag, der::write(der::kOctetString, small.value()))
                           : der::write(kFullTag, der::write(der::kOctetString, evidence.ses));
  Bytes path;
  for (const auto& hash : proof.path) path += crypto::octets_of(hash);
  return {Form::batch,
          der::write(der::kSequence, der::write_integer(1) + der::write(der::kOctetString, proof.manifest) + seal +
                                         der::write(der::kIa5String, proof.property_info) +
                                         der::write_integer(static_cast<std::int64_t>(proof.index)) +
                                         der::write(der::kOctetString, path))};
}

Result<Evidence> unpack(Form form, ByteView octets, const SealStore& store, ByteView payload) {
  switch (form) {
    case Form::compact:
      return Evidence{TRY(from_compact(octets, store, payload)), std::nullopt};
    case Form::batch: {
      auto evidence = read_batch(octets, store);
      if (!evidence && evidence.error().code != "seal_unknown") return malformed(evidence.error().message);
      return evidence;
    }
    case Form::full:
      break;
  }
  return Evidence{Bytes(octets), std::nullopt};
}

}  // namespace zhida::seal
