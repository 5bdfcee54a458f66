#include <boost/test/unit_test.hpp>
#include <set>

#include "audit_contract.h"
#include "support/scratch_database.h"

using namespace zhida;
using namespace zhida::test;

BOOST_AUTO_TEST_SUITE(audit_trail)

BOOST_AUTO_TEST_CASE(rows_are_chained_and_read_back) {
  check_rows_are_chained_and_read_back(*ScratchDatabase().migrated());
}

BOOST_AUTO_TEST_CASE(triggers_refuse_change_and_deletion) {
  check_triggers_refuse_change_and_deletion(*ScratchDatabase().migrated());
}

BOOST_AUTO_TEST_CASE(an_undone_savepoint_leaves_no_gap) {
  check_an_undone_savepoint_leaves_no_gap(*ScratchDatabase().migrated());
}

BOOST_AUTO_TEST_CASE(every_kind_of_damage_is_found_and_named) {
  const Vandal vandal{{"DROP TRIGGER audit_record_no_update", "DROP TRIGGER audit_record_no_delete",
                       "DROP TRIGGER audit_record_next_only"}};
  for (const Damage& damage : kDamages) {
    BOOST_TEST_CONTEXT(damage.what) {
      ScratchDatabase database;
      check_damage_is_found(*database.migrated(), vandal, damage.sql, damage.broken_at, damage.fault);
    }
  }
}

BOOST_AUTO_TEST_CASE(values_of_another_type_are_damage_too) {
  // SQLite stores any type in any column; somebody who writes into the file may use that.
  const Vandal vandal{{"DROP TRIGGER audit_record_no_update", "PRAGMA ignore_check_constraints = ON"}};
  for (const char* sql :
       {"UPDATE audit_record SET actor = x'ff00' WHERE seq = 5", "UPDATE audit_record SET at = 'then' WHERE seq = 5",
        "UPDATE audit_record SET detail = x'7b7d' WHERE seq = 5",
        "UPDATE audit_record SET prev_hash = 'x' WHERE seq = 5",
        "UPDATE audit_record SET division = 330101 WHERE seq = 5"}) {
    BOOST_TEST_CONTEXT(sql) {
      ScratchDatabase database;
      check_damage_is_found(*database.migrated(), vandal, sql, 5, "changed");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_cut_or_rewritten_end_is_found_where_a_head_is_known) {
  ScratchDatabase whole, shorter, rewritten;
  append_entries(*whole.migrated(), 10);
  append_entries(*shorter.migrated(), 7);
  const auto head = verify(*whole).head;
  BOOST_REQUIRE(head.has_value());
  BOOST_TEST(verify(*whole, 1, head).holds());

  BOOST_TEST(verify(*shorter).holds());  // In itself it is sound: only the head tells.
  const auto cut = verify(*shorter, 1, head);
  BOOST_TEST(cut.fault == "truncated");
  BOOST_TEST(cut.broken_at.value_or(-1) == 8);

  append_entries(*rewritten.migrated(), 9);
  append_entries(*rewritten, 1);
  const auto other = verify(*rewritten, 1, head);
  BOOST_TEST(other.fault == "head_differs");
  BOOST_TEST(other.broken_at.value_or(-1) == 10);
  BOOST_TEST(verify(*shorter, 20).fault == "missing");
}

BOOST_AUTO_TEST_CASE(event_kinds_are_declared_once_and_documented) {
  std::set<std::string_view> kinds;
  const std::string page = audit::event_reference();
  for (const auto& event : audit::kEventKinds) {
    BOOST_TEST(kinds.insert(event.kind).second, event.kind << " is declared twice.");
    BOOST_TEST(event.sentence.ends_with("."));
    BOOST_TEST(page.find("| `" + std::string(event.kind) + "` |") != std::string::npos);
  }
  BOOST_TEST(audit::is_event_kind("case_approved"));
  BOOST_TEST(!audit::is_event_kind("case_approve"));
}

BOOST_AUTO_TEST_SUITE_END()
