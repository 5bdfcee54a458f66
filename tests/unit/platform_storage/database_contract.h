// What every dialect must do alike: the same checks, run on SQLite and on PostgreSQL.
#pragma once
#include "support/scratch_database.h"

namespace zhida::test {

/// Makes the tables that the checks use.
void make_tables(storage::Database& database);

void check_values_come_back_exactly(storage::Database& database);
void check_refusals_have_stable_codes(storage::Database& database);
void check_a_failed_write_leaves_nothing(storage::Database& database);
void check_savepoints_undo_only_their_own_work(storage::Database& database);
void check_readers_see_one_committed_state(storage::Database& database);
void check_insert_gives_the_generated_key(storage::Database& database);
void check_writers_take_turns(storage::Database& database);
void check_migrations_run_once_and_only_forward(storage::Database& database);

}  // namespace zhida::test
