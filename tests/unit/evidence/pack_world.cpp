#include "pack_world.h"

#include <algorithm>

#include "platform/crypto/digest.h"
#include "seal/tree_head.h"

namespace zhida::test {
namespace {

namespace names = seal::pack_names;

const Bytes kPolicy = R"({"id":"IN-001","title":"首次认定高新技术企业奖励"})";
const Bytes kRequest = "<PAY_REQUEST><PAYEE_ACCT_NO>3133360000001431213</PAYEE_ACCT_NO></PAY_REQUEST>";
const Bytes kAnswer = "<PAY_ANSWER><STATE>PAID</STATE></PAY_ANSWER>";
const std::string kRow = R"({"nsrsbh":"913305023255309660","pjjg":"A"})";
const std::string kOtherRow = R"({"nsrsbh":"91330502MA00000000","pjjg":"B"})";

/// As the source sent it; the rows stand in it as it wrote them.
const std::string kBody = R"({"NSRSBH":"913305023255309660","PJJG":"A"})";
const Bytes kSent = R"({"rows":[{"NSRSBH":"91330502MA00000000","PJJG":"B"},)" + kBody + "]}";

Json digests_of(const char* kind, const Bytes& body) {
  return {{"kind", kind}, {"sm3", to_hex(crypto::sm3(body))}, {"sha256", to_hex(crypto::sha256(body))}};
}

Json path_json(const std::vector<crypto::NodeHash>& path) {
  Json list = Json::array();
  for (const auto& hash : path) list.push_back(to_hex(crypto::octets_of(hash)));
  return list;
}

void add_json(std::vector<seal::PackMember>& out, const std::string& name, const Json& json) {
  out.push_back({name, canonical_json(json).value()});
}

}  // namespace

Bytes PackWorld::ses(ByteView payload, const std::string& media) const {
  const auto trust = seals.trust();
  return seal::seal(payload, seals.seal_der, *seals.signer.signer, {.media_type = media, .message_id = "m"}, *trust,
                    kSealed)
      .value();
}

void PackWorld::make() {
  const std::vector<seal::ToSeal> messages{{kRequest, {"application/xml", "request", ""}},
                                           {kAnswer, {"application/xml", "answer", ""}},
                                           {kSent, {"application/json", "page:1", ""}}};
  const auto trust = seals.trust();
  batch_ =
      seal::seal_batch(seal::batch_members(seals.alg, messages), seals.seal_der, *seals.signer.signer, *trust, kSealed)
          .value();
  const auto salted = [](std::string name, Json value) {
    Bytes salt = crypto::sm3("salt of " + name);
    return seal::Fact{std::move(name), std::move(value), std::move(salt)};
  };
  facts = {salted("case.id", kPackCase),
           salted("case.policy_version", to_hex(crypto::sha256(kPolicy))),
           salted("case.state", "paid"),
           salted("document.01", digests_of("payment_request", kRequest)),
           salted("document.02", digests_of("treasury_answer", kAnswer)),
           salted("firm.name", "吴兴浩庆阀门有限公司"),
           salted("payee.account_no", "3133360000001431213"),
           salted("profile.tax.credit_grade", Json{{"value", "A"}, {"rows", Json::array({{{"row", "row.1"}}})}}),
           salted("row.1", Json{{"source", "tax"}, {"sha256", to_hex(crypto::sha256(kRow))}})};
  crypto::MerkleFrontier tree;
  for (const auto& fact : facts) tree.append(seal::fact_leaf(fact).value());
  statement = {kPackCase, 1, tree.size(), tree.root(), kSealed};
  statement_seal = ses(seal::to_payload(statement), seal::kPackStatementMedia);
}

void PackWorld::add_documents(std::vector<seal::PackMember>& out, bool octets) const {
  struct Document {
    const char* number;
    const Bytes& body;
    bool shown;
    const seal::Evidence& in_batch;
  };
  Json list = Json::array();
  for (const auto& [number, body, shown, in_batch] :
       {Document{"01", kRequest, octets, batch_[0]}, Document{"02", kAnswer, true, batch_[1]}}) {
    const std::string stem = std::string("documents/") + number;
    Json item{{"fact", std::string("document.") + number},
              {"file", shown ? Json(stem + ".xml") : Json()},
              {"seal", stem + ".ses"}};
    if (shown) out.push_back({stem + ".xml", body});
    if (how_ == Sealed::in_batch) {
      item["proof"] = stem + ".proof.json";
      out.push_back({stem + ".ses", in_batch.ses});
      out.push_back({stem + ".proof.json", seal::write_proof_json(*in_batch.proof)});
    } else {
      out.push_back({stem + ".ses", ses(body, "application/xml")});
    }
    list.push_back(std::move(item));
  }
  add_json(out, names::kDocuments, {{"documents", list}, {"v", 1}});
}

void PackWorld::add_source(std::vector<seal::PackMember>& out, bool shown) const {
  crypto::MerkleTree rows;
  for (const auto& row : {kOtherRow, kRow, kOtherRow}) rows.append(seal::row_leaf(crypto::sha256(row)));
  const Bytes manifest =
      canonical_json(
          Json{{"source", "tax"}, {"batch_id", "page:1"}, {"rows_root", to_hex(crypto::octets_of(rows.root()))}})
          .value();
  Json batches = Json::array(), row_list = Json::array();
  if (shown) {
    Json batch{{"key", "batch-1"},
               {"source", "tax"},
               {"batch", "page:1"},
               {"sealed_by", "hub"},
               {"manifest", "sources/batch-1.json"},
               {"seal", "sources/batch-1.ses"}};
    Json row{{"fact", "row.1"}, {"batch", "batch-1"}, {"columns", kRow},
             {"index", 1},      {"size", 3},          {"path", path_json(rows.inclusion_path(1, 3))}};
    out.push_back({"sources/batch-1.json", manifest});
    if (how_ == Sealed::in_batch) {
      batch["sealed_by"] = "source";
      batch["payload"] = "sources/batch-1-payload.bin";
      batch["proof"] = "sources/batch-1.proof.json";
      row["body"] = to_base64(kBody);
      out.push_back({"sources/batch-1.ses", batch_[2].ses});
      out.push_back({"sources/batch-1.proof.json", seal::write_proof_json(*batch_[2].proof)});
      out.push_back({"sources/batch-1-payload.bin", kSent});
    } else {
      out.push_back({"sources/batch-1.ses", ses(manifest, "application/json")});
    }
    batches.push_back(std::move(batch));
    row_list.push_back(std::move(row));
  }
  add_json(out, names::kSources, {{"batches", batches}, {"rows", row_list}, {"v", 1}});
}

std::vector<seal::PackMember> PackWorld::members(const std::set<std::string>& withheld) const {
  std::vector<seal::Disclosed> disclosed;
  for (const auto& fact : facts) {
    seal::Disclosed leaf;
    leaf.leaf = seal::fact_leaf(fact).value();
    if (!withheld.contains(fact.name)) leaf.fact = fact;
    disclosed.push_back(std::move(leaf));
  }
  std::vector<seal::PackMember> out{{names::kMimeType, seal::kPackMimeType},
                                    {names::kReport, "<!doctype html><p>证据</p>"},
                                    {names::kStatement, seal::to_payload(statement)},
                                    {names::kStatementSeal, statement_seal},
                                    {names::kDisclosure, seal::write_disclosure(disclosed).value()},
                                    {names::kPolicy, kPolicy}};
  const bool octets = !withheld.contains("payee.account_no");
  add_documents(out, octets);
  add_source(out, !withheld.contains("row.1"));

  crypto::MerkleTree log;
  std::vector<std::string> records;
  for (int seq = 1; seq <= 5; ++seq) {
    Json record{{"seq", seq}, {"case_id", kPackCase}, {"kind", "case_changed"}, {"payload_digest", ""}};
    if (seq == 4) {
      record["kind"] = "evidence_rooted";
      record["payload_digest"] = "sm3:" + to_hex(crypto::sm3(seal::to_payload(statement)));
    }
    records.push_back(canonical_json(record).value());
    log.append(crypto::leaf_hash(crypto::TreeHash::sm3, records.back()));
  }
  Json list = Json::array();
  for (const std::uint64_t index : {1, 3}) {
    Json item{{"seq", index + 1}, {"path", path_json(log.inclusion_path(index, 5))}};
    if (index == 1 && !octets) {
      item["leaf"] = to_hex(crypto::octets_of(crypto::leaf_hash(crypto::TreeHash::sm3, records[index])));
    } else {
      item["record"] = records[index];
    }
    list.push_back(item);
  }
  add_json(out, names::kRecords, {{"records", list}, {"v", 1}});
  const seal::TreeHead head{"0b7c5b4e-6c1f-4b58-9a0a-0d8e6f1f2a3b", 5, log.root(), kSealed};
  out.push_back({names::kHead, seal::to_payload(head)});
  out.push_back({names::kHeadSeal, ses(seal::to_payload(head), seal::kTreeHeadMedia)});
  const auto revocations = seals.root.revocation_list({}, kFrom, kTo).value();
  out.push_back({std::string(names::kTrust) + "root-1.der", seals.root.certificate().der()});
  out.push_back({std::string(names::kTrust) + "crl-1.crl", revocations.der()});
  return out;
}

Bytes PackWorld::sealed(std::vector<seal::PackMember> members) const {
  seal::PackManifest manifest;
  manifest.pack = "01K93KMRM0AQ4JG82CKXM2QV79";
  manifest.case_id = kPackCase;
  manifest.level = manifest.reader = "auditor";
  manifest.at = kSealed;
  manifest.root = statement.root;
  manifest.leaves = statement.leaves;
  for (const auto& member : members) {
    manifest.members.push_back({member.name, member.data.size(), crypto::sm3(member.data)});
    if (member.name != names::kDisclosure) continue;
    const auto disclosed = seal::parse_disclosure(member.data);
    if (!disclosed) continue;
    manifest.withheld = static_cast<std::uint64_t>(
        std::count_if(disclosed.value().begin(), disclosed.value().end(), [](const auto& leaf) { return !leaf.fact; }));
  }
  const Bytes payload = seal::to_payload(manifest).value();
  members.push_back({names::kManifest, payload});
  members.push_back({names::kManifestSeal, ses(payload, seal::kPackManifestMedia)});
  return seal::write_pack(members).value();
}

seal::PackReport PackWorld::verify(ByteView archive, bool own_root) const {
  seal::PackOptions options;
  if (own_root) options.roots = {seals.root.certificate()};
  options.now = kNow;
  return seal::verify_pack(archive, options);
}

seal::PackMember& member_of(std::vector<seal::PackMember>& members, const std::string& name) {
  return *std::find_if(members.begin(), members.end(), [&](const auto& member) { return member.name == name; });
}

std::set<std::string> named(const seal::PackReport& report) {
  std::set<std::string> out;
  for (const auto& finding : report.findings) out.insert(finding.member);
  return out;
}

}  // namespace zhida::test
