#include "adapter_api/transports/table_exchange.h"

#include <algorithm>
#include <set>
#include <thread>

#include <sys/stat.h>

#include "adapter_api/transports/days.h"
#include "adapter_api/transports/paged_http.h"
#include "base/json.h"

namespace zhida::transports {
namespace {

using storage::Row;
using storage::Rows;
using storage::Transaction;

constexpr int kSettleLooksMax = 50;
constexpr auto kSettlePause = std::chrono::milliseconds(200);

// Where reading stopped: the last row's place, and how many rows stood at or before it.
struct Position {
  std::string watermark;
  std::int64_t sequence = 0;
  std::int64_t rows = 0;

  std::string text() const { return Json{{"watermark", watermark}, {"sequence", sequence}, {"rows", rows}}.dump(); }
  static std::optional<Position> of(const std::string& text) {
    const auto json = parse_json(text);
    if (!json) return std::nullopt;
    const auto watermark = get_string(json.value(), "watermark");
    const auto sequence = get_int(json.value(), "sequence");
    const auto rows = get_int(json.value(), "rows");
    if (!watermark || !sequence || !rows) return std::nullopt;
    return Position{watermark.value(), sequence.value(), rows.value()};
  }
};

// A name of ours in SQL. They come from an adapter's own code, not from outside; quoting is for reserved words.
std::string sql_name(std::string_view name) {
  return "\"" + std::string(name) + "\"";
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0;;) {
    const auto comma = text.find(',', at);
    parts.push_back(text.substr(at, comma - at));
    if (comma == std::string::npos) return parts;
    at = comma + 1;
  }
}

// How the table stands at one moment, seen from a position.
struct Look {
  std::int64_t rows = 0;          // In the whole table.
  std::int64_t up_to_cursor = 0;  // At or before the position.
  bool cursor_row_there = false;
  std::int64_t least_sequence = 0, greatest_sequence = 0;
  std::int64_t not_inserted = 0;  // Rows whose flag is another than "inserted".
  friend bool operator==(const Look&, const Look&) = default;
};

class TableReader {
 public:
  TableReader(storage::Database& database, const ExchangeTable& table) : database_(database), table_(table) {
    watermark_ = "CAST(" + sql_name(table.watermark_column) + " AS TEXT)";
    sequence_ = "CAST(" + sql_name(table.sequence_column) + " AS BIGINT)";
    select_ = "SELECT " + watermark_ + ", " + sequence_ + ", ";
    select_ += table.flag_column.empty() ? "'i'" : "CAST(" + sql_name(table.flag_column) + " AS TEXT)";
    letters_ = "tit";
    for (const auto& column : table.columns) {
      select_ += ", CAST(" + sql_name(column) + " AS TEXT)";
      letters_ += 't';
    }
    from_ = " FROM " + sql_name(table.table);
    order_ = " ORDER BY " + watermark_ + ", " + sequence_;
  }

  // Rows after a position, in the order of writing.
  Result<Rows> rows_after(const Position& position, std::int64_t limit) {
    const auto sql = select_ + from_ + " WHERE (" + watermark_ + " > ? OR (" + watermark_ + " = ? AND " + sequence_ +
                     " > ?))" + order_ + " LIMIT ?";
    return read(sql, {position.watermark, position.watermark, position.sequence, limit}, letters_);
  }

  Result<Rows> all_rows() { return read(select_ + from_ + order_, {}, letters_); }

  Result<Look> look(const Position& position) {
    const std::string before = "(" + watermark_ + " < ? OR (" + watermark_ + " = ? AND " + sequence_ + " <= ?))";
    const std::string here = "(" + watermark_ + " = ? AND " + sequence_ + " = ?)";
    const std::string inserted = table_.flag_column.empty()
                                     ? "1 = 1"
                                     : "LOWER(CAST(" + sql_name(table_.flag_column) + " AS TEXT)) IN ('i', '1')";
    const std::string count = "CAST(COALESCE(SUM(CASE WHEN ";
    const auto rows = TRY(read(
        "SELECT COUNT(*), " + count + before + " THEN 1 ELSE 0 END), 0) AS BIGINT), " + count + here +
            " THEN 1 ELSE 0 END), 0) AS BIGINT), COALESCE(MIN(" + sequence_ + "), 0), COALESCE(MAX(" + sequence_ +
            "), 0), " + count + inserted + " THEN 0 ELSE 1 END), 0) AS BIGINT)" + from_,
        {position.watermark, position.watermark, position.sequence, position.watermark, position.sequence}, "iiiiii"));
    const Row& row = rows.front();
    return Look{row.integer(0), row.integer(1), row.integer(2) > 0, row.integer(3), row.integer(4), row.integer(5)};
  }

  // Every row whose code is this firm's, however it is spelled; in the order of writing.
  Result<Rows> rows_of_firm(const std::string& uscc) {
    const auto codes = TRY(read("SELECT DISTINCT CAST(" + sql_name(table_.uscc_column) + " AS TEXT)" + from_, {}, "t"));
    Rows found;
    for (const auto& code : codes) {
      if (code.is_null(0) || code_form(code.text(0)) != code_form(uscc)) continue;
      const auto sql = select_ + from_ + " WHERE CAST(" + sql_name(table_.uscc_column) + " AS TEXT) = ?" + order_;
      for (auto& row : TRY(read(sql, {code.text(0)}, letters_))) found.push_back(std::move(row));
    }
    std::stable_sort(found.begin(), found.end(), [](const Row& left, const Row& right) {
      return std::pair(left.text_or(0, ""), left.integer_or(1, 0)) <
             std::pair(right.text_or(0, ""), right.integer_or(1, 0));
    });
    return found;
  }

  void add(const Row& row, SourceBatch& batch) const {
    SourceRecord record;
    record.source = batch.source;
    record.record_type = table_.record_type;
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
      const auto cell = i + 3;
      record.columns[table_.columns[i]] = row.is_null(cell) ? std::nullopt : std::optional(row.text(cell));
    }
    for (const auto& column : split(table_.key_column)) {
      const auto part = trimmed_cell(record.columns, column);
      if (!record.key.empty()) record.key += '-';
      record.key += part;
    }
    Json body = Json::object();
    for (const auto& [name, value] : record.columns) body[name] = value ? Json(*value) : Json(nullptr);
    const auto flag = row.text_or(2, "");
    body[table_.watermark_column] = row.text_or(0, "");
    body[table_.sequence_column] = row.integer_or(1, 0);
    if (!table_.flag_column.empty()) body[table_.flag_column] = flag;
    record.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
    record.position = static_cast<std::int64_t>(batch.records.size() + batch.unreadable.size()) + 1;
    record.as_of = read_day(row.text_or(0, ""));

    const auto change = change_of(flag);
    const bool keyless = record.key.find_first_not_of('-') == std::string::npos;
    if (!change || keyless) {
      batch.unreadable.push_back({table_.record_type, record.position, record.body,
                                  keyless ? "key_missing" : "change_flag_unknown",
                                  keyless ? "The row has no " + table_.key_column + "."
                                          : "The change flag \"" + flag + "\" is none of i, u, d, 1, 2, 3."});
      return;
    }
    record.change = *change;
    batch.records.push_back(std::move(record));
  }

  static Position position_of(const Row& row) { return Position{row.text_or(0, ""), row.integer_or(1, 0), 0}; }

 private:
  static std::optional<Change> change_of(const std::string& flag) {
    const auto code = code_form(flag);
    if (code == "I" || code == "1" || code == "U" || code == "2") return Change::upsert;
    if (code == "D" || code == "3") return Change::withdraw;
    return std::nullopt;
  }

  Result<Rows> read(const std::string& sql, const storage::Values& values, const std::string& letters) {
    Rows rows;
    const auto done = database_.read([&](Transaction& transaction) -> Result<void> {
      rows = TRY(transaction.query(sql, values, letters));
      return ok();
    });
    // A table that is just being made anew is not there for a moment: the world may change, so it is tried again.
    if (!done)
      return retry("source_unreachable", "The table " + table_.table + " cannot be read: " + done.error().message);
    return rows;
  }

  storage::Database& database_;
  const ExchangeTable& table_;
  std::string watermark_, sequence_, select_, from_, order_, letters_;
};

// Refilled without notice? The row at which we stopped has gone, nothing from before it is left, and either the
// sequences start again or there are about as many fresh inserts as there were rows. A clean-up by the other side also
// takes old rows away, but then sequences go on and only a few rows are new.
bool was_reloaded(const Look& look, const Position& position) {
  if (look.cursor_row_there || look.rows == 0) return false;
  const bool restarted = look.least_sequence <= position.sequence;
  const bool all_new = look.up_to_cursor == 0 && look.not_inserted == 0 && 2 * look.rows >= position.rows;
  return restarted || all_new;
}

}  // namespace

Result<std::unique_ptr<TableExchange>> TableExchange::open(const std::string& url, Secret<std::string> password) {
  constexpr std::string_view kSqlite = "sqlite://";
  if (url.starts_with(kSqlite)) {
    // Opening would make an empty database where the other side has not put one yet.
    const auto path = url.substr(kSqlite.size());
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode))
      return retry("source_unreachable", "There is no front-end database at " + path + ".");
  }
  auto database = storage::Database::open({.url = url, .password = std::move(password), .readers = 1});
  if (!database)
    return retry("source_unreachable", "The front-end database cannot be opened: " + database.error().message);
  return std::unique_ptr<TableExchange>(new TableExchange(std::move(database.value())));
}

Result<std::int64_t> TableExchange::count(const std::string& table) {
  const auto rows = TRY(query("SELECT COUNT(*) FROM " + sql_name(table), {}, "i"));
  return rows.front().integer(0);
}

Result<Rows> TableExchange::query(std::string_view sql, const storage::Values& values, std::string_view columns) {
  Rows rows;
  const auto done = database_->read([&](Transaction& transaction) -> Result<void> {
    rows = TRY(transaction.query(sql, values, columns));
    return ok();
  });
  if (!done) return retry("source_unreachable", "The front-end database cannot be read: " + done.error().message);
  return rows;
}

Result<void> TableExchange::pull(AdapterContext& context, Delivery& delivery, const std::string& source,
                                 const ExchangeTable& table, const PullRequest& request, int batch_rows) {
  TableReader reader(*database_, table);
  const auto hand_over = [&](SourceBatch batch, const std::string& prefix) -> Result<void> {
    batch.batch_id = digest_batch_id(prefix, batch, context.clock().today());
    for (const auto& [stream, position] : batch.cursors) batch.batch_id += "@" + position;
    CHECK_OK(delivery.hand_over(std::move(batch)));
    return ok();
  };
  const auto new_batch = [&] {
    SourceBatch batch;
    batch.source = source;
    batch.origin = "table " + table.table;
    batch.trace_id = new_trace_id();
    batch.received_at = context.clock().now();
    return batch;
  };

  if (!request.uscc.empty()) {
    if (table.uscc_column.empty()) return ok();
    const auto rows = TRY(reader.rows_of_firm(request.uscc));
    auto batch = new_batch();
    for (const auto& row : rows) reader.add(row, batch);
    // Only the last word about each row counts.
    std::set<std::string> told;
    std::vector<SourceRecord> latest;
    for (auto record = batch.records.rbegin(); record != batch.records.rend(); ++record)
      if (told.insert(record->key).second) latest.push_back(std::move(*record));
    std::reverse(latest.begin(), latest.end());
    batch.records = std::move(latest);
    return hand_over(std::move(batch), "firm");
  }

  const auto& stream = table.record_type;
  Position position;
  if (!request.ignore_cursor) {
    if (const auto text = TRY(context.cursor(stream))) position = Position::of(*text).value_or(Position{});
  }

  if (position.rows > 0) {
    auto look = TRY(reader.look(position));
    if (was_reloaded(look, position)) {
      // A refill may still be going on. A list that is cut off would withdraw rows that are merely not there yet.
      for (int looks = 1;; ++looks) {
        if (context.stopping()) return ok();
        std::this_thread::sleep_for(kSettlePause);
        const auto again = TRY(reader.look(position));
        if (again == look) break;
        look = again;
        if (looks >= kSettleLooksMax)
          return retry("source_busy", "The table " + table.table + " is being refilled and does not come to rest.");
      }
      if (2 * look.rows < position.rows) {
        return retry("source_shrunk", "The table " + table.table + " was refilled with " + std::to_string(look.rows) +
                                          " rows where " + std::to_string(position.rows) +
                                          " had been read; it is not taken for the whole list. Ask the other side.");
      }
      context.log().warning("A table was refilled without notice; it is read whole.",
                            {{"source", source}, {"table", table.table}, {"rows", std::to_string(look.rows)}});
      const auto rows = TRY(reader.all_rows());
      auto batch = new_batch();
      for (const auto& row : rows) reader.add(row, batch);
      batch.complete_for = {table.record_type};
      auto end = TableReader::position_of(rows.back());
      end.rows = static_cast<std::int64_t>(rows.size());
      batch.cursors[stream] = end.text();
      return hand_over(std::move(batch), "reload");
    }
    if (look.up_to_cursor > position.rows) {
      // Rows became visible behind the place where we stopped: read again from the start; what is known is dropped.
      context.log().info("Rows appeared behind the watermark; the table is read again.",
                         {{"source", source}, {"table", table.table}});
      position = Position{};
    } else {
      position.rows = look.up_to_cursor;
    }
  }

  for (;;) {
    if (context.stopping()) return ok();
    const auto rows = TRY(reader.rows_after(position, batch_rows));
    if (rows.empty()) return ok();
    auto batch = new_batch();
    for (const auto& row : rows) reader.add(row, batch);
    auto end = TableReader::position_of(rows.back());
    end.rows = position.rows + static_cast<std::int64_t>(rows.size());
    batch.cursors[stream] = end.text();
    CHECK_OK(hand_over(std::move(batch), "rows"));
    position = end;
    if (rows.size() < static_cast<std::size_t>(batch_rows)) return ok();
  }
}

}  // namespace zhida::transports
