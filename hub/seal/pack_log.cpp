#include <set>

#include "platform/crypto/digest.h"
#include "platform/crypto/timestamp.h"
#include "seal/pack_approvals.h"
#include "seal/pack_check.h"

namespace zhida::seal::pack {

void PackCheck::log() {
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
  std::vector<PackFinding> found;
  out_["approval"] = check_approvals(facts_, item_records_, found, notes_);
  for (const auto& finding : found) find(finding.code, finding.member, finding.detail);
  told["records"] = count;
  told["records_shown"] = shown;
  witnesses(head, told);
  out_["log"] = std::move(told);
}

void PackCheck::witnesses(const TreeHead& head, Json& told) {
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

std::string PackCheck::esid_of(const std::string& seal_member) const {
  for (const auto& seal : seals_)
    if (text_of(seal, "member") == seal_member) return text_of(seal, "es_id");
  return {};
}

bool PackCheck::check_record(const std::string& record, std::uint64_t seq, const std::string& name) {
  const auto json = parse_json(record);
  if (!json || !json.value().is_object() || count_of(json.value(), "seq") != seq) {
    find(Code::data_hash, names::kRecords, "The " + name + " does not bear its number.");
    return false;
  }
  const std::string case_id = text_of(json.value(), "case_id"), kind = text_of(json.value(), "kind");
  // How the case's item came in force is told of the item, not of the case.
  const bool of_item = kind.starts_with("policy_") && text_of(json.value(), "subject_type") == "policy" &&
                       case_id.empty() && fact("policy.approval").is_object();
  if (of_item) item_records_.push_back(json.value());
  if (of_item && fact("case.policy") != Json(nullptr) &&
      fact("case.policy") != Json(text_of(json.value(), "subject_id")))
    find(Code::data_hash, names::kRecords, "The " + name + " is about another item.");
  if (manifest_ && case_id != manifest_->case_id && kind != "batch_received" && !of_item)
    find(Code::data_hash, names::kRecords, "The " + name + " is about another case.");
  const Bytes* const sealed = member(names::kStatement);
  return kind == "evidence_rooted" && sealed != nullptr &&
         text_of(json.value(), "payload_digest") == "sm3:" + to_hex(crypto::sm3(*sealed));
}

void PackCheck::token(Json& told) {
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

}  // namespace zhida::seal::pack
