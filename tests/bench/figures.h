// What the benchmarks share: medians, percentiles, the processor time of another process, lines for goals.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include <sys/types.h>
#include <unistd.h>

#include "base/bytes.h"

namespace zhida::bench {

inline double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// `share` in (0, 1]: the smallest value that at least this share of all values does not exceed.
inline double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto count = static_cast<double>(values.size());
  auto index = static_cast<std::size_t>(share * count);
  if (static_cast<double>(index) < share * count) ++index;
  return values[std::clamp<std::size_t>(index, 1, values.size()) - 1];
}

/// Seconds of processor time of a process, all its threads, user and system.
inline double cpu_of(pid_t pid) {
  const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  if (!stat) return 0;
  unsigned long long user = 0, system = 0;
  const auto name_end = stat.value().rfind(')');
  std::sscanf(stat.value().c_str() + name_end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
              &system);
  return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

inline void goal(const char* name, double value, double goal_value, bool met) {
  std::printf("GOAL %s %.2f %.2f %s\n", name, value, goal_value, met ? "met" : "missed");
}

}  // namespace zhida::bench
