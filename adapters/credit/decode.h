#pragma once
#include <string_view>

#include "adapter_api/adapter.h"
#include "base/bytes.h"
#include "base/result.h"
#include "domain/source_record.h"

namespace zhida::adapters::credit {

/// One message, `{"records":[{"type":"rating",…},…]}`. Pure. Errors `source_malformed`, `message_without_records`
/// refuse it whole; a record of an unknown type or without its key is unreadable, the others go on.
Result<SourceBatch> decode_message(const PushedMessage& message);
/// For fixtures and fuzzers: the file is the message's body.
Result<SourceBatch> decode_sample(std::string_view name, ByteView body);

}  // namespace zhida::adapters::credit
