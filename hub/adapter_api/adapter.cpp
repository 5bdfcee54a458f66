#include "adapter_api/adapter.h"

namespace zhida {

Result<SourceBatch> Adapter::decode(const PushedMessage& message) {
  return refuse("not_a_pushing_adapter",
                "This adapter takes no pushed messages; \"" + message.address + "\" is not its address.");
}

Result<void> Adapter::send(const OutgoingMessage& message) {
  return refuse("not_a_carrying_adapter", "This adapter carries no messages; " + message.message_id + " is kept.");
}

}  // namespace zhida
