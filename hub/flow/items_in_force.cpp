#include "flow/items_in_force.h"

#include <utility>

#include "base/bytes.h"
#include "flow/proposal_store.h"
#include "flow/source_door.h"
#include "platform/crypto/digest.h"
#include "stages/matching/policy_store.h"

namespace zhida::flow {

using storage::Transaction;

Result<matching::Policy> policy_of(const std::string& version, const std::string& body) {
  if (to_hex(crypto::sha256(body)) != version)
    return refuse("policy_version_wrong", "A stored item does not have the SHA-256 " + version + " it is kept under.");
  const auto json = parse_json(body);
  if (!json) return refuse("policy_body_malformed", "A stored item cannot be read back: " + json.error().message);
  auto policy = TRY(matching::policy_from_json(json.value()));
  policy.version = version;
  return policy;
}

Result<std::optional<matching::Policy>> stored_version(Transaction& transaction, const PolicyId& id,
                                                       const std::string& version) {
  if (version.empty()) return std::optional<matching::Policy>();
  const auto body = TRY(matching::read_policy_body(transaction, id, version));
  if (!body) return std::optional<matching::Policy>();
  return std::optional<matching::Policy>(TRY(policy_of(version, *body)));
}

Result<std::string> version_in_force(Transaction& transaction, const PolicyId& id) {
  for (const auto& stored : TRY(matching::list_policies(transaction)))
    if (stored.id == id && stored.state == "in_force") return stored.version;
  return std::string();
}

Result<std::vector<Json>> unconfirmed_data(Transaction& transaction, const matching::Policy& policy,
                                           const DataRules& rules) {
  const auto proposal = TRY(proposal_of_version(transaction, policy.id, policy.version));
  if (!proposal) return std::vector<Json>{};
  const auto anew = TRY(data_confirmations(transaction, policy.id, policy.version));
  // A version that went out of force and came back was confirmed with its newest proposal.
  const bool newer = !anew.empty() && (!proposal->ended_at || anew.back().at >= *proposal->ended_at);
  const auto confirmed = TRY(parse_json(newer ? anew.back().data : proposal->data));
  return data_differences(confirmed, data_of(policy, rules));
}

Result<ItemsInForce> items_in_force(Transaction& transaction, const DataRules& rules) {
  ItemsInForce out;
  for (const auto& stored : TRY(matching::list_policies(transaction))) {
    if (stored.state != "in_force") continue;
    auto read = stored_version(transaction, stored.id, stored.version);
    if (!read) {
      const auto& error = read.error();
      if (error.code != "policy_body_malformed" && error.code != "policy_version_wrong") return error;
      out.unreadable.push_back({stored.id, stored.version, stored.title, error.code, error.message});
      continue;
    }
    if (!read.value()) continue;
    auto& policy = *read.value();
    const auto differences = TRY(unconfirmed_data(transaction, policy, rules));
    for (const auto& one : differences) out.unconfirmed[policy.id].push_back(one.at("title").get<std::string>());
    out.items.push_back(std::move(policy));
  }
  return out;
}

Result<bool> note_waiting_items(Transaction& transaction, const PolicyBook& book) {
  bool moved = false;
  const auto unconfirmed = book.unconfirmed();
  const auto items = book.all();
  for (const auto& policy : items) {
    const auto name = "waits_for_data/" + policy.id.str();
    const std::int64_t waits = unconfirmed.contains(policy.id) ? 1 : 0;
    if (TRY(matching::read_match_cursor(transaction, name)) == waits) continue;
    CHECK_OK(matching::save_match_cursor(transaction, name, waits));
    moved = true;
  }
  if (!moved) return false;
  const auto wanted = TRY(matching::read_match_cursor(transaction, kRoundsWanted));
  CHECK_OK(matching::save_match_cursor(transaction, kRoundsWanted, wanted + 1));
  return true;
}

}  // namespace zhida::flow
