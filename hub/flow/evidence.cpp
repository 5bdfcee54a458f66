#include "flow/evidence.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

#include "audit/audit_trail.h"
#include "audit/head_store.h"
#include "audit/tree_store.h"
#include "flow/evidence_facts.h"
#include "flow/evidence_page.h"
#include "flow/evidence_store.h"
#include "platform/crypto/certificate.h"
#include "platform/crypto/digest.h"
#include "seal/pack_format.h"
#include "seal/pack_zip.h"
#include "seal/sealer.h"
#include "seal/tree_head.h"

namespace zhida::flow {
namespace {

namespace names = seal::pack_names;
namespace fs = std::filesystem;
using seal::PackMember;
using storage::Transaction;

std::string sm3_digest(ByteView bytes) {
  return "sm3:" + to_hex(crypto::sm3(bytes));
}

bool same_facts(const std::vector<seal::Fact>& stored, const std::map<std::string, Json>& facts) {
  return stored.size() == facts.size() &&
         std::equal(stored.begin(), stored.end(), facts.begin(), [](const auto& fact, const auto& pair) {
           return fact.name == pair.first && fact.value == pair.second;
         });
}

/// Salts stay with what they salted: a fact that did not change has the same leaf in every version.
std::vector<seal::Fact> salted(const std::map<std::string, Json>& facts, const std::optional<StoredStatement>& before) {
  std::map<std::string, const seal::Fact*> known;
  if (before)
    for (const auto& fact : before->facts) known[fact.name] = &fact;
  std::vector<seal::Fact> out;
  for (const auto& [name, value] : facts) {
    const auto old = known.find(name);
    const bool same = old != known.end() && old->second->value == value;
    out.push_back({name, value, same ? old->second->salt : crypto::random_bytes(seal::kSaltBytes)});
  }
  return out;
}

struct Stated {
  StoredStatement statement;
  seal::PackStatement content;
};

Result<Stated> read_stated(StoredStatement statement) {
  Stated stated{std::move(statement), {}};
  stated.content = TRY(seal::parse_pack_statement(stated.statement.payload));
  return stated;
}

/// A head of the log with the proofs of the records that it covers.
struct Proven {
  audit::StoredHead head;
  std::optional<audit::StoredToken> token;
  std::vector<std::vector<crypto::NodeHash>> paths;
  // A head that peers countersigned, and the way between it and `head`; without countersignatures: there is none.
  audit::StoredHead witnessed;
  std::vector<audit::Countersignature> countersignatures;
  std::vector<crypto::NodeHash> between;
};

/// The smallest countersigned head that covers all that `proven.head` covers, else the last one before it.
Result<void> add_witnesses(Transaction& transaction, audit::TreeReader& tree, Proven& proven) {
  const auto witnessed = TRY(audit::witnessed_head(transaction, proven.head.size));
  if (!witnessed) return ok();
  proven.witnessed = *witnessed;
  proven.countersignatures = TRY(audit::countersignatures(transaction, witnessed->size));
  const auto [older, newer] = std::minmax(proven.head.size, witnessed->size);
  proven.between = TRY(crypto::consistency_proof_from(crypto::TreeHash::sm3, older, newer, tree.source()));
  return ok();
}

Json path_json(const std::vector<crypto::NodeHash>& path) {
  Json list = Json::array();
  for (const auto& hash : path) list.push_back(to_hex(crypto::octets_of(hash)));
  return list;
}

/// The members of a pack as they come to be.
class Members {
 public:
  void add(const std::string& name, Bytes data) { members_.push_back({name, std::move(data)}); }
  Result<void> add_json(const std::string& name, const Json& json) {
    add(name, TRY(canonical_json(json)));
    return ok();
  }
  std::vector<PackMember>& all() { return members_; }

 private:
  std::vector<PackMember> members_;
};

class Making {
 public:
  Making(const Rooms& rooms, const seal::TrustFiles& trust, const std::function<Result<void>()>& stamp,
         const PackOrder& order, PackView view)
      : rooms_(rooms), trust_(trust), stamp_(stamp), order_(order), view_(std::move(view)) {}

  Result<EvidencePack> run() {
    CHECK_OK(read());
    std::vector<std::string> fact_names;
    for (const auto& [name, value] : facts_.facts) fact_names.push_back(name);
    if (const auto idle = view_.idle(fact_names); !idle.empty())
      return refuse("withhold_unknown", "Nothing of this case is called " + idle.front() + ".");
    for (int round = 0; !stated_; ++round) {
      const auto stated = state();
      // Somebody else stated the same at the same time: theirs counts.
      if (!stated && (stated.error().code != "storage_unique" || round == 3)) return stated.error();
      if (!stated) {
        CHECK_OK(read());
      }
    }
    CHECK_OK(prove());
    return assemble();
  }

 private:
  Result<void> read() {
    return rooms_.database.read([this](Transaction& transaction) -> Result<void> {
      facts_ = TRY(gather_facts(transaction, rooms_, order_.case_id));
      before_ = TRY(last_statement(transaction, order_.case_id.str()));
      stated_.reset();
      if (before_ && same_facts(before_->facts, facts_.facts)) stated_ = TRY(read_stated(*before_));
      return ok();
    });
  }

  Result<void> state() {
    const Instant now = rooms_.clock.now();
    StoredStatement statement;
    statement.version = before_ ? before_->version + 1 : 1;
    statement.facts = salted(facts_.facts, before_);
    crypto::MerkleFrontier tree(crypto::TreeHash::sm3);
    for (const auto& fact : statement.facts) tree.append(TRY(seal::fact_leaf(fact)));
    const seal::PackStatement content{order_.case_id.str(), statement.version, tree.size(), tree.root(), now};
    statement.payload = seal::to_payload(content);
    statement.seal = TRY(rooms_.sealer.seal(
        statement.payload, seal::kPackStatementMedia,
        "statement-" + order_.case_id.str() + "-" + std::to_string(statement.version), order_.trace_id, now));
    CHECK_OK(commit(rooms_.writer, "desk", {}, [&](Transaction& transaction) -> Result<void> {
      CHECK_OK(store_statement(transaction, order_.case_id.str(), statement, now));
      auto entry = entry_of("evidence_rooted");
      entry.actor = "system";
      entry.payload_digest = sm3_digest(statement.payload);
      entry.detail = {{"leaves", tree.size()}, {"version", statement.version}};
      (void)TRY(rooms_.trail.append(transaction, entry));
      return ok();
    }));
    stated_ = Stated{std::move(statement), content};
    return ok();
  }

  audit::AuditEntry entry_of(const char* kind) const {
    audit::AuditEntry entry;
    entry.kind = kind;
    entry.subject_type = "case";
    entry.subject_id = entry.case_id = order_.case_id.str();
    entry.uscc = facts_.benefit_case.uscc;
    entry.division = facts_.benefit_case.division;
    entry.trace_id = order_.trace_id;
    return entry;
  }

  /// Reads the records once more, now with the statement's own, and sees to it that a sealed head covers them all.
  Result<void> prove() {
    bool asked = false;
    for (int round = 0; round < 1000; ++round) {
      bool covered = false;
      CHECK_OK(rooms_.database.read([&](Transaction& transaction) -> Result<void> {
        facts_.records = TRY(gather_facts(transaction, rooms_, order_.case_id)).records;
        if (facts_.records.empty()) return refuse("trail_empty", "The trail has no record of this case.");
        const auto last = static_cast<std::uint64_t>(facts_.records.back().seq);
        proven_ = {};
        proven_.token = TRY(audit::first_token_with(transaction, last));
        const auto head = proven_.token ? TRY(audit::find_head(transaction, proven_.token->size))
                                        : TRY(audit::first_head_with(transaction, last));
        if (!head) return ok();
        covered = true;
        proven_.head = *head;
        audit::TreeReader tree(transaction);
        for (const auto& record : facts_.records)
          proven_.paths.push_back(TRY(crypto::inclusion_path_from(
              crypto::TreeHash::sm3, static_cast<std::uint64_t>(record.seq - 1), head->size, tree.source())));
        return add_witnesses(transaction, tree, proven_);
      }));
      if (covered && (proven_.token || asked)) return ok();
      if (!covered) {
        CHECK_OK(seal_next_head());
      } else {
        asked = true;
        if (!stamp_ || !stamp_()) return ok();  // The pack says that its head bears no time-stamp.
      }
    }
    return retry("log_not_sealed", "The log grows faster than its heads are sealed; try again.");
  }

  Result<void> seal_next_head() {
    const Instant now = rooms_.clock.now();
    std::string log;
    std::optional<audit::NextHead> next;
    CHECK_OK(commit(rooms_.writer, "log", {}, [&](Transaction& transaction) -> Result<void> {
      log = TRY(audit::ensure_log(transaction, now));
      return ok();
    }));
    CHECK_OK(rooms_.database.read([&](Transaction& transaction) -> Result<void> {
      next = TRY(audit::next_head(transaction, log, now));
      return ok();
    }));
    if (!next) return ok();
    const Bytes seal = TRY(rooms_.sealer.seal(seal::to_payload(next->head), seal::kTreeHeadMedia,
                                              "tree-head-" + std::to_string(next->head.size), "", next->head.time));
    return commit(rooms_.writer, "log", {},
                  [&](Transaction& transaction) { return audit::store_head(transaction, *next, seal); });
  }

  Result<EvidencePack> assemble() {
    const Instant now = rooms_.clock.now();
    seal::PackManifest manifest;
    manifest.pack = new_ulid(now);
    manifest.case_id = order_.case_id.str();
    manifest.level = to_text(view_.level());
    manifest.reader = order_.reader.empty() ? manifest.level : order_.reader;
    manifest.at = now;
    manifest.root = stated_->content.root;
    manifest.leaves = stated_->content.leaves;

    Members members;
    std::vector<seal::Disclosed> disclosed;
    for (const auto& fact : stated_->statement.facts) {
      seal::Disclosed leaf;
      leaf.leaf = TRY(seal::fact_leaf(fact));
      if (shows_fact(fact.name)) {
        leaf.fact = fact;
      } else {
        ++manifest.withheld;
      }
      disclosed.push_back(std::move(leaf));
    }
    members.add(names::kMimeType, seal::kPackMimeType);
    members.add(names::kReport, "");  // Written last, when everything is known; people find it first.
    members.add(names::kStatement, stated_->statement.payload);
    members.add(names::kStatementSeal, stated_->statement.seal);
    members.add(names::kDisclosure, TRY(seal::write_disclosure(disclosed)));
    members.add(names::kPolicy, facts_.policy_body);
    CHECK_OK(add_documents(members));
    CHECK_OK(add_sources(members));
    CHECK_OK(add_log(members));
    CHECK_OK(add_trust(members));
    members.all()[1].data = write_evidence_page(page_of(manifest, disclosed));

    for (const auto& member : members.all())
      manifest.members.push_back({member.name, member.data.size(), crypto::sm3(member.data)});
    const Bytes payload = TRY(seal::to_payload(manifest));
    Bytes ses =
        TRY(rooms_.sealer.seal(payload, seal::kPackManifestMedia, "pack-" + manifest.pack, order_.trace_id, now));
    members.add(names::kManifest, payload);
    members.add(names::kManifestSeal, std::move(ses));

    EvidencePack pack;
    pack.archive = TRY(seal::write_pack(members.all()));
    pack.id = manifest.pack;
    pack.digest = sm3_digest(pack.archive);
    pack.summary = {{"pack", manifest.pack},
                    {"case", manifest.case_id},
                    {"level", manifest.level},
                    {"reader", manifest.reader},
                    {"made_at", to_rfc3339(now)},
                    {"digest", pack.digest},
                    {"bytes", pack.archive.size()},
                    {"members", members.all().size()},
                    {"facts", manifest.leaves},
                    {"withheld", manifest.withheld},
                    {"root", to_hex(crypto::octets_of(manifest.root))},
                    {"statement_version", stated_->content.version},
                    {"log_size", proven_.head.size},
                    {"time_stamped", proven_.token.has_value()},
                    {"witnesses", proven_.countersignatures.size()}};
    CHECK_OK(record(pack, manifest));
    return pack;
  }

  /// Who got what is written down before anybody gets it. The nonce keeps a withheld record of this kind from being
  /// found by guessing.
  Result<void> record(const EvidencePack& pack, const seal::PackManifest& manifest) {
    return commit(rooms_.writer, "desk", {}, [&](Transaction& transaction) -> Result<void> {
      auto entry = entry_of("evidence_exported");
      entry.actor = order_.asked_by;
      entry.payload_digest = pack.digest;
      entry.detail = {{"pack", pack.id},
                      {"level", manifest.level},
                      {"reader", manifest.reader},
                      {"withhold", order_.withhold},
                      {"withheld", manifest.withheld},
                      {"statement", stated_->content.version},
                      {"nonce", to_hex(crypto::random_bytes(16))}};
      (void)TRY(rooms_.trail.append(transaction, entry));
      return ok();
    });
  }

  bool shows_fact(const std::string& name) const {
    const auto tied = facts_.tied.find(name);
    return view_.shows_fact(name) && (tied == facts_.tied.end() || view_.shows_fact(tied->second));
  }
  bool shows_document(const EvidenceDocument& document) const {
    return shows_fact(document.fact) && view_.shows_octets(document.names_others) &&
           std::all_of(document.tells.begin(), document.tells.end(),
                       [&](const auto& name) { return view_.shows_fact(name); });
  }

  Result<void> add_documents(Members& members) {
    Json list = Json::array();
    for (const auto& document : facts_.documents) {
      if (!shows_fact(document.fact)) continue;
      const std::string stem = "documents/" + document.fact.substr(document.fact.find('.') + 1) + "-" + document.kind;
      const bool shown = shows_document(document);
      if (shown) members.add(stem + "." + document.extension, document.body);
      members.add(stem + ".ses", document.seal);
      if (!document.proof.empty()) members.add(stem + ".proof.json", document.proof);
      list.push_back({{"fact", document.fact},
                      {"proof", document.proof.empty() ? Json(nullptr) : Json(stem + ".proof.json")},
                      {"file", shown ? Json(stem + "." + document.extension) : Json(nullptr)},
                      {"seal", stem + ".ses"}});
    }
    return members.add_json(names::kDocuments, {{"documents", std::move(list)}, {"v", 1}});
  }

  /// A row is shown with whatever it says, so only where every value that came from it is.
  bool shows_row(const EvidenceRow& row) const {
    if (!view_.shows_fact(row.fact)) return false;
    for (const auto& [name, value] : facts_.facts) {
      if (!name.starts_with("profile.") || view_.shows_fact(name)) continue;
      for (const auto& from : value.at("rows"))
        if (from.at("row") == row.fact) return false;
    }
    return true;
  }

  Result<void> add_sources(Members& members) {
    Json rows = Json::array(), batches = Json::array();
    std::set<std::string> used;
    for (const auto& row : facts_.rows) {
      if (!shows_row(row)) continue;
      used.insert(row.batch);
      Json item{{"fact", row.fact}, {"batch", row.batch}, {"columns", row.columns}, {"body", to_base64(row.body)}};
      if (row.size > 0) {
        item["index"] = row.index;
        item["size"] = row.size;
        item["path"] = path_json(row.path);
      }
      rows.push_back(std::move(item));
    }
    for (const auto& batch : facts_.batches) {
      if (!used.contains(batch.key)) continue;
      const std::string stem = "sources/" + batch.key;
      Json item{{"key", batch.key},
                {"source", batch.source},
                {"batch", batch.batch_id},
                {"sealed_by", batch.sealed_by_source() ? "source" : "hub"},
                {"manifest", stem + "-manifest.json"},
                {"seal", stem + ".ses"}};
      members.add(stem + "-manifest.json", batch.manifest);
      members.add(stem + ".ses", batch.sealed_by_source() ? batch.payload_seal : batch.manifest_seal);
      if (batch.sealed_by_source()) {
        if (!batch.payload_proof.empty()) {
          item["proof"] = stem + ".proof.json";
          members.add(stem + ".proof.json", batch.payload_proof);
        }
        item["payload_sm3"] = to_hex(crypto::sm3(batch.payload));
        item["payload_sha256"] = to_hex(crypto::sha256(batch.payload));
        if (view_.shows_octets(batch.names_others)) {
          item["payload"] = stem + "-payload.bin";
          members.add(stem + "-payload.bin", batch.payload);
        }
      }
      batches.push_back(std::move(item));
    }
    return members.add_json(names::kSources, {{"batches", std::move(batches)}, {"rows", std::move(rows)}, {"v", 1}});
  }

  Result<void> add_log(Members& members) {
    Json list = Json::array();
    const auto shown = shown_records(view_, facts_.records);
    records_shown_ = 0;
    for (std::size_t i = 0; i < facts_.records.size(); ++i) {
      const auto& record = facts_.records[i];
      Json item{{"seq", record.seq}, {"path", path_json(proven_.paths[i])}};
      if (shown[i]) {
        item["record"] = TRY(audit::canonical_record(record));
        ++records_shown_;
      } else {
        item["leaf"] = to_hex(record.leaf_hash);
      }
      list.push_back(std::move(item));
    }
    CHECK_OK(members.add_json(names::kRecords, {{"records", std::move(list)}, {"v", 1}}));
    members.add(names::kHead, proven_.head.payload);
    members.add(names::kHeadSeal, proven_.head.seal);
    if (proven_.token) members.add(names::kHeadToken, proven_.token->token);
    if (proven_.countersignatures.empty()) return ok();
    members.add(names::kWitnessed, proven_.witnessed.payload);
    members.add(names::kWitnessedSeal, proven_.witnessed.seal);
    Json witnesses = Json::array();
    for (const auto& one : proven_.countersignatures) {
      const std::string name = names::kWitnessSeal + std::to_string(witnesses.size() + 1) + ".ses";
      witnesses.push_back({{"peer", one.peer}, {"at", to_rfc3339(one.at)}, {"seal", name}});
      members.add(name, one.seal);
    }
    return members.add_json(names::kWitnesses,
                            {{"path", path_json(proven_.between)}, {"witnesses", std::move(witnesses)}, {"v", 1}});
  }

  static Result<std::vector<std::string>> files_of(const std::vector<std::string>& paths) {
    std::vector<std::string> files;
    for (const auto& path : paths) {
      std::error_code error;
      if (!fs::is_directory(path, error)) {
        files.push_back(path);
        continue;
      }
      std::vector<std::string> inside;
      for (const auto& entry : fs::directory_iterator(path, error))
        if (entry.is_regular_file(error) && !entry.path().filename().string().starts_with('.'))
          inside.push_back(entry.path().string());
      if (error) return refuse("file_unreadable", path + " cannot be listed: " + error.message() + ".");
      std::sort(inside.begin(), inside.end());
      files.insert(files.end(), inside.begin(), inside.end());
    }
    return files;
  }

  Result<void> add_certificates(Members& members, const std::vector<std::string>& paths, const std::string& stem) {
    int number = 0;
    for (const auto& file : TRY(files_of(paths))) {
      const Bytes content = TRY(read_file(file, 1u << 20));
      for (const auto& certificate : TRY(crypto::Certificate::parse_all(content))) {
        if (!certificates_.insert(certificate.fingerprint()).second) continue;
        members.add(names::kTrust + stem + std::to_string(++number) + ".der", certificate.der());
        if (stem == "root-") roots_.push_back({certificate.subject(), certificate.fingerprint()});
      }
    }
    return ok();
  }

  /// Certificates and revocation lists as they are now: the reader's verifier judges each seal at the time it was made.
  Result<void> add_trust(Members& members) {
    roots_.clear();
    certificates_.clear();
    CHECK_OK(add_certificates(members, trust_.roots, "root-"));
    CHECK_OK(add_certificates(members, trust_.intermediates, "inter-"));
    CHECK_OK(add_certificates(members, trust_.time_roots, "time-root-"));
    int number = 0;
    for (const auto& file : TRY(files_of(trust_.revocation_lists)))
      members.add(names::kTrust + ("crl-" + std::to_string(++number) + ".crl"),
                  TRY(crypto::RevocationList::load(file)).der());
    if (trust_.seal_status_list.empty()) return ok();
    members.add(names::kSealStatus, TRY(read_file(trust_.seal_status_list)));
    members.add(names::kSealStatusSeal, TRY(read_file(trust_.seal_status_list + ".ses")));
    return ok();
  }

  EvidencePage page_of(const seal::PackManifest& manifest, const std::vector<seal::Disclosed>& disclosed) const {
    EvidencePage page;
    page.manifest = manifest;
    if (auto policy = parse_json(facts_.policy_body)) page.policy = std::move(policy.value());
    for (const auto& leaf : disclosed)
      if (leaf.fact) page.facts[leaf.fact->name] = leaf.fact->value;
    for (const auto& document : facts_.documents)
      page.documents.push_back({document.fact, document.kind, document.seal, shows_document(document)});
    page.statement_at = stated_->content.at;
    page.statement_version = stated_->content.version;
    page.statement_seal = stated_->statement.seal;
    page.log_size = proven_.head.size;
    page.log_at = proven_.head.at;
    if (proven_.token) page.trusted_at = proven_.token->gen_time;
    page.witnessed_size = proven_.witnessed.size;
    for (const auto& one : proven_.countersignatures) page.witnesses.emplace_back(one.peer, one.at);
    page.records = facts_.records.size();
    page.records_shown = records_shown_;
    page.roots = roots_;
    return page;
  }

  const Rooms& rooms_;
  const seal::TrustFiles& trust_;
  const std::function<Result<void>()>& stamp_;
  const PackOrder& order_;
  const PackView view_;
  CaseFacts facts_;
  std::optional<StoredStatement> before_;
  std::optional<Stated> stated_;
  Proven proven_;
  std::size_t records_shown_ = 0;
  std::vector<std::pair<std::string, std::string>> roots_;
  std::set<std::string> certificates_;  // Those in the pack, by fingerprint.
};

}  // namespace

Evidence::Evidence(const Rooms& rooms, seal::TrustFiles trust, const seal::TrustFiles& time,
                   std::function<Result<void>()> stamp)
    : rooms_(rooms),
      trust_([&] {
        const auto add = [](std::vector<std::string>& to, const std::vector<std::string>& more) {
          to.insert(to.end(), more.begin(), more.end());
        };
        add(trust.time_roots, time.roots);
        add(trust.intermediates, time.intermediates);
        add(trust.revocation_lists, time.revocation_lists);
        return std::move(trust);
      }()),
      stamp_(std::move(stamp)) {}

Result<EvidencePack> Evidence::make(const PackOrder& order) const {
  auto view = TRY(PackView::create(order.level, order.withhold));
  return Making(rooms_, trust_, stamp_, order, std::move(view)).run();
}

}  // namespace zhida::flow
