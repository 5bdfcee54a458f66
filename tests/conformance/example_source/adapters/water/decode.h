#pragma once
#include <string>

#include "adapter_api/adapter.h"

namespace zhida::adapters::water {

/// A month's file: CSV with the header 户号,统一社会信用代码,用水地址,月份,用水量,水费 in UTF-8 or GB18030. Pure.
/// Errors `file_malformed`, and those of the CSV reader.
Result<SourceBatch> decode_file(std::string_view name, ByteView content);

}  // namespace zhida::adapters::water
