#include "flow/office_document.h"

#include "base/json.h"
#include "platform/crypto/digest.h"
#include "stages/matching/policy.h"

namespace zhida::flow {

Result<std::string> payee_digest(const PayeeAccount& payee) {
  return to_hex(crypto::sm3(TRY(canonical_json({{"account_no", payee.account_no},
                                                {"bank_name", payee.bank_name},
                                                {"bank_no", payee.bank_no},
                                                {"name", payee.name}}))));
}

Result<Bytes> office_document(const BenefitCase& c, const OfficeStep& step) {
  const Json payee = c.payee ? Json(TRY(payee_digest(*c.payee))) : Json(nullptr);
  Json document = {{"kind", "office_decision"},
                   {"version", 1},
                   {"case", c.id.str()},
                   {"division", c.division},
                   {"department", step.department},
                   {"hand", step.hand},
                   {"round", step.round},
                   {"step", step.step},
                   {"verdict", step.decision},
                   {"reason", step.reason},
                   {"by", step.actor},
                   {"at", to_rfc3339(step.at)},
                   {"uscc", c.uscc},
                   {"enterprise", c.enterprise_name},
                   {"policy", c.policy.str()},
                   {"policy_version", c.policy_version},
                   {"title", c.title},
                   {"tranche", c.tranche},
                   {"period", c.period},
                   {"channel", matching::to_text(c.channel)},
                   {"amount_fen", c.amount ? Json(c.amount->fen()) : Json(nullptr)},
                   {"payee_sm3", payee}};
  if (!step.objection.empty()) document["objection"] = {{"id", step.objection}, {"decision", step.objection_decision}};
  return canonical_json(document);
}

std::string office_message_id(const CaseId& id, const OfficeStep& step, const std::string& holder) {
  return "office-" + id.str() + "-" + std::to_string(step.round) + "-" + std::to_string(step.step) +
         (holder.empty() ? "" : "-" + holder);
}

}  // namespace zhida::flow
