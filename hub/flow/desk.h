#pragma once
#include <functional>
#include <string>

#include "domain/benefit_case.h"
#include "flow/people.h"
#include "flow/rooms.h"

namespace zhida::casework {
class Casework;
}
namespace zhida::treasury {
class TreasuryStage;
}

namespace zhida::flow {

class OfficeKeeper;
struct OfficeStep;

/// The desk door for people: each decision is one transaction, durable when the call comes back. Who may do what is
/// checked here (role, department, division) and again by the case's table of states and the database (maker ≠ checker
/// ≠ releaser). Errors: `role_missing`, `division_not_yours`, those of casework. Any thread but the writer's.
class Desk {
 public:
  Desk(const Rooms& rooms, casework::Casework& casework, treasury::TreasuryStage& treasury, const OfficeKeeper& offices,
       std::function<void()> cases_changed);

  Result<BenefitCase> confirm(const Person& person, const CaseId& id, const PayeeAccount& payee);
  Result<BenefitCase> decline(const Person& person, const CaseId& id, const std::string& reason);
  /// One department's look; `make` or `check`, `approve` or `refuse`.
  Result<BenefitCase> review(const Person& person, const CaseId& id, const std::string& department,
                             const std::string& step, const std::string& decision, const std::string& reason);
  /// Gives the objection's id.
  Result<std::string> object(const Person& person, const CaseId& id, const std::string& raised_by,
                             const std::string& text);
  Result<BenefitCase> settle_objection(const Person& person, const CaseId& id, const std::string& objection_id,
                                       bool upheld, const std::string& reason);
  /// The final yes, given for the last of the reviewing departments that the person acts for.
  Result<BenefitCase> release(const Person& person, const CaseId& id);
  /// The final no; ends a case that waits for a re-check as void.
  Result<BenefitCase> refuse_case(const Person& person, const CaseId& id, const std::string& reason);
  Result<BenefitCase> correct(const Person& person, const CaseId& id, const std::string& note);
  /// A person settled the treasury's contradiction.
  Result<void> resolve_conflict(const Person& person, std::int64_t conflict_id, const std::string& reason);

 private:
  using Step = std::function<Result<BenefitCase>(storage::Transaction&)>;
  Result<BenefitCase> act(const Person& person, const std::string& role, const CaseId& id, const Step& step);
  /// A decision that is not in the book of reviews, as its seal is put under.
  OfficeStep step_of(const Person& person, const PolicyId& policy, const char* hand, const char* decision,
                     const std::string& reason) const;
  /// For whom a releaser decides, and who settles an objection: the last of the reviewing departments that the person
  /// acts for. Empty: the person acts for none of those, and not for just one other.
  std::string department_of(const Person& person, const PolicyId& policy) const;

  const Rooms& rooms_;
  casework::Casework& casework_;
  treasury::TreasuryStage& treasury_;
  const OfficeKeeper& offices_;
  const std::function<void()> cases_changed_;
};

}  // namespace zhida::flow
