#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <iostream>

#include "database_contract.h"

using namespace zhida;
using namespace zhida::storage;

namespace {

/// One server for all tests of this program, each with a database of its own.
struct Server {
  static inline std::unique_ptr<test::ScratchServer> running;
  Server() {
    if (test::ScratchServer::available())
      running = std::make_unique<test::ScratchServer>();
    else
      std::cout << "SKIPPED: PostgreSQL is not installed.\n";
  }
  ~Server() { running.reset(); }
};

boost::test_tools::assertion_result postgresql(boost::unit_test::test_unit_id) {
  return test::ScratchServer::available();
}

struct Contract {
  const char* name;
  void (*check)(Database&);
};
std::ostream& operator<<(std::ostream& out, const Contract& contract) {
  return out << contract.name;
}

const Contract kContract[] = {
    {"values come back exactly", test::check_values_come_back_exactly},
    {"refusals have stable codes", test::check_refusals_have_stable_codes},
    {"a failed write leaves nothing", test::check_a_failed_write_leaves_nothing},
    {"savepoints undo only their own work", test::check_savepoints_undo_only_their_own_work},
    {"readers see one committed state", test::check_readers_see_one_committed_state},
    {"insert gives the generated key", test::check_insert_gives_the_generated_key},
    {"writers take turns", test::check_writers_take_turns},
    {"migrations run once and only forward", test::check_migrations_run_once_and_only_forward},
};

/// Every table and column, `table.column`, in order.
Result<std::vector<std::string>> columns_of(Database& database) {
  const auto* const sql = database.dialect() == Dialect::sqlite
                              ? "SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c "
                                "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
                              : "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE "
                                "table_schema = 'public'";
  std::vector<std::string> names;
  CHECK_OK(database.read([&](Transaction& t) -> Result<void> {
    for (const auto& row : TRY(t.query(sql, {}, "tt"))) names.push_back(row.text(0) + "." + row.text(1));
    return ok();
  }));
  std::ranges::sort(names);
  return names;
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Server);

BOOST_TEST_DECORATOR(*boost::unit_test::precondition(postgresql))
BOOST_DATA_TEST_CASE(postgresql_keeps_the_contract, boost::unit_test::data::make(kContract), contract) {
  test::ScratchDatabase database(*Server::running);
  test::make_tables(*database);
  contract.check(*database);
}

BOOST_AUTO_TEST_CASE(a_server_that_died_is_lost_and_then_found_again, *boost::unit_test::precondition(postgresql)) {
  test::ScratchDatabase database(*Server::running);
  test::make_tables(*database);
  const auto add = [&] {
    return database->write([](Transaction& t) -> Result<void> {
      CHECK_OK(t.execute("INSERT INTO thing (name) VALUES (NULL)"));
      return ok();
    });
  };
  BOOST_TEST(add().has_value());
  const auto cut = database->write([](Transaction& t) -> Result<void> {
    Server::running->kill();
    CHECK_OK(t.execute("INSERT INTO thing (name) VALUES (NULL)"));
    return ok();
  });
  BOOST_TEST(cut.error().code == "storage_lost");
  BOOST_TEST((cut.error().fate == Fate::retry));
  BOOST_TEST(add().error().code == "storage_lost");
  Server::running->start();
  BOOST_TEST(add().has_value());
}

BOOST_AUTO_TEST_CASE(every_migration_makes_the_same_tables_in_both_dialects,
                     *boost::unit_test::precondition(postgresql)) {
  test::ScratchDatabase file;
  test::ScratchDatabase server(*Server::running);
  file.migrated();
  server.migrated();
  const auto left = columns_of(*file).value();
  const auto right = columns_of(*server).value();
  BOOST_TEST(left == right, boost::test_tools::per_element());
  BOOST_TEST(migrate(*server).value().empty());
}
