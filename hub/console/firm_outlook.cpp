#include "console/firm_outlook.h"

#include <algorithm>
#include <set>
#include <utility>

#include "domain/words.h"
#include "flow/policy_book.h"
#include "stages/matching/explain.h"
#include "stages/matching/near_miss.h"
#include "stages/matching/receipt_store.h"

namespace zhida::console {
namespace {

/// A case that ended without a benefit is no reason why the firm should not have it.
bool counts(CaseState state) {
  return state != CaseState::refused && state != CaseState::lapsed && state != CaseState::voided;
}

/// Of an item, what a clause came to as a sentence, with the source as people call it.
Json told(const flow::Rooms& rooms, const matching::Policy& policy, ClauseVerdict clause) {
  if (!clause.source.empty()) clause.source = word(WordKind::source, clause.source);
  return {{"policy", policy.id.str()},
          {"title", policy.title},
          {"clause", clause.id},
          {"sentence", matching::explain_clause(policy, clause, rooms.code_names)}};
}

}  // namespace

Result<void> put_outlook(storage::Transaction& transaction, const flow::Rooms& rooms, const EnterpriseProfile& profile,
                         const std::vector<Entitlement>& entitlements, const std::vector<BenefitCase>& cases,
                         Json& view) {
  view["near_misses"] = view["questions"] = view["owed"] = view["received"] = Json::array();
  const auto items = rooms.policies.all();
  const auto today = rooms.clock.today();
  std::vector<EnterpriseProfile> firm = {profile};
  CHECK_OK(matching::add_receipts(transaction, {items.data(), items.size()}, firm));
  for (const auto& policy : items) {
    for (const auto& miss : matching::near_misses(policy, firm.front(), today)) {
      auto one = told(rooms, policy, miss.clause);
      one["then"] = to_text(miss.then);
      view["near_misses"].push_back(std::move(one));
    }
    for (const auto& question : matching::open_questions(policy, firm.front(), today)) {
      auto one = told(rooms, policy, question.clause);
      one["decides"] = question.decides();
      view["questions"].push_back(std::move(one));
    }
  }

  const auto rows = TRY(matching::list_receipts(transaction, profile.uscc));
  std::vector<PolicyId> had;
  for (const auto& c : cases)
    if (counts(c.state)) had.push_back(c.policy);
  for (const auto& row : rows) {
    if (!row.taken_back_on) had.emplace_back(row.receipt.benefit);
    const auto policy = rooms.policies.find(PolicyId(row.receipt.benefit));
    view["received"].push_back(
        {{"benefit", row.receipt.benefit},
         {"title", policy == nullptr ? row.receipt.benefit : policy->title},
         {"received_on", row.receipt.received_on.to_string()},
         {"source", row.receipt.source},
         {"reference", row.receipt.reference},
         {"taken_back_on", row.taken_back_on ? Json(row.taken_back_on->to_string()) : Json(nullptr)}});
  }
  for (const auto& entitlement : matching::owed(entitlements, had)) {
    const auto policy = rooms.policies.find(entitlement.policy);
    if (policy == nullptr) continue;
    view["owed"].push_back({{"policy", policy->id.str()},
                            {"title", policy->title},
                            {"amount", entitlement.amount ? Json(entitlement.amount->to_yuan()) : Json(nullptr)}});
  }
  return ok();
}

}  // namespace zhida::console
