#include <boost/test/unit_test.hpp>
#include <thread>

#include "audit_contract.h"
#include "support/scratch_database.h"

using namespace zhida;
using namespace zhida::test;

BOOST_AUTO_TEST_SUITE(audit_trail_on_postgresql)

BOOST_AUTO_TEST_CASE(the_trail_keeps_its_promises) {
  if (!ScratchServer::available()) {
    std::cout << "SKIPPED: PostgreSQL is not installed.\n";
    return;
  }
  ScratchServer server;
  check_rows_are_chained_and_read_back(*ScratchDatabase(server).migrated());
  check_triggers_refuse_change_and_deletion(*ScratchDatabase(server).migrated());
  check_an_undone_savepoint_leaves_no_gap(*ScratchDatabase(server).migrated());
  const Vandal vandal{{"ALTER TABLE audit_record DISABLE TRIGGER ALL"}};
  for (const Damage& damage : kDamages) {
    BOOST_TEST_CONTEXT(damage.what) {
      ScratchDatabase database(server);
      check_damage_is_found(*database.migrated(), vandal, damage.sql, damage.broken_at, damage.fault);
    }
  }
}

BOOST_AUTO_TEST_CASE(two_hubs_on_one_database_make_one_chain) {
  if (!ScratchServer::available()) {
    std::cout << "SKIPPED: PostgreSQL is not installed.\n";
    return;
  }
  ScratchServer server;
  ScratchDatabase first(server);
  first.migrated();
  const auto second = storage::Database::open(first.config());
  BOOST_REQUIRE(second.has_value());
  storage::Database* const databases[] = {&*first, second.value().get()};
  const ManualClock clock(parse_rfc3339("2025-11-03T09:00:00+08:00").value());
  const audit::AuditTrail trail(clock);
  std::vector<std::thread> threads;
  for (storage::Database* database : databases) {
    threads.emplace_back([&trail, database] {
      for (int done = 0, tries = 0; done < 50 && tries < 1000; ++tries) {
        const auto written = database->write([&](storage::Transaction& transaction) -> Result<void> {
          CHECK_OK(trail.append(transaction, entry_number(done)));
          return ok();
        });
        done += written.has_value();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const auto report = verify(*first);
  BOOST_TEST(report.holds(), report.detail);
  BOOST_TEST(report.records == 100);
}

BOOST_AUTO_TEST_SUITE_END()
