#include "flow/desk.h"

#include <ranges>
#include <utility>

#include "flow/office_document.h"
#include "flow/office_keeper.h"
#include "flow/policy_book.h"
#include "stages/casework/case_store.h"
#include "stages/casework/casework.h"
#include "stages/treasury/treasury_stage.h"

namespace zhida::flow {

using casework::Actor;
using casework::Role;

Desk::Desk(const Rooms& rooms, casework::Casework& casework, treasury::TreasuryStage& treasury,
           const OfficeKeeper& offices, std::function<void()> cases_changed)
    : rooms_(rooms),
      casework_(casework),
      treasury_(treasury),
      offices_(offices),
      cases_changed_(std::move(cases_changed)) {}

Result<BenefitCase> Desk::act(const Person& person, const std::string& role, const CaseId& id, const Step& step) {
  if (!person.has_role(role))
    return refuse("role_missing", "This needs the role " + role + ", which " + person.id + " does not have.");
  std::optional<BenefitCase> after;
  CHECK_OK(commit(rooms_.writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
    const auto before = TRY(casework::load_case(transaction, id));
    // A case of another division is not there for this person, not even by its number.
    if (!person.sees(before.division))
      return refuse("case_not_found", "There is no case " + id.str() + " in your divisions.");
    after = TRY(step(transaction));
    return ok();
  }));
  cases_changed_();
  return *after;
}

Result<BenefitCase> Desk::confirm(const Person& person, const CaseId& id, const PayeeAccount& payee) {
  return act(person, "portal", id, [&](storage::Transaction& transaction) {
    return casework_.confirm(transaction, id, payee, {person.actor(), Role::enterprise, {}});
  });
}

Result<BenefitCase> Desk::decline(const Person& person, const CaseId& id, const std::string& reason) {
  return act(person, "portal", id, [&](storage::Transaction& transaction) {
    return casework_.decline(transaction, id, reason, {person.actor(), Role::enterprise, {}});
  });
}

Result<BenefitCase> Desk::review(const Person& person, const CaseId& id, const std::string& department,
                                 const std::string& step, const std::string& decision, const std::string& reason) {
  if (step != "make" && step != "check")
    return refuse("step_unknown", "A review is `make` (经办) or `check` (复核), not \"" + step + "\".");
  if (decision != "approve" && decision != "refuse")
    return refuse("decision_unknown", "A decision is `approve` or `refuse`, not \"" + decision + "\".");
  if (!person.of_department(department))
    return refuse("role_missing", person.id + " does not act for " + department + ".");
  const bool makes = step == "make";
  return act(person, makes ? "reviewer_maker" : "reviewer_checker", id,
             [&](storage::Transaction& transaction) -> Result<BenefitCase> {
               const auto decided =
                   decision == "approve" ? casework::ReviewDecision::agree : casework::ReviewDecision::refuse;
               auto after = TRY(casework_.review(transaction, id, decided, reason,
                                                 {person.actor(), makes ? Role::maker : Role::checker, department}));
               CHECK_OK(offices_.write_down(transaction, after));
               return after;
             });
}

Result<std::string> Desk::object(const Person& person, const CaseId& id, const std::string& raised_by,
                                 const std::string& text) {
  std::string objection;
  (void)TRY(act(person, "portal", id, [&](storage::Transaction& transaction) -> Result<BenefitCase> {
    // The trail names who wrote it down, never a name that came as text: whose objection it is stands beside it.
    objection = TRY(casework_.raise_objection(transaction, id, text, {},
                                              {person.actor(), Role::anyone, {}, person.id, person.name}, raised_by));
    return casework::load_case(transaction, id);
  }));
  return objection;
}

Result<BenefitCase> Desk::settle_objection(const Person& person, const CaseId& id, const std::string& objection_id,
                                           bool upheld, const std::string& reason) {
  return act(person, "reviewer_checker", id, [&](storage::Transaction& transaction) -> Result<BenefitCase> {
    // The division was checked of this case, so the objection must be one to this case.
    if (TRY(transaction.query("SELECT 1 FROM objection WHERE id = ? AND case_id = ?", {objection_id, id.str()}, "i"))
            .empty())
      return refuse("objection_not_found", "Case " + id.str() + " has no objection " + objection_id + ".");
    auto after = TRY(casework_.decide_objection(
        transaction, objection_id,
        upheld ? casework::ObjectionDecision::upheld : casework::ObjectionDecision::dismissed, reason,
        {person.actor(), Role::officer, {}, person.id, person.name}));
    auto step = step_of(person, after.policy, kObjectionHand, upheld ? "refuse" : "agree", reason);
    step.objection = objection_id;
    step.objection_decision = upheld ? "upheld" : "dismissed";
    CHECK_OK(offices_.write_down_beside(transaction, after, std::move(step)));
    return after;
  });
}

Result<BenefitCase> Desk::release(const Person& person, const CaseId& id) {
  return act(person, "finance_releaser", id, [&](storage::Transaction& transaction) -> Result<BenefitCase> {
    const auto now = TRY(casework::load_case(transaction, id));
    auto after =
        TRY(casework_.approve(transaction, id, {person.actor(), Role::releaser, department_of(person, now.policy)}));
    CHECK_OK(offices_.write_down(transaction, after));
    return after;
  });
}

OfficeStep Desk::step_of(const Person& person, const PolicyId& policy, const char* hand, const char* decision,
                         const std::string& reason) const {
  OfficeStep step;
  step.department = department_of(person, policy);
  step.hand = hand;
  step.decision = decision;
  step.reason = reason;
  step.actor = person.actor();
  step.at = rooms_.clock.now();
  return step;
}

std::string Desk::department_of(const Person& person, const PolicyId& policy) const {
  if (const auto handling = rooms_.policies.handling(policy))
    for (const auto& step : std::views::reverse(handling->reviews))
      if (person.of_department(step.department)) return step.department;
  const bool only_one = person.departments.size() == 1 && !person.departments.contains("*");
  return only_one ? *person.departments.begin() : std::string();
}

Result<BenefitCase> Desk::refuse_case(const Person& person, const CaseId& id, const std::string& reason) {
  return act(person, "finance_releaser", id, [&](storage::Transaction& transaction) -> Result<BenefitCase> {
    const auto now = TRY(casework::load_case(transaction, id));
    // After the final yes a case is not refused any more, but it can be ended while nothing was asked of the treasury:
    // its data may stay unknown for good.
    auto after = TRY(now.state == CaseState::rechecking
                         ? casework_.void_case(transaction, id, reason, {person.actor(), Role::officer, {}})
                         : casework_.refuse_case(transaction, id, reason, {person.actor(), Role::releaser, {}}));
    CHECK_OK(
        offices_.write_down_beside(transaction, after, step_of(person, after.policy, "releaser", "refuse", reason)));
    return after;
  });
}

Result<BenefitCase> Desk::correct(const Person& person, const CaseId& id, const std::string& note) {
  return act(person, "finance_releaser", id, [&](storage::Transaction& transaction) {
    return casework_.correct(transaction, id, note, {person.actor(), Role::officer, {}});
  });
}

Result<void> Desk::resolve_conflict(const Person& person, std::int64_t conflict_id, const std::string& reason) {
  if (!person.has_role("treasury_officer")) return refuse("role_missing", "This needs the role treasury_officer.");
  CHECK_OK(commit(rooms_.writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
    // A contradiction of another division is not there for this person; one about an unknown number is the city's.
    const auto rows =
        TRY(transaction.query("SELECT coalesce(a.division, '') FROM payment_conflict c LEFT JOIN payment_attempt a "
                              "ON a.business_no = c.business_no WHERE c.id = ?",
                              {conflict_id}, "t"));
    if (rows.empty() || !person.sees(rows.front().text(0).empty() ? rooms_.city : rows.front().text(0)))
      return refuse("conflict_not_found",
                    "There is no open contradiction " + std::to_string(conflict_id) + " in your divisions.");
    return treasury_.resolve_conflict(
        transaction, conflict_id, person.actor(), reason,
        [this](storage::Transaction& inner, const CaseMove& move) { return casework_.move(inner, move); });
  }));
  cases_changed_();
  return ok();
}

}  // namespace zhida::flow
