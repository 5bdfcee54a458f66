#include <boost/test/unit_test.hpp>
#include <iostream>

#include "source_door_contract.h"
#include "support/scratch_database.h"

using namespace zhida::test;

BOOST_AUTO_TEST_CASE(the_source_door_keeps_its_promises_on_postgresql) {
  if (!ScratchServer::available()) {
    std::cout << "SKIPPED: PostgreSQL is not installed here.\n";
    return;
  }
  ScratchServer server;
  ScratchDatabase database(server);
  check_source_door(*database.migrated());
}
