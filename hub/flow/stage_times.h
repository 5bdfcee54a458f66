#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "base/mutex.h"

namespace zhida::flow {

/// How long each stage takes, as histograms since the start, for /metrics. Any thread.
class StageTimes {
 public:
  /// Upper bounds in seconds; what is longer counts in none of them.
  static constexpr std::array<double, 11> kBounds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                     0.05,   0.1,   0.25,   1.0,   5.0};
  struct Histogram {
    std::array<std::uint64_t, kBounds.size()> within{};  ///< Up to each bound, the shorter ones included.
    std::uint64_t count = 0;
    double seconds = 0;
  };

  /// Measures from here to its end, errors included: they take time as well.
  class Timer {
   public:
    Timer(StageTimes& times, const char* stage) : times_(times), stage_(stage) {}
    ~Timer() { times_.add(stage_, std::chrono::steady_clock::now() - began_); }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

   private:
    StageTimes& times_;
    const char* const stage_;
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  };

  void add(const std::string& stage, std::chrono::steady_clock::duration took) {
    const double seconds = std::chrono::duration<double>(took).count();
    const Lock lock(mutex_);
    auto& histogram = stages_[stage];
    ++histogram.count;
    histogram.seconds += seconds;
    for (std::size_t i = 0; i < kBounds.size(); ++i)
      if (seconds <= kBounds[i]) ++histogram.within[i];
  }
  std::map<std::string, Histogram> all() const {
    const Lock lock(mutex_);
    return stages_;
  }

 private:
  mutable Mutex mutex_;
  std::map<std::string, Histogram> stages_ GUARDED_BY(mutex_);
};

}  // namespace zhida::flow
