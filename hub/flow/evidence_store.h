// Statements over the facts of a case, and their salts. SQL and nothing else.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "platform/storage/database.h"
#include "seal/pack_format.h"

namespace zhida::flow {

struct StoredStatement {
  std::int64_t version = 0;
  Bytes payload;  ///< The octets that are sealed.
  Bytes seal;
  std::vector<seal::Fact> facts;  ///< In the order of the leaves.
};

/// The newest statement of a case.
Result<std::optional<StoredStatement>> last_statement(storage::Transaction& transaction, const std::string& case_id);
/// Error `storage_unique` where somebody else was first with this version.
Result<void> store_statement(storage::Transaction& transaction, const std::string& case_id,
                             const StoredStatement& statement, Instant at);

}  // namespace zhida::flow
