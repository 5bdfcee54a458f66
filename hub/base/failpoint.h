// Switches that break a rule on purpose, so that a test can prove it would notice. Only where ZHIDA_FAILPOINTS is
// defined; everywhere else the functions below are empty and cost nothing.
#pragma once
#include <string_view>

#ifdef ZHIDA_FAILPOINTS
#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>

#include <signal.h>
#include <unistd.h>
#endif

namespace zhida {

// Two names, so that a program may hold libraries of both kinds.
#ifdef ZHIDA_FAILPOINTS
inline namespace failpoints_on {

/// True when the environment variable ZHIDA_FAILPOINT is exactly `name`: the code takes the deliberately wrong way.
inline bool failpoint_set(std::string_view name) {
  const char* wanted = std::getenv("ZHIDA_FAILPOINT");
  return wanted != nullptr && name == wanted;
}

/// With ZHIDA_FAILPOINT=kill:NAME:N the process dies by SIGKILL when NAME is passed the N-th time (from 1). Any thread.
inline void failpoint(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string, long, std::less<>> hits;
  const char* setting = std::getenv("ZHIDA_FAILPOINT");
  const std::string_view wanted = setting == nullptr ? "" : setting;
  if (!wanted.starts_with("kill:")) return;
  const auto colon = wanted.rfind(':');
  if (colon <= 4 || wanted.substr(5, colon - 5) != name) return;
  const std::lock_guard lock(mutex);
  if (++hits[std::string(name)] == std::atol(setting + colon + 1)) ::kill(::getpid(), SIGKILL);
}

}  // namespace failpoints_on
#else
inline namespace failpoints_off {

inline bool failpoint_set(std::string_view) {
  return false;
}
inline void failpoint(std::string_view) {}

}  // namespace failpoints_off
#endif

}  // namespace zhida
