#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "platform/messaging/writer.h"
#include "platform/storage/database.h"

namespace zhida::audit {
class AuditTrail;
}
namespace zhida::mapping {
class MappingSet;
}
namespace zhida::matching {
class CodeNames;
}
namespace zhida::profile {
struct ProfileRules;
}
namespace zhida::seal {
class Sealer;
}  // namespace zhida::seal

namespace zhida::flow {

class PolicyBook;
class StageTimes;
class TrustKeeper;

/// What the doors share. Owned by the Hub, which outlives every door; nothing in here changes while the hub runs, but
/// what `trust` believes.
struct Rooms {
  const Clock& clock;        ///< The business clock.
  const Calendar& calendar;  ///< Working days.
  storage::Database& database;
  messaging::Writer& writer;
  const audit::AuditTrail& trail;
  const seal::Sealer& sealer;  ///< The hub's own system seal.
  const TrustKeeper& trust;    ///< Whom we believe, and whose seal a message must bear.
  const mapping::MappingSet& mappings;
  const profile::ProfileRules& rules;
  const PolicyBook& policies;
  std::string city;          ///< The hub's own fiscal division, 6 digits.
  StageTimes& times;         ///< Where the stages say how long they took.
  std::string code_lists{};  ///< Digest of the code tables (flow/decisions.h): each decision names it.
  std::string program{};     ///< Version of the program, for the same.
  const matching::CodeNames* code_names = nullptr;  ///< For what people read; null: codes are shown as they are.
};

/// Hands one piece of work to the writer and waits until it is durable. Runs `effect` in one transaction (perhaps more
/// than once); what it wants to give back it leaves in a variable of the caller, set anew on each run. Errors: those of
/// `effect`; `hub_stopping`. Not from the writer's own thread.
Result<void> commit(messaging::Writer& writer, const std::string& door, const std::string& order_key,
                    std::function<Result<void>(storage::Transaction&)> effect);

/// The same for several works at once, which then share a commit where they can. One result each, in order.
using Effect = std::function<Result<void>(storage::Transaction&)>;
std::vector<Result<void>> commit_all(messaging::Writer& writer, const std::string& door, std::vector<Effect> effects);

}  // namespace zhida::flow
