// A file that a department hands in through the hub's REST: the same way as a dropped file, without the folder.
#pragma once
#include <string>

#include "adapter_api/transports/file_drop.h"

namespace zhida::transports {

/// Decodes and delivers one uploaded file. The same name and content give the same batch, so that handing in twice, or
/// handing in what was dropped before, changes nothing. Errors of `decode` and of delivery; `upload_too_large`,
/// `file_name_wrong`.
Result<std::vector<RecordOutcome>> take_upload(AdapterContext& context, Delivery& delivery, const std::string& name,
                                               ByteView content, const DecodeFile& decode,
                                               std::size_t file_bytes_max = 64u << 20);

}  // namespace zhida::transports
