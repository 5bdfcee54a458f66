#include "stages/matching/share_store.h"

#include <utility>

namespace zhida::matching {

std::vector<CaseShare> shares_of(const Policy& policy, Money amount) {
  std::vector<CaseShare> out;
  const auto parts = split_by_payers(policy.amount.co_funding, amount);
  for (std::size_t i = 0; i < parts.size(); ++i)
    out.push_back({parts[i].payer, policy.amount.co_funding[i].share_ppm, parts[i].amount});
  return out;
}

Result<void> save_shares(storage::Transaction& transaction, const CaseId& id, const std::vector<CaseShare>& shares) {
  if (shares.empty()) return ok();
  CHECK_OK(transaction.execute("DELETE FROM case_share WHERE case_id = ?", {id.str()}));
  std::int64_t position = 0;
  for (const auto& share : shares) {
    CHECK_OK(transaction.execute(
        "INSERT INTO case_share (case_id, position, payer, share_ppm, amount_fen) VALUES (?, ?, ?, ?, ?)",
        {id.str(), ++position, share.payer, share.share_ppm, share.amount.fen()}));
  }
  return ok();
}

Result<std::vector<CaseShare>> load_shares(storage::Transaction& transaction, const CaseId& id) {
  std::vector<CaseShare> out;
  const auto rows = TRY(transaction.query(
      "SELECT payer, share_ppm, amount_fen FROM case_share WHERE case_id = ? ORDER BY position", {id.str()}, "tii"));
  for (const auto& row : rows) out.push_back({row.text(0), row.integer(1), Money::from_fen(row.integer(2))});
  return out;
}

}  // namespace zhida::matching
