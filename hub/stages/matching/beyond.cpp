#include "stages/matching/beyond.h"

#include <algorithm>

namespace zhida::matching {

bool is_beyond(std::string_view clause_id) {
  return clause_id == "exclusive" || clause_id == "rank" || clause_id == "pool";
}

void take_away(Entitlement& entitlement, Verdict verdict) {
  entitlement.verdict = verdict;
  entitlement.amount.reset();
  entitlement.tranches.clear();
  entitlement.amount_trace.clear();
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
