#include "seal/pack_verify.h"

#include <set>

#include "platform/crypto/digest.h"
#include "seal/pack_check.h"
#include "seal/pack_zip.h"

namespace zhida::seal::pack {

PackReport PackCheck::run() {
  out_ = Json{{"archive_octets", archive_.size()},
              {"archive_sm3", "sm3:" + to_hex(crypto::sm3(archive_))},
              {"verified_at", to_rfc3339(options_.now)}};
  auto reading = read_pack(archive_);
  for (const auto& fault : reading.faults)
    find(fault.content ? Code::data_hash : Code::format, fault.member, fault.detail);
  for (auto& member : reading.members) {
    order_.push_back(member.name);
    members_.emplace(member.name, std::move(member.data));
  }
  if (!members_.empty()) {
    load_trust();
    manifest();
    statement();
    policy();
    documents();
    sources();
    log();
  }
  return finish();
}

const Bytes* PackCheck::member(const std::string& name) {
  const auto found = members_.find(name);
  return found == members_.end() ? nullptr : &found->second;
}

const Bytes* PackCheck::needed(const std::string& name) {
  const Bytes* const bytes = member(name);
  if (bytes == nullptr) find(Code::format, name, "The pack has no such member.");
  return bytes;
}

std::optional<Json> PackCheck::canonical(const std::string& name) {
  const Bytes* const bytes = needed(name);
  if (bytes == nullptr) return std::nullopt;
  const auto json = parse_json(*bytes);
  const auto again = json ? canonical_json(json.value()) : Result<std::string>(json.error());
  if (!again || again.value() != *bytes || !json.value().is_object()) {
    find(Code::format, name, "The member is not an object in canonical JSON.");
    return std::nullopt;
  }
  return json.value();
}

void PackCheck::load_trust() {
  TrustContent content;
  content.roots = options_.roots;
  std::vector<crypto::Certificate> roots_here, time_roots_here;
  for (const auto& name : order_)
    if (name.starts_with(names::kTrust)) read_trust_member(name, members_[name], content, roots_here, time_roots_here);
  Json told = Json::array();
  for (const auto& root : roots_here) told.push_back({{"subject", root.subject()}, {"sha256", root.fingerprint()}});
  const bool given = !options_.roots.empty();
  out_["roots"] = given ? "given" : "pack";
  if (!given) {
    content.roots = roots_here;
    std::string text =
        "Roots taken from the pack itself: this shows that the pack agrees with itself. Trust them only if you know "
        "their digest from elsewhere:";
    for (const auto& root : roots_here) text += " " + root.subject() + " = sha256 " + root.fingerprint() + ";";
    text.back() = '.';
    note(text);
  }
  out_["roots_in_pack"] = std::move(told);
  if (content.roots.empty())
    find(Code::signer_cert, "", "There is no root certificate, neither given nor in the pack.");
  // Who stamps time may have roots of its own.
  TrustContent for_time;
  for_time.intermediates = content.intermediates;
  for_time.lists = content.lists;
  for_time.roots = roots_here;
  for_time.roots.insert(for_time.roots.end(), time_roots_here.begin(), time_roots_here.end());
  time_trust_ = std::make_shared<const Trust>(std::move(for_time));
  if (!given) content.time_roots = time_roots_here.empty() ? roots_here : time_roots_here;
  trust_ = std::make_shared<const Trust>(std::move(content));
  if (member(names::kSealStatusSeal) != nullptr) check_seal(names::kSealStatusSeal, names::kSealStatus, "");
}

void PackCheck::read_trust_member(const std::string& name, const Bytes& bytes, TrustContent& content,
                                  std::vector<crypto::Certificate>& roots,
                                  std::vector<crypto::Certificate>& time_roots) {
  const std::string file = name.substr(std::string_view(names::kTrust).size());
  if (name == names::kSealStatusSeal) return;
  if (name == names::kSealStatus) {
    if (auto list = read_status_list(bytes)) {
      content.status = std::move(list.value());
    } else {
      find(Code::format, name, list.error().message);
    }
    return;
  }
  if (file.starts_with("crl-")) {
    if (auto list = crypto::RevocationList::parse(bytes)) {
      content.lists.push_back(std::move(list.value()));
    } else {
      find(Code::format, name, list.error().message);
    }
    return;
  }
  auto certificate = crypto::Certificate::parse(bytes);
  if (!certificate) {
    find(Code::format, name, certificate.error().message);
    return;
  }
  auto& where = file.starts_with("root-") ? roots : file.starts_with("time-root-") ? time_roots : content.intermediates;
  where.push_back(std::move(certificate.value()));
}

void PackCheck::judge(const Report& report, const std::string& seal_member, const std::string& payload_member,
                      const std::string& media) {
  for (const auto& finding : report.findings)
    find(finding.code, finding.code == Code::data_hash && !payload_member.empty() ? payload_member : seal_member,
         "Step " + finding.step + ": " + finding.detail);
  if (report.passed() && !media.empty() && report.media_type != media)
    find(Code::data_hash, seal_member, "The seal is over " + report.media_type + ", not over " + media + ".");
  Json json{{"member", seal_member},
            {"code", static_cast<int>(report.code)},
            {"name", name_of(report.code)},
            {"es_id", report.es_id},
            {"seal_name", report.seal_name},
            {"signer", report.signer_subject},
            {"signed_at", to_rfc3339(report.signed_at)}};
  if (!payload_member.empty()) json["over"] = payload_member;
  if (!report.notes.empty()) json["notes"] = report.notes;
  seals_.push_back(std::move(json));
}

Policy PackCheck::policy_now() const {
  return Policy{
      .now = options_.now, .require_revocation_status = options_.require_revocation_status, .all_findings = true};
}

void PackCheck::check_seal(const std::string& seal_member, const std::string& payload_member,
                           const std::string& media) {
  check_evidence(seal_member, "", payload_member, media);
}

std::optional<Report> PackCheck::check_evidence(const std::string& seal_member, const std::string& proof_member,
                                                const std::string& payload_member, const std::string& media) {
  const auto evidence = evidence_of(seal_member, proof_member);
  const Bytes* const payload = needed(payload_member);
  if (!evidence || payload == nullptr) return std::nullopt;
  auto report = verify(*evidence, *payload, *trust_, policy_now());
  judge(report, seal_member, payload_member, media);
  return report;
}

std::optional<Report> PackCheck::check_seal_over_digest(const std::string& seal_member, const std::string& proof_member,
                                                        const Bytes& sm3, const Bytes& sha256) {
  const auto evidence = evidence_of(seal_member, proof_member);
  if (!evidence) return std::nullopt;
  const auto verify_with = [&](const Bytes& digest) {
    return evidence->proof ? verify_digest_in_batch(evidence->ses, *evidence->proof, digest, *trust_, policy_now())
                           : verify_digest(evidence->ses, digest, *trust_, policy_now());
  };
  auto report = verify_with(sm3);
  if (report.alg == "ecdsa-p256-sha256") report = verify_with(sha256);
  judge(report, seal_member, "", "");
  return report;
}

std::optional<Evidence> PackCheck::evidence_of(const std::string& seal_member, const std::string& proof_member) {
  const Bytes* const ses = needed(seal_member);
  if (ses == nullptr) return std::nullopt;
  Evidence evidence{*ses, std::nullopt};
  if (proof_member.empty()) return evidence;
  const Bytes* const text = needed(proof_member);
  if (text == nullptr) return std::nullopt;
  auto proof = read_proof_json(*text);
  if (!proof) {
    find(Code::format, proof_member, proof.error().message);
    return std::nullopt;
  }
  evidence.proof = std::move(proof.value());
  return evidence;
}

void PackCheck::manifest() {
  if (order_.front() != names::kMimeType || members_[order_.front()] != kPackMimeType)
    find(Code::format, names::kMimeType, std::string("The first member must be `mimetype` and say ") + kPackMimeType);
  check_seal(names::kManifestSeal, names::kManifest, kPackManifestMedia);
  const Bytes* const bytes = member(names::kManifest);
  if (bytes == nullptr) return;
  auto parsed = parse_pack_manifest(*bytes);
  if (!parsed) {
    find(Code::format, names::kManifest, parsed.error().message);
    return;
  }
  manifest_ = std::move(parsed.value());
  std::set<std::string> listed{names::kManifest, names::kManifestSeal};
  for (const auto& entry : manifest_->members) {
    if (!listed.insert(entry.name).second)
      find(Code::format, names::kManifest, "The manifest names " + entry.name + " twice.");
    const Bytes* const data = member(entry.name);
    if (data == nullptr) {
      find(Code::data_hash, entry.name, "The manifest names this member, and the pack does not have it.");
    } else if (data->size() != entry.bytes || crypto::sm3(*data) != entry.sm3) {
      find(Code::data_hash, entry.name, "The member's octets are not those whose digest the manifest names.");
    }
  }
  for (const auto& name : order_)
    if (!listed.contains(name)) find(Code::format, name, "The manifest does not name this member.");
  out_["pack"] = manifest_->pack;
  out_["case"] = manifest_->case_id;
  out_["level"] = manifest_->level;
  out_["reader"] = manifest_->reader;
  out_["made_at"] = to_rfc3339(manifest_->at);
}

PackReport PackCheck::finish() {
  PackReport report;
  if (!findings_.empty()) report.code = findings_.front().code;
  Json findings = Json::array(), altered = Json::array();
  std::set<std::string> named;
  for (const auto& finding : findings_) {
    findings.push_back({{"code", static_cast<int>(finding.code)},
                        {"name", name_of(finding.code)},
                        {"member", finding.member},
                        {"detail", finding.detail}});
    if (named.insert(finding.member).second) altered.push_back(finding.member.empty() ? "(archive)" : finding.member);
  }
  out_["code"] = static_cast<int>(report.code);
  out_["name"] = name_of(report.code);
  out_["findings"] = std::move(findings);
  out_["does_not_hold"] = std::move(altered);
  out_["notes"] = notes_;
  out_["seals"] = std::move(seals_);
  out_["members"] = order_.size();
  report.findings = std::move(findings_);
  report.json = std::move(out_);
  return report;
}

}  // namespace zhida::seal::pack

namespace zhida::seal {

PackReport verify_pack(ByteView archive, const PackOptions& options) {
  return pack::PackCheck(archive, options).run();
}

}  // namespace zhida::seal
