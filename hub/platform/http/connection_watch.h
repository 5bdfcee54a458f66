// Inside platform/http only.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <thread>

#include "base/mutex.h"

namespace zhida::http {

/// Ends connections that take too long over a step. Poco bounds each read, and a peer that sends one byte at a time
/// never reaches such a bound. Any thread.
class ConnectionWatch {
 public:
  ConnectionWatch();
  ~ConnectionWatch();
  ConnectionWatch(const ConnectionWatch&) = delete;
  ConnectionWatch& operator=(const ConnectionWatch&) = delete;

  /// Gives whether the connection may go on: not when we are stopping.
  bool add(int socket, std::chrono::milliseconds until);
  void remove(int socket);
  /// The peer has so long from now; nothing: we are thinking, and the peer waits.
  void allow(int socket, std::optional<std::chrono::milliseconds> until);
  /// No further requests: ends the connections whose peers we wait for, gives the others until `grace`, then ends all.
  void stop(std::chrono::milliseconds grace);
  bool stopping() const;

 private:
  using Clock = std::chrono::steady_clock;
  void watch();
  void end_if(const std::function<bool(const std::optional<Clock::time_point>&)>& late) REQUIRES(mutex_);

  mutable Mutex mutex_;
  Condition changed_;
  std::map<int, std::optional<Clock::time_point>> deadlines_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool finished_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace zhida::http
