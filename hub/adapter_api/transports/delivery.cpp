#include "adapter_api/transports/delivery.h"

#include <algorithm>

#include "base/json.h"
#include "platform/crypto/digest.h"

namespace zhida::transports {
namespace {

// Every part is preceded by its length, so that no two different lists of parts give the same text.
void add_part(std::string& text, std::string_view part) {
  text += std::to_string(part.size());
  text += ':';
  text += part;
}

Bytes json_of(const Columns& columns) {
  Json object = Json::object();
  for (const auto& [name, value] : columns) object[name] = value ? Json(*value) : Json(nullptr);
  // Texts and nulls only: every column name and text was read as UTF-8, so canonical form cannot fail; a source that
  // got other octets in here loses them to the replacement character.
  const auto canonical = canonical_json(object);
  return canonical ? canonical.value() : object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

void keep_granted(const AdapterContext& context, SourceBatch& batch) {
  std::erase_if(batch.records, [&](const SourceRecord& record) { return !context.granted(record.record_type); });
  std::erase_if(batch.unreadable,
                [&](const SourceBatch::Unreadable& row) { return !context.granted(row.record_type); });
  std::erase_if(batch.complete_for, [&](const std::string& type) { return !context.granted(type); });
  for (auto& record : batch.records) {
    const auto dropped = std::erase_if(
        record.columns, [&](const auto& column) { return !context.column_granted(record.record_type, column.first); });
    if (dropped > 0) record.body = json_of(record.columns);
  }
}

std::vector<std::string> types_to_pull(const AdapterContext& context, const std::vector<std::string>& emitted,
                                       const PullRequest& request) {
  std::vector<std::string> types;
  for (const auto& type : emitted) {
    const bool asked =
        request.record_types.empty() ||
        std::find(request.record_types.begin(), request.record_types.end(), type) != request.record_types.end();
    if (!asked) continue;
    if (context.granted(type)) {
      types.push_back(type);
    } else {
      context.log().debug("Not pulled: no grant in force.", {{"record_type", type}});
    }
  }
  return types;
}

std::string digest_batch_id(std::string_view prefix, const SourceBatch& batch, Date day) {
  std::string text;
  add_part(text, day.to_string());
  for (const auto& record : batch.records) {
    add_part(text, record.record_type);
    add_part(text, record.key);
    add_part(text, record.change == Change::withdraw ? "withdraw" : "upsert");
    add_part(text, record.as_of ? record.as_of->to_string() : "");
    add_part(text, record.body);
  }
  text += "unreadable";
  for (const auto& row : batch.unreadable) {
    add_part(text, row.record_type);
    add_part(text, row.code);
    add_part(text, row.body);
  }
  text += "complete";
  for (const auto& type : batch.complete_for) add_part(text, type);
  return std::string(prefix) + ":" + to_hex(crypto::sha256(text));
}

Result<std::vector<RecordOutcome>> Delivery::hand_over(SourceBatch batch) {
  keep_granted(context_, batch);
  if (batch.records.empty() && batch.unreadable.empty() && batch.complete_for.empty() && batch.cursors.empty()) {
    return std::vector<RecordOutcome>{};
  }
  summary_.received += static_cast<std::int64_t>(batch.records.size() + batch.unreadable.size());
  auto outcomes = TRY(context_.deliver(std::move(batch)));
  ++summary_.batches;
  for (const auto& outcome : outcomes) {
    switch (outcome.kind) {
      case RecordOutcome::Kind::accepted:
        ++summary_.accepted;
        break;
      case RecordOutcome::Kind::duplicate:
        ++summary_.duplicate;
        break;
      case RecordOutcome::Kind::quarantined:
        ++summary_.quarantined;
        break;
    }
  }
  return outcomes;
}

}  // namespace zhida::transports
