#include "adapters/town/sqlite_file.h"

#include <filesystem>
#include <utility>

#include <sqlite3.h>

namespace zhida::town {

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  std::swap(next_, other.next_);
  return *this;
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement& Statement::bind(std::int64_t value) {
  sqlite3_bind_int64(statement_, next_++, value);
  return *this;
}

Statement& Statement::bind(std::string_view value) {
  sqlite3_bind_text(statement_, next_++, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::bind_nullable(const std::optional<std::string>& value) {
  if (value) return bind(std::string_view(*value));
  sqlite3_bind_null(statement_, next_++);
  return *this;
}

bool Statement::step() {
  return sqlite3_step(statement_) == SQLITE_ROW;
}

bool Statement::reset() {
  next_ = 1;
  return sqlite3_reset(statement_) == SQLITE_OK;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string Statement::text(int column) const {
  return nullable(column).value_or("");
}

std::optional<std::string> Statement::nullable(int column) const {
  const auto* text = sqlite3_column_text(statement_, column);
  if (text == nullptr) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(text),
                     static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

Result<SqliteFile> SqliteFile::open_to_read(const std::string& path) {
  sqlite3* handle = nullptr;
  if (sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK) {
    sqlite3_close(handle);
    return refuse("world_missing", "There is no readable world file at " + path + "; make one with town_make.");
  }
  return SqliteFile(handle);
}

Result<SqliteFile> SqliteFile::create(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
  sqlite3* handle = nullptr;
  if (sqlite3_open(path.c_str(), &handle) != SQLITE_OK) {
    sqlite3_close(handle);
    return refuse("world_unwritable", "The world file " + path + " cannot be made; does its folder exist?");
  }
  return SqliteFile(handle);
}

SqliteFile::~SqliteFile() {
  sqlite3_close_v2(handle_);
}

Result<void> SqliteFile::run(const std::string& script) {
  if (sqlite3_exec(handle_, script.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return ok();
  return refuse("world_unwritable", "SQLite refused a statement of the world file: " + last_error() + ".");
}

Result<Statement> SqliteFile::prepare(const std::string& sql) const {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle_, sql.c_str(), static_cast<int>(sql.size()), &statement, nullptr) == SQLITE_OK) {
    return Statement(statement);
  }
  return refuse("world_malformed", "This is not a world file of this version: " + last_error() + ".");
}

std::string SqliteFile::last_error() const {
  return sqlite3_errmsg(handle_);
}

std::string sql_name(std::string_view name) {
  return "\"" + std::string(name) + "\"";
}

}  // namespace zhida::town
