#pragma once
#include <chrono>
#include <cstdint>
#include <string>

#include "base/json.h"

namespace zhida::flow {

struct MatchIndexSettings {
  bool on = true;
  unsigned threads = 0;  ///< 0: as many as there are processors.
  unsigned threads_or_processors() const;
};

/// What operators see of it.
struct MatchIndexState {
  enum class Phase { off, loading, ready, failed };
  Phase phase = Phase::off;
  std::int64_t firms = 0;           ///< Read so far, or held.
  std::int64_t firms_expected = 0;  ///< While loading.
  std::int64_t partitions = 0, octets = 0;
  std::int64_t loads = 0;                      ///< Since the start of the hub.
  std::chrono::milliseconds load_took{};       ///< The last one.
  std::int64_t disagreements = 0;              ///< Pairs on which engine and evaluator differed: must stay 0.
  std::int64_t surveys = 0, firms_looked = 0;  ///< Rounds over all firms by the engine, and whom they found.
  std::string error_code;                      ///< Why the last load failed.
};
const char* to_text(MatchIndexState::Phase phase);
Json to_json(const MatchIndexState& state);

}  // namespace zhida::flow
