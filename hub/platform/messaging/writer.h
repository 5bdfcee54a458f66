// The doors' one transaction: one thread writes, many works share a commit, and nobody is told before it is on disk.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "platform/storage/database.h"

namespace zhida::messaging {

/// What became of a work. Everything but `retry_later` and `abandoned` is on disk when it is told.
struct Receipt {
  enum class Kind : std::uint8_t {
    done,         ///< Its effect is committed.
    duplicate,    ///< The same message was done before: no effect, accept it.
    modified,     ///< The same message-id came before with other bytes: no effect; kept as a dead letter; refuse it.
    refused,      ///< It failed for good: no effect; kept as a dead letter.
    retry_later,  ///< Work::release_on_retry: the attempt is counted; let the sender bring it again.
    abandoned,    ///< The writer stopped first: nothing happened, nothing is counted.
  };
  Kind kind = Kind::done;
  Error error;       ///< For all but done and duplicate.
  int attempts = 1;  ///< This one included.
};

struct Work {
  std::string peer;        ///< The configured name, never a certificate's.
  std::string message_id;  ///< Empty: our own doing, no inbox check.
  Bytes digest;            ///< SHA-256 of the bare message; needed with a message_id.
  std::string door;
  std::string address;  ///< Where the message knocked; a dead letter keeps it, so that it can be replayed.
  /// Works with one key keep their order, also over retries. Empty: none to keep.
  std::string order_key;
  /// Runs on the writer's thread inside a SAVEPOINT, perhaps more than once; must have no effect outside the
  /// transaction.
  std::function<Result<void>(storage::Transaction&)> effect;
  /// Runs on the writer's thread, after COMMIT, once.
  std::function<void(const Receipt&)> done;
  std::size_t bytes = 0;                 ///< What it holds in memory, for the budget.
  std::shared_ptr<const Bytes> message;  ///< Kept in the dead letter; shared with `effect`, so that it is held once.
  int replay = 0;                 ///< From 1: an old message is done once more on an official's word, each number once.
  bool release_on_retry = false;  ///< Fate::retry: answer retry_later at once instead of keeping it here.
};

struct WriterOptions {
  std::size_t operations_per_commit_max = 1'000;
  std::size_t bytes_per_commit_max = 4u << 20;
  std::size_t queue_bytes_max = 64u << 20;  ///< Back-pressure of submit().
  int attempts_max = 8;
  std::chrono::milliseconds retry_first{50};  ///< Doubled each time.
  std::chrono::milliseconds retry_max{30'000};
};

struct WriterStats {
  std::uint64_t commits = 0, operations = 0, done = 0, duplicates = 0, modified = 0, refused = 0, retries = 0;
  std::uint64_t commit_failures = 0;
  std::uint64_t commit_micros_total = 0, commit_micros_max = 0;  ///< Whole transactions, effects included.
  std::uint64_t operations_in_last_commit = 0;
  std::size_t queued = 0, queued_bytes = 0, waiting_for_retry = 0;
};

/// Group commit over one Database. Any thread may call; effects and `done` run on the writer's own thread and must not
/// call submit() of the waiting kind (use try_submit there).
class Writer {
 public:
  Writer(storage::Database& database, const Clock& clock, WriterOptions options = {});
  ~Writer();  ///< stop().

  /// Waits while the queue is over its budget. False when the writer is stopped; the work's `done` is then not called.
  bool submit(Work work);
  /// Never waits: false when the queue is over its budget or the writer is stopped; `work` is untouched then.
  bool try_submit(Work& work);

  /// Called on the writer's thread when all receipts of a commit are told: for whoever gathers them. Empty ends it, and
  /// waits for a call under way.
  void after_batch(std::function<void()> hook);
  /// Returns when everything submitted before has its receipt, except works that wait for a retry.
  void flush();
  /// Finishes what is queued, abandons what waits for a retry, ends the thread. Once.
  void stop();

  WriterStats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zhida::messaging
