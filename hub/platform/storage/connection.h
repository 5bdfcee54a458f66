// Inside platform/storage only: one connection of one dialect. Others use Transaction and Database.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "platform/storage/database.h"

namespace zhida::storage {

/// What a connection is for. The hub writes through one connection and reads through several.
enum class Role { writer, reader };

/// One connection and its prepared statements. One thread at a time; between begin() and commit() or rollback() it is
/// the Transaction that is lent to the caller.
class Connection : public Transaction {
 public:
  /// Starts a transaction; connects again first where the connection was lost.
  virtual Result<void> begin() = 0;
  virtual Result<void> commit() = 0;
  /// Never fails: what cannot be undone by a statement is undone by closing the connection.
  virtual void rollback() noexcept = 0;
  /// Runs several statements, separated by semicolons, without values.
  virtual Result<void> run_script(std::string_view script) = 0;

  Result<void> savepoint(const std::function<Result<void>()>& work) final;

 protected:
  virtual Result<void> command(std::string_view sql) = 0;

 private:
  int savepoint_depth_ = 0;
};

/// `sqlite://…` in parts. `?mode=ro` opens somebody else's file: it must exist, is never changed, keeps its journal
/// mode.
struct SqlitePlace {
  std::string path;
  bool read_only = false;
};
Result<SqlitePlace> parse_sqlite_url(std::string_view url);

Result<std::unique_ptr<Connection>> connect_sqlite(const SqlitePlace& place, Role role);
Result<std::unique_ptr<Connection>> connect_postgresql(const std::string& url, const Secret<std::string>& password,
                                                       Role role);

/// The statement as an error message shows it: one line, at most 200 characters, never the values.
std::string shown(std::string_view sql);
/// What both dialects refuse in text: PostgreSQL would cut it at the first NUL byte without a word.
Error text_has_nul(std::string_view sql, std::size_t position);
Error no_row_inserted(std::string_view sql);
Error wrong_value_count(std::string_view sql, std::size_t wanted, std::size_t given);
Error wrong_column(std::string_view sql, std::size_t column, std::string_view what);
/// Whether a name can be put into a statement as it is: letters, digits and `_` only.
bool is_plain_name(std::string_view name);

}  // namespace zhida::storage
