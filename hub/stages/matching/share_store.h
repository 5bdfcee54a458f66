#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/money.h"
#include "base/result.h"
#include "platform/storage/database.h"
#include "stages/matching/amount.h"

// SQL and nothing else: the table case_share.
namespace zhida::matching {

struct CaseShare {
  std::string payer;
  std::int64_t share_ppm = 0;
  Money amount;
};
/// Who bears which part of a case's sum, as the item's version says; none where one payer bears all of it.
std::vector<CaseShare> shares_of(const Policy& policy, Money amount);
/// In place of what was stored before: a case whose money is asked for again may have another sum.
Result<void> save_shares(storage::Transaction& transaction, const CaseId& id, const std::vector<CaseShare>& shares);
Result<std::vector<CaseShare>> load_shares(storage::Transaction& transaction, const CaseId& id);

}  // namespace zhida::matching
