#include "adapters/town/world.h"

#include "adapters/town/sqlite_file.h"
#include "adapters/town/tables.h"

namespace zhida::town {

namespace {

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t from = 0; from < text.size();) {
    const auto comma = std::min(text.find(',', from), text.size());
    words.push_back(text.substr(from, comma - from));
    from = comma + 1;
  }
  return words;
}

/// The WHERE clause of a query; bind_filter() gives its values in the same order.
std::string filter(const RowQuery& query) {
  std::string where = " WHERE _appears_at <= ?";
  if (!query.all_versions) where += " AND (_replaced_at IS NULL OR _replaced_at > ?)";
  if (query.after) where += " AND _appears_at > ?";
  if (query.after_sequence > 0) where += " AND _sequence > ?";
  if (!query.uscc.empty()) where += " AND _uscc = ?";
  if (!query.batch.empty()) where += " AND _batch = ?";
  return where;
}

void bind_filter(Statement& statement, const RowQuery& query) {
  statement.bind(to_millis(query.as_of));
  if (!query.all_versions) statement.bind(to_millis(query.as_of));
  if (query.after) statement.bind(to_millis(*query.after));
  if (query.after_sequence > 0) statement.bind(query.after_sequence);
  if (!query.uscc.empty()) statement.bind(std::string_view(query.uscc));
  if (!query.batch.empty()) statement.bind(std::string_view(query.batch));
}

Result<const Table*> known_table(const std::string& record_type) {
  if (const Table* table = find_table(record_type)) return table;
  return refuse("record_type_unknown", "The town has no rows of type " + record_type + ".");
}

constexpr const char* kPersonColumns =
    "SELECT uscc, phone, behaviour, answers_after_days, account_name, account_no, bank_name, bank_no, "
    "wrong_account_name, "
    "wrong_account_no FROM person WHERE ";

std::optional<Person> read_person(Statement& statement) {
  if (!statement.step()) return std::nullopt;
  Person person;
  person.uscc = statement.text(0);
  person.phone = statement.text(1);
  person.behaviour = static_cast<Behaviour>(statement.integer(2));
  person.answers_after_days = static_cast<int>(statement.integer(3));
  person.account_name = statement.text(4);
  person.account_no = statement.text(5);
  person.bank_name = statement.text(6);
  person.bank_no = statement.text(7);
  person.wrong_account_name = statement.text(8);
  person.wrong_account_no = statement.text(9);
  return person;
}

}  // namespace

const char* to_text(Behaviour behaviour) {
  switch (behaviour) {
    case Behaviour::prompt:
      return "prompt";
    case Behaviour::late:
      return "late";
    case Behaviour::refuses:
      return "refuses";
    case Behaviour::wrong_account_first:
      return "wrong_account_first";
    case Behaviour::silent:
      break;
  }
  return "silent";
}

struct World::State {
  explicit State(SqliteFile opened) : file(std::move(opened)) {}
  SqliteFile file;
};

World::World(std::unique_ptr<State> state) : state_(std::move(state)) {}
World::World(World&&) noexcept = default;
World& World::operator=(World&&) noexcept = default;
World::~World() = default;

Result<World> World::open(const std::string& path) {
  World world(std::make_unique<State>(TRY(SqliteFile::open_to_read(path))));
  TRY(world.setting("seed"));
  return world;
}

Result<std::vector<Row>> World::rows(const RowQuery& query) const {
  const Table& table = *TRY(known_table(query.record_type));
  std::string cells;
  for (const std::string& column : table.columns) cells += ", " + sql_name(column);
  auto statement = TRY(state_->file.prepare(
      "SELECT _sequence, _key, _uscc, _appears_at, _withdrawn, _flag, _batch, _faults" + cells + " FROM " +
      sql_name(table.record_type) + filter(query) + " ORDER BY _sequence LIMIT ? OFFSET ?"));
  bind_filter(statement, query);
  statement.bind(query.limit).bind(query.offset);
  std::vector<Row> rows;
  while (statement.step()) {
    Row& row = rows.emplace_back();
    row.sequence = statement.integer(0);
    row.key = statement.text(1);
    row.uscc = statement.text(2);
    row.appears_at = from_millis(statement.integer(3));
    row.withdrawn = statement.integer(4) != 0;
    row.flag = statement.text(5);
    row.batch = statement.text(6);
    row.faults = split(statement.text(7));
    int column = 8;
    for (const std::string& name : table.columns) row.columns[name] = statement.nullable(column++);
  }
  return rows;
}

Result<std::int64_t> World::count(const RowQuery& query) const {
  const Table& table = *TRY(known_table(query.record_type));
  auto statement = TRY(state_->file.prepare("SELECT count(*) FROM " + sql_name(table.record_type) + filter(query)));
  bind_filter(statement, query);
  return statement.step() ? statement.integer(0) : 0;
}

Result<std::vector<Delivery>> World::deliveries(const std::string& system, Instant as_of,
                                                std::int64_t after_sequence) const {
  auto statement =
      TRY(state_->file.prepare("SELECT sequence, id, system, record_type, record_types, appears_at, dated, encoding, "
                               "rows, declared_rows, fault FROM delivery "
                               "WHERE system = ? AND appears_at <= ? AND sequence > ? ORDER BY sequence"));
  statement.bind(std::string_view(system)).bind(to_millis(as_of)).bind(after_sequence);
  std::vector<Delivery> deliveries;
  while (statement.step()) {
    Delivery& delivery = deliveries.emplace_back();
    delivery.sequence = statement.integer(0);
    delivery.id = statement.text(1);
    delivery.system = statement.text(2);
    delivery.record_type = statement.text(3);
    delivery.record_types = split(statement.text(4));
    delivery.appears_at = from_millis(statement.integer(5));
    delivery.dated = TRY(Date::parse(statement.text(6)));
    delivery.encoding = statement.text(7);
    delivery.rows = statement.integer(8);
    delivery.declared_rows = statement.integer(9);
    delivery.fault = statement.text(10);
  }
  return deliveries;
}

Result<std::vector<Fault>> World::faults(const std::string& system) const {
  auto statement =
      TRY(state_->file.prepare("SELECT kind, system, record_type, key, uscc, expect, code, detail, at FROM fault WHERE "
                               "? IN ('', system) ORDER BY id"));
  statement.bind(std::string_view(system));
  std::vector<Fault> faults;
  while (statement.step()) {
    faults.push_back(Fault{statement.text(0), statement.text(1), statement.text(2), statement.text(3),
                           statement.text(4), statement.text(5), statement.text(6), statement.text(7),
                           from_millis(statement.integer(8))});
  }
  return faults;
}

Result<std::vector<std::string>> World::record_types() const {
  std::vector<std::string> names;
  for (const Table& table : tables()) names.push_back(table.record_type);
  return names;
}

Result<std::vector<std::string>> World::columns(const std::string& record_type) const {
  return TRY(known_table(record_type))->columns;
}

Result<std::string> World::setting(const std::string& name) const {
  auto statement = TRY(state_->file.prepare("SELECT value FROM setting WHERE name = ?"));
  statement.bind(std::string_view(name));
  if (statement.step()) return statement.text(0);
  return refuse("world_malformed", "The world file has no setting " + name + "; was it made to the end?");
}

Result<std::vector<std::string>> World::enterprises() const {
  auto statement = TRY(state_->file.prepare("SELECT uscc FROM person ORDER BY rowid"));
  std::vector<std::string> codes;
  while (statement.step()) codes.push_back(statement.text(0));
  return codes;
}

Result<std::optional<Person>> World::person(const std::string& uscc) const {
  auto statement = TRY(state_->file.prepare(std::string(kPersonColumns) + "uscc = ?"));
  statement.bind(std::string_view(uscc));
  return read_person(statement);
}

Result<std::optional<Person>> World::account_holder(const std::string& account_no) const {
  auto statement = TRY(state_->file.prepare(std::string(kPersonColumns) + "account_no = ?"));
  statement.bind(std::string_view(account_no));
  return read_person(statement);
}

}  // namespace zhida::town
