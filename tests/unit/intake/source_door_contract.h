// What the source door promises on every database: intake, mapping and profile together, as the flow ties them.
#pragma once
#include "platform/storage/database.h"

namespace zhida::test {

void check_source_door(storage::Database& database);

}  // namespace zhida::test
