#include "adapters/sms_gateway/decode.h"

#include "adapter_api/transports/days.h"
#include "adapter_api/transports/json_rows.h"

namespace zhida::adapters::sms_gateway {

Result<ShortMessage> read_notice(ByteView body) {
  const auto json = parse_json(body);
  if (!json) return refuse("notice_malformed", "The notice is no JSON: " + json.error().message);
  const auto part = [&](const char* name) -> Result<std::string> {
    auto text = get_string(json.value(), name);
    if (!text || text.value().empty()) return refuse("notice_malformed", std::string("The notice lacks ") + name + ".");
    return text;
  };
  ShortMessage message;
  message.notice_id = TRY(part("id"));
  message.to = TRY(part("to"));
  message.text = TRY(part("text"));
  return message;
}

Result<Reports> decode_reports(ByteView body) {
  const auto answer = TRY(transports::read_json_rows(body, "reports"));
  if (!answer.has_rows)
    return retry("source_malformed",
                 "The short message gateway sent a " + answer.rows_kind + " where reports should be.");
  Reports reports;
  reports.next = transports::trimmed_cell(answer.members, "next");
  std::int64_t position = 0;
  for (const auto& row : answer.rows) {
    ++position;
    const auto unreadable = [&](std::string code, std::string message) {
      reports.unreadable.push_back(
          {"sms_gateway.report", position, Bytes(row.octets), std::move(code), std::move(message)});
    };
    if (!row.problem.empty()) {
      unreadable("record_malformed", row.problem);
      continue;
    }
    auto key = transports::trimmed_cell(row.columns, "id");
    const auto state = transports::trimmed_cell(row.columns, "state");
    if (key.empty()) {
      unreadable("key_missing", "The report has no id.");
      continue;
    }
    if (state != "delivered" && state != "failed") {
      unreadable("state_unknown",
                 "The report " + key + " has the state \"" + state + "\", neither delivered nor failed.");
      continue;
    }
    reports.records.push_back(SourceRecord{.source = "sms_gateway",
                                           .record_type = "sms_gateway.report",
                                           .key = std::move(key),
                                           .change = Change::upsert,
                                           .columns = row.columns,
                                           .body = Bytes(row.octets),
                                           .as_of = transports::read_day(transports::trimmed_cell(row.columns, "at")),
                                           .position = position});
  }
  return reports;
}

Result<SourceBatch> decode_sample(std::string_view name, ByteView body) {
  auto reports = TRY(decode_reports(body));
  SourceBatch batch;
  batch.source = "sms_gateway";
  batch.origin = std::string(name);
  batch.records = std::move(reports.records);
  batch.unreadable = std::move(reports.unreadable);
  return batch;
}

}  // namespace zhida::adapters::sms_gateway
