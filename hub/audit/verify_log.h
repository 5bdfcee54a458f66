// Checking the whole log: every record, every tile of its tree, every sealed head with its time-stamp and
// countersignatures, in order, naming the first position that does not hold.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "audit/audit_trail.h"
#include "platform/crypto/trust_store.h"
#include "seal/seal.h"
#include "seal/tree_head.h"
#include "seal/trust.h"

namespace zhida::audit {

/// What a check found. `broken_at` is the first sequence number that does not hold.
struct LogReport {
  std::int64_t records = 0;  ///< That hold, from `from` on.
  std::optional<std::int64_t> broken_at;
  /// Empty when all holds. `changed`, `missing`, `inserted`, `reordered`, `truncated`; `rewritten`: sound in itself,
  /// but not what a sealed head tells of; `head_differs`: the same, seen from a head; `head_seal_wrong`,
  /// `head_malformed`, `time_wrong`, `countersignature_wrong`; `tile_differs`: the stored tree is not that of its
  /// records.
  std::string fault;
  std::string detail;  ///< One sentence.
  std::optional<AuditHead> head;
  Bytes tree_root;  ///< RFC 9162 root over all leaves; empty where the check began in the middle.

  std::int64_t heads = 0, tokens = 0, countersignatures = 0;  ///< That hold.
  std::int64_t sealed_records = 0;    ///< Under the last head that holds: what nobody can take back.
  std::int64_t archived_records = 0;  ///< Not in the store any more; checked only where their archives were given.
  bool seals_judged = false, tokens_judged = false;  ///< Whether trust was at hand for them; else only their form.

  bool holds() const { return !broken_at.has_value(); }
};
Json to_json(const LogReport& report);

struct LogCheckOptions {
  std::int64_t from = 1;
  std::optional<AuditHead> known_head{};            ///< A record seen earlier, kept elsewhere.
  std::optional<seal::TreeHead> known_tree{};       ///< A head seen earlier, kept elsewhere (a witness's copy).
  const seal::Trust* trust = nullptr;               ///< For the seals of heads and countersignatures.
  const crypto::TrustStore* authorities = nullptr;  ///< For time-stamps.
  Instant now{};                                    ///< For both.
  std::vector<std::string> archives{};              ///< Folders of `zhida audit archive`, oldest first.
  std::function<void(std::int64_t)> progress{};     ///< Called every 10,000 records with the last number checked.
};

/// Reads the log in order and recomputes everything. Errors only of storage and of reading archives.
Result<LogReport> verify_log(storage::Transaction& transaction, const LogCheckOptions& options = {});

}  // namespace zhida::audit
