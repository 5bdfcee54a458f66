// Proposals of policy items, their back-tests and hands: SQL and nothing else.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "platform/storage/database.h"

namespace zhida::flow {

struct Proposal {
  std::string id;
  std::string kind = "publish";  ///< `publish`, `repeal`
  PolicyId policy;
  std::string version;
  std::string base_version;  ///< In force when it was proposed; empty: none.
  std::string title;
  std::string body;                ///< The item's canonical form.
  std::string checks;              ///< Canonical JSON: what the checker and the examples said.
  std::string data;                ///< Canonical JSON: which data decide, from which sources, how fresh.
  std::string state = "proposed";  ///< `proposed`, `approved`, `done`, `withdrawn`
  Instant proposed_at{};
  std::optional<Instant> ended_at;
};

struct BackTest {
  std::int64_t id = 0;
  std::string proposal;
  Date day;
  std::string base_version;   ///< What it was compared with.
  std::string inputs_digest;  ///< SHA-256 over both versions, the day, and what was read of each firm.
  std::string report;         ///< Canonical JSON.
  Instant at{};
};

struct PolicyHand {
  std::string hand;  ///< `propose`, `approve`, `confirm_conditions`, `confirm_data`, `withdraw`
  std::string role;
  std::string actor;
  std::string reason;
  std::int64_t back_test = 0;  ///< Of an approval: the one that was looked at.
  Instant at{};
};

/// The data of a version in force, confirmed anew.
struct DataConfirmation {
  std::string data;  ///< Canonical JSON, as in Proposal.
  std::string actor;
  Instant at{};
};

/// Error `proposal_open` where another one of the item is under way.
Result<void> add_proposal(storage::Transaction& transaction, const Proposal& proposal);
/// The newest of the item; nullopt when there was none.
Result<std::optional<Proposal>> newest_proposal(storage::Transaction& transaction, const PolicyId& policy);
/// The one that brought this version in force (the newest, where it came back); nullopt where nobody was asked.
/// `until`: as it was then.
Result<std::optional<Proposal>> proposal_of_version(storage::Transaction& transaction, const PolicyId& policy,
                                                    const std::string& version,
                                                    std::optional<Instant> until = std::nullopt);
/// Newest first, without their bodies.
Result<std::vector<Proposal>> list_proposals(storage::Transaction& transaction);
/// Those under way that nobody has drawn up a back-test for since the item in force became another one.
Result<std::vector<std::string>> without_back_test(storage::Transaction& transaction);
Result<std::optional<Proposal>> find_proposal(storage::Transaction& transaction, const std::string& id);
Result<void> set_state(storage::Transaction& transaction, const std::string& id, const std::string& state,
                       std::optional<Instant> ended);

Result<std::int64_t> add_back_test(storage::Transaction& transaction, const BackTest& test);
Result<std::optional<BackTest>> newest_back_test(storage::Transaction& transaction, const std::string& proposal);
Result<std::optional<BackTest>> find_back_test(storage::Transaction& transaction, std::int64_t id);

/// Error `four_eyes` where the database sees the same person twice.
Result<void> add_hand(storage::Transaction& transaction, const std::string& proposal, const PolicyHand& hand);
Result<std::vector<PolicyHand>> hands_of(storage::Transaction& transaction, const std::string& proposal);

/// Error `four_eyes` where the same person confirmed the version's conditions.
Result<void> add_data_confirmation(storage::Transaction& transaction, const PolicyId& policy,
                                   const std::string& version, const DataConfirmation& confirmation);
/// Oldest first.
Result<std::vector<DataConfirmation>> data_confirmations(storage::Transaction& transaction, const PolicyId& policy,
                                                         const std::string& version);

}  // namespace zhida::flow
