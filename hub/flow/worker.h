#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"

namespace zhida::flow {

/// A thread that does its round whenever it is woken, and once a `pause` by itself. A round that fails is logged and
/// tried again after a growing pause, since what it works on is in the database and not in its hands.
class Worker {
 public:
  /// `round` gives true when there may be more to do at once.
  Worker(std::string name, const Clock& clock, std::chrono::milliseconds pause, std::function<Result<bool>()> round);
  ~Worker();  ///< stop().
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start();
  void wake();  ///< Any thread.
  void stop();  ///< Waits for the round under way.
  bool stopping() const;
  /// True while a round runs, one was asked for, the last one failed, or business time went on since the last one:
  /// there may be something left to do.
  bool busy() const;

 private:
  void run();

  const std::string name_;
  const Clock& clock_;
  const std::chrono::milliseconds pause_;
  const std::function<Result<bool>()> round_;
  Log log_;
  mutable Mutex mutex_;
  Condition bell_;
  bool woken_ GUARDED_BY(mutex_) = true;
  bool running_ GUARDED_BY(mutex_) = false;
  bool failed_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  Instant seen_ GUARDED_BY(mutex_){};  // Business time at the start of the last round that found all done.
  std::thread thread_;
};

}  // namespace zhida::flow
