#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/result.h"
#include "flow/evidence_levels.h"
#include "flow/rooms.h"
#include "seal/trust.h"

namespace zhida::flow {

/// What is asked for.
struct PackOrder {
  CaseId case_id;
  PackLevel level = PackLevel::auditor;
  std::vector<std::string> withhold{};  ///< Beyond the level: names of facts, or beginnings with `*`.
  std::string reader{};                 ///< Who will get it, for the manifest and the trail; the level's word if empty.
  std::string asked_by{};               ///< Who asks, as the trail names people: `user:zhang`, `cli`.
  std::string trace_id{};
};

struct EvidencePack {
  Bytes archive;
  std::string id;
  std::string digest;  ///< `sm3:<hex>` of the archive, as the trail names it.
  Json summary;        ///< For people and programs: case, level, members, facts shown and withheld, log.
};

/// Packs of evidence (docs/evidence.md): all that proves one case, in one file that anyone can check without the hub.
/// Each pack about the same facts shows the same sealed root; who got which is in the trail before the file is given
/// out. Any thread but the writer's.
class Evidence {
 public:
  /// `trust`: where the certificates and revocation lists of this time lie; `time`: those of the time-stamping
  /// authority; `stamp` asks it for a token over the newest head, where no token covers the case's records yet.
  Evidence(const Rooms& rooms, seal::TrustFiles trust, const seal::TrustFiles& time,
           std::function<Result<void>()> stamp);

  /// Errors `case_not_found`, `case_not_decided`, `withhold_needed`, `withhold_unknown`, `pack_too_large`, of sealing
  /// and of storage.
  Result<EvidencePack> make(const PackOrder& order) const;

 private:
  const Rooms& rooms_;
  const seal::TrustFiles trust_;
  const std::function<Result<void>()> stamp_;
};

}  // namespace zhida::flow
