#include "seal/pack_verify.h"

#include <map>
#include <memory>
#include <optional>
#include <set>

#include "platform/crypto/digest.h"
#include "platform/crypto/merkle_tree.h"
#include "platform/crypto/timestamp.h"
#include "seal/batch.h"
#include "seal/pack_format.h"
#include "seal/pack_offices.h"
#include "seal/pack_zip.h"
#include "seal/tree_head.h"
#include "seal/trust.h"

namespace zhida::seal {
namespace {

namespace names = pack_names;
constexpr std::size_t kFindingsMax = 500;
constexpr std::size_t kPathMax = 64;

const Json& list_of(const Json& json, const char* name) {
  static const Json kNone = Json::array();
  const auto found = json.find(name);
  return found != json.end() && found->is_array() ? *found : kNone;
}

/// The text member, or empty: what is missing is then found by what it does not agree with.
std::string text_of(const Json& json, const char* name) {
  const auto text = get_string_or(json, name, "");
  return text ? text.value() : "";
}

std::optional<std::uint64_t> count_of(const Json& json, const char* name) {
  const auto count = get_int(json, name);
  if (!count || count.value() < 0) return std::nullopt;
  return static_cast<std::uint64_t>(count.value());
}

std::optional<std::vector<crypto::NodeHash>> path_of(const Json& json) {
  const Json& items = list_of(json, "path");
  if (items.size() > kPathMax) return std::nullopt;
  std::vector<crypto::NodeHash> path;
  for (const auto& item : items) {
    const auto hash = item.is_string() ? crypto::node_hash_of_hex(item.get_ref<const std::string&>())
                                       : Result<crypto::NodeHash>(refuse("hash_malformed", ""));
    if (!hash) return std::nullopt;
    path.push_back(hash.value());
  }
  return path;
}

std::string hex_of(const crypto::NodeHash& hash) {
  return to_hex(crypto::octets_of(hash));
}

class PackCheck {
 public:
  PackCheck(ByteView archive, const PackOptions& options) : archive_(archive), options_(options) {}

  PackReport run() {
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

 private:
  void find(Code code, const std::string& member, const std::string& detail) {
    if (findings_.size() < kFindingsMax) findings_.push_back({code, member, detail});
  }
  void note(const std::string& text) { notes_.push_back(text); }

  const Bytes* member(const std::string& name) {
    const auto found = members_.find(name);
    return found == members_.end() ? nullptr : &found->second;
  }
  /// A member that every pack has; its absence is a finding.
  const Bytes* needed(const std::string& name) {
    const Bytes* const bytes = member(name);
    if (bytes == nullptr) find(Code::format, name, "The pack has no such member.");
    return bytes;
  }
  /// A member that is an object in canonical form.
  std::optional<Json> canonical(const std::string& name) {
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

  // Roots are the reader's decision; what lies below them may come from anywhere, since signatures hold it.
  void load_trust() {
    TrustContent content;
    content.roots = options_.roots;
    std::vector<crypto::Certificate> roots_here, time_roots_here;
    for (const auto& name : order_)
      if (name.starts_with(names::kTrust))
        read_trust_member(name, members_[name], content, roots_here, time_roots_here);
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

  void read_trust_member(const std::string& name, const Bytes& bytes, TrustContent& content,
                         std::vector<crypto::Certificate>& roots, std::vector<crypto::Certificate>& time_roots) {
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
    auto& where = file.starts_with("root-")        ? roots
                  : file.starts_with("time-root-") ? time_roots
                                                   : content.intermediates;
    where.push_back(std::move(certificate.value()));
  }

  /// What was said of one seal goes into the report, and what does not hold among the findings. `payload_member` is
  /// named where the sealed octets are what differs.
  void judge(const Report& report, const std::string& seal_member, const std::string& payload_member,
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
  Policy policy_now() const {
    return Policy{
        .now = options_.now, .require_revocation_status = options_.require_revocation_status, .all_findings = true};
  }
  void check_seal(const std::string& seal_member, const std::string& payload_member, const std::string& media) {
    check_evidence(seal_member, "", payload_member, media);
  }
  /// `proof_member`: the way from the octets to a seal over a batch of messages; empty for a seal of their own.
  std::optional<Report> check_evidence(const std::string& seal_member, const std::string& proof_member,
                                       const std::string& payload_member, const std::string& media) {
    const auto evidence = evidence_of(seal_member, proof_member);
    const Bytes* const payload = needed(payload_member);
    if (!evidence || payload == nullptr) return std::nullopt;
    auto report = verify(*evidence, *payload, *trust_, policy_now());
    judge(report, seal_member, payload_member, media);
    return report;
  }
  /// Where the sealed octets themselves are withheld.
  std::optional<Report> check_seal_over_digest(const std::string& seal_member, const std::string& proof_member,
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
  std::optional<Evidence> evidence_of(const std::string& seal_member, const std::string& proof_member) {
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

  void manifest() {
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

  void statement() {
    check_seal(names::kStatementSeal, names::kStatement, kPackStatementMedia);
    const Bytes* const sealed = member(names::kStatement);
    const Bytes* const shown = needed(names::kDisclosure);
    if (sealed == nullptr || shown == nullptr) return;
    const auto parsed = parse_pack_statement(*sealed);
    if (!parsed) {
      find(Code::format, names::kStatement, parsed.error().message);
      return;
    }
    const auto& stated = parsed.value();
    if (manifest_ &&
        (manifest_->root != stated.root || manifest_->leaves != stated.leaves || manifest_->case_id != stated.case_id))
      find(Code::data_hash, names::kStatement,
           "Statement and manifest do not speak of the same case, root and number of leaves.");
    const auto leaves = parse_disclosure(*shown);
    if (!leaves) {
      find(Code::format, names::kDisclosure, leaves.error().message);
      return;
    }
    crypto::MerkleFrontier tree(crypto::TreeHash::sm3);
    std::uint64_t withheld = 0;
    for (const auto& leaf : leaves.value()) {
      tree.append(leaf.leaf);
      if (!leaf.fact) {
        ++withheld;
      } else if (!facts_.emplace(leaf.fact->name, leaf.fact->value).second) {
        find(Code::format, names::kDisclosure, "The fact " + leaf.fact->name + " is there twice.");
      }
    }
    if (tree.size() != stated.leaves || tree.root() != stated.root)
      find(Code::data_hash, names::kDisclosure, "The leaves do not come to the root that the hub sealed.");
    if (manifest_ && manifest_->withheld != withheld)
      find(Code::data_hash, names::kDisclosure, "Not as many leaves are withheld as the manifest says.");
    if (const auto id = facts_.find("case.id"); id == facts_.end() || id->second != Json(stated.case_id))
      find(Code::data_hash, names::kDisclosure, "The fact case.id is not that of the statement.");
    out_["statement"] = {{"version", stated.version},
                         {"at", to_rfc3339(stated.at)},
                         {"root", hex_of(stated.root)},
                         {"leaves", stated.leaves},
                         {"shown", stated.leaves - std::min(withheld, stated.leaves)},
                         {"withheld", withheld}};
    Json told = Json::object();
    for (const auto& [name, value] : facts_) told[name] = value;
    out_["facts"] = std::move(told);
  }

  /// The fact with that name, or null.
  Json fact(const std::string& name) const {
    const auto found = facts_.find(name);
    return found == facts_.end() ? Json(nullptr) : found->second;
  }

  void policy() {
    const Bytes* const body = needed(names::kPolicy);
    if (body == nullptr) return;
    if (fact("case.policy_version") != Json(to_hex(crypto::sha256(*body))))
      find(Code::data_hash, names::kPolicy, "This is not the version of the policy item that the case names.");
  }

  void documents() {
    const auto json = canonical(names::kDocuments);
    if (!json) return;
    Json told = Json::array();
    std::map<std::string, PackDocument> checked;
    for (const auto& item : list_of(*json, "documents")) {
      const std::string id = text_of(item, "fact"), file = text_of(item, "file"), seal = text_of(item, "seal");
      const std::string proof = text_of(item, "proof");
      const Json stated = fact(id);
      const auto sm3 = from_hex(text_of(stated.is_object() ? stated : Json::object(), "sm3"));
      const auto sha256 = from_hex(text_of(stated.is_object() ? stated : Json::object(), "sha256"));
      if (!sm3 || sm3.value().size() != 32 || !sha256 || sha256.value().size() != 32) {
        find(Code::format, names::kDocuments, "The document " + id + " has no fact that names its digests.");
        continue;
      }
      if (file.empty()) {
        if (auto report = check_seal_over_digest(seal, proof, sm3.value(), sha256.value()))
          checked[id] = {"", seal, nullptr, std::move(*report)};
        note("The document " + id + " (" + text_of(stated, "kind") +
             ") is withheld: shown is that octets with its digest were sealed, not what they say.");
      } else {
        const Bytes* const bytes = needed(file);
        if (bytes != nullptr && (crypto::sm3(*bytes) != sm3.value() || crypto::sha256(*bytes) != sha256.value()))
          find(Code::data_hash, file, "The document is not the one whose digest " + id + " names.");
        if (auto report = check_evidence(seal, proof, file, "")) checked[id] = {file, seal, bytes, std::move(*report)};
      }
      told.push_back({{"fact", id}, {"kind", text_of(stated, "kind")}, {"shown", !file.empty()}});
    }
    out_["documents"] = std::move(told);
    std::vector<PackFinding> found;
    out_["offices"] = check_offices(facts_, checked, found, notes_);
    for (const auto& finding : found) find(finding.code, finding.member, finding.detail);
  }

  void sources() {
    const auto json = canonical(names::kSources);
    if (!json) return;
    struct Batch {
      std::string file;
      std::optional<crypto::NodeHash> root;
      const Bytes* payload = nullptr;
    };
    std::map<std::string, Batch> batches;
    for (const auto& item : list_of(*json, "batches")) {
      const std::string key = text_of(item, "key"), file = text_of(item, "manifest"), seal = text_of(item, "seal");
      const std::string payload = text_of(item, "payload");
      Batch batch;
      batch.file = file;
      const Bytes* const bytes = needed(file);
      const auto manifest = bytes == nullptr ? Result<Json>(refuse("", "")) : parse_json(*bytes);
      if (manifest && manifest.value().is_object()) {
        if (const auto root = crypto::node_hash_of_hex(text_of(manifest.value(), "rows_root")))
          batch.root = root.value();
        if (text_of(manifest.value(), "source") != text_of(item, "source") ||
            text_of(manifest.value(), "batch_id") != text_of(item, "batch"))
          find(Code::data_hash, file, "The manifest is that of another batch.");
      } else if (bytes != nullptr) {
        find(Code::format, file, "The manifest of the batch is not JSON.");
      }
      if (text_of(item, "sealed_by") == "hub") {
        check_seal(seal, file, "application/json");
      } else if (!payload.empty()) {
        check_evidence(seal, text_of(item, "proof"), payload, "");
        batch.payload = member(payload);
      } else {
        const auto sm3 = from_hex(text_of(item, "payload_sm3")), sha256 = from_hex(text_of(item, "payload_sha256"));
        if (sm3 && sha256) {
          check_seal_over_digest(seal, text_of(item, "proof"), sm3.value(), sha256.value());
        } else {
          find(Code::format, names::kSources, "The batch " + key + " names no digest of what its source sealed.");
        }
        note("What the source sealed as batch " + key +
             " speaks of other firms too and is withheld; its digest and seal are shown.");
      }
      batches.emplace(key, batch);
    }
    std::int64_t proven = 0, rows = 0;
    for (const auto& item : list_of(*json, "rows")) {
      ++rows;
      const std::string id = text_of(item, "fact"), key = text_of(item, "batch");
      const Json stated = fact(id);
      const std::string digest_text = stated.is_object() ? text_of(stated, "sha256") : "";
      const auto digest = from_hex(digest_text);
      if (!digest || digest.value().size() != 32) {
        find(Code::format, names::kSources, "The row " + id + " has no fact that names its digest.");
        continue;
      }
      if (crypto::sha256(text_of(item, "columns")) != digest.value())
        find(Code::data_hash, names::kSources, "The row " + id + " is not the one whose digest is stated.");
      const auto batch = batches.find(key);
      const auto index = count_of(item, "index"), size = count_of(item, "size");
      if (batch == batches.end()) {
        note("The row " + id + " came before this hub kept proofs of rows; only the hub's statement speaks for it.");
        continue;
      }
      if (batch->second.payload != nullptr && !text_of(item, "body").empty()) {
        const auto body = from_base64(text_of(item, "body"));
        if (!body || batch->second.payload->find(body.value()) == Bytes::npos)
          find(Code::data_hash, names::kSources, "The row " + id + " does not stand in what its source sealed.");
      }
      if (!batch->second.root || !index || !size) {
        note("The batch of the row " + id + " was taken in before manifests named the tree of their rows.");
        continue;
      }
      const auto path = path_of(item);
      if (!path || !crypto::verify_inclusion(crypto::TreeHash::sm3, row_leaf(digest.value()), *index, *size, *path,
                                             *batch->second.root)) {
        find(Code::data_hash, names::kSources, "The row " + id + " is not proven to be in the batch " + key + ".");
      } else {
        ++proven;
      }
    }
    out_["sources"] = {{"batches", batches.size()}, {"rows", rows}, {"rows_proven", proven}};
  }

  void log() {
    check_seal(names::kHeadSeal, names::kHead, kTreeHeadMedia);
    const Bytes* const payload = member(names::kHead);
    if (payload == nullptr) return;
    const auto parsed = parse_tree_head(*payload);
    if (!parsed) {
      find(Code::format, names::kHead, parsed.error().message);
      return;
    }
    const auto& head = parsed.value();
    Json told{{"log", head.log},
              {"size", head.size},
              {"root", hex_of(head.root)},
              {"time", to_rfc3339(head.time)},
              {"trusted_at", nullptr}};
    token(told);
    const auto json = canonical(names::kRecords);
    std::uint64_t count = 0, shown = 0;
    bool statement_recorded = false;
    if (json) {
      for (const auto& item : list_of(*json, "records")) {
        ++count;
        const auto seq = count_of(item, "seq");
        const std::string record = text_of(item, "record");
        const std::string name = "record " + (seq ? std::to_string(*seq) : std::string("without a number"));
        auto leaf = crypto::node_hash_of_hex(text_of(item, "leaf"));
        if (!record.empty()) {
          ++shown;
          leaf = crypto::leaf_hash(crypto::TreeHash::sm3, record);
          statement_recorded = check_record(record, seq.value_or(0), name) || statement_recorded;
        }
        const auto path = path_of(item);
        if (!seq || *seq == 0 || !leaf || !path ||
            !crypto::verify_inclusion(crypto::TreeHash::sm3, leaf.value(), *seq - 1, head.size, *path, head.root))
          find(Code::data_hash, names::kRecords, "The " + name + " of the trail is not proven to be in the log.");
      }
      if (!statement_recorded)
        find(Code::data_hash, names::kRecords, "No record of the log tells of the sealed statement over the facts.");
    }
    told["records"] = count;
    told["records_shown"] = shown;
    witnesses(head, told);
    out_["log"] = std::move(told);
  }

  // A peer's seal over a head of the same log, and the proof that this head and that one are of one history.
  void witnesses(const TreeHead& head, Json& told) {
    told["witnesses"] = Json::array();
    if (member(names::kWitnesses) == nullptr) {
      note("No peer countersigned a head of the log: that there is one history only is the hub's own word.");
      return;
    }
    check_seal(names::kWitnessedSeal, names::kWitnessed, kTreeHeadMedia);
    const Bytes* const payload = member(names::kWitnessed);
    const auto json = canonical(names::kWitnesses);
    if (payload == nullptr || !json) return;
    const auto parsed = parse_tree_head(*payload);
    if (!parsed) {
      find(Code::format, names::kWitnessed, parsed.error().message);
      return;
    }
    const auto& witnessed = parsed.value();
    const bool later = witnessed.size >= head.size;
    const TreeHead& older = later ? head : witnessed;
    const TreeHead& newer = later ? witnessed : head;
    const auto proof = path_of(*json);
    if (witnessed.log != head.log || !proof ||
        !crypto::verify_consistency(crypto::TreeHash::sm3, older.size, older.root, newer.size, newer.root, *proof))
      find(Code::data_hash, names::kWitnesses, "The head that was countersigned is not one of the same history.");
    std::set<std::string> seals{esid_of(names::kHeadSeal)};
    for (const auto& item : list_of(*json, "witnesses")) {
      const std::string name = text_of(item, "seal");
      if (!name.starts_with(names::kWitnessSeal)) {
        find(Code::format, names::kWitnesses, "A witness's seal is no member of the pack.");
        continue;
      }
      check_seal(name, names::kWitnessed, kTreeHeadMedia);
      if (!seals.insert(esid_of(name)).second)
        find(Code::data_hash, name, "The countersignature bears the hub's own seal, or one that is there already.");
      told["witnesses"].push_back({{"peer", text_of(item, "peer")},
                                   {"es_id", esid_of(name)},
                                   {"size", witnessed.size},
                                   {"records_seen", older.size}});
    }
  }

  /// Of a seal that was judged; empty where it cannot be read.
  std::string esid_of(const std::string& seal_member) const {
    for (const auto& seal : seals_)
      if (text_of(seal, "member") == seal_member) return text_of(seal, "es_id");
    return {};
  }

  /// True where the record tells of this pack's statement.
  bool check_record(const std::string& record, std::uint64_t seq, const std::string& name) {
    const auto json = parse_json(record);
    if (!json || !json.value().is_object() || count_of(json.value(), "seq") != seq) {
      find(Code::data_hash, names::kRecords, "The " + name + " does not bear its number.");
      return false;
    }
    const std::string case_id = text_of(json.value(), "case_id"), kind = text_of(json.value(), "kind");
    if (manifest_ && case_id != manifest_->case_id && kind != "batch_received")
      find(Code::data_hash, names::kRecords, "The " + name + " is about another case.");
    const Bytes* const sealed = member(names::kStatement);
    return kind == "evidence_rooted" && sealed != nullptr &&
           text_of(json.value(), "payload_digest") == "sm3:" + to_hex(crypto::sm3(*sealed));
  }

  void token(Json& told) {
    const Bytes* const bytes = member(names::kHeadToken);
    if (bytes == nullptr) {
      const std::string missing =
          "The head of the log bears no time-stamp of an outside authority: its time is the hub's own word.";
      if (options_.require_trusted_time) {
        find(Code::timestamp, names::kHead, missing);
      } else {
        note(missing);
      }
      return;
    }
    const Bytes* const ses = member(names::kHeadSeal);
    const auto value = ses == nullptr ? Result<Bytes>(refuse("", "The head has no seal.")) : signature_value(*ses);
    const auto verify_with = [&](const Trust& trust) {
      return value ? crypto::verify_timestamp_token(*bytes, value.value(),
                                                    {.authorities = trust.time_authorities(),
                                                     .now = options_.now,
                                                     .require_revocation_status = options_.require_revocation_status})
                   : Result<crypto::TimestampToken>(value.error());
    };
    auto stamped = verify_with(*trust_);
    if (!stamped && !options_.roots.empty() && !options_.require_trusted_time) {
      stamped = verify_with(*time_trust_);
      if (stamped)
        note(
            "The time-stamp's authority has a root that was taken from the pack itself; give it with --root to rely on "
            "it.");
    }
    if (!stamped) {
      find(Code::timestamp, names::kHeadToken, stamped.error().message);
      return;
    }
    told["trusted_at"] = to_rfc3339(stamped.value().time);
    for (const auto& text : stamped.value().notes) note("Time-stamp: " + text);
  }

  PackReport finish() {
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

  const ByteView archive_;
  const PackOptions& options_;
  std::vector<std::string> order_;
  std::map<std::string, Bytes> members_;
  std::shared_ptr<const Trust> trust_, time_trust_;  // Shared because Trust is made that way everywhere.
  std::optional<PackManifest> manifest_;
  std::map<std::string, Json> facts_;
  std::vector<PackFinding> findings_;
  std::vector<std::string> notes_;
  Json seals_ = Json::array();
  Json out_;
};

}  // namespace

PackReport verify_pack(ByteView archive, const PackOptions& options) {
  return PackCheck(archive, options).run();
}

}  // namespace zhida::seal
