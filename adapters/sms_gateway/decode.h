#pragma once
#include <string>
#include <string_view>

#include "adapter_api/adapter.h"
#include "base/json.h"

namespace zhida::adapters::sms_gateway {

/// What the hub puts into outgoing message bodies of subject `notice/1`: `{"id":…,"to":…,"text":…}`.
struct ShortMessage {
  std::string notice_id, to, text;
};
Result<ShortMessage> read_notice(ByteView body);  ///< Error `notice_malformed`.

/// One answer of GET /reports: `{"reports":[{"id","notice_id","state","reason","at"}],"next":"…"}`.
struct Reports {
  std::vector<SourceRecord> records;
  std::vector<SourceBatch::Unreadable> unreadable;
  std::string next;  ///< Where to go on; empty where the answer has none.
};
Result<Reports> decode_reports(ByteView body);  ///< Error `source_malformed`.

Result<SourceBatch> decode_sample(std::string_view name, ByteView body);

}  // namespace zhida::adapters::sms_gateway
