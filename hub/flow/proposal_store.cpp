#include "flow/proposal_store.h"

#include <utility>

namespace zhida::flow {
namespace {

using storage::Row;
using storage::Transaction;
using storage::Value;

constexpr const char* kColumns =
    "SELECT id, kind, policy_id, version, base_version, title, body, checks, data, state, proposed_at, ended_at FROM "
    "policy_proposal ";
/// Whoever proposed last comes first; clocks may stand still, the numbers of hands do not.
constexpr const char* kNewest = "(SELECT min(h.id) FROM policy_hand h WHERE h.proposal_id = policy_proposal.id) DESC";
constexpr const char* kTypes = "ttttttttttii";

Proposal proposal_of(const Row& row) {
  Proposal out;
  out.id = row.text(0);
  out.kind = row.text(1);
  out.policy = PolicyId(row.text(2));
  out.version = row.text(3);
  out.base_version = row.text(4);
  out.title = row.text(5);
  out.body = row.text(6);
  out.checks = row.text(7);
  out.data = row.text(8);
  out.state = row.text(9);
  out.proposed_at = from_millis(row.integer(10));
  if (!row.is_null(11)) out.ended_at = from_millis(row.integer(11));
  return out;
}

Result<std::optional<Proposal>> first(const Result<storage::Rows>& rows) {
  if (!rows) return rows.error();
  if (rows.value().empty()) return std::optional<Proposal>();
  return std::optional<Proposal>(proposal_of(rows.value().front()));
}

}  // namespace

Result<void> add_proposal(Transaction& transaction, const Proposal& proposal) {
  const auto added = transaction.execute(
      "INSERT INTO policy_proposal (id, kind, policy_id, version, base_version, title, body, checks, data, state, "
      "proposed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {proposal.id, proposal.kind, proposal.policy.str(), proposal.version, proposal.base_version, proposal.title,
       proposal.body, proposal.checks, proposal.data, proposal.state, to_millis(proposal.proposed_at)});
  if (added) return ok();
  if (added.error().code != "storage_unique") return added.error();
  return refuse("proposal_open", "A proposal for " + proposal.policy.str() +
                                     " is under way already; withdraw it first, or let it come to its end.");
}

Result<std::optional<Proposal>> newest_proposal(Transaction& transaction, const PolicyId& policy) {
  return first(
      transaction.query(std::string(kColumns) + "WHERE policy_id = ? ORDER BY " + std::string(kNewest) + " LIMIT 1",
                        {policy.str()}, kTypes));
}

Result<std::optional<Proposal>> proposal_of_version(Transaction& transaction, const PolicyId& policy,
                                                    const std::string& version, std::optional<Instant> until) {
  return first(transaction.query(
      std::string(kColumns) +
          "WHERE policy_id = ? AND version = ? AND kind = 'publish' AND state = 'done' AND ended_at <= ? ORDER BY " +
          std::string(kNewest) + " LIMIT 1",
      {policy.str(), version, until ? to_millis(*until) : INT64_MAX}, kTypes));
}

Result<std::optional<Proposal>> find_proposal(Transaction& transaction, const std::string& id) {
  return first(transaction.query(std::string(kColumns) + "WHERE id = ?", {id}, kTypes));
}

Result<std::vector<Proposal>> list_proposals(Transaction& transaction) {
  const auto rows = TRY(transaction.query(
      "SELECT id, kind, policy_id, version, base_version, title, '', checks, data, state, proposed_at, ended_at FROM "
      "policy_proposal ORDER BY " +
          std::string(kNewest) + " LIMIT 500",
      {}, kTypes));
  std::vector<Proposal> out;
  for (const auto& row : rows) out.push_back(proposal_of(row));
  return out;
}

Result<std::vector<std::string>> without_back_test(Transaction& transaction) {
  const auto rows = TRY(transaction.query(
      "SELECT p.id FROM policy_proposal p WHERE p.state = 'proposed' AND NOT EXISTS (SELECT 1 FROM policy_back_test b "
      "WHERE b.proposal_id = p.id AND b.base_version = coalesce((SELECT q.version FROM policy q WHERE q.id = "
      "p.policy_id AND q.state = 'in_force'), '')) ORDER BY p.proposed_at, p.id",
      {}, "t"));
  std::vector<std::string> out;
  for (const auto& row : rows) out.push_back(row.text(0));
  return out;
}

Result<void> set_state(Transaction& transaction, const std::string& id, const std::string& state,
                       std::optional<Instant> ended) {
  CHECK_OK(transaction.execute("UPDATE policy_proposal SET state = ?, ended_at = ? WHERE id = ?",
                               {state, ended ? Value(to_millis(*ended)) : Value(nullptr), id}));
  return ok();
}

Result<std::int64_t> add_back_test(Transaction& transaction, const BackTest& test) {
  return transaction.insert(
      "INSERT INTO policy_back_test (proposal_id, day, base_version, inputs_digest, report, at) VALUES (?, ?, ?, ?, ?, "
      "?)",
      {test.proposal, test.day.to_string(), test.base_version, test.inputs_digest, test.report, to_millis(test.at)},
      "id");
}

namespace {

Result<std::optional<BackTest>> one_back_test(Transaction& transaction, const std::string& which, const Value& value) {
  const auto rows = TRY(
      transaction.query("SELECT id, day, base_version, inputs_digest, report, at, proposal_id FROM policy_back_test "
                        "WHERE " +
                            which + " ORDER BY id DESC LIMIT 1",
                        {value}, "ittttit"));
  if (rows.empty()) return std::optional<BackTest>();
  const auto& row = rows.front();
  BackTest out;
  out.id = row.integer(0);
  out.day = TRY(Date::parse(row.text(1)));
  out.base_version = row.text(2);
  out.inputs_digest = row.text(3);
  out.report = row.text(4);
  out.at = from_millis(row.integer(5));
  out.proposal = row.text(6);
  return std::optional<BackTest>(std::move(out));
}

}  // namespace

Result<std::optional<BackTest>> newest_back_test(Transaction& transaction, const std::string& proposal) {
  return one_back_test(transaction, "proposal_id = ?", proposal);
}

Result<std::optional<BackTest>> find_back_test(Transaction& transaction, std::int64_t id) {
  return one_back_test(transaction, "id = ?", id);
}

Result<void> add_hand(Transaction& transaction, const std::string& proposal, const PolicyHand& hand) {
  const auto added = transaction.execute(
      "INSERT INTO policy_hand (proposal_id, hand, role, actor, reason, back_test_id, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
      {proposal, hand.hand, hand.role, hand.actor, hand.reason,
       hand.back_test == 0 ? Value(nullptr) : Value(hand.back_test), to_millis(hand.at)});
  if (added) return ok();
  if (added.error().code != "storage_check") return added.error();
  return refuse("four_eyes",
                "This needs another person: who proposed an item does not approve it, and conditions and "
                "data are confirmed by two people.");
}

Result<void> add_data_confirmation(Transaction& transaction, const PolicyId& policy, const std::string& version,
                                   const DataConfirmation& confirmation) {
  const auto added = transaction.execute(
      "INSERT INTO policy_data_confirmation (policy_id, version, data, actor, at) VALUES (?, ?, ?, ?, ?)",
      {policy.str(), version, confirmation.data, confirmation.actor, to_millis(confirmation.at)});
  if (added) return ok();
  if (added.error().code != "storage_check") return added.error();
  return refuse("four_eyes", "Conditions and data of a version are confirmed by two people.");
}

Result<std::vector<DataConfirmation>> data_confirmations(Transaction& transaction, const PolicyId& policy,
                                                         const std::string& version) {
  std::vector<DataConfirmation> out;
  for (const auto& row : TRY(transaction.query(
           "SELECT data, actor, at FROM policy_data_confirmation WHERE policy_id = ? AND version = ? ORDER BY id",
           {policy.str(), version}, "tti")))
    out.push_back({row.text(0), row.text(1), from_millis(row.integer(2))});
  return out;
}

Result<std::vector<PolicyHand>> hands_of(Transaction& transaction, const std::string& proposal) {
  const auto rows = TRY(transaction.query(
      "SELECT hand, role, actor, reason, coalesce(back_test_id, 0), at FROM policy_hand WHERE proposal_id = ? ORDER BY "
      "id",
      {proposal}, "ttttii"));
  std::vector<PolicyHand> out;
  for (const auto& row : rows)
    out.push_back({row.text(0), row.text(1), row.text(2), row.text(3), row.integer(4), from_millis(row.integer(5))});
  return out;
}

}  // namespace zhida::flow
