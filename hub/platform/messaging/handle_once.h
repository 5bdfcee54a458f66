// Wraps every door in one transaction: receive, verify, commit, and only then accept. The one place where an error's
// fate becomes an answer to the peer.
#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

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

/// What a door wants done in the transaction, and what it wants told once that is on disk.
class Effect {
 public:
  using Run = std::function<Result<void>(storage::Transaction&)>;
  /// `run` may run more than once and must have no effect outside the transaction; `committed` runs once, on the
  /// writer's thread and after COMMIT: bells, counters, nothing that waits or may fail.
  explicit Effect(Run run, std::function<void()> committed = {})
      : run_(std::move(run)), committed_(std::move(committed)) {}

  const Run& run() const { return run_; }
  const std::function<void()>& committed() const { return committed_; }

 private:
  Run run_;
  std::function<void()> committed_;
};

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
  /// Whose message it is that a peer brought to an address: a broker only carries what others send, and their
  /// message-ids are not one another's. Unset: the peer's own. Any thread.
  std::function<std::string(const std::string& peer, const std::string& address)> sender_of{};
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
