// sim_market_supervision: the bureau's side of a front-end database. Writes rows when their time comes; now and then it
// empties its tables and writes everything again, without telling anybody.
#include "adapters/simulator_kit/simulator.h"

#include "adapters/simulator_kit/gateway.h"
#include "adapters/town/world.h"
#include "base/json.h"
#include "platform/storage/database.h"

namespace {

using namespace zhida;

struct Table {
  const char* name;
  const char* record_type;
};
constexpr Table kTables[] = {{"reg_info", "market_supervision.registration"},
                             {"annual_report", "market_supervision.annual_report"},
                             {"abnormal_list", "market_supervision.abnormal_list"},
                             {"serious_list", "market_supervision.serious_list"},
                             {"list_coverage", "market_supervision.list_coverage"}};

std::string time_text(Instant moment) {
  const std::string rfc = to_rfc3339(moment);
  return rfc.substr(0, 10) + " " + rfc.substr(11, 8);
}

class Bureau {
 public:
  Bureau(simulator::Simulation& simulation, town::World world, std::unique_ptr<storage::Database> database,
         std::unique_ptr<simulator::OnceFaults> once)
      : simulation_(simulation), world_(std::move(world)), database_(std::move(database)), once_(std::move(once)) {}

  Result<void> make_tables() {
    return database_->write([&](storage::Transaction& transaction) -> Result<void> {
      for (const auto& table : kTables) {
        std::string sql = std::string("CREATE TABLE IF NOT EXISTS ") + table.name + " (";
        for (const auto& column : TRY(world_.columns(table.record_type))) sql += "\"" + column + "\" TEXT, ";
        (void)TRY(transaction.execute(sql + "opflag TEXT, load_time TEXT NOT NULL, seq BIGINT NOT NULL)"));
      }
      (void)TRY(transaction.execute(
          "CREATE TABLE IF NOT EXISTS bureau_state (name TEXT PRIMARY KEY, position BIGINT NOT NULL)"));
      return ok();
    });
  }

  Result<void> work() {
    const Instant now = simulation_.clock().now();
    for (const auto& table : kTables) {
      CHECK_OK(write_news(table, now));
    }
    if (!simulation_.demo_faults()) return ok();
    for (const auto& fault : TRY(world_.faults("market_supervision")))
      if (fault.kind == "full_reload" && fault.at <= now && once_->happens_now("full_reload")) {
        for (const auto& table : kTables) {
          CHECK_OK(reload(table, now));
        }
      }
    return ok();
  }

 private:
  Result<std::int64_t> position(storage::Transaction& transaction, const char* table) {
    const auto rows =
        TRY(transaction.query("SELECT position FROM bureau_state WHERE name = ?", {std::string(table)}, "i"));
    return rows.empty() ? 0 : rows.front().integer(0);
  }

  Result<void> insert(storage::Transaction& transaction, const Table& table, const town::Row& row,
                      const std::string& flag, const std::string& load_time, std::int64_t seq) {
    std::string names, marks;
    storage::Values values;
    for (const auto& [column, cell] : row.columns) {
      names += "\"" + column + "\", ";
      marks += "?, ";
      if (cell) {
        values.emplace_back(*cell);
      } else {
        values.emplace_back(nullptr);
      }
    }
    values.emplace_back(flag);
    values.emplace_back(load_time);
    values.emplace_back(seq);
    (void)TRY(transaction.execute(std::string("INSERT INTO ") + table.name + " (" + names +
                                      "opflag, load_time, seq) VALUES (" + marks + "?, ?, ?)",
                                  values));
    return ok();
  }

  Result<void> write_news(const Table& table, Instant now) {
    for (;;) {
      bool more = false;
      CHECK_OK(database_->write([&](storage::Transaction& transaction) -> Result<void> {
        town::RowQuery query;
        query.record_type = table.record_type;
        query.as_of = now;
        query.after_sequence = TRY(position(transaction, table.name));
        query.all_versions = true;
        query.limit = 2000;
        const auto rows = TRY(world_.rows(query));
        if (rows.empty()) return ok();
        more = rows.size() == 2000;
        const auto last =
            TRY(transaction.query(std::string("SELECT COALESCE(MAX(seq), 0) FROM ") + table.name, {}, "i"))
                .front()
                .integer(0);
        std::int64_t seq = last;
        for (const auto& row : rows) {
          CHECK_OK(insert(transaction, table, row, row.flag, time_text(row.appears_at), ++seq));
        }
        (void)TRY(
            transaction.execute("INSERT INTO bureau_state (name, position) VALUES (?, ?) ON CONFLICT (name) DO UPDATE "
                                "SET position = excluded.position",
                                {std::string(table.name), rows.back().sequence}));
        return ok();
      }));
      if (!more) return ok();
    }
  }

  /// Every current row comes again, as freshly inserted; what was deleted is simply not there any more.
  Result<void> reload(const Table& table, Instant now) {
    return database_->write([&](storage::Transaction& transaction) -> Result<void> {
      (void)TRY(transaction.execute(std::string("DELETE FROM ") + table.name));
      std::int64_t seq = 0;
      town::RowQuery query;
      query.record_type = table.record_type;
      query.as_of = now;
      query.limit = 2000;
      for (;; query.offset += query.limit) {
        const auto rows = TRY(world_.rows(query));
        for (const auto& row : rows) {
          if (row.withdrawn) continue;
          CHECK_OK(insert(transaction, table, row, "i", time_text(now), ++seq));
        }
        if (static_cast<std::int64_t>(rows.size()) < query.limit) return ok();
      }
    });
  }

  simulator::Simulation& simulation_;
  town::World world_;
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<simulator::OnceFaults> once_;
};

Result<void> serve(simulator::Simulation& simulation) {
  const auto& arguments = simulation.arguments();
  const auto given = arguments.own.find("database");
  const std::string url = given == arguments.own.end() ? "sqlite://" + arguments.state + "/front.db" : given->second;
  Bureau bureau(simulation, TRY(town::World::open(arguments.world)),
                TRY(storage::Database::open({.url = url, .password = {}, .readers = 1})),
                TRY(simulator::OnceFaults::open(arguments.state + "/once.jsonl")));
  CHECK_OK(bureau.make_tables());
  CHECK_OK(bureau.work());
  simulation.ready(0);
  Instant seen{};
  while (!simulation.wait(50ms)) {
    if (simulation.mood().absent || simulation.clock().now() == seen) continue;
    seen = simulation.clock().now();
    CHECK_OK(bureau.work());
  }
  return ok();
}

}  // namespace

int main(int argc, char** argv) {
  return zhida::simulator::run(argc, argv, "sim_market_supervision", {"database"}, serve);
}
