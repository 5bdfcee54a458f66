#include "adapter_api/transports/amqp_push.h"

namespace zhida::transports {

Result<SourceBatch> batch_of_message(std::string_view source, const PushedMessage& message, const DecodeBody& decode) {
  if (message.message_id.empty())
    return refuse("message_id_missing",
                  "A message to " + message.address + " has no message-id; it cannot be told from a repetition.");
  SourceBatch batch;
  batch.source = source;
  batch.batch_id = "message:" + message.peer + ":" + message.message_id;
  batch.origin = message.address + " " + message.message_id;
  batch.trace_id = message.trace_id.empty() ? new_trace_id() : TraceId(message.trace_id);
  batch.received_at = message.received_at;
  CHECK_OK(decode(message, batch));
  batch.payload = message.body;
  batch.seal = message.seal;
  return batch;
}

}  // namespace zhida::transports
