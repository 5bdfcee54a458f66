#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "platform/storage/database.h"

namespace zhida::flow {

/// The numbers that overview pages, /metrics and `deploy/demo --json` share: counted in the database, one consistent
/// view.
struct Overview {
  std::int64_t received = 0, accepted = 0, duplicate = 0, quarantined = 0;  ///< Rows of records, each delivery counted.
  std::int64_t quarantine_open = 0;
  std::int64_t profiles = 0;
  std::map<std::string, std::int64_t> verdicts;  ///< met, not_met, unknown
  std::map<std::string, std::int64_t> cases;     ///< By state.
  std::int64_t requests = 0, settled = 0, returned = 0, sent_back = 0, open = 0, conflicts = 0, settled_fen = 0;
  std::int64_t decisions_to_fund = 0, reliefs = 0;
  std::int64_t audit_records = 0;
  std::int64_t unsent = 0;        ///< Outbox rows that nobody has yet.
  std::int64_t rejected = 0;      ///< Outbox rows that their receiver refused: a person must look.
  std::int64_t dead_letters = 0;  ///< Open ones.
};

Result<Overview> count_overview(storage::Transaction& transaction);
Json to_json(const Overview& overview);

}  // namespace zhida::flow
