#include "platform/storage/connection.h"

#include <fmt/format.h>

namespace zhida::storage {

Result<void> Connection::savepoint(const std::function<Result<void>()>& work) {
  // Names are by depth, so that the few statements stay prepared.
  const auto name = fmt::format("level_{}", savepoint_depth_ + 1);
  CHECK_OK(command("SAVEPOINT " + name));
  // The depth comes down, and the work is undone, also when `work` throws.
  struct Scope {
    Connection& connection;
    const std::string& name;
    bool done = false;
    explicit Scope(Connection& c, const std::string& n) : connection(c), name(n) { ++connection.savepoint_depth_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() {
      --connection.savepoint_depth_;
      if (!done) (void)undo();
    }
    Result<void> undo() {
      done = true;
      CHECK_OK(connection.command("ROLLBACK TO SAVEPOINT " + name));
      return connection.command("RELEASE SAVEPOINT " + name);
    }
  } scope{*this, name};

  if (auto result = work(); !result) {
    // Where even the undoing fails, the transaction as a whole is lost, and that is what the caller must hear.
    CHECK_OK(scope.undo());
    return result;
  }
  scope.done = true;
  return command("RELEASE SAVEPOINT " + name);
}

std::string shown(std::string_view sql) {
  std::string line;
  bool space = false;
  for (const char c : sql) {
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      space = !line.empty();
      continue;
    }
    if (line.size() >= 200) return line + "…";
    if (space) line += ' ';
    space = false;
    line += c;
  }
  return line;
}

Error text_has_nul(std::string_view sql, std::size_t position) {
  return refuse("storage_failed",
                fmt::format("Value {} is text that holds a NUL byte, which text columns cannot keep; store octets as a "
                            "Blob. Statement: {}",
                            position + 1, shown(sql)));
}

Error no_row_inserted(std::string_view sql) {
  return refuse("storage_failed", "The INSERT added no row, so that there is no key to give: " + shown(sql));
}

Error wrong_value_count(std::string_view sql, std::size_t wanted, std::size_t given) {
  return refuse("storage_failed",
                fmt::format("The statement takes {} values and was given {}: {}", wanted, given, shown(sql)));
}

Error wrong_column(std::string_view sql, std::size_t column, std::string_view what) {
  return refuse("storage_failed", fmt::format("Column {} of the result {}: {}", column + 1, what, shown(sql)));
}

bool is_plain_name(std::string_view name) {
  if (name.empty()) return false;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!plain) return false;
  }
  return true;
}

}  // namespace zhida::storage
