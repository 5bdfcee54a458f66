#include "match_measure.h"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <numeric>
#include <utility>

#include <time.h>

#include "match_town.h"
#include "stages/matching/engine/parallel.h"
#include "stages/matching/engine/snapshot.h"

namespace zhida::bench {

using matching::engine::in_parallel;

double seconds_of(const std::function<void()>& work) {
  const auto now = [] {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  const auto begin = now();
  work();
  return now() - begin;
}

double seconds_of(unsigned threads, const std::function<void()>& work) {
  if (threads == 1) return seconds_of(work);
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double Memory::read_rate(unsigned threads) {
  std::vector<std::uint64_t> sums(threads * 8);
  const auto seconds = seconds_of(threads, [&] {
    in_parallel(threads, [&](unsigned thread) {
      const auto* from = words_.data() + kWords / threads * thread;
      std::uint64_t sum[8] = {};
      for (std::size_t i = 0; i + 8 <= kWords / threads; i += 8)
        for (std::size_t k = 0; k < 8; ++k) sum[k] += from[i + k];
      for (const auto each : sum) sums[thread * 8] += each;
    });
  });
  sink_ = sink_ + sums[0];
  return kWords * 8 / seconds;
}

double Memory::write_rate(unsigned threads) {
  return kWords * 8 / seconds_of(threads, [&] {
           in_parallel(threads, [&](unsigned thread) {
             std::memset(words_.data() + kWords / threads * thread, static_cast<int>(thread), kWords / threads * 8);
           });
         });
}

Latency::Latency(std::size_t bytes) : bytes_(matching::engine::large_bytes(bytes)), lines_(bytes / 64) {
  // One circle through all lines, in no order that anybody could guess.
  std::vector<std::uint32_t> order(lines_);
  std::iota(order.begin(), order.end(), 0u);
  Dice dice(3);
  for (auto i = order.size() - 1; i > 0; --i) std::swap(order[i], order[dice.below(i)]);
  auto* const words = reinterpret_cast<std::uint64_t*>(bytes_.get());
  for (std::size_t i = 0; i < lines_; ++i) words[i * kLine] = order[i];
}

double Latency::nanoseconds() {
  constexpr std::size_t kSteps = 2'000'000;
  const auto* const words = reinterpret_cast<const std::uint64_t*>(bytes_.get());
  std::uint64_t at = at_;
  const auto taken = seconds_of([&] {
    for (std::size_t i = 0; i < kSteps; ++i) at = words[at * kLine];
  });
  at_ = at;
  return 1e9 * taken / kSteps;
}

double copy_seconds(const matching::engine::Table& table, unsigned threads) {
  const auto bytes = table.bytes();
  std::vector<std::uint8_t> from(bytes, 1), to(bytes, 2);
  return seconds_of(threads, [&] {
    in_parallel(threads, [&](unsigned thread) {
      const auto part = bytes / threads;
      std::memcpy(to.data() + part * thread, from.data() + part * thread, part);
    });
  });
}

Line::Line(const std::vector<double>& x, const std::vector<double>& y) {
  const auto n = static_cast<double>(x.size());
  double sx = 0, sy = 0, sxx = 0, sxy = 0, syy = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    sx += x[i], sy += y[i], sxx += x[i] * x[i], sxy += x[i] * y[i], syy += y[i] * y[i];
  const auto xx = sxx - sx * sx / n, xy = sxy - sx * sy / n, yy = syy - sy * sy / n;
  slope = xy / xx;
  start = (sy - slope * sx) / n;
  r_squared = xy * xy / (xx * yy);
}

void line(const char* what, double milliseconds, const std::string& remark) {
  std::printf("  %-46s %10.2f ms  %s\n", what, milliseconds, remark.c_str());
  std::fflush(stdout);
}

std::string number(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

}  // namespace zhida::bench
