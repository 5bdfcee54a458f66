// PostgreSQL over SOCI. SOCI opens and closes the connection. Statements go to the PGconn behind the session, because
// SOCI 4.0 cuts every value at its first NUL byte, in bytea too, and its blob is a large object, not a bytea; here
// octets travel as binary parameters of their exact length.
#include <array>
#include <charconv>
#include <cstring>

#include <fmt/format.h>
#include <libpq-fe.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>

#include "platform/storage/connection.h"
#include "platform/storage/placeholders.h"
#include "platform/storage/statement_cache.h"

namespace zhida::storage {
namespace {

// Fixed numbers of pg_type, as PostgreSQL's catalogue lists them.
constexpr Oid kBool = 16, kBytea = 17, kInt8 = 20, kInt2 = 21, kInt4 = 23, kNumeric = 1700;
constexpr Oid kInferred = 0;
// One advisory lock serialises the writers of all hub processes on this database, as BEGIN IMMEDIATE does for SQLite.
constexpr const char* kBeginWrite = "BEGIN; SELECT pg_advisory_xact_lock(6076427512541487)";
constexpr const char* kBeginRead = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

struct Clear {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using ResultHandle = std::unique_ptr<PGresult, Clear>;

/// A statement prepared for given parameter types. NULL fits every type; a statement first run with a NULL there leaves
/// that type to PostgreSQL, and is prepared once more when a value comes.
struct Variant {
  std::string name;
  std::vector<Oid> types;
};
struct Statement {
  NumberedSql sql;
  std::vector<Variant> variants;
};

Oid type_of(const Value& value) {
  if (std::holds_alternative<std::int64_t>(value)) return kInt8;
  if (std::holds_alternative<Blob>(value)) return kBytea;
  return kInferred;  // Text takes the type of the column it meets, so that it may be a date or a json as well.
}

bool fits(const Variant& variant, const Values& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::holds_alternative<std::nullptr_t>(values[i])) continue;
    if (variant.types[i] != type_of(values[i])) return false;
  }
  return true;
}

/// The parameters as libpq wants them. Points into the values; integers are written into a buffer of its own.
class Parameters {
 public:
  static Result<Parameters> of(std::string_view sql, const Values& values) {
    Parameters result(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (const auto* integer = std::get_if<std::int64_t>(&values[i])) {
        auto* const begin = result.integers_[i].data();
        *std::to_chars(begin, begin + kIntegerSize - 1, *integer).ptr = '\0';
        result.data_[i] = begin;
      } else if (const auto* text = std::get_if<std::string>(&values[i])) {
        if (std::memchr(text->data(), 0, text->size()) != nullptr) return text_has_nul(sql, i);
        result.data_[i] = text->c_str();
      } else if (const auto* blob = std::get_if<Blob>(&values[i])) {
        result.data_[i] = blob->bytes.data();
        result.sizes_[i] = static_cast<int>(blob->bytes.size());
        result.formats_[i] = 1;
      }
    }
    return result;
  }
  int count() const { return static_cast<int>(data_.size()); }
  const char* const* data() const { return data_.data(); }
  const int* sizes() const { return sizes_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  static constexpr std::size_t kIntegerSize = 24;
  explicit Parameters(std::size_t count) : data_(count), sizes_(count), formats_(count), integers_(count) {}
  std::vector<const char*> data_;
  std::vector<int> sizes_;
  std::vector<int> formats_;
  std::vector<std::array<char, kIntegerSize>> integers_;  // Moving the vector keeps the addresses.
};

// SOCI keeps the type information of its sessions to itself, so that UBSan's check of the cast would not link.
[[gnu::no_sanitize("vptr")]] PGconn* handle_of(soci::session& session) {
  return static_cast<soci::postgresql_session_backend*>(session.get_backend())->conn_;
}

class PostgresqlConnection final : public Connection {
 public:
  PostgresqlConnection(std::string url, Role role) : url_(std::move(url)), role_(role) {}

  Result<void> connect() {
    statements_.clear();
    handle_ = nullptr;
    session_.reset();
    try {
      session_ = std::make_unique<soci::session>(*soci::factory_postgresql(), url_);
      handle_ = handle_of(*session_);
      PQsetNoticeProcessor(
          handle_, [](void*, const char*) {}, nullptr);  // Notices are not our log.
      *session_ << "SET lock_timeout = '5s'";
      *session_ << "SET synchronous_commit = on";
      *session_ << "SET client_encoding = 'UTF8'";
      *session_ << "SET standard_conforming_strings = on";
    } catch (const std::exception& error) {
      session_.reset();
      handle_ = nullptr;
      return retry("storage_lost", fmt::format("PostgreSQL cannot be reached: {}", one_line(error.what())));
    }
    return ok();
  }

  Dialect dialect() const override { return Dialect::postgresql; }

  Result<std::int64_t> execute(std::string_view sql, const Values& values) override {
    return touched_rows(TRY(run(sql, values)).get());
  }

  Result<Rows> query(std::string_view sql, const Values& values, std::string_view columns) override {
    const auto result = TRY(run(sql, values));
    if (static_cast<std::size_t>(PQnfields(result.get())) != columns.size()) {
      return refuse("storage_failed", fmt::format("The query gives {} columns and {} were asked for: {}",
                                                  PQnfields(result.get()), columns.size(), shown(sql)));
    }
    Rows rows;
    const int count = PQntuples(result.get());
    rows.reserve(static_cast<std::size_t>(count));
    for (int row = 0; row < count; ++row) {
      Values cells(columns.size());
      for (std::size_t i = 0; i < columns.size(); ++i) {
        CHECK_OK(read_cell(result.get(), sql, row, i, columns[i], cells[i]));
      }
      rows.emplace_back(std::move(cells));
    }
    return rows;
  }

  Result<std::int64_t> insert(std::string_view sql, const Values& values, std::string_view id_column) override {
    if (!is_plain_name(id_column)) return refuse("storage_failed", fmt::format("{} is not a column name.", id_column));
    const auto rows = TRY(query(fmt::format("{} RETURNING {}", sql, id_column), values, "i"));
    if (rows.empty()) return no_row_inserted(sql);
    return rows.front().integer(0);
  }

  Result<void> begin() override {
    if (handle_ == nullptr || PQstatus(handle_) != CONNECTION_OK) {
      CHECK_OK(connect());
    }
    const char* const sql = role_ == Role::writer ? kBeginWrite : kBeginRead;
    auto started = command(sql);
    // A server that went away since the last transaction is noticed only now: nothing was done yet, so try once more.
    if (!started && PQstatus(handle_) != CONNECTION_OK) {
      CHECK_OK(connect());
      started = command(sql);
    }
    if (!started) rollback();  // The lock may have been refused after BEGIN.
    return started;
  }

  Result<void> commit() override {
    const auto result = TRY(checked(ResultHandle(PQexec(handle_, "COMMIT")), "COMMIT"));
    // COMMIT of a transaction in which a statement failed answers ROLLBACK, and is no error to PostgreSQL.
    if (std::string_view(PQcmdStatus(result.get())) != "COMMIT") {
      return refuse("storage_failed",
                    "A statement of this transaction had failed, so PostgreSQL undid it instead of committing.");
    }
    return ok();
  }

  void rollback() noexcept override {
    if (handle_ == nullptr) return;
    if (PQstatus(handle_) == CONNECTION_OK && PQtransactionStatus(handle_) != PQTRANS_IDLE) {
      const ResultHandle ignored(PQexec(handle_, "ROLLBACK"));
    }
  }

  Result<void> run_script(std::string_view script) override { return command(script); }

 protected:
  Result<void> command(std::string_view sql) override {
    if (handle_ == nullptr) return not_connected();
    CHECK_OK(checked(ResultHandle(PQexec(handle_, std::string(sql).c_str())), sql));
    return ok();
  }

 private:
  static Error not_connected() { return retry("storage_lost", "The connection to PostgreSQL is gone."); }

  Result<ResultHandle> run(std::string_view sql, const Values& values) {
    if (handle_ == nullptr) return not_connected();
    auto& statement = find_or_number(sql);
    if (statement.sql.values != values.size()) return wrong_value_count(sql, statement.sql.values, values.size());
    const auto parameters = TRY(Parameters::of(sql, values));
    const auto* const variant = TRY(find_or_prepare(statement, sql, values));
    return checked(ResultHandle(PQexecPrepared(handle_, variant->name.c_str(), parameters.count(), parameters.data(),
                                               parameters.sizes(), parameters.formats(), 0)),
                   sql);
  }

  Statement& find_or_number(std::string_view sql) {
    if (auto* const found = statements_.find(sql)) return *found;
    if (statements_.full()) {
      const ResultHandle ignored(PQexec(handle_, "DEALLOCATE ALL"));
      statements_.clear();
    }
    return statements_.keep(sql, Statement{number_placeholders(sql), {}});
  }

  Result<const Variant*> find_or_prepare(Statement& statement, std::string_view sql, const Values& values) {
    for (const auto& variant : statement.variants) {
      if (fits(variant, values)) return &variant;
    }
    Variant variant{fmt::format("zhida_{}", ++names_), {}};
    for (const auto& value : values) variant.types.push_back(type_of(value));
    CHECK_OK(checked(ResultHandle(PQprepare(handle_, variant.name.c_str(), statement.sql.sql.c_str(),
                                            static_cast<int>(variant.types.size()), variant.types.data())),
                     sql));
    return &statement.variants.emplace_back(std::move(variant));
  }

  static std::int64_t touched_rows(const PGresult* result) {
    const std::string_view status = PQcmdStatus(const_cast<PGresult*>(result));
    if (!status.starts_with("INSERT") && !status.starts_with("UPDATE") && !status.starts_with("DELETE")) return 0;
    std::int64_t count = 0;
    const std::string_view digits = PQcmdTuples(const_cast<PGresult*>(result));
    std::from_chars(digits.data(), digits.data() + digits.size(), count);
    return count;
  }

  static Result<void> read_cell(const PGresult* result, std::string_view sql, int row, std::size_t i, char letter,
                                Value& cell) {
    const int column = static_cast<int>(i);
    if (PQgetisnull(result, row, column) != 0) return ok();  // A Value begins as NULL.
    const std::string_view text(PQgetvalue(result, row, column),
                                static_cast<std::size_t>(PQgetlength(result, row, column)));
    const Oid type = PQftype(result, column);
    switch (letter) {
      case 'i': {
        if (type == kBool) {
          cell = std::int64_t{text == "t" ? 1 : 0};
          return ok();
        }
        // The sum of a bigint column is a numeric.
        if (type != kInt8 && type != kInt4 && type != kInt2 && type != kNumeric)
          return wrong_column(sql, i, "is not an integer");
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || end != text.data() + text.size()) {
          return wrong_column(sql, i, "is not a 64-bit integer");
        }
        cell = number;
        return ok();
      }
      case 't':
        if (type == kBytea) return wrong_column(sql, i, "holds octets, not text");
        cell = std::string(text);
        return ok();
      case 'b': {
        // Since PostgreSQL 9.0 bytea is written as \x and hexadecimal digits.
        if (type != kBytea || !text.starts_with("\\x")) return wrong_column(sql, i, "does not hold octets");
        cell = Blob{TRY(from_hex(text.substr(2)))};
        return ok();
      }
      default:
        return wrong_column(sql, i, "was asked for with an unknown letter (i, t or b)");
    }
  }

  static std::string one_line(std::string_view text) {
    auto line = shown(text);
    while (line.ends_with(' ') || line.ends_with('.')) line.pop_back();
    return line;
  }

  Result<ResultHandle> checked(ResultHandle result, std::string_view sql) {
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return result;
    const char* const primary = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
    const char* const state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    const std::string_view code = state == nullptr ? "" : state;
    const auto message =
        fmt::format("{} ({}). Statement: {}", one_line(primary == nullptr ? PQerrorMessage(handle_) : primary),
                    code.empty() ? "no SQLSTATE" : code, shown(sql));
    // SQLSTATE classes: PostgreSQL 15 documentation, appendix A.
    if (code == "23505") return refuse("storage_unique", message);
    if (code.starts_with("23") || code == "P0001")
      return refuse("storage_check", message);  // P0001: raised by a trigger
    if (code.starts_with("40") || code == "55P03") return retry("storage_busy", message);
    if (code.empty() || code.starts_with("08") || code.starts_with("53") || code.starts_with("57P") ||
        code.starts_with("58") || PQstatus(handle_) != CONNECTION_OK) {
      return retry("storage_lost", message);
    }
    return refuse("storage_failed", message);
  }

  std::string url_;  // Holds the password: never shown.
  Role role_;
  std::unique_ptr<soci::session> session_;
  PGconn* handle_ = nullptr;
  StatementCache<Statement> statements_;
  std::uint64_t names_ = 0;
};

/// RFC 3986 percent-encoding, for the password inside the address.
std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return encoded;
}

}  // namespace

Result<std::unique_ptr<Connection>> connect_postgresql(const std::string& url, const Secret<std::string>& password,
                                                       Role role) {
  std::string full = url;
  const auto option = [&full](std::string_view name, std::string_view value) {
    full += fmt::format("{}{}={}", full.find('?') == std::string::npos ? '?' : '&', name, value);
  };
  option("connect_timeout", "10");
  option("application_name", "zhida");
  if (!password.reveal().empty()) option("password", percent_encoded(password.reveal()));
  auto connection = std::make_unique<PostgresqlConnection>(std::move(full), role);
  CHECK_OK(connection->connect());
  return std::unique_ptr<Connection>(std::move(connection));
}

}  // namespace zhida::storage
