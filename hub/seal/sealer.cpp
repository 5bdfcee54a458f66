#include "seal/sealer.h"

#include <utility>

#include "seal/structure.h"

namespace zhida::seal {

Sealer::Sealer(std::shared_ptr<const Own> own, std::shared_ptr<const Trust> trust)
    : own_(std::move(own)), trust_(std::move(trust)) {}

Result<std::unique_ptr<Sealer>> Sealer::create(const SealerFiles& files, std::shared_ptr<const Trust> trust) {
  Bytes seal_der = TRY(read_file(files.seal_file, kStructureBytesMax));
  auto signer = TRY(crypto::FileSigner::create(files.key_file, files.certificate_file, files.passphrase));
  auto sealer = create_from(std::move(seal_der), std::move(signer), std::move(trust));
  if (!sealer) return refuse(sealer.error().code, files.seal_file + ": " + sealer.error().message);
  return sealer;
}

Result<std::unique_ptr<Sealer>> Sealer::create_from(Bytes seal_der, std::unique_ptr<Signer> signer,
                                                    std::shared_ptr<const Trust> trust) {
  auto checked = TRY(check(std::move(seal_der), std::move(signer)));
  return std::unique_ptr<Sealer>(new Sealer(std::move(checked), std::move(trust)));
}

Result<std::shared_ptr<const Sealer::Own>> Sealer::check(Bytes seal_der, std::unique_ptr<Signer> signer) {
  auto own = std::make_shared<Own>();
  own->seal_der = std::move(seal_der);
  own->signer = std::move(signer);
  const auto structure = TRY(read_seal_structure(own->seal_der));
  CHECK_OK(check_listed(structure, own->signer->alg(), own->signer->certificate()));
  own->es_id = structure.es_id;
  return std::shared_ptr<const Own>(std::move(own));
}

Result<void> Sealer::replace(Bytes seal_der, std::unique_ptr<Signer> signer) {
  auto next = TRY(check(std::move(seal_der), std::move(signer)));
  const Lock lock(mutex_);
  own_.swap(next);  // The old key goes when its last seal is made.
  return ok();
}

std::shared_ptr<const Sealer::Own> Sealer::own() const {
  const Lock lock(mutex_);
  return own_;
}

std::shared_ptr<const Trust> Sealer::trust() const {
  const Lock lock(mutex_);
  return trust_;
}

Result<Bytes> Sealer::seal(ByteView payload, const std::string& media_type, const std::string& message_id,
                           const std::string& trace_id, Instant now) const {
  const auto current = own();
  return zhida::seal::seal(payload, current->seal_der, *current->signer, Properties{media_type, message_id, trace_id},
                           *trust(), now);
}

Result<std::vector<Evidence>> Sealer::seal_batch(std::span<const ToSeal> messages, Instant now) const {
  const auto current = own();
  const auto members = batch_members(current->signer->alg(), messages);
  return zhida::seal::seal_batch(members, current->seal_der, *current->signer, *trust(), now);
}

void Sealer::replace_trust(std::shared_ptr<const Trust> trust) {
  const Lock lock(mutex_);
  trust_ = std::move(trust);
}

SealVerifier::SealVerifier(std::shared_ptr<const Trust> trust, PeerSeals peer_seals, bool require_revocation_status,
                           std::shared_ptr<SealStore> store)
    : store_(store ? std::move(store) : std::make_shared<SealStore>()),
      peer_seals_(std::move(peer_seals)),
      require_revocation_status_(require_revocation_status),
      trust_(std::move(trust)) {}

Report SealVerifier::verify_from(const std::string& peer, ByteView ses, ByteView payload, Instant now) const {
  return verify_evidence(peer, Evidence{Bytes(ses), std::nullopt}, payload, now);
}

Report SealVerifier::verify_from(const std::string& peer, Form form, ByteView carried, ByteView payload, Instant now,
                                 Evidence& evidence) const {
  auto unpacked = unpack(form, carried, *store_, payload);
  if (!unpacked) return format_report("carriage", unpacked.error().message);
  Report report = verify_evidence(peer, unpacked.value(), payload, now);
  if (!report.passed()) return report;
  evidence = std::move(unpacked.value());
  if (form == Form::compact) return report;  // It was rebuilt from what is known.
  if (!report.batch.empty()) {
    const Lock lock(mutex_);
    if (std::exchange(learnt_batch_, report.batch) == report.batch) return report;
  }
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
