// What must leave is written down in the transaction that decided it, and sent from there until the peer has it.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "platform/messaging/envelope.h"
#include "platform/storage/database.h"

namespace zhida::messaging {

struct OutboxMessage {
  std::string message_id;  ///< Our own idempotency key; unique in the outbox.
  std::string address;
  std::string subject;
  std::string group_id;
  std::string correlation_id;
  std::string reply_to;
  std::string content_type;
  std::map<std::string, std::string> properties;
  Bytes body;
  Bytes seal;
  std::string trace_id;  ///< Also sent as the property `trace_id`.
  std::string case_id;   ///< For people who ask what left for a case; not sent.
  std::string division;  ///< Administrative division code, for who may see it; not sent.
};

/// Adds a message to be sent; gives its row number. Errors `storage_unique` when the message_id was used before, and
/// the store's others.
Result<std::int64_t> enqueue(storage::Transaction& transaction, const OutboxMessage& message, Instant now);

enum class OutboxState { unsent, sent, rejected };

/// One row as the relay reads it.
struct OutboxRow {
  std::int64_t id = 0;
  OutboxMessage message;
};

/// Unsent rows with id > after of one address, in order, at most `limit`.
Result<std::vector<OutboxRow>> read_unsent(storage::Transaction& transaction, const std::string& address,
                                           std::int64_t after, std::int64_t limit);
/// The numbers alone of the unsent rows with id <= last of one address, in order.
Result<std::vector<std::int64_t>> unsent_ids(storage::Transaction& transaction, const std::string& address,
                                             std::int64_t last);
/// The addresses with something unsent.
Result<std::vector<std::string>> unsent_addresses(storage::Transaction& transaction);
/// The peer has it. Harmless when said twice.
Result<void> mark_sent(storage::Transaction& transaction, std::int64_t id, Instant now);
/// The peer will not have it, and said why.
Result<void> mark_rejected(storage::Transaction& transaction, std::int64_t id, const std::string& code,
                           const std::string& description, Instant now);
/// A rejected row is to be sent once more, under the same message-id. Error `outbox_not_rejected`.
Result<void> send_again(storage::Transaction& transaction, std::int64_t id);

/// The message as it leaves; the same bytes each time.
Bytes encode(const OutboxRow& row);

}  // namespace zhida::messaging
