#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <sqlite3.h>

#include "database_contract.h"

using namespace zhida;
using namespace zhida::storage;

namespace {

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

Result<void> run(Database& database, std::string_view sql) {
  return database.write([&](Transaction& t) -> Result<void> {
    CHECK_OK(t.execute(sql));
    return ok();
  });
}

}  // namespace

BOOST_DATA_TEST_CASE(sqlite_keeps_the_contract, boost::unit_test::data::make(kContract), contract) {
  test::ScratchDatabase database;
  test::make_tables(*database);
  contract.check(*database);
}

BOOST_AUTO_TEST_CASE(sqlite_is_opened_durable_and_strict) {
  test::ScratchDatabase database;
  const auto checked = database->write([](Transaction& t) -> Result<void> {
    BOOST_TEST(TRY(t.query("PRAGMA journal_mode", {}, "t")).front().text(0) == "wal");
    BOOST_TEST(TRY(t.query("PRAGMA synchronous", {}, "i")).front().integer(0) == 2);  // FULL
    BOOST_TEST(TRY(t.query("PRAGMA foreign_keys", {}, "i")).front().integer(0) == 1);
    BOOST_TEST(TRY(t.query("PRAGMA busy_timeout", {}, "i")).front().integer(0) == 5000);
    return ok();
  });
  BOOST_TEST(checked.has_value());
}

BOOST_AUTO_TEST_CASE(another_process_that_holds_the_file_is_busy_and_worth_a_retry) {
  test::ScratchDatabase database;
  sqlite3* other = nullptr;
  BOOST_REQUIRE(sqlite3_open(database.config().url.substr(9).c_str(), &other) == SQLITE_OK);
  BOOST_REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  // Our own busy timeout is for production: the test does not wait that long.
  BOOST_REQUIRE(database->read([](Transaction& t) -> Result<void> {
    CHECK_OK(t.query("SELECT 1", {}, "i"));
    return ok();
  }));
  const auto result = run(*database, "CREATE TABLE x (a TEXT)");
  BOOST_TEST(result.error().code == "storage_busy");
  BOOST_TEST((result.error().fate == Fate::retry));
  sqlite3_close(other);
  BOOST_TEST(run(*database, "CREATE TABLE x (a TEXT)").has_value());
}

BOOST_AUTO_TEST_CASE(a_full_disk_loses_the_transaction_and_says_retry) {
  test::ScratchDatabase database;
  test::make_tables(*database);
  const auto result = database->write([](Transaction& t) -> Result<void> {
    CHECK_OK(t.query("PRAGMA max_page_count = 20", {}, "i"));
    const auto full = t.execute("INSERT INTO thing (octets) VALUES (?)", {Blob{Bytes(1 << 20, 'x')}});
    BOOST_TEST(full.error().code == "storage_lost");
    BOOST_TEST((full.error().fate == Fate::retry));
    return ok();
  });
  (void)result;  // SQLite may have undone the statement only, or the whole transaction: both must leave no row.
  const auto rows = database->read([](Transaction& t) -> Result<void> {
    BOOST_TEST(TRY(t.query("SELECT count(*) FROM thing", {}, "i")).front().integer(0) == 0);
    return ok();
  });
  BOOST_TEST(rows.has_value());
}

BOOST_AUTO_TEST_CASE(somebody_elses_file_is_opened_read_only) {
  test::TempFolder folder;
  const auto path = folder.file("front_end.db");
  BOOST_TEST(Database::open({.url = "sqlite://" + path + "?mode=ro"}).error().code == "storage_lost");
  sqlite3* other = nullptr;
  BOOST_REQUIRE(sqlite3_open(path.c_str(), &other) == SQLITE_OK);
  sqlite3_exec(other, "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('theirs')", nullptr, nullptr, nullptr);
  sqlite3_close(other);

  auto database = Database::open({.url = "sqlite://" + path + "?mode=ro"}).value();
  BOOST_TEST(run(*database, "DELETE FROM t").error().code == "storage_failed");
  const auto checked = database->read([](Transaction& t) -> Result<void> {
    BOOST_TEST(TRY(t.query("SELECT a FROM t", {}, "t")).front().text(0) == "theirs");
    BOOST_TEST(TRY(t.query("PRAGMA journal_mode", {}, "t")).front().text(0) == "delete");
    return ok();
  });
  BOOST_TEST(checked.has_value());
}

BOOST_AUTO_TEST_CASE(wrong_addresses_are_refused_with_a_sentence) {
  for (const std::string url :
       {"", "hub.db", "sqlite:", "sqlite://", "sqlite:///x.db?mode=rw", "sqlite:///a\"b", "mysql://x"}) {
    const auto opened = Database::open({.url = url});
    BOOST_TEST_CONTEXT(url) {
      BOOST_TEST((!opened && opened.error().code == "storage_url"));
    }
  }
  BOOST_TEST(Database::open({.url = "sqlite:///no/such/folder/x.db"}).error().code == "storage_lost");
}

BOOST_AUTO_TEST_CASE(many_different_statements_do_not_pile_up) {
  test::ScratchDatabase database;
  const auto done = database->write([](Transaction& t) -> Result<void> {
    for (int i = 0; i < 2500; ++i) {
      const auto rows = TRY(t.query("SELECT " + std::to_string(i), {}, "i"));
      BOOST_REQUIRE_EQUAL(rows.front().integer(0), i);
    }
    return ok();
  });
  BOOST_TEST(done.has_value());
}

BOOST_AUTO_TEST_CASE(the_speed_of_small_inserts_is_printed) {
  test::ScratchDatabase database;
  test::make_tables(*database);
  constexpr int kRows = 50000;
  const auto before = std::chrono::steady_clock::now();
  const auto done = database->write([](Transaction& t) -> Result<void> {
    for (int i = 0; i < kRows; ++i) {
      CHECK_OK(t.execute("INSERT INTO thing (name, number, octets) VALUES (?, ?, ?)",
                         {nullptr, std::int64_t{i + 100}, Blob{"0123456789abcdef0123456789abcdef"}}));
    }
    return ok();
  });
  BOOST_TEST(done.has_value());
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - before;
  BOOST_TEST_MESSAGE("SQLite, one transaction: " << static_cast<int>(kRows / seconds.count()) << " inserts/s");
}
