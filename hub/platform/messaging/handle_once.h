// Wraps every door in one transaction: receive, verify, commit, and only then accept. The one place where an error's
// fate becomes an answer to the peer.
#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "platform/messaging/node.h"
#include "platform/messaging/writer.h"
#include "platform/storage/database.h"

namespace zhida::messaging {

/// A message at a door.
struct DoorMessage {
  std::string peer;
  std::string address;
  Envelope envelope;
};

/// What a door wants done in the transaction.
using Effect = std::function<Result<void>(storage::Transaction&)>;

/// One door. `handle` runs on a worker: checks, parses, verifies seals, thinks without the store; what it gives back
/// runs in the transaction. Both may run again for the same message, and say so by being harmless.
struct Door {
  std::string name;
  std::function<Result<Effect>(const DoorMessage&)> handle;
};

struct HandleOnceOptions {
  std::size_t workers = 2;
  std::chrono::milliseconds release_after_first{
      100};  ///< Before a message that met Fate::retry in handle() is released;
  std::chrono::milliseconds release_after_max{10'000};  ///< doubled each attempt.
};

/// What happens to a message, by what its door says:
///   success                          → committed, accepted
///   the same again                   → accepted, no effect
///   the same message-id, other bytes → dead letter `message_id_reused`, rejected with that code
///   Fate::refuse                     → dead letter, accepted: it is ours to repair now
///   Fate::retry in handle()          → counted, released after a pause; over the limit: dead letter, accepted
///   Fate::retry in the transaction   → counted, tried again here, in order; over the limit: dead letter, accepted
///   no door for its address          → rejected `amqp:not-found`
class HandleOnce {
 public:
  HandleOnce(Node& node, Writer& writer, HandleOnceOptions options = {});
  ~HandleOnce();

  /// Which door an address leads to. Before the node listens or dials.
  void open_door(const std::string& address, Door door);
  /// Waits until every message taken so far has its answer (works waiting for a retry are left to the writer). For
  /// Node::shutdown.
  void drain();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zhida::messaging
