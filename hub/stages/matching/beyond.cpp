#include "stages/matching/beyond.h"

#include <algorithm>
#include <utility>

namespace zhida::matching {

bool is_beyond(std::string_view clause_id) {
  return clause_id == "exclusive" || clause_id == "rank" || clause_id == "pool" || clause_id == "data_confirmed";
}

void take_away(Entitlement& entitlement, Verdict verdict) {
  entitlement.verdict = verdict;
  entitlement.amount.reset();
  entitlement.tranches.clear();
  entitlement.amount_trace.clear();
}

void hold_back(Entitlement& entitlement, const std::vector<std::string>& titles) {
  if (entitlement.verdict == Verdict::not_met) return;
  ClauseVerdict clause;
  clause.id = "data_confirmed";
  clause.text = "数据来源、口径或时效已变更，待数据部门重新确认：";
  for (const auto& title : titles) clause.text += (&title == &titles.front() ? "" : "、") + title;
  clause.verdict = Verdict::unknown;
  clause.unknown_reason = "unconfirmed";
  entitlement.clauses.push_back(std::move(clause));
  take_away(entitlement, Verdict::unknown);
}

void reduce_to(Entitlement& entitlement, Money given) {
  if (!entitlement.amount || *entitlement.amount <= given) return;
  auto rest = given.fen();
  for (auto& tranche : entitlement.tranches) {
    const auto fen = std::min(tranche.amount.fen(), rest);
    tranche.amount = Money::from_fen(fen);
    rest -= fen;
  }
  std::erase_if(entitlement.tranches, [](const Tranche& tranche) { return tranche.amount <= Money{}; });
  entitlement.amount_trace += "；资金池分配 " + given.to_yuan() + "元";
  entitlement.amount = given;
}

}  // namespace zhida::matching
