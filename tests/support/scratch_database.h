// Databases for tests, gone when the test is. Compile tests/support/scratch_database.cpp into the test program and link
// zhida_storage; programs that start a PostgreSQL server are "slow".
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include <sys/types.h>

#include "platform/storage/database.h"
#include "support/temp_folder.h"

namespace zhida::test {

/// A PostgreSQL server of our own on a free loopback port, run by an unprivileged user (PostgreSQL refuses root: then
/// the user `postgres`, or `nobody`). Stops with the object, and with the process however that ends.
class ScratchServer {
 public:
  static bool available();  ///< Whether PostgreSQL is installed here. If not, say "SKIPPED: …".
  /// The path of one of its programs: `psql`.
  static std::string program(const std::string& name);
  ScratchServer();  ///< Ready for connections; throws with the server's own words where it does not start.
  ~ScratchServer();
  ScratchServer(const ScratchServer&) = delete;
  ScratchServer& operator=(const ScratchServer&) = delete;

  /// The address of a new, empty database.
  std::string new_database();
  void kill();   ///< As if by kill -9.
  void start();  ///< Again, on the same port with the same data.

 private:
  std::string address(const std::string& database) const;
  void stop(int signal);

  TempFolder folder_;
  std::uint16_t port_ = 0;
  pid_t server_ = -1;
  int databases_ = 0;
};

/// An open, empty database: a SQLite file, or a database of a server that outlives it.
class ScratchDatabase {
 public:
  ScratchDatabase();                                ///< SQLite
  explicit ScratchDatabase(ScratchServer& server);  ///< PostgreSQL
  storage::Database& operator*() { return *database_; }
  storage::Database* operator->() { return database_.get(); }
  const storage::DatabaseConfig& config() const { return config_; }
  /// Runs all migrations of the hub; throws where one fails.
  ScratchDatabase& migrated();

 private:
  TempFolder folder_;
  storage::DatabaseConfig config_;
  std::unique_ptr<storage::Database> database_;
};

}  // namespace zhida::test
