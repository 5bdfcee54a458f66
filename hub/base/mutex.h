#pragma once
#include <condition_variable>
#include <mutex>

// Checked by clang (-Wthread-safety, preset tidy); nothing elsewhere.
#if defined(__clang__)
#define ZHIDA_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define ZHIDA_THREAD_ATTRIBUTE(x)
#endif
#define GUARDED_BY(x) ZHIDA_THREAD_ATTRIBUTE(guarded_by(x))
#define REQUIRES(...) ZHIDA_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))

namespace zhida {

class ZHIDA_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() ZHIDA_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() ZHIDA_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class ZHIDA_THREAD_ATTRIBUTE(scoped_lockable) Lock {
 public:
  explicit Lock(Mutex& mutex) ZHIDA_THREAD_ATTRIBUTE(acquire_capability(mutex)) : mutex_(mutex) { mutex_.lock(); }
  ~Lock() ZHIDA_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  // For std::condition_variable_any; the lock is held again when wait() comes back.
  void lock() ZHIDA_THREAD_ATTRIBUTE(no_thread_safety_analysis) { mutex_.lock(); }
  void unlock() ZHIDA_THREAD_ATTRIBUTE(no_thread_safety_analysis) { mutex_.unlock(); }

 private:
  Mutex& mutex_;
};

using Condition = std::condition_variable_any;

}  // namespace zhida
