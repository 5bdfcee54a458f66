#include "seal/sealer.h"

#include "seal/structure.h"

namespace zhida::seal {

Sealer::Sealer(Bytes seal_der, std::string es_id, std::unique_ptr<Signer> signer, std::shared_ptr<const Trust> trust)
    : seal_der_(std::move(seal_der)), es_id_(std::move(es_id)), signer_(std::move(signer)), trust_(std::move(trust)) {}

Result<std::unique_ptr<Sealer>> Sealer::create(const SealerFiles& files, std::shared_ptr<const Trust> trust) {
  Bytes seal_der = TRY(read_file(files.seal_file, kStructureBytesMax));
  auto signer = TRY(crypto::FileSigner::create(files.key_file, files.certificate_file, files.passphrase));
  auto sealer = create_from(std::move(seal_der), std::move(signer), std::move(trust));
  if (!sealer) return refuse(sealer.error().code, files.seal_file + ": " + sealer.error().message);
  return sealer;
}

Result<std::unique_ptr<Sealer>> Sealer::create_from(Bytes seal_der, std::unique_ptr<Signer> signer,
                                                    std::shared_ptr<const Trust> trust) {
  std::string es_id;
  {
    const auto structure = TRY(read_seal_structure(seal_der));
    CHECK_OK(check_listed(structure, signer->alg(), signer->certificate()));
    es_id = structure.es_id;
  }
  return std::unique_ptr<Sealer>(
      new Sealer(std::move(seal_der), std::move(es_id), std::move(signer), std::move(trust)));
}

Result<Bytes> Sealer::seal(ByteView payload, const std::string& media_type, const std::string& message_id,
                           const std::string& trace_id, Instant now) const {
  std::shared_ptr<const Trust> trust;
  {
    const Lock lock(mutex_);
    trust = trust_;
  }
  return zhida::seal::seal(payload, seal_der_, *signer_, Properties{media_type, message_id, trace_id}, *trust, now);
}

Result<std::vector<Evidence>> Sealer::seal_batch(std::span<const ToSeal> messages, Instant now) const {
  std::shared_ptr<const Trust> trust;
  {
    const Lock lock(mutex_);
    trust = trust_;
  }
  const auto members = batch_members(signer_->alg(), messages);
  return zhida::seal::seal_batch(members, seal_der_, *signer_, *trust, now);
}

void Sealer::replace_trust(std::shared_ptr<const Trust> trust) {
  const Lock lock(mutex_);
  trust_ = std::move(trust);
}

SealVerifier::SealVerifier(std::shared_ptr<const Trust> trust, PeerSeals peer_seals, bool require_revocation_status)
    : peer_seals_(std::move(peer_seals)),
      require_revocation_status_(require_revocation_status),
      trust_(std::move(trust)) {}

Report SealVerifier::verify_from(const std::string& peer, ByteView ses, ByteView payload, Instant now) const {
  return verify_evidence(peer, Evidence{Bytes(ses), std::nullopt}, payload, now);
}

Report SealVerifier::verify_from(const std::string& peer, Form form, ByteView carried, ByteView payload, Instant now,
                                 Evidence& evidence) const {
  auto unpacked = unpack(form, carried, *store_, payload);
  if (!unpacked) {
    Report report;
    report.code = Code::format;
    report.step = "carriage";
    report.detail = unpacked.error().message;
    report.findings.push_back({report.code, report.step, report.detail});
    return report;
  }
  Report report = verify_evidence(peer, unpacked.value(), payload, now);
  if (!report.passed()) return report;
  evidence = std::move(unpacked.value());
  store_->learn(evidence.ses);
  return report;
}

Report SealVerifier::verify_evidence(const std::string& peer, const Evidence& evidence, ByteView payload,
                                     Instant now) const {
  std::shared_ptr<const Trust> trust;
  {
    const Lock lock(mutex_);
    trust = trust_;
  }
  Report report =
      verify(evidence, payload, *trust, Policy{.now = now, .require_revocation_status = require_revocation_status_});
  if (!report.passed()) return report;
  const auto agreed = peer_seals_.find(peer);
  if (agreed != peer_seals_.end() && agreed->second.contains(report.es_id)) return report;
  report.code = Code::seal_of_another_peer;
  report.step = "peer";
  report.detail =
      agreed == peer_seals_.end()
          ? "No seal is agreed with the peer " + peer + "; it used " + report.es_id + "."
          : "The seal " + report.es_id + " is valid, but it is not one of those agreed with the peer " + peer + ".";
  report.findings.push_back({report.code, report.step, report.detail});
  return report;
}

void SealVerifier::replace_trust(std::shared_ptr<const Trust> trust) {
  const Lock lock(mutex_);
  trust_ = std::move(trust);
}

}  // namespace zhida::seal
