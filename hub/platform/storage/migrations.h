// Inside platform/storage, and for the test that compares the dialects.
#pragma once
#include <span>
#include <string_view>

#include "platform/storage/database.h"

namespace zhida::storage {

/// One file of platform/storage/migrations/<dialect>/, embedded when the library is built (embed_migrations.cmake).
struct Migration {
  std::string_view name;    ///< `0001_inbox`: the file's name without `.sql`.
  std::string_view digest;  ///< SHA-256 of the file, lower-case hex.
  std::string_view script;
};

/// In order of their names.
std::span<const Migration> migrations(Dialect dialect);

/// What migrate() does, with a given list.
Result<std::vector<std::string>> migrate(Database& database, std::span<const Migration> known);

}  // namespace zhida::storage
