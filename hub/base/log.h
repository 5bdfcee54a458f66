#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace zhida {

enum class LogLevel { debug, info, warning, error };

/// One JSON object a line on standard error: ts, level, msg, then the fields. The sentence is constant, what varies is
/// a field: `log.info("Payment request sent.", {{"case", id}, {"attempt", "2"}});` Any thread. Never a secret, never an
/// account number: use masked().
class Log {
 public:
  using Field = std::pair<std::string_view, std::string>;
  explicit Log(std::string component = {}) : component_(std::move(component)) {}

  void debug(std::string_view sentence, std::initializer_list<Field> fields = {}) const;
  void info(std::string_view sentence, std::initializer_list<Field> fields = {}) const;
  void warning(std::string_view sentence, std::initializer_list<Field> fields = {}) const;
  void error(std::string_view sentence, std::initializer_list<Field> fields = {}) const;

  /// For the whole process; the default is info.
  static void set_level(LogLevel level);

 private:
  std::string component_;
};

/// The last four characters behind stars: `****0019`. For account numbers and the like.
std::string masked(std::string_view value);

}  // namespace zhida
