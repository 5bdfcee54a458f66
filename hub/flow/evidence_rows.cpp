#include "flow/evidence_rows.h"

#include "domain/field_catalogue.h"
#include "platform/crypto/digest.h"
#include "seal/pack_format.h"
#include "stages/matching/explain.h"
#include "stages/profile/profile_store.h"

namespace zhida::flow {
namespace {

constexpr std::size_t kDigestBytes = 32;
constexpr std::size_t kRowsOfFieldMax = 60;

/// What a derived field follows from (hub/stages/profile/derive.h).
std::set<std::string> inputs_of(const std::string& derived_by) {
  if (derived_by == "sme_size")
    return {"ent.industry_code", "report.employees", "report.revenue_fen", "report.assets_fen"};
  if (derived_by == "layoff_rate") return {"ui.new_benefit_count", "ui.insured_count"};
  return {};
}

/// A value as people read it; as stored where it is not of the field's type.
std::string shown(const FieldSpec& spec, const std::string& text) {
  if (text.empty()) return "";
  const auto data = parse_field_data(spec.type, text);
  return data ? matching::people_text(data.value(), spec) : text;
}

}  // namespace

Result<void> EvidenceRows::gather(std::set<std::string> fields, const std::map<std::string, ClauseVerdict>& said) {
  std::set<std::string> inputs;
  for (const auto& name : fields)
    if (const auto* spec = rooms_.rules.catalogue.find(name)) inputs.merge(inputs_of(spec->derived_by));
  fields.merge(inputs);
  for (const auto& name : fields) {
    const auto clause = said.find(name);
    CHECK_OK(one_field(name, clause == said.end() ? nullptr : &clause->second));
  }
  return ok();
}

Result<void> EvidenceRows::one_field(const std::string& name, const ClauseVerdict* said) {
  const auto* spec = rooms_.rules.catalogue.find(name);
  std::set<std::string> texts;
  const std::string source = said == nullptr ? "" : said->source;
  Json rows = TRY(rows_of(name, source == "derived" ? "" : source, texts));
  bool from_list = false;
  if (rows.empty() && spec != nullptr && !spec->covered_by.empty()) {
    rows = TRY(row_of_list(spec->covered_by, source));
    from_list = !rows.empty();
  }
  if (said == nullptr && rows.empty()) return ok();  // Nobody knew it, and no clause asked.
  std::string value = said == nullptr ? "" : said->value;
  if (said == nullptr && texts.size() == 1) value = *texts.begin();
  out_.facts["profile." + name] = {{"title", spec == nullptr ? name : spec->title},
                                   {"value", value},
                                   {"shown", spec == nullptr ? value : shown(*spec, value)},
                                   {"source", source},
                                   {"as_of", said == nullptr ? "" : said->as_of},
                                   {"derived", spec != nullptr && !spec->derived_by.empty()},
                                   {"absent_from_list", from_list},
                                   {"rows", std::move(rows)}};
  return ok();
}

// The log of changes has one line for each row of a source that said something new: the last line of each row, up to
// the profile that the case was decided on, is what counted then.
Result<Json> EvidenceRows::rows_of(const std::string& field, const std::string& source, std::set<std::string>& texts) {
  const auto& c = out_.benefit_case;
  struct Last {
    std::string text, trace_id;
    bool there = false;
  };
  std::map<std::int64_t, Last> last;
  for (const auto& row : TRY(transaction_.query(
           "SELECT record_id, new_text, trace_id FROM profile_change WHERE uscc = ? AND sequence <= ? "
           "AND field = ? ORDER BY sequence",
           {c.uscc, c.profile_sequence, field}, "itt")))
    last[row.integer(0)] = {row.text_or(1, ""), row.text(2), !row.is_null(1)};
  Json rows = Json::array();
  for (const auto& [record_id, what] : last) {
    if (!what.there || rows.size() >= kRowsOfFieldMax) continue;
    const auto row = TRY(row_at(record_id, what.trace_id));
    if (!row || (!source.empty() && row->source != source)) continue;
    texts.insert(what.text);
    const auto kept = TRY(keep(*row));
    rows.push_back({{"row", kept}, {"says", what.text}});
  }
  return rows;
}

Result<Json> EvidenceRows::row_of_list(const std::string& list, const std::string& source) {
  Json rows = Json::array();
  for (const auto& covered : TRY(transaction_.query(
           "SELECT source, record_id FROM list_coverage WHERE list_id = ? ORDER BY source", {list}, "ti"))) {
    if (!source.empty() && covered.text(0) != source) continue;
    const auto row = TRY(row_at(covered.integer(1), ""));
    if (!row) continue;
    const auto kept = TRY(keep(*row));
    rows.push_back({{"row", kept}, {"says", "absent"}});
  }
  return rows;
}

/// The version of a row that came with that trace; without a trace the one that is there now.
Result<std::optional<EvidenceRows::Row>> EvidenceRows::row_at(std::int64_t record_id, const std::string& trace_id) {
  const auto current = TRY(transaction_.query(
      "SELECT source, record_type, record_key, batch_id, trace_id, as_of, received_at, body, columns "
      "FROM source_record WHERE id = ?",
      {record_id}, "ttttttibt"));
  if (current.empty()) return std::optional<Row>();
  const auto& now = current.front();
  Row row{now.text(0), now.text(1), now.text(2),
          now.text(3), now.text(4), now.text(5),
          now.text(8), now.blob(7), from_millis(now.integer(6))};
  if (trace_id.empty() || row.trace_id == trace_id) return std::optional(row);
  const auto old = TRY(transaction_.query(
      "SELECT batch_id, trace_id, as_of, received_at, body, columns FROM source_record_version WHERE record_id = ? AND "
      "trace_id = ? ORDER BY id LIMIT 1",
      {record_id, trace_id}, "tttibt"));
  if (old.empty()) return std::optional<Row>();  // Replaced before this hub kept what it replaced.
  const auto& then = old.front();
  row.batch_id = then.text(0);
  row.trace_id = then.text(1);
  row.as_of = then.text(2);
  row.received = from_millis(then.integer(3));
  row.body = then.blob(4);
  row.columns = then.text(5);
  return std::optional(row);
}

/// Gives the name of the row's fact.
Result<std::string> EvidenceRows::keep(const Row& row) {
  EvidenceRow kept;
  kept.columns = row.columns;
  kept.body = row.body;
  kept.digest = crypto::sha256(row.columns);
  const Bytes identity =
      crypto::sha256(row.source + "\n" + row.record_type + "\n" + row.record_key + "\n" + kept.digest);
  kept.fact = "row." + to_hex(identity).substr(0, 16);
  if (out_.facts.contains(kept.fact)) return kept.fact;
  CHECK_OK(prove(kept, row));
  out_.facts[kept.fact] = {
      {"source", row.source},  {"record_type", row.record_type},          {"record_key", row.record_key},
      {"batch", row.batch_id}, {"received_at", to_rfc3339(row.received)}, {"sha256", to_hex(kept.digest)}};
  out_.rows.push_back(kept);
  return kept.fact;
}

Result<void> EvidenceRows::prove(EvidenceRow& row, const Row& from) {
  const auto* batch = TRY(batch_of(from));
  if (batch == nullptr) return ok();
  row.batch = batch->key;
  const auto found = TRY(transaction_.query("SELECT row_digests FROM intake_batch WHERE source = ? AND batch_id = ?",
                                            {from.source, from.batch_id}, "b"));
  if (found.empty() || found.front().is_null(0)) return ok();
  const Bytes& digests = found.front().blob(0);
  if (digests.size() % kDigestBytes != 0) return ok();
  crypto::MerkleTree tree(crypto::TreeHash::sm3);
  std::optional<std::uint64_t> index;
  for (std::size_t at = 0; at < digests.size(); at += kDigestBytes) {
    const ByteView digest = ByteView(digests).substr(at, kDigestBytes);
    if (!index && digest == row.digest) index = at / kDigestBytes;
    tree.append(seal::row_leaf(digest));
  }
  if (!index) return ok();
  row.index = *index;
  row.size = tree.size();
  row.path = tree.inclusion_path(row.index, row.size);
  return ok();
}

Result<const EvidenceBatch*> EvidenceRows::batch_of(const Row& row) {
  const std::pair key(row.source, row.batch_id);
  if (const auto known = batches_.find(key); known != batches_.end()) return &out_.batches[known->second];
  const auto found = TRY(transaction_.query(
      "SELECT manifest, manifest_seal, payload, payload_seal, records, trace_id, payload_proof FROM intake_batch "
      "WHERE source = ? AND batch_id = ?",
      {row.source, row.batch_id}, "bbbbitt"));
  if (found.empty()) return static_cast<const EvidenceBatch*>(nullptr);
  EvidenceBatch batch;
  batch.key = "batch-" + std::to_string(out_.batches.size() + 1);
  batch.source = row.source;
  batch.batch_id = row.batch_id;
  batch.manifest = found.front().blob(0);
  batch.manifest_seal = found.front().blob(1);
  batch.payload = found.front().blob(2);
  batch.payload_seal = found.front().blob(3);
  batch.names_others = found.front().integer(4) != 1;
  batch.trace_id = found.front().text(5);
  batch.payload_proof = found.front().text(6);
  if (batch.manifest_seal.empty() && batch.payload_seal.empty()) return static_cast<const EvidenceBatch*>(nullptr);
  batches_[key] = out_.batches.size();
  out_.batches.push_back(std::move(batch));
  return &out_.batches.back();
}

}  // namespace zhida::flow
