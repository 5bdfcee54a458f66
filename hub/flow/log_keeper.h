#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "base/json.h"
#include "flow/rooms.h"
#include "flow/worker.h"

namespace zhida::flow {

/// Seals a head of the log each second in which something was added, and earlier where 1,000 records wait. What it does
/// is read from the database and handed to the one writer ready made: nobody waits for its seal.
class LogKeeper {
 public:
  /// `sealed` is called after a new head is durable, on the keeper's thread.
  LogKeeper(const Rooms& rooms, std::function<void()> sealed);

  /// Before anything is written: which log this is, and whether its last head is that of the rows there are. Errors
  /// `log_truncated`, `log_head_differs`.
  Result<void> begin();
  void start() { worker_.start(); }
  void wake() { worker_.wake(); }  ///< About 1,000 records came.
  void stop() { worker_.stop(); }
  /// Seals what is there, now. For the end of the hub, after stop().
  Result<void> seal_rest();

  /// For status and metrics.
  struct Numbers {
    std::string log;
    std::uint64_t records = 0, sealed = 0;
    std::string sealed_at;  ///< RFC 3339; empty: nothing yet.
  };
  Result<Numbers> numbers() const;

 private:
  Result<bool> round();
  Result<bool> seal_next(bool at_once);

  const Rooms& rooms_;
  const std::function<void()> sealed_;
  std::string log_;
  std::chrono::steady_clock::time_point last_sealed_{};  // Worker thread only.
  Worker worker_;
};

}  // namespace zhida::flow
