// Which seals are no longer good: a list that a seal authority publishes, itself sealed and numbered.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace zhida::seal {

struct RevokedSeal {
  std::string es_id;
  Instant since;
};

/// Canonical JSON (RFC 8785), sealed as its exact octets:
/// {"issued":TIME,"next":TIME,"number":n,"seals":[{"esID":…,"since":TIME,"status":"revoked"|"valid"}],"v":1}, times in
/// RFC 3339. `number` grows with each list, so that an old one cannot be passed off as the newest; after `next` the
/// list is out of date.
struct SealStatusList {
  std::int64_t number = 0;
  Instant issued{};
  std::optional<Instant> next{};
  std::vector<RevokedSeal> revoked{};
};

/// Form only; the seal over it is checked by Trust::load. Error `seal_status_list_malformed`.
Result<SealStatusList> read_status_list(ByteView text);
std::string write_status_list(const SealStatusList& list);

}  // namespace zhida::seal
