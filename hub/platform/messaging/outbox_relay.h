// Sends what the outbox holds, and marks it sent when the peer has it.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "platform/messaging/node.h"
#include "platform/messaging/writer.h"
#include "platform/storage/database.h"

namespace zhida::messaging {

struct OutboxRelayOptions {
  std::size_t rows_per_read = 500;
  std::size_t in_flight_max = 2'000;  ///< Messages sent and not yet marked.
  std::size_t in_flight_bytes_max = 16u << 20;
  std::chrono::milliseconds poll{1'000};  ///< Looks by itself this often, should a wake() be missed.
  std::chrono::milliseconds pause_after_release{200};
};

struct OutboxRelayStats {
  std::uint64_t sent = 0, resent = 0, accepted = 0, rejected = 0, released = 0, lost = 0;
  std::size_t in_flight = 0;
};

/// One thread of its own. Rows leave in the order of their ids; within a group (group_id) the next one leaves only when
/// the one before has its answer. An accepted row is marked in the next commit of the writer; a crash in between sends
/// the same bytes under the same message-id again. A rejected row stays, with the peer's reason, and is a warning in
/// the log; its group goes on.
class OutboxRelay {
 public:
  OutboxRelay(storage::Database& database, Writer& writer, Node& node, const Clock& clock,
              OutboxRelayOptions options = {});
  ~OutboxRelay();  ///< stop().

  void wake();  ///< Any thread: something was committed.
  void stop();  ///< Sends no more. Before the writer stops.
  OutboxRelayStats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zhida::messaging
