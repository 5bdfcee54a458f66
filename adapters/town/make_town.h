#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "adapters/town/firm.h"
#include "adapters/town/truth.h"
#include "base/result.h"

namespace zhida::town {

/// What was made; `town_make --describe` prints it.
struct Summary {
  std::int64_t firms = 0;
  std::int64_t known_firms = 0;  ///< Those that have lines in truth.jsonl.
  std::map<std::string, std::int64_t> rows_by_type;
  std::map<std::string, std::int64_t> faults_by_kind;
  struct Verdicts {
    std::int64_t met = 0, not_met = 0, unknown = 0;
    std::int64_t fen = 0;  ///< Sum over the met ones that have a sum.
  };
  std::map<std::string, Verdicts> verdicts;

  std::string to_text() const;
};

/// Writes world.db, truth.jsonl, people.jsonl and faults.jsonl into `folder`, which is made when it is missing.
/// Errors `town_options` (a number out of range), `world_unwritable`, and those of files.
Result<Summary> make_town(const TownOptions& options, const std::string& folder);

}  // namespace zhida::town
