#pragma once
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace zhida::storage {

enum class Dialect { sqlite, postgresql };

/// Octets for a BLOB / bytea column; text is a std::string.
struct Blob {
  Bytes bytes;
};

/// What goes in. Booleans are stored as the integers 0 and 1, times as integer milliseconds, days as `YYYY-MM-DD` text.
using Value = std::variant<std::nullptr_t, std::int64_t, std::string, Blob>;
using Values = std::vector<Value>;

/// One row of a result. Reading a NULL as a value is a bug of the caller: ask is_null() first, or use the _or forms.
class Row {
 public:
  explicit Row(Values cells) : cells_(std::move(cells)) {}
  bool is_null(std::size_t column) const { return std::holds_alternative<std::nullptr_t>(cells_[column]); }
  std::int64_t integer(std::size_t column) const { return std::get<std::int64_t>(cells_[column]); }
  const std::string& text(std::size_t column) const { return std::get<std::string>(cells_[column]); }
  const Bytes& blob(std::size_t column) const { return std::get<Blob>(cells_[column]).bytes; }
  std::int64_t integer_or(std::size_t column, std::int64_t otherwise) const {
    return is_null(column) ? otherwise : integer(column);
  }
  std::string text_or(std::size_t column, std::string otherwise) const {
    return is_null(column) ? otherwise : text(column);
  }

 private:
  Values cells_;
};
using Rows = std::vector<Row>;

/// One database transaction. Statements are prepared once a connection and kept, so keep their text constant and put
/// what varies into values. SQL is written for both dialects with `?` for each value, in order; what differs between
/// the dialects is asked for with dialect(). Text must not hold a NUL byte: octets are a Blob. Errors: `storage_unique`
/// and `storage_check` (a constraint refused; Fate::refuse), `storage_busy` and `storage_lost` (Fate::retry),
/// `storage_failed` (anything else, with the statement). After a statement failed, PostgreSQL refuses every further one
/// of the transaction: who wants to go on after a refusal runs the statement inside savepoint().
class Transaction {
 public:
  virtual ~Transaction() = default;
  virtual Dialect dialect() const = 0;
  /// Runs a statement; gives the number of rows it touched.
  virtual Result<std::int64_t> execute(std::string_view sql, const Values& values = {}) = 0;
  /// Runs a query. `columns` has one letter a result column: i integer, t text, b blob.
  virtual Result<Rows> query(std::string_view sql, const Values& values, std::string_view columns) = 0;
  /// Inserts and gives the generated integer key `id_column` (SQLite rowid; PostgreSQL `RETURNING`).
  virtual Result<std::int64_t> insert(std::string_view sql, const Values& values, std::string_view id_column) = 0;
  /// Runs `work` inside a SAVEPOINT: an error of `work` undoes what it did and is given back; the transaction stays
  /// usable.
  virtual Result<void> savepoint(const std::function<Result<void>()>& work) = 0;
};

/// `sqlite:///path/x.db?mode=ro` opens somebody else's file: it must exist, is only read, and keeps its journal mode.
struct DatabaseConfig {
  std::string url{};  ///< `sqlite:///path/hub.db` or `postgresql://user@host:port/name`.
  Secret<std::string> password{};
  std::size_t readers = 4;  ///< Connections for read().
};

/// The hub's store. One writer at a time (write()), many readers that see the last committed state.
/// SQLite: WAL, synchronous=FULL, foreign keys on, BEGIN IMMEDIATE. Any thread.
class Database {
 public:
  static Result<std::unique_ptr<Database>> open(const DatabaseConfig& config);
  virtual ~Database() = default;
  virtual Dialect dialect() const = 0;
  /// One transaction: committed when `work` succeeds, undone when it fails. Others wait their turn.
  virtual Result<void> write(const std::function<Result<void>(Transaction&)>& work) = 0;
  /// A read-only transaction with one consistent view.
  virtual Result<void> read(const std::function<Result<void>(Transaction&)>& work) = 0;
};

/// Brings the schema up to date: runs, in order and each once, the migrations embedded for the dialect
/// (platform/storage/migrations/<dialect>/NNNN_name.sql). Forward only: a migration that was changed after it ran, or
/// one that is unknown to this program, is an error (`migration_changed`, `migration_unknown`). Gives the names it ran.
Result<std::vector<std::string>> migrate(Database& database);

}  // namespace zhida::storage
