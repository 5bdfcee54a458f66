#include "stages/intake/intake_stage.h"

#include <algorithm>

#include "base/assert.h"
#include "base/json.h"
#include "platform/crypto/digest.h"
#include "platform/crypto/merkle_tree.h"
#include "stages/intake/acceptance_store.h"
#include "stages/intake/columns.h"
#include "stages/intake/intake_store.h"

namespace zhida::intake {
namespace {

constexpr std::size_t kDigestBytes = 32;

/// What was answered, short: one letter a row, and the reasons of the quarantined ones in their order.
std::string encode_outcomes(const std::vector<RecordOutcome>& outcomes) {
  Json reasons = Json::array();
  std::string kinds;
  for (const auto& outcome : outcomes) {
    kinds += outcome.kind == RecordOutcome::Kind::accepted    ? 'a'
             : outcome.kind == RecordOutcome::Kind::duplicate ? 'd'
                                                              : 'q';
    if (outcome.kind == RecordOutcome::Kind::quarantined)
      reasons.push_back(Json::array({outcome.code, outcome.field, outcome.value, outcome.message}));
  }
  // Replacing: a value may come from octets that are no text.
  return Json{{"kinds", kinds}, {"reasons", reasons}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// What a batch of an older version said: its manifest holds a digest of the rows' columns, or is one.
std::string rows_digest(ByteView manifest) {
  const auto json = parse_json(std::string(manifest));
  return json && json.value().is_object() ? json.value().value("rows_digest", "") : std::string(manifest);
}

struct Before {
  std::string outcomes, content_digest;
  Bytes manifest;
};

Result<AcceptedBatch> answer_again(const PreparedBatch& prepared, const Before& before) {
  // Whoever answers the first again for the second would lose the second's rows without a word.
  const auto differs = [&] {
    return refuse("batch_differs", "The batch " + prepared.batch.batch_id + " of " + prepared.batch.source +
                                       " came before with other content. A number stands for one content: what "
                                       "corrects it needs a number of its own.");
  };
  const bool same = before.content_digest.empty() ? rows_digest(before.manifest) == rows_digest(prepared.manifest)
                                                  : before.content_digest == prepared.content_digest;
  if (!same) return differs();
  const Json json = TRY(parse_json(before.outcomes));
  const std::string kinds = TRY(get_string(json, "kinds"));
  const auto& batch = prepared.batch;
  if (kinds.size() != batch.records.size() + batch.unreadable.size()) return differs();
  AcceptedBatch out;
  out.seen_before = true;
  std::size_t reason = 0;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    RecordOutcome outcome;
    if (i < batch.records.size()) {
      outcome.record_type = batch.records[i].record_type;
      outcome.key = batch.records[i].key;
      outcome.position = batch.records[i].position;
    } else {
      outcome.record_type = batch.unreadable[i - batch.records.size()].record_type;
      outcome.position = batch.unreadable[i - batch.records.size()].position;
    }
    if (kinds[i] == 'a') {
      ++out.accepted;
    } else if (kinds[i] == 'd') {
      outcome.kind = RecordOutcome::Kind::duplicate;
      ++out.duplicate;
    } else {
      outcome.kind = RecordOutcome::Kind::quarantined;
      ++out.quarantined;
      const Json& reasons = json["reasons"];
      if (!reasons.is_array() || reason >= reasons.size() || !reasons[reason].is_array() || reasons[reason].size() != 4)
        return differs();
      const Json& four = reasons[reason++];
      outcome.code = four[0].get<std::string>();
      outcome.field = four[1].get<std::string>();
      outcome.value = four[2].get<std::string>();
      outcome.message = four[3].get<std::string>();
    }
    out.outcomes.push_back(std::move(outcome));
  }
  return out;
}

Bytes side_by_side(const SourceBatch& batch, const std::vector<Bytes>& digests) {
  Bytes all;
  all.reserve(digests.size() * kDigestBytes);
  for (const auto& digest : digests) all += digest;
  for (const auto& row : batch.unreadable) all += crypto::sha256(row.body);
  return all;
}

/// The RFC 9162 root over the rows' digests: a single row can be shown to be in the batch without the others.
std::string rows_root(ByteView row_digests) {
  crypto::MerkleFrontier tree(crypto::TreeHash::sm3);
  for (std::size_t at = 0; at < row_digests.size(); at += kDigestBytes)
    tree.append(crypto::leaf_hash(crypto::TreeHash::sm3, row_digests.substr(at, kDigestBytes)));
  return to_hex(crypto::octets_of(tree.root()));
}

Bytes make_manifest(const SourceBatch& batch, const Bytes& all) {
  const auto json = canonical_json(Json{{"batch_id", batch.batch_id},
                                        {"origin", batch.origin},
                                        {"received_at", to_rfc3339(batch.received_at)},
                                        {"records", static_cast<std::int64_t>(batch.records.size())},
                                        {"rows_digest", "sha256:" + to_hex(crypto::sha256(all))},
                                        {"rows_root", rows_root(all)},
                                        {"source", batch.source},
                                        {"trace_id", batch.trace_id.str()},
                                        {"unreadable", static_cast<std::int64_t>(batch.unreadable.size())}});
  // Only text that is no UTF-8 could stop it; then the digest alone speaks.
  return json ? json.value() : "sha256:" + to_hex(crypto::sha256(all));
}

/// Each part with its length before it, so that no two contents give one text.
void add_part(std::string& text, std::string_view part) {
  text += std::to_string(part.size()) + ":";
  text += part;
}

std::string digest_of_content(const SourceBatch& batch, const std::vector<Bytes>& digests) {
  std::string text;
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    const auto& record = batch.records[i];
    add_part(text, record.record_type);
    add_part(text, record.key);
    add_part(text, record.change == Change::withdraw ? "withdraw" : "upsert");
    add_part(text, record.as_of ? record.as_of->to_string() : "");
    add_part(text, digests[i]);
  }
  text += "unreadable";
  for (const auto& row : batch.unreadable) {
    add_part(text, row.record_type);
    add_part(text, row.body);
  }
  text += "complete";
  for (const auto& type : batch.complete_for) add_part(text, type);
  return "sha256:" + to_hex(crypto::sha256(text));
}

Result<void> store_cursors(storage::Transaction& transaction, const SourceBatch& batch) {
  for (const auto& [stream, position] : batch.cursors) {
    CHECK_OK(transaction.execute(
        "INSERT INTO source_cursor (source, stream, position, updated_at) VALUES (?, ?, ?, ?) ON CONFLICT (source, "
        "stream) DO UPDATE SET position = excluded.position, updated_at = excluded.updated_at",
        {batch.source, stream, position, to_millis(batch.received_at)}));
  }
  return ok();
}

}  // namespace

PreparedBatch prepare(SourceBatch batch, std::vector<MappingOutcome> outcomes, std::string default_division) {
  ZHIDA_ASSERT(batch.records.size() == outcomes.size());
  ZHIDA_ASSERT(!default_division.empty());
  PreparedBatch out;
  out.batch = std::move(batch);
  out.outcomes = std::move(outcomes);
  out.digests.reserve(out.batch.records.size());
  out.columns_json.reserve(out.batch.records.size());
  for (const auto& record : out.batch.records) {
    out.columns_json.push_back(to_json(record.columns));
    out.digests.push_back(crypto::sha256(out.columns_json.back()));
  }
  out.row_digests = side_by_side(out.batch, out.digests);
  out.manifest = make_manifest(out.batch, out.row_digests);
  out.content_digest = digest_of_content(out.batch, out.digests);
  out.default_division = std::move(default_division);
  return out;
}

Result<AcceptedBatch> accept(storage::Transaction& transaction, const PreparedBatch& prepared) {
  const SourceBatch& batch = prepared.batch;
  const auto before = TRY(
      transaction.query("SELECT outcomes, content_digest, manifest FROM intake_batch WHERE source = ? AND batch_id = ?",
                        {batch.source, batch.batch_id}, "ttb"));
  if (!before.empty())
    return answer_again(prepared, {before.front().text(0), before.front().text(1), before.front().blob(2)});

  Acceptance acceptance(transaction, prepared, batch.received_at);
  CHECK_OK(acceptance.records());
  CHECK_OK(acceptance.unreadable());
  CHECK_OK(acceptance.complete_lists());
  CHECK_OK(store_cursors(transaction, batch));
  const AcceptedBatch& result = acceptance.result;
  CHECK_OK(transaction.execute(
      "INSERT INTO intake_batch (source, batch_id, origin, received_at, records, accepted, duplicate, quarantined, "
      "manifest, manifest_seal, payload, payload_digest, payload_seal, outcomes, trace_id, content_digest, "
      "row_digests, payload_proof) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {batch.source, batch.batch_id, batch.origin, to_millis(batch.received_at),
       static_cast<std::int64_t>(batch.records.size() + batch.unreadable.size()), result.accepted, result.duplicate,
       result.quarantined, storage::Blob{prepared.manifest}, storage::Blob{prepared.manifest_seal},
       storage::Blob{batch.payload},
       batch.payload.empty() ? std::string() : "sha256:" + to_hex(crypto::sha256(batch.payload)),
       storage::Blob{batch.seal}, encode_outcomes(result.outcomes), batch.trace_id.str(), prepared.content_digest,
       storage::Blob{prepared.row_digests}, batch.seal_proof}));
  return std::move(acceptance.result);
}

Result<void> store_outcomes(storage::Transaction& transaction, const SourceBatch& batch,
                            const AcceptedBatch& accepted) {
  CHECK_OK(
      transaction.execute("UPDATE intake_batch SET accepted = ?, duplicate = ?, quarantined = ?, outcomes = ? "
                          "WHERE source = ? AND batch_id = ?",
                          {accepted.accepted, accepted.duplicate, accepted.quarantined,
                           encode_outcomes(accepted.outcomes), batch.source, batch.batch_id}));
  return ok();
}

Result<AcceptedBatch> replay(storage::Transaction& transaction, std::int64_t quarantine_id,
                             const MappingOutcome& outcome, const std::string& default_division, Instant now) {
  const auto row = TRY(find_quarantined(transaction, quarantine_id));
  const std::string name = "The quarantined row " + std::to_string(quarantine_id);
  if (!row) return refuse("quarantine_unknown", name + " does not exist.");
  if (row->state != "open") return refuse("quarantine_not_open", name + " is " + row->state + " already.");
  if (!row->has_columns) {
    return refuse("quarantine_without_columns",
                  name + " could not be taken apart by its adapter; only its bytes are there.");
  }
  SourceBatch batch;
  batch.source = row->record.source;
  batch.batch_id = row->batch_id;
  batch.trace_id = TraceId(row->trace_id);
  batch.received_at = row->first_at;
  batch.records.push_back(row->record);
  const PreparedBatch prepared =
      prepare(std::move(batch), {outcome}, row->division.empty() ? default_division : row->division);
  Acceptance acceptance(transaction, prepared, now);
  CHECK_OK(acceptance.records());
  if (acceptance.result.duplicate > 0) {
    CHECK_OK(transaction.execute(
        "UPDATE quarantine SET state = 'replayed', last_at = ?, attempts = attempts + 1 WHERE id = ?",
        {to_millis(now), quarantine_id}));
  }
  return std::move(acceptance.result);
}

Result<std::vector<std::int64_t>> waiting_for_firm(storage::Transaction& transaction, std::size_t count_max) {
  std::vector<std::int64_t> ids;
  // A name that nobody had and that two firms have by now cannot go on, but is looked at once more for its right
  // reason.
  for (const auto& row : TRY(transaction.query(
           "SELECT q.id FROM quarantine q WHERE q.state = 'open' AND (q.waits_name <> '' OR q.waits_code <> '' OR "
           "q.waits_key <> '') AND ((q.waits_name <> '' AND (SELECT count(*) FROM enterprise e WHERE e.name_key = "
           "q.waits_name) = 1) OR (q.waits_name <> '' AND q.code = 'name_unknown' AND EXISTS (SELECT 1 FROM enterprise "
           "e WHERE e.name_key = q.waits_name)) OR (q.waits_code <> '' AND (SELECT count(*) FROM enterprise e WHERE "
           "e.organisation_code = q.waits_code) = 1) OR (q.waits_key <> '' AND EXISTS (SELECT 1 FROM source_record r "
           "WHERE r.source = q.source AND r.record_type = q.waits_type AND r.record_key = q.waits_key AND r.uscc <> '' "
           "AND r.state <> 'withdrawn'))) ORDER BY q.id LIMIT ?",
           {static_cast<std::int64_t>(count_max)}, "i"))) {
    ids.push_back(row.integer(0));
  }
  return ids;
}

}  // namespace zhida::intake
