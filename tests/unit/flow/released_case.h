// Firms that meet IN-012, with cases that travel the real way up to the point where only the release is missing.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "flow/desk.h"
#include "flow/policy_book.h"
#include "scene.h"
#include "support/in012_rows.h"

namespace zhida::flow::testing {

inline SourceRecord row_of(const std::string& source, const std::string& type, const std::string& key,
                           Columns columns) {
  return test::source_row(source, type, key, std::move(columns), value_of(Date::parse("2025-11-03")));
}

inline void deliver(Hub& hub, const std::string& source, std::vector<SourceRecord> rows) {
  SourceBatch batch;
  batch.source = source;
  batch.batch_id = "batch-" + source + "-" + rows.front().record_type + "-" + rows.front().key;
  batch.origin = "test";
  batch.records = std::move(rows);
  for (const auto& outcome : value_of(hub.source_door().deliver(std::move(batch))))
    if (outcome.kind != RecordOutcome::Kind::accepted) throw std::runtime_error(outcome.key + ": " + outcome.message);
}

/// What the sources say: money, lists without these firms, and that each firm meets the item.
inline void tell_everything(Hub& hub, const std::vector<std::string>& firms) {
  const auto covered = [&](const std::string& source, const std::string& list) {
    deliver(hub, source, {row_of(source, "list_coverage", list, {{"list_id", list}, {"as_of", "2025-11-03"}})});
  };
  covered("market_supervision", "abnormal_operation");
  covered("credit", "safety_blacklist");
  covered("credit", "dishonest_debtor");
  deliver(hub, "budget", {row_of("budget", "appropriation", "B1", test::appropriation_columns("9000"))});
  for (const auto& firm : firms) {
    const std::string name = "湖州样例" + firm.substr(8, 8) + "有限公司";
    deliver(hub, "market_supervision",
            {row_of("market_supervision", "registration", firm, test::registration_columns(firm, firm, name))});
    deliver(hub, "department_lists",
            {row_of("department_lists", "new_above_scale", firm, test::new_above_scale_columns(firm, name))});
  }
}

inline Person person(const std::string& id) {
  Person someone;
  someone.id = someone.name = id;
  someone.roles = {"portal", "reviewer_maker", "reviewer_checker", "finance_releaser"};
  someone.departments = {"*"};
  someone.divisions = {"330500"};
  return someone;
}

inline CaseId case_of(const Scene& scene, const std::string& firm) {
  return CaseId(scene.text("SELECT id FROM benefit_case WHERE uscc = '" + firm + "'"));
}

inline std::string state_of(const Scene& scene, const CaseId& id) {
  return scene.text("SELECT state FROM benefit_case WHERE id = '" + id.str() + "'");
}

/// Confirmed by the firm and looked at by everybody who has to; what follows is publicity.
inline void confirm_and_review(Scene& scene, const CaseId& id,
                               const std::function<bool(const std::function<bool()>&)>& until) {
  auto& desk = scene.hub->desk();
  const std::string name = scene.text("SELECT enterprise_name FROM benefit_case WHERE id = '" + id.str() + "'");
  (void)value_of(desk.confirm(person("portal"), id, {name, "6222001234560019", "湖州银行", "313336000013"}));
  BOOST_REQUIRE(until([&] { return state_of(scene, id) == "in_review"; }));
  const auto handling = scene.hub->rooms().policies.handling(PolicyId("IN-012"));
  BOOST_REQUIRE(handling.has_value());
  for (std::size_t step = 0; step < handling->reviews.size(); ++step) {
    const auto& look = handling->reviews[step];
    (void)value_of(desk.review(person("reviewer" + std::to_string(step)), id, look.department,
                               look.hand == Hand::maker ? "make" : "check", "approve", ""));
  }
}

}  // namespace zhida::flow::testing
