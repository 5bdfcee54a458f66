#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "platform/storage/connection.h"
#include "platform/storage/migrations.h"

namespace zhida::storage {
namespace {

constexpr auto kCreate = "CREATE TABLE IF NOT EXISTS schema_migration (name TEXT PRIMARY KEY, digest TEXT NOT NULL)";

Result<void> check(const Rows& applied, std::span<const Migration> known) {
  for (const auto& row : applied) {
    const auto found = std::ranges::find(known, std::string_view(row.text(0)), &Migration::name);
    if (found == known.end()) {
      return refuse(
          "migration_unknown",
          fmt::format("The database has seen migration {}, which this program does not know: it was used by a "
                      "newer version. Run that version, or restore an older backup.",
                      row.text(0)));
    }
    if (found->digest != row.text(1)) {
      return refuse("migration_changed", fmt::format("Migration {} was changed after it ran here. Migrations only go "
                                                     "forward: undo the change and add a new file.",
                                                     row.text(0)));
    }
  }
  return ok();
}

/// Another process may run the same migrations at this moment: what is applied is read again inside each transaction.
Result<bool> run_one(Transaction& transaction, const Migration& migration, std::span<const Migration> known) {
  auto& connection = static_cast<Connection&>(transaction);  // Every Transaction that a Database lends is one.
  CHECK_OK(check(TRY(transaction.query("SELECT name, digest FROM schema_migration", {}, "tt")), known));
  const auto seen =
      TRY(transaction.query("SELECT name FROM schema_migration WHERE name = ?", {std::string(migration.name)}, "t"));
  if (!seen.empty()) return false;
  auto done = connection.run_script(migration.script);
  if (!done) {
    auto error = std::move(done).error();
    error.message = fmt::format("Migration {}: {}", migration.name, error.message);
    return error;
  }
  CHECK_OK(transaction.execute("INSERT INTO schema_migration (name, digest) VALUES (?, ?)",
                               {std::string(migration.name), std::string(migration.digest)}));
  return true;
}

}  // namespace

Result<std::vector<std::string>> migrate(Database& database, std::span<const Migration> known) {
  CHECK_OK(database.write([&](Transaction& transaction) -> Result<void> {
    CHECK_OK(transaction.execute(kCreate));
    return check(TRY(transaction.query("SELECT name, digest FROM schema_migration", {}, "tt")), known);
  }));
  std::vector<std::string> ran;
  for (const auto& migration : known) {
    bool did = false;
    CHECK_OK(database.write([&](Transaction& transaction) -> Result<void> {
      did = TRY(run_one(transaction, migration, known));
      return ok();
    }));
    if (did) ran.emplace_back(migration.name);
  }
  return ran;
}

Result<std::vector<std::string>> migrate(Database& database) {
  return migrate(database, migrations(database.dialect()));
}

}  // namespace zhida::storage
