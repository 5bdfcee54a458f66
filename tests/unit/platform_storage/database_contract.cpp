#include "database_contract.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <optional>
#include <stdexcept>
#include <thread>

#include "platform/storage/migrations.h"

namespace zhida::test {
namespace {

using storage::Blob;
using storage::Database;
using storage::Dialect;
using storage::Migration;
using storage::Rows;
using storage::Transaction;
using storage::Value;
using storage::Values;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().code + ": " + result.error().message);
  return std::move(result).value();
}
void must(const Result<void>& result) {
  if (!result) throw std::runtime_error(result.error().code + ": " + result.error().message);
}

void write(Database& database, std::string_view sql, const Values& values = {}) {
  must(database.write([&](Transaction& t) -> Result<void> {
    CHECK_OK(t.execute(sql, values));
    return ok();
  }));
}

Rows read(Database& database, std::string_view sql, std::string_view columns, const Values& values = {}) {
  Rows rows;
  must(database.read([&](Transaction& t) -> Result<void> {
    rows = TRY(t.query(sql, values, columns));
    return ok();
  }));
  return rows;
}

std::int64_t count(Database& database, const std::string& where = "1 = 1") {
  return read(database, "SELECT count(*) FROM thing WHERE " + where, "i").front().integer(0);
}

}  // namespace

void make_tables(Database& database) {
  const bool sqlite = database.dialect() == Dialect::sqlite;
  const std::string key = sqlite ? "INTEGER PRIMARY KEY" : "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY";
  const std::string octets = sqlite ? "BLOB" : "BYTEA";
  write(database, "CREATE TABLE thing (id " + key + ", name TEXT UNIQUE, number BIGINT CHECK (number <> 13), octets " +
                      octets + ")");
  write(database, "CREATE TABLE part (thing BIGINT NOT NULL REFERENCES thing (id), name TEXT NOT NULL)");
}

void check_values_come_back_exactly(Database& database) {
  Bytes every_octet;
  for (int i = 0; i < 256; ++i) every_octet += static_cast<char>(i);
  struct Case {
    Value name, number, octets;
  };
  const std::vector<Case> cases{
      {std::string("plain"), std::int64_t{0}, Blob{"octets"}},
      {std::string("it's \"quoted\" -- ? $1 \\x41"), std::int64_t{-1}, Blob{"\\x41"}},
      {std::string("惠企政策 — 😀"), std::numeric_limits<std::int64_t>::max(), Blob{every_octet}},
      {std::string(""), std::numeric_limits<std::int64_t>::min(), Blob{""}},
      {nullptr, nullptr, nullptr},
      {std::string("nul first"), std::int64_t{4294967296}, Blob{Bytes("\0after", 6)}},
      {std::string(2000, 'x'), std::int64_t{7}, Blob{Bytes(1 << 20, '\0')}},
  };
  for (const auto& one : cases) {
    write(database, "INSERT INTO thing (name, number, octets) VALUES (?, ?, ?)", {one.name, one.number, one.octets});
  }
  const auto rows = read(database, "SELECT name, number, octets FROM thing ORDER BY id", "tib");
  BOOST_REQUIRE_EQUAL(rows.size(), cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    BOOST_TEST_CONTEXT("case " << i) {
      if (std::holds_alternative<std::nullptr_t>(cases[i].name)) {
        BOOST_TEST((rows[i].is_null(0) && rows[i].is_null(1) && rows[i].is_null(2)));
        BOOST_TEST(rows[i].integer_or(1, 42) == 42);
        BOOST_TEST(rows[i].text_or(0, "none") == "none");
      } else {
        BOOST_TEST((rows[i].text(0) == std::get<std::string>(cases[i].name)));
        BOOST_TEST(rows[i].integer(1) == std::get<std::int64_t>(cases[i].number));
        BOOST_TEST((rows[i].blob(2) == std::get<Blob>(cases[i].octets).bytes));
      }
    }
  }
  // The same statement, with a NULL where a value stood and with a value where a NULL stood.
  const auto found =
      read(database, "SELECT id FROM thing WHERE octets = ? OR number = ?", "i", {Blob{every_octet}, nullptr});
  BOOST_TEST(found.size() == 1u);
  const auto again =
      read(database, "SELECT id FROM thing WHERE octets = ? OR number = ?", "i", {nullptr, std::int64_t{7}});
  BOOST_TEST(again.size() == 1u);
  BOOST_TEST(read(database, "SELECT sum(number) FROM thing WHERE number BETWEEN 0 AND ?", "i", {std::int64_t{100}})
                 .front()
                 .integer(0) == 7);
}

void check_refusals_have_stable_codes(Database& database) {
  write(database, "INSERT INTO thing (name, number) VALUES (?, ?)", {std::string("taken"), std::int64_t{1}});
  struct Case {
    std::string sql;
    Values values;
    std::string code;
  };
  const std::vector<Case> cases{
      {"INSERT INTO thing (name) VALUES (?)", {std::string("taken")}, "storage_unique"},
      {"INSERT INTO thing (name, number) VALUES (?, ?)", {std::string("x"), std::int64_t{13}}, "storage_check"},
      {"INSERT INTO part (thing, name) VALUES (?, ?)", {std::int64_t{999}, std::string("x")}, "storage_check"},
      {"INSERT INTO part (thing, name) VALUES (1, ?)", {nullptr}, "storage_check"},
      {"INSERT INTO thing (name) VALUES (?)", {}, "storage_failed"},
      {"INSERT INTO thing (name) VALUES (?)", {std::string("a\0b", 3)}, "storage_failed"},
      {"INSERT INTO nowhere (name) VALUES (?)", {std::string("x")}, "storage_failed"},
      {"SELEKT 1", {}, "storage_failed"},
      {"DELETE FROM part; DELETE FROM thing", {}, "storage_failed"},
  };
  for (const auto& one : cases) {
    const auto result = database.write([&](Transaction& t) -> Result<void> {
      CHECK_OK(t.execute(one.sql, one.values));
      return ok();
    });
    BOOST_TEST_CONTEXT(one.sql) {
      BOOST_REQUIRE(!result);
      BOOST_TEST(result.error().code == one.code);
      BOOST_TEST((result.error().fate == Fate::refuse));
    }
  }
  const auto wrong = database.read([&](Transaction& t) -> Result<void> {
    BOOST_TEST(t.query("SELECT name FROM thing", {}, "i").error().code == "storage_failed");
    return ok();
  });
  BOOST_TEST(database
                 .read([](Transaction& t) -> Result<void> {
                   CHECK_OK(t.query("SELECT name, number FROM thing", {}, "t"));
                   return ok();
                 })
                 .error()
                 .code == "storage_failed");
  const auto in_read = database.read([](Transaction& t) -> Result<void> {
    CHECK_OK(t.execute("DELETE FROM thing"));
    return ok();
  });
  BOOST_TEST((!in_read && in_read.error().code == "storage_failed"));
  BOOST_TEST(count(database) == 1);
}

void check_a_failed_write_leaves_nothing(Database& database) {
  const auto insert = [](Transaction& t) { return t.execute("INSERT INTO thing (name) VALUES ('lost')"); };
  const auto refused = database.write([&](Transaction& t) -> Result<void> {
    CHECK_OK(insert(t));
    return refuse("not_today", "The work itself says no.");
  });
  BOOST_TEST(refused.error().code == "not_today");
  BOOST_CHECK_THROW((void)database.write([&](Transaction& t) -> Result<void> {
    CHECK_OK(insert(t));
    throw std::runtime_error("thrown through");
  }),
                    std::runtime_error);
  BOOST_TEST(count(database) == 0);
  write(database, "INSERT INTO thing (name) VALUES ('kept')");  // The connection is usable afterwards.
  BOOST_TEST(count(database) == 1);
}

void check_savepoints_undo_only_their_own_work(Database& database) {
  must(database.write([&](Transaction& t) -> Result<void> {
    const auto add = [&t](const std::string& name) -> Result<void> {
      CHECK_OK(t.execute("INSERT INTO thing (name) VALUES (?)", {name}));
      return ok();
    };
    CHECK_OK(add("before"));
    CHECK_OK(t.savepoint([&] { return add("good"); }));
    const auto bad = t.savepoint([&]() -> Result<void> {
      CHECK_OK(add("undone"));
      CHECK_OK(t.savepoint([&] { return add("undone too"); }));
      return add("good");  // Refused: the name is taken.
    });
    BOOST_TEST(bad.error().code == "storage_unique");
    BOOST_CHECK_THROW((void)t.savepoint([&]() -> Result<void> {
      CHECK_OK(add("thrown away"));
      throw std::runtime_error("thrown through");
    }),
                      std::runtime_error);
    return add("after");
  }));
  std::string names;
  for (const auto& row : read(database, "SELECT name FROM thing ORDER BY id", "t")) names += row.text(0) + " ";
  BOOST_TEST(names == "before good after ");
}

void check_readers_see_one_committed_state(Database& database) {
  write(database, "INSERT INTO thing (name) VALUES ('first')");
  must(database.read([&](Transaction& t) -> Result<void> {
    BOOST_TEST(TRY(t.query("SELECT count(*) FROM thing", {}, "i")).front().integer(0) == 1);
    write(database, "INSERT INTO thing (name) VALUES ('second')");
    BOOST_TEST(TRY(t.query("SELECT count(*) FROM thing", {}, "i")).front().integer(0) == 1);
    return ok();
  }));
  BOOST_TEST(count(database) == 2);
}

void check_insert_gives_the_generated_key(Database& database) {
  must(database.write([](Transaction& t) -> Result<void> {
    constexpr auto kInsert = "INSERT INTO thing (name) VALUES (?)";
    const auto first = TRY(t.insert(kInsert, {std::string("a")}, "id"));
    const auto second = TRY(t.insert(kInsert, {std::string("b")}, "id"));
    BOOST_TEST(second > first);
    const auto rows = TRY(t.query("SELECT name FROM thing WHERE id = ?", {second}, "t"));
    BOOST_TEST(rows.front().text(0) == "b");
    BOOST_TEST(TRY(t.execute("UPDATE thing SET number = 1")) == 2);
    BOOST_TEST(TRY(t.execute("DELETE FROM thing WHERE id = ?", {first})) == 1);
    BOOST_TEST(TRY(t.execute("CREATE TABLE other (id BIGINT)")) == 0);
    const auto none = t.insert("INSERT INTO thing (name) VALUES (?) ON CONFLICT DO NOTHING", {std::string("b")}, "id");
    BOOST_TEST(none.error().code == "storage_failed");
    const auto third = TRY(t.insert(kInsert, {std::string("c")}, "id"));
    const auto same = TRY(t.insert("INSERT INTO thing (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET number = 5",
                                   {std::string("b")}, "id"));
    BOOST_TEST(same == second);
    BOOST_TEST(third != second);
    return ok();
  }));
}

void check_writers_take_turns(Database& database) {
  write(database, "INSERT INTO thing (name, number) VALUES ('counter', 1000)");
  constexpr int kThreads = 4, kEach = 25;
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < kEach; ++k) {
        // Read, think, write: lost updates would show.
        const auto done = database.write([](Transaction& t) -> Result<void> {
          const auto rows = TRY(t.query("SELECT number FROM thing WHERE name = 'counter'", {}, "i"));
          CHECK_OK(t.execute("UPDATE thing SET number = ? WHERE name = 'counter'", {rows.front().integer(0) + 1}));
          return ok();
        });
        const auto seen = database.read([](Transaction& t) -> Result<void> {
          CHECK_OK(t.query("SELECT number FROM thing", {}, "i"));
          return ok();
        });
        if (!done || !seen) ++failures;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  BOOST_TEST(failures == 0);
  BOOST_TEST(read(database, "SELECT number FROM thing", "i").front().integer(0) == 1000 + kThreads * kEach);
}

void check_migrations_run_once_and_only_forward(Database& database) {
  const Migration first{"0001_first", "d1",
                        "CREATE TABLE m1 (a TEXT);\n-- a comment; with a semicolon\nINSERT INTO m1 VALUES ('x;y');"};
  const Migration second{"0002_second", "d2", "CREATE TABLE m2 (a TEXT); INSERT INTO m2 SELECT a FROM m1;"};
  const Migration changed{"0001_first", "other digest", "SELECT 1"};
  const Migration broken{"0003_broken", "d3", "CREATE TABLE m3 (a TEXT); INSERT INTO nowhere VALUES (1);"};
  using List = std::vector<Migration>;
  const auto run = [&database](const List& list) { return storage::migrate(database, list); };

  BOOST_TEST(must(run({first})).size() == 1u);
  BOOST_TEST(must(run({first})).empty());
  BOOST_TEST((must(run({first, second})) == std::vector<std::string>{"0002_second"}));
  BOOST_TEST(read(database, "SELECT a FROM m2", "t").front().text(0) == "x;y");
  BOOST_TEST(run({first}).error().code == "migration_unknown");
  BOOST_TEST(run({changed, second}).error().code == "migration_changed");
  const auto failed = run({first, second, broken});
  BOOST_TEST(failed.error().code == "storage_failed");
  BOOST_TEST(failed.error().message.find("0003_broken") != std::string::npos);
  BOOST_TEST(must(run({first, second})).empty());  // Nothing of the broken one stayed.
  write(database, "CREATE TABLE m3 (a TEXT)");
}

}  // namespace zhida::test
