// What the trail promises on every dialect.
#pragma once
#include "audit/audit_trail.h"
#include "audit/verify_log.h"
#include "platform/storage/database.h"

namespace zhida::test {

/// Statements that take the triggers of audit_record away, as somebody with full rights could.
struct Vandal {
  std::vector<std::string> disarm;
};

audit::AuditEntry entry_number(int number);
/// Appends `count` entries in one transaction.
void append_entries(storage::Database& database, int count);
audit::LogReport verify(storage::Database& database, std::int64_t from = 1,
                        const std::optional<audit::AuditHead>& known_head = std::nullopt);

void check_rows_are_chained_and_read_back(storage::Database& database);
void check_triggers_refuse_change_and_deletion(storage::Database& database);
void check_an_undone_savepoint_leaves_no_gap(storage::Database& database);
/// Each kind of damage to a fresh trail; `database` must be new, it is left damaged.
void check_damage_is_found(storage::Database& database, const Vandal& vandal, const std::string& damage,
                           std::int64_t broken_at, const std::string& fault);

/// The table of damages: SQL, where the first break must be named, and how it is called.
struct Damage {
  const char* what;
  const char* sql;
  std::int64_t broken_at;
  const char* fault;
};
extern const std::vector<Damage> kDamages;

}  // namespace zhida::test
