// Inside town only: SQLite with errors as results, for one file that is written once and then only read.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace zhida::town {

/// One prepared statement; bind in order, then step.
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  Statement(Statement&& other) noexcept : statement_(other.statement_), next_(other.next_) {
    other.statement_ = nullptr;
  }
  Statement& operator=(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  Statement& bind(std::int64_t value);
  Statement& bind(std::string_view value);
  Statement& bind_nullable(const std::optional<std::string>& value);
  bool step();   ///< True while there is a row.
  bool reset();  ///< Ready for the next values; false when the last run failed.
  std::int64_t integer(int column) const;
  std::string text(int column) const;
  std::optional<std::string> nullable(int column) const;

 private:
  sqlite3_stmt* statement_ = nullptr;
  int next_ = 1;
};

class SqliteFile {
 public:
  static Result<SqliteFile> open_to_read(const std::string& path);
  static Result<SqliteFile> create(const std::string& path);
  SqliteFile(SqliteFile&& other) noexcept : handle_(other.handle_) { other.handle_ = nullptr; }
  SqliteFile& operator=(SqliteFile&&) = delete;
  ~SqliteFile();

  Result<void> run(const std::string& script);
  Result<Statement> prepare(const std::string& sql) const;
  std::string last_error() const;

 private:
  explicit SqliteFile(sqlite3* handle) : handle_(handle) {}
  sqlite3* handle_;
};

/// `tax.sales` → `"tax.sales"`; names never hold a quote.
std::string sql_name(std::string_view name);

}  // namespace zhida::town
