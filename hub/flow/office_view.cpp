#include "flow/office_view.h"

#include "flow/trust_keeper.h"
#include "seal/seal.h"

namespace zhida::flow {
namespace {

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json view_of(const Rooms& rooms, const OfficeDecision& decision) {
  Json json = {{"department", decision.department},
               {"holder", holder_text(decision.holder)},
               {"step", decision.hand == "maker"          ? "make"
                        : decision.hand == "checker"      ? "check"
                        : decision.hand == kObjectionHand ? "objection"
                                                          : "release"},
               {"round", decision.round},
               {"decision", decision.decision == "agree" ? "approve" : decision.decision},
               {"digest", decision.digest},
               {"decided_at", to_rfc3339(decision.asked_at)},
               {"state", decision.state},
               {"required", decision.required},
               {"code", text_or_null(decision.code)},
               {"error", text_or_null(decision.error)},
               {"attempts", decision.attempts},
               {"seal_id", text_or_null(decision.es_id)},
               {"seal_name", nullptr},
               {"signed_at", nullptr},
               {"valid", nullptr},
               {"finding", nullptr}};
  if (decision.state != "sealed") return json;
  const auto report = seal::verify(decision.seal, decision.body, *rooms.trust.trust(), {.now = rooms.clock.now()});
  json["seal_name"] = text_or_null(report.seal_name);
  json["signed_at"] = to_rfc3339(report.signed_at);
  json["valid"] = report.passed() && report.es_id == decision.es_id;
  json["finding"] = text_or_null(report.detail);
  return json;
}

}  // namespace

Result<Json> office_seals_of(storage::Transaction& transaction, const Rooms& rooms, const CaseId& id) {
  Json list = Json::array();
  for (const auto& decision : TRY(decisions_of(transaction, id))) list.push_back(view_of(rooms, decision));
  return list;
}

}  // namespace zhida::flow
