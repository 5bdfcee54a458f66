#include "stages/matching/standing_store.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "stages/matching/policy_store.h"

namespace zhida::matching {
namespace {

Result<Relations> relations_of_case(storage::Transaction& transaction, std::span<const Policy> policies,
                                    const PolicyId& id, const std::string& version, const std::string& title,
                                    const std::string& period) {
  Relations out{id, title, period, {}, {}};
  const auto policy = std::ranges::find(policies, id, &Policy::id);
  if (policy != policies.end()) {
    out.exclusive_group = policy->exclusive_group;
    out.not_with = policy->not_with;
    return out;
  }
  const auto body = TRY(read_policy_body(transaction, id, version));
  if (!body) return out;
  const auto item = TRY(parse_json(*body));
  out.exclusive_group = TRY(get_string_or(item, "exclusive_group", ""));
  const auto others = item.find("not_with");
  if (others != item.end())
    for (const auto& name : *others) out.not_with.push_back(name.get<std::string>());
  return out;
}

}  // namespace

Result<std::vector<Standing>> read_standing(storage::Transaction& transaction, const std::string& uscc,
                                            std::span<const Policy> policies) {
  // `money`: it may leave at any moment, has left, or needs no money to be had. What came back and waits for another
  // account is approved, no more.
  const auto rows = TRY(transaction.query(
      "SELECT policy_id, policy_version, title, period, coalesce(amount_fen, 0), CASE WHEN state IN ('approved', "
      "'rechecking', 'requested', 'sent_to_fund', 'paid', 'decided') OR approved_once = 1 THEN 1 ELSE 0 END, CASE WHEN "
      "state IN ('requested', 'sent_to_fund', 'paid', 'decided') OR (state = 'rechecking' AND recheck_passed = 1) THEN "
      "1 ELSE 0 END FROM benefit_case WHERE uscc = ? AND state NOT IN ('refused', 'lapsed', 'void') ORDER BY "
      "policy_id, "
      "period, tranche",
      {uscc}, "ttttiii"));
  std::vector<Standing> out;
  for (const auto& row : rows) {
    const PolicyId id(row.text(0));
    if (out.empty() || out.back().item.policy != id || out.back().item.period != row.text(3)) {
      Standing one;
      one.item = TRY(relations_of_case(transaction, policies, id, row.text(1), row.text(2), row.text(3)));
      out.push_back(std::move(one));
    }
    auto& one = out.back();
    one.amount = TRY(one.amount.plus(Money::from_fen(row.integer(4))));
    one.committed = one.committed || row.integer(5) == 1;
    one.money = one.money || row.integer(6) == 1;
  }
  return out;
}

}  // namespace zhida::matching
