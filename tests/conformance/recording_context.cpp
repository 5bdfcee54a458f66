#include "conformance/recording_context.h"

#include "base/bytes.h"
#include "platform/crypto/digest.h"
#include "platform/text/encoding.h"

namespace zhida::conformance {
namespace {

bool is_utf8(std::string_view text) {
  return static_cast<bool>(text::check_utf8(text));
}

}  // namespace

Json to_json(const SourceBatch& batch) {
  Json records = Json::array();
  for (const auto& record : batch.records) {
    Json columns = Json::object();
    for (const auto& [name, value] : record.columns) columns[name] = value ? Json(*value) : Json(nullptr);
    Json entry{{"record_type", record.record_type},
               {"key", record.key},
               {"change", record.change == Change::withdraw ? "withdraw" : "upsert"},
               {"position", record.position},
               {"columns", std::move(columns)},
               {"body_sha256", to_hex(crypto::sha256(record.body))}};
    entry["as_of"] = record.as_of ? Json(record.as_of->to_string()) : Json(nullptr);
    records.push_back(std::move(entry));
  }
  Json unreadable = Json::array();
  for (const auto& row : batch.unreadable) {
    unreadable.push_back({{"record_type", row.record_type},
                          {"position", row.position},
                          {"code", row.code},
                          {"message", row.message},
                          {"body_sha256", to_hex(crypto::sha256(row.body))}});
  }
  return Json{{"source", batch.source},
              {"records", std::move(records)},
              {"unreadable", std::move(unreadable)},
              {"complete_for", batch.complete_for}};
}

// 2025-11-03 09:00 in China, as everywhere in the demo.
RecordingContext::RecordingContext() : clock_(parse_rfc3339("2025-11-03T09:00:00+08:00").value()) {
  // Breakdowns are what these tests are made of; their warnings would only hide a real one.
  Log::set_level(LogLevel::error);
}

void RecordingContext::restart() {
  fail_at_batch = 0;
  failure = Failure::none;
  stop = false;
}

std::set<std::string> RecordingContext::keys(const std::string& record_type) const {
  std::set<std::string> found;
  for (const auto& [place, record] : rows)
    if (place.first == record_type) found.insert(place.second);
  return found;
}

void RecordingContext::inspect(const SourceBatch& batch) {
  const auto complain = [&](const std::string& what) { complaints.push_back(batch.batch_id + ": " + what); };
  if (batch.batch_id.empty()) complain("the batch has no id");
  if (batch.source.empty()) complain("the batch has no source");
  if (batch.origin.empty()) complain("the batch has no origin");
  if (batch.trace_id.empty()) complain("the batch has no trace");
  if (to_millis(batch.received_at) == 0) complain("the batch has no time of receipt");
  for (const auto& record : batch.records) {
    if (record.source != batch.source) complain("a record of another source");
    if (record.key.empty()) complain("a record without a key");
    if (record.body.empty()) complain("the record " + record.key + " has no octets");
    if (record.columns.empty()) complain("the record " + record.key + " has no columns");
    if (record.position <= 0) complain("the record " + record.key + " has no position");
    if (!record.record_type.starts_with(batch.source + ".")) complain("a record type of another source");
    for (const auto& [name, value] : record.columns) {
      if (!is_utf8(name) || (value && !is_utf8(*value))) complain("the column " + name + " is not UTF-8");
      if (!column_granted(record.record_type, name)) complain("the column " + name + " is not granted");
    }
    if (!granted(record.record_type)) complain(record.record_type + " is not granted");
  }
}

Result<std::vector<RecordOutcome>> RecordingContext::deliver(SourceBatch batch) {
  ++deliveries;
  inspect(batch);
  const bool fails = failure != Failure::none && fail_at_batch > 0 && deliveries >= fail_at_batch;
  if (fails && (failure == Failure::before_commit || deliveries > fail_at_batch))
    return retry("hub_down", "The hub went away before the batch was durable.");

  const auto digest = crypto::sha256(to_json(batch).dump(-1, ' ', false, Json::error_handler_t::replace));
  const auto [known, fresh] = digest_of_batch_.emplace(batch.batch_id, digest);
  if (!fresh && known->second != digest) complaints.push_back(batch.batch_id + ": the same id with other rows");

  std::vector<RecordOutcome> outcomes;
  for (const auto& record : batch.records) {
    RecordOutcome outcome;
    outcome.record_type = record.record_type;
    outcome.key = record.key;
    outcome.position = record.position;
    const auto place = std::pair(record.record_type, record.key);
    const auto stored = rows.find(place);
    const bool same =
        stored != rows.end() && stored->second.columns == record.columns && record.change == Change::upsert;
    outcome.kind = same ? RecordOutcome::Kind::duplicate : RecordOutcome::Kind::accepted;
    outcomes.push_back(std::move(outcome));
    if (!fresh) continue;
    if (record.change == Change::withdraw) {
      rows.erase(place);
      withdrawn.insert(record.key);
    } else {
      rows[place] = record;
    }
  }
  for (const auto& row : batch.unreadable) {
    RecordOutcome outcome;
    outcome.kind = RecordOutcome::Kind::quarantined;
    outcome.record_type = row.record_type;
    outcome.position = row.position;
    outcome.code = row.code;
    outcome.message = row.message;
    outcomes.push_back(std::move(outcome));
  }
  if (fresh) {
    unreadable += static_cast<std::int64_t>(batch.unreadable.size());
    for (const auto& type : batch.complete_for) {
      std::set<std::string> named;
      for (const auto& record : batch.records)
        if (record.record_type == type) named.insert(record.key);
      std::erase_if(rows,
                    [&](const auto& row) { return row.first.first == type && !named.contains(row.first.second); });
    }
    for (const auto& [stream, position] : batch.cursors) cursors[stream] = position;
    batches.push_back(std::move(batch));
  }
  if (fails) return retry("hub_down", "The hub went away after the batch was durable.");
  return outcomes;
}

Result<std::optional<std::string>> RecordingContext::cursor(const std::string& stream) {
  const auto found = cursors.find(stream);
  return found == cursors.end() ? std::optional<std::string>() : std::optional(found->second);
}

bool RecordingContext::granted(const std::string&) const {
  return !grant_nothing;
}

bool RecordingContext::column_granted(const std::string& record_type, const std::string& column) const {
  return !grant_nothing && column_withheld != record_type + "/" + column;
}

std::string difference(const std::set<std::string>& expected, const std::set<std::string>& found) {
  std::string text;
  for (const auto& key : expected)
    if (!found.contains(key)) text += " -" + key;
  for (const auto& key : found)
    if (!expected.contains(key)) text += " +" + key;
  return text;
}

}  // namespace zhida::conformance
