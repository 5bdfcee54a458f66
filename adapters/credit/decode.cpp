#include "adapters/credit/decode.h"

#include <array>

#include "adapter_api/transports/amqp_push.h"
#include "adapter_api/transports/days.h"
#include "adapter_api/transports/json_rows.h"

namespace zhida::adapters::credit {
namespace {

struct Kind {
  const char* type;
  const char* record_type;
  const char* key;
};
constexpr std::array<Kind, 4> kKinds{{{"rating", "credit.rating", "id"},
                                      {"punishment", "credit.punishment", "admin_punish_doc"},
                                      {"list_entry", "credit.list_entry", "id"},
                                      {"list_coverage", "credit.list_coverage", "list_id"}}};

Result<void> read_body(ByteView body, Date sent_on, SourceBatch& batch) {
  auto answer = transports::read_json_rows(body, "records");
  if (!answer) return refuse("source_malformed", "The message is no JSON: " + answer.error().message);
  if (!answer.value().has_rows) return refuse("message_without_records", "The message has no list `records`.");
  std::int64_t position = 0;
  for (auto& row : answer.value().rows) {
    ++position;
    const auto unreadable = [&](const char* record_type, const char* code, const std::string& message) {
      batch.unreadable.push_back({record_type, position, Bytes(row.octets), code, message});
    };
    if (!row.problem.empty()) {
      unreadable("", "row_unreadable", row.problem);
      continue;
    }
    const auto type = transports::trimmed_cell(row.columns, "type");
    const Kind* kind = nullptr;
    for (const auto& candidate : kKinds)
      if (type == candidate.type) kind = &candidate;
    if (kind == nullptr) {
      unreadable("", "record_type_unknown", "A record of the type \"" + type + "\" is not known.");
      continue;
    }
    SourceRecord record;
    record.source = "credit";
    record.record_type = kind->record_type;
    record.key = transports::trimmed_cell(row.columns, kind->key);
    record.position = position;
    record.body = Bytes(row.octets);
    record.columns = std::move(row.columns);
    record.columns.erase("type");
    record.as_of = record.record_type == "credit.list_coverage"
                       ? transports::read_day(transports::trimmed_cell(record.columns, "as_of"))
                       : std::optional<Date>(sent_on);
    if (record.key.empty()) {
      unreadable(kind->record_type, "key_missing", std::string("The record has no ") + kind->key + ".");
      continue;
    }
    const auto withdrawn = record.columns.find("withdrawn");
    if (withdrawn != record.columns.end()) {
      if (withdrawn->second == "true") record.change = Change::withdraw;
      record.columns.erase(withdrawn);
    }
    batch.records.push_back(std::move(record));
  }
  return ok();
}

}  // namespace

Result<SourceBatch> decode_message(const PushedMessage& message) {
  return transports::batch_of_message("credit", message, [](const PushedMessage& from, SourceBatch& batch) {
    return read_body(from.body, Date::of(from.received_at), batch);
  });
}

Result<SourceBatch> decode_sample(std::string_view name, ByteView body) {
  PushedMessage message;
  message.peer = "credit";
  message.address = "credit.records";
  message.message_id = name;
  message.body = Bytes(body);
  message.received_at = Date::from_ymd(2025, 11, 3).value().begins();
  return decode_message(message);
}

}  // namespace zhida::adapters::credit
