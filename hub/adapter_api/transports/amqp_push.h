// A pushed message whose seal was verified at the door becomes a batch.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "adapter_api/adapter.h"

namespace zhida::transports {

/// Fills records, unreadable and complete_for from the body; pure. An error refuses the whole message.
using DecodeBody = std::function<Result<void>(const PushedMessage& message, SourceBatch& batch)>;

/// The batch of a message: id from peer and message-id (AMQP's own key for repetitions), origin, trace, time, and the
/// sealed octets as payload with their seal. Pure. Errors `message_id_missing`, and those of `decode`.
Result<SourceBatch> batch_of_message(std::string_view source, const PushedMessage& message, const DecodeBody& decode);

}  // namespace zhida::transports
