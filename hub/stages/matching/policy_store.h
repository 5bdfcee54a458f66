#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "domain/entitlement.h"
#include "platform/storage/database.h"
#include "stages/matching/decision.h"
#include "stages/matching/policy.h"

// SQL and nothing else: the tables policy, entitlement, entitlement_history and match_cursor.
namespace zhida::matching {

struct StoredPolicy {
  PolicyId id;
  std::string version;
  std::string title;
  std::string state;  ///< `in_force`, `superseded`, `withdrawn`
  Instant published_at{};
};

/// All versions, the newest of an item last.
Result<std::vector<StoredPolicy>> list_policies(storage::Transaction& transaction);
/// The canonical form as it was published; nullopt when there is no such version.
Result<std::optional<std::string>> read_policy_body(storage::Transaction& transaction, const PolicyId& id,
                                                    const std::string& version);
/// Puts a version in force; the one before is superseded. False when it is in force already. `body` is its canonical
/// form.
Result<bool> put_in_force(storage::Transaction& transaction, const Policy& policy, const std::string& body, Instant at);
/// Takes an item out of force. False when it was not in force.
Result<bool> take_out_of_force(storage::Transaction& transaction, const PolicyId& id);

/// An outcome as stored; `clauses_text` is the stored JSON, which read_entitlement() also reads back.
struct StoredEntitlement {
  Entitlement entitlement;
  std::string clauses_text;
  std::string trace_id;
};

/// Of one firm, ordered by item. The clauses are left as text.
Result<std::vector<StoredEntitlement>> read_entitlements(storage::Transaction& transaction, const std::string& uscc);
/// Of one item, ordered by firm. The clauses are left as text.
Result<std::vector<StoredEntitlement>> read_entitlements_of_policy(storage::Transaction& transaction,
                                                                   const PolicyId& policy);
/// A pair with its verdict and no more.
struct StoredVerdict {
  std::string division, uscc, version;
};
struct VerdictPlace {
  std::string division, uscc;
};
/// Pairs of one item and verdict, ordered by division and firm, after a place: for walks over all of them.
Result<std::vector<StoredVerdict>> read_verdicts(storage::Transaction& transaction, const PolicyId& policy,
                                                 Verdict verdict, const VerdictPlace& after, std::size_t count_max);
/// Of these firms (sorted) those without an outcome under the version in force of each of so many items.
Result<std::vector<std::string>> not_judged(storage::Transaction& transaction, std::span<const std::string> usccs,
                                            std::size_t items);
/// With its clauses. Error `entitlement_malformed` for a row that this program did not write.
Result<std::optional<Entitlement>> read_entitlement(storage::Transaction& transaction, const std::string& uscc,
                                                    const PolicyId& policy);
/// The outcomes of one pair in the order they came about, with their clauses.
Result<std::vector<Entitlement>> read_history(storage::Transaction& transaction, const std::string& uscc,
                                              const PolicyId& policy);

/// Clauses as stored: one JSON array.
std::string clauses_to_text(const std::vector<ClauseVerdict>& clauses);

Result<void> save_entitlement(storage::Transaction& transaction, const Entitlement& entitlement,
                              const std::string& clauses_text, const std::string& trace_id);
/// The outcome is the same; it was looked at again.
Result<void> touch_entitlement(storage::Transaction& transaction, const Entitlement& entitlement);
/// Adds to the decisions; `id` is given by the store.
Result<void> append_history(storage::Transaction& transaction, const Decision& decision);
/// The decisions about one pair, or those taken for one case, in the order they came about.
Result<std::vector<Decision>> read_decisions(storage::Transaction& transaction, const std::string& uscc,
                                             const PolicyId& policy);
Result<std::vector<Decision>> read_decisions_of_case(storage::Transaction& transaction, const CaseId& id);
Result<std::optional<Decision>> read_decision(storage::Transaction& transaction, std::int64_t id);

/// Keeps which code tables a hub ran with: canonical JSON, file name → SHA-256. Gives the digest of that list.
Result<std::string> save_code_lists(storage::Transaction& transaction, const std::string& files, Instant at);
Result<std::optional<std::string>> read_code_lists(storage::Transaction& transaction, const std::string& digest);

/// The last profile change that a reader has dealt with; 0 at the beginning.
Result<std::int64_t> read_match_cursor(storage::Transaction& transaction, const std::string& name);
Result<void> save_match_cursor(storage::Transaction& transaction, const std::string& name, std::int64_t sequence);

}  // namespace zhida::matching
