#include <algorithm>

#include "platform/crypto/digest.h"
#include "seal/pack_check.h"
#include "seal/pack_offices.h"

namespace zhida::seal::pack {

void PackCheck::statement() {
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

void PackCheck::policy() {
  const Bytes* const body = needed(names::kPolicy);
  if (body == nullptr) return;
  if (fact("case.policy_version") != Json(to_hex(crypto::sha256(*body))))
    find(Code::data_hash, names::kPolicy, "This is not the version of the policy item that the case names.");
}

void PackCheck::documents() {
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

void PackCheck::sources() {
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
      if (const auto root = crypto::node_hash_of_hex(text_of(manifest.value(), "rows_root"))) batch.root = root.value();
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

}  // namespace zhida::seal::pack
