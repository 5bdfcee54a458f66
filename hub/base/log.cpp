#include "base/log.h"

#include <atomic>
#include <chrono>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include "base/time.h"

namespace zhida {
namespace {

std::atomic<LogLevel> g_level{LogLevel::info};  // The one switch of the process; everything else is handed in.

void write(LogLevel level, const std::string& component, std::string_view sentence,
           std::initializer_list<Log::Field> fields) {
  if (level < g_level.load(std::memory_order_relaxed)) return;
  static constexpr const char* kNames[] = {"debug", "info", "warning", "error"};
  nlohmann::ordered_json line;
  line["ts"] = to_rfc3339(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
  line["level"] = kNames[static_cast<int>(level)];
  if (!component.empty()) line["component"] = component;
  line["msg"] = sentence;
  for (const auto& [name, value] : fields) line[std::string(name)] = value;
  std::string text = line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  text += '\n';
  // One write a line: lines of several threads and processes do not mix.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

void Log::debug(std::string_view s, std::initializer_list<Field> f) const {
  write(LogLevel::debug, component_, s, f);
}
void Log::info(std::string_view s, std::initializer_list<Field> f) const {
  write(LogLevel::info, component_, s, f);
}
void Log::warning(std::string_view s, std::initializer_list<Field> f) const {
  write(LogLevel::warning, component_, s, f);
}
void Log::error(std::string_view s, std::initializer_list<Field> f) const {
  write(LogLevel::error, component_, s, f);
}

void Log::set_level(LogLevel level) {
  g_level.store(level);
}

std::string masked(std::string_view value) {
  return value.size() <= 4 ? "****" : "****" + std::string(value.substr(value.size() - 4));
}

}  // namespace zhida
