#include "stages/casework/decision_document.h"

#include "base/json.h"

namespace zhida::casework {

Result<std::string> decision_document(const BenefitCase& benefit_case, const std::string& fund,
                                      const std::vector<DecisionHand>& hands, Date decided_on) {
  if (!benefit_case.amount) {
    return refuse("decision_incomplete", "The decision of case " + benefit_case.id.str() + " has no amount.");
  }
  if (!benefit_case.payee) {
    return refuse("decision_incomplete",
                  "The decision of case " + benefit_case.id.str() + " has no account to pay to.");
  }
  if (hands.empty()) {
    return refuse("decision_incomplete", "Nobody's hand is on the decision of case " + benefit_case.id.str() + ".");
  }
  Json signers = Json::array();
  for (const DecisionHand& hand : hands)
    signers.push_back({{"department", hand.department}, {"hand", hand.hand}, {"actor", hand.actor}});
  const PayeeAccount& payee = *benefit_case.payee;
  return canonical_json({{"kind", "benefit_decision"},
                         {"version", 1},
                         {"case", benefit_case.id.str()},
                         {"fund", fund},
                         {"division", benefit_case.division},
                         {"uscc", benefit_case.uscc},
                         {"enterprise", benefit_case.enterprise_name},
                         {"policy", benefit_case.policy.str()},
                         {"policy_version", benefit_case.policy_version},
                         {"title", benefit_case.title},
                         {"tranche", benefit_case.tranche},
                         {"period", benefit_case.period},
                         {"amount_fen", benefit_case.amount->fen()},
                         {"amount_yuan", benefit_case.amount->to_yuan()},
                         {"payee",
                          {{"name", payee.name},
                           {"account_no", payee.account_no},
                           {"bank_name", payee.bank_name},
                           {"bank_no", payee.bank_no}}},
                         {"hands", signers},
                         {"decided_on", decided_on.to_string()}});
}

}  // namespace zhida::casework
