#include "adapters/town/world_writer.h"

#include "adapters/town/sqlite_file.h"
#include "adapters/town/tables.h"
#include "base/json.h"

namespace zhida::town {

namespace {

constexpr const char* kSchema = R"sql(
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE delivery (sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, system TEXT NOT NULL, record_type TEXT NOT NULL,
  record_types TEXT NOT NULL, appears_at INTEGER NOT NULL, dated TEXT NOT NULL, encoding TEXT NOT NULL, rows INTEGER NOT NULL,
  declared_rows INTEGER NOT NULL, fault TEXT NOT NULL);
CREATE TABLE fault (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, system TEXT NOT NULL, record_type TEXT NOT NULL, key TEXT NOT NULL,
  uscc TEXT NOT NULL, expect TEXT NOT NULL, code TEXT NOT NULL, detail TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE person (uscc TEXT PRIMARY KEY, phone TEXT NOT NULL, behaviour INTEGER NOT NULL, answers_after_days INTEGER NOT NULL,
  account_name TEXT NOT NULL, account_no TEXT NOT NULL, bank_name TEXT NOT NULL, bank_no TEXT NOT NULL,
  wrong_account_name TEXT NOT NULL, wrong_account_no TEXT NOT NULL);
CREATE INDEX person_account ON person (account_no);
)sql";

std::string cells_of(const Table& table) {
  std::string text;
  for (const std::string& column : table.columns) text += ", " + sql_name(column);
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

// The scheduling columns begin with an underscore, so that they never meet a column of a source.
constexpr const char* kScheduling = "_key, _uscc, _appears_at, _withdrawn, _flag, _batch, _faults";

}  // namespace

struct WorldWriter::State {
  explicit State(SqliteFile opened) : file(std::move(opened)) {}

  SqliteFile file;
  std::map<std::string, Statement> row_inserts;
  Statement delivery_insert, fault_insert, person_insert, setting_insert;
  bool failed = false;
  std::string failure;

  void finish_insert(Statement& statement) {
    statement.step();
    if (!statement.reset() && !failed) {
      failed = true;
      failure = file.last_error();
    }
  }
};

WorldWriter::WorldWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
WorldWriter::WorldWriter(WorldWriter&&) noexcept = default;
WorldWriter::~WorldWriter() = default;

Result<WorldWriter> WorldWriter::create(const std::string& path) {
  auto state = std::make_unique<State>(TRY(SqliteFile::create(path)));
  CHECK_OK(state->file.run(kSchema));
  for (const Table& table : tables()) {
    // Rows wait in a heap until all are there; finish() sorts them.
    CHECK_OK(state->file.run("CREATE TEMP TABLE " + sql_name("new." + table.record_type) + " (" + kScheduling +
                             cells_of(table) + ")"));
    std::string marks = "?1, ?2, ?3, ?4, ?5, ?6, ?7";
    for (std::size_t i = 0; i < table.columns.size(); ++i) marks += ", ?" + std::to_string(i + 8);
    state->row_inserts.emplace(table.record_type,
                               TRY(state->file.prepare("INSERT INTO temp." + sql_name("new." + table.record_type) +
                                                       " VALUES (" + marks + ")")));
  }
  state->delivery_insert = TRY(state->file.prepare("INSERT INTO delivery VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  state->fault_insert = TRY(state->file.prepare("INSERT INTO fault VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  state->person_insert = TRY(state->file.prepare("INSERT INTO person VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  state->setting_insert = TRY(state->file.prepare("INSERT INTO setting VALUES (?, ?)"));
  CHECK_OK(state->file.run("BEGIN"));
  return WorldWriter(std::move(state));
}

void WorldWriter::add_row(const std::string& record_type, const Row& row) {
  Statement& insert = state_->row_inserts.at(record_type);
  insert.bind(row.key).bind(row.uscc).bind(to_millis(row.appears_at)).bind(std::int64_t{row.withdrawn});
  insert.bind(row.flag).bind(row.batch).bind(joined(row.faults));
  for (const std::string& column : find_table(record_type)->columns) {
    const auto cell = row.columns.find(column);
    insert.bind_nullable(cell == row.columns.end() ? std::optional<std::string>() : cell->second);
  }
  state_->finish_insert(insert);
}

void WorldWriter::add_delivery(const Delivery& delivery) {
  state_->delivery_insert.bind(delivery.id)
      .bind(delivery.system)
      .bind(delivery.record_type)
      .bind(joined(delivery.record_types));
  state_->delivery_insert.bind(to_millis(delivery.appears_at)).bind(delivery.dated.to_string()).bind(delivery.encoding);
  state_->delivery_insert.bind(delivery.rows).bind(delivery.declared_rows).bind(delivery.fault);
  state_->finish_insert(state_->delivery_insert);
}

void WorldWriter::add_fault(const Fault& fault) {
  state_->fault_insert.bind(fault.kind).bind(fault.system).bind(fault.record_type).bind(fault.key).bind(fault.uscc);
  state_->fault_insert.bind(fault.expect).bind(fault.code).bind(fault.detail).bind(to_millis(fault.at));
  state_->finish_insert(state_->fault_insert);
}

void WorldWriter::add_person(const Person& person) {
  Statement& insert = state_->person_insert;
  insert.bind(person.uscc).bind(person.phone).bind(static_cast<std::int64_t>(person.behaviour));
  insert.bind(std::int64_t{person.answers_after_days}).bind(person.account_name).bind(person.account_no);
  insert.bind(person.bank_name).bind(person.bank_no).bind(person.wrong_account_name).bind(person.wrong_account_no);
  state_->finish_insert(insert);
}

void WorldWriter::set(const std::string& name, const std::string& value) {
  state_->setting_insert.bind(name).bind(value);
  state_->finish_insert(state_->setting_insert);
}

Result<void> WorldWriter::finish() {
  if (state_->failed)
    return refuse("world_unwritable", "A row of the world file was refused: " + state_->failure + ".");
  for (const Table& table : tables()) {
    const std::string name = sql_name(table.record_type);
    std::string cells;
    for (const std::string& column : table.columns) cells += ", " + sql_name(column) + " TEXT";
    CHECK_OK(state_->file.run(
        "CREATE TABLE " + name +
        " (_sequence INTEGER PRIMARY KEY, _key TEXT NOT NULL, _uscc TEXT NOT NULL, _appears_at INTEGER NOT NULL, "
        "_withdrawn INTEGER NOT NULL, _flag TEXT NOT NULL, _batch TEXT NOT NULL, _faults TEXT NOT NULL, "
        "_replaced_at INTEGER" +
        cells + ")"));
    // A row is the newest of its key until the next one with that key appears.
    CHECK_OK(state_->file.run("INSERT INTO " + name + " SELECT row_number() OVER (ORDER BY _appears_at, rowid), " +
                              kScheduling + ", lead(_appears_at) OVER (PARTITION BY _key ORDER BY _appears_at, rowid)" +
                              cells_of(table) + " FROM temp." + sql_name("new." + table.record_type) +
                              " ORDER BY _appears_at, rowid"));
    CHECK_OK(state_->file.run("DELETE FROM temp." + sql_name("new." + table.record_type)));
    CHECK_OK(state_->file.run("CREATE INDEX " + sql_name(table.record_type + ":uscc") + " ON " + name + " (_uscc)"));
    CHECK_OK(state_->file.run("CREATE INDEX " + sql_name(table.record_type + ":batch") + " ON " + name + " (_batch)"));
    CHECK_OK(
        state_->file.run("CREATE INDEX " + sql_name(table.record_type + ":time") + " ON " + name + " (_appears_at)"));
  }
  return state_->file.run("COMMIT");
}

}  // namespace zhida::town
