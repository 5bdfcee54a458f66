#include "adapter_api/transports/rest_upload.h"

namespace zhida::transports {

Result<std::vector<RecordOutcome>> take_upload(AdapterContext& context, Delivery& delivery, const std::string& name,
                                               ByteView content, const DecodeFile& decode, std::size_t file_bytes_max) {
  CHECK_OK(check_file_name(name));
  if (content.size() > file_bytes_max) {
    return refuse("upload_too_large", name + " has " + std::to_string(content.size()) + " octets; at most " +
                                          std::to_string(file_bytes_max) + " are taken. Hand it in in parts.");
  }
  auto batch = TRY(decode(name, content));
  complete_file_batch(batch, name, content, context.clock().now());
  return delivery.hand_over(std::move(batch));
}

}  // namespace zhida::transports
