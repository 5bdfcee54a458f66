// The steps of a case, each in one line.
#pragma once
#include <set>
#include <string>

#include "stages/casework/casework.h"
#include "stages/casework/deadlines.h"
#include "support/money_scene.h"

namespace zhida::test {

using casework::ReviewDecision;

inline const std::string kFirmA = "91330502MA00000001", kFirmB = "91330502MA00000002";

inline CaseId open(MoneyScene& scene, const Entitlement& e) {
  const auto changes = scene.must([&](storage::Transaction& t) {
    return scene.cases->open_or_update_cases(t, {e}, {{e.uscc, "湖州样例机械有限公司"}}, {});
  });
  return changes.opened.empty() ? CaseId() : changes.opened.front();
}

/// Up to the review.
inline CaseId confirmed(MoneyScene& scene, const std::string& uscc, std::int64_t fen,
                        const PayeeAccount& payee = {"湖州样例机械有限公司", "33050000000000000019", "样例银行",
                                                     "313336071575"}) {
  const CaseId id = open(scene, scene.entitlement(uscc, fen));
  scene.must([&](storage::Transaction& t) { return scene.cases->notify(t, id, "13900000000", scene.send()); });
  scene.must([&](storage::Transaction& t) { return scene.cases->confirm(t, id, payee, kFirm); });
  scene.must([&](storage::Transaction& t) { return scene.cases->check_payee(t, id); });
  return id;
}

inline std::string review(MoneyScene& scene, const CaseId& id, const casework::Actor& actor,
                          ReviewDecision decision = ReviewDecision::agree) {
  const auto done =
      scene.write([&](storage::Transaction& t) { return scene.cases->review(t, id, decision, "", actor); });
  return done ? to_text(done.value().state) : done.error().code;
}

inline std::string approve(MoneyScene& scene, const CaseId& id, const casework::Actor& actor) {
  const auto done = scene.write([&](storage::Transaction& t) { return scene.cases->approve(t, id, actor); });
  return done ? to_text(done.value().state) : done.error().code;
}

inline std::set<std::string> due(MoneyScene& scene) {
  std::set<std::string> kinds;
  const auto works = scene.must([&](storage::Transaction& t) { return scene.cases->due(t, scene.clock.now()); });
  for (const auto& work : works) kinds.insert(casework::to_text(work.kind));
  return kinds;
}

}  // namespace zhida::test
