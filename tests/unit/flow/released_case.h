// Firms that meet IN-012, with cases that travel the real way up to the point where only the release is missing.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "flow/desk.h"
#include "flow/policy_book.h"
#include "scene.h"

namespace zhida::flow::testing {

inline SourceRecord row_of(const std::string& source, const std::string& type, const std::string& key,
                           Columns columns) {
  SourceRecord row;
  row.source = source;
  row.record_type = source + "." + type;
  row.key = key;
  row.columns = std::move(columns);
  row.body = key;
  row.as_of = value_of(Date::parse("2025-11-03"));
  return row;
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
  deliver(hub, "budget",
          {row_of("budget", "appropriation", "B1",
                  {{"BGT_ID", "B1"},
                   {"MOF_DIV_CODE", "330500"},
                   {"FISCAL_YEAR", "2025"},
                   {"COR_BGT_DOC_NO", "湖财预〔2025〕1号"},
                   {"SUP_BGT_DOC_NO", ""},
                   {"PRO_CODE", "HQ-IN-012"},
                   {"PRO_NAME", "规上企业奖励"},
                   {"AGENCY_CODE", "101001"},
                   {"AGENCY_NAME", "市经信局"},
                   {"FUND_TYPE_CODE", "111"},
                   {"EXP_FUNC_CODE", "2060404"},
                   {"GOV_BGT_ECO_CODE", "50701"},
                   {"DEP_BGT_ECO_CODE", "31204"},
                   {"AMOUNT", "9000"},
                   {"DIS_AMT", "0"},
                   {"CUR_AMT", "9000"},
                   {"PAY_APP_AMT", "0"},
                   {"AMT_UNIT", "万元"},
                   {"BGT_EXE_FLAG", "1"},
                   {"IS_DELETED", "2"},
                   {"UPDATE_TIME", "2025-10-01 08:00:00"}})});
  for (const auto& firm : firms) {
    deliver(hub, "market_supervision",
            {row_of("market_supervision", "registration", firm,
                    {{"pripid", firm},
                     {"uni_social_crd_cd", firm},
                     {"comp_nm", "湖州样例" + firm.substr(8, 8) + "有限公司"},
                     {"comp_type", "1130"},
                     {"qylxdl", "11"},
                     {"reg_state", "存续"},
                     {"domdi_strict", "330502"}})});
    deliver(hub, "department_lists",
            {row_of("department_lists", "new_above_scale", firm,
                    {{"企业名称", "湖州样例" + firm.substr(8, 8) + "有限公司"},
                     {"统一社会信用代码", firm},
                     {"入统年度", "2024"},
                     {"首次入统", "Y"},
                     {"履行填报义务", "Y"}})});
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
