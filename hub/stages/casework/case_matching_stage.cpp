// From verdicts to cases. A tranche is a case of its own; the award's cap over its tranches stands in benefit_award and
// is held by the database.
#include <algorithm>

#include "stages/casework/casework_step.h"
#include "stages/casework/deadlines.h"

namespace zhida::casework {
namespace {

/// The final yes was not given yet, so new data may change or end the case.
bool before_approval(const BenefitCase& c) {
  switch (c.state) {
    case CaseState::matched:
    case CaseState::notified:
    case CaseState::confirmed:
    case CaseState::payee_check:
    case CaseState::payee_repair:
    case CaseState::in_review:
    case CaseState::publicity:
    case CaseState::held:
      return !c.approved_once;
    default:
      return false;
  }
}

/// The first clause that is not met, in its own words.
std::string why_not(const Entitlement& entitlement) {
  for (const ClauseVerdict& clause : entitlement.clauses) {
    if (clause.verdict == Verdict::not_met) return "不再符合条件：" + clause.text;
  }
  return "不再符合条件";
}

Result<void> raise_cap(Transaction& transaction, const Entitlement& entitlement, const std::string& period,
                       Money total) {
  CHECK_OK(transaction.execute(
      "INSERT INTO benefit_award (uscc, policy_id, period, cap_fen) VALUES (?, ?, ?, ?) ON CONFLICT (uscc, policy_id, "
      "period) DO UPDATE SET cap_fen = excluded.cap_fen WHERE benefit_award.cap_fen < excluded.cap_fen",
      {entitlement.uscc, entitlement.policy.str(), period, total.fen()}));
  return ok();
}

/// A smaller award lowers the cap only as far as what its tranches have already: nobody's money is taken by this.
Result<void> lower_cap(Transaction& transaction, const Entitlement& entitlement, const std::string& period,
                       Money total) {
  CHECK_OK(transaction.execute(
      "UPDATE benefit_award SET cap_fen = ? WHERE uscc = ? AND policy_id = ? AND period = ? AND cap_fen > ? AND "
      "(SELECT coalesce(sum(c.amount_fen), 0) FROM benefit_case c WHERE c.uscc = benefit_award.uscc AND c.policy_id = "
      "benefit_award.policy_id AND c.period = benefit_award.period AND c.state NOT IN ('refused', 'lapsed', 'void')) "
      "<= ?",
      {total.fen(), entitlement.uscc, entitlement.policy.str(), period, total.fen(), total.fen()}));
  return ok();
}

}  // namespace

Result<CaseChanges> Casework::open_or_update_cases(Transaction& transaction, const std::vector<Entitlement>& changed,
                                                   const std::map<std::string, std::string>& enterprise_names,
                                                   const std::string& trace_id) {
  CaseChanges changes;
  for (const Entitlement& entitlement : changed) {
    // Unknown is neither yes nor no: nothing is opened by it and nothing is taken back.
    if (entitlement.verdict == Verdict::unknown) continue;
    const auto name = enterprise_names.find(entitlement.uscc);
    CHECK_OK(update_from(transaction, entitlement, name == enterprise_names.end() ? entitlement.uscc : name->second,
                         trace_id, changes));
  }
  return changes;
}

Result<void> Casework::update_from(Transaction& transaction, const Entitlement& entitlement, const std::string& name,
                                   const std::string& trace_id, CaseChanges& changes) {
  const auto settings = parts_.handling(entitlement.policy);
  auto cases = TRY(load_cases(transaction, entitlement.uscc, entitlement.policy));
  if (settings) std::erase_if(cases, [&](const BenefitCase& c) { return c.period != settings->period; });

  std::vector<Tranche> tranches;
  if (entitlement.verdict == Verdict::met) {
    if (!settings) return ok();  // Matched, but the place does not handle the item: the verdict stands for itself.
    tranches = entitlement.tranches;
    if (tranches.empty() && settings->channel == Channel::relief)
      tranches.push_back({"whole", entitlement.amount.value_or(Money())});
    std::erase_if(tranches, [&](const Tranche& tranche) {
      return tranche.amount <= Money() && settings->channel != Channel::relief;
    });
  }
  const bool withdrawn = entitlement.verdict == Verdict::not_met;
  for (BenefitCase& c : cases) {
    if (!before_approval(c) || c.state == CaseState::payee_check) continue;
    const bool wanted = std::ranges::any_of(tranches, [&](const Tranche& tranche) { return tranche.id == c.tranche; });
    if (wanted) continue;
    const std::string reason = withdrawn ? why_not(entitlement) : "该部分不再应付";
    c = TRY(advance(transaction, c, {CaseEvent::voided, kSystem, reason, "case_changed"}));
    changes.voided.push_back(c.id);
  }
  if (tranches.empty()) return ok();

  Money total;
  for (const Tranche& tranche : tranches) total = TRY(total.plus(tranche.amount));
  CHECK_OK(raise_cap(transaction, entitlement, settings->period, total));
  for (const Tranche& tranche : tranches) {
    const std::optional<Money> amount = tranche.amount > Money() ? std::optional(tranche.amount) : std::nullopt;
    const auto known = std::ranges::find_if(cases, [&](const BenefitCase& c) { return c.tranche == tranche.id; });
    if (known == cases.end()) {
      CHECK_OK(open_case(transaction, entitlement, tranche, amount, *settings, name, trace_id, changes));
    } else if (known->state == CaseState::voided && !known->approved_once) {
      const bool fits = TRY(within_cap(transaction, *known, amount, [&]() -> Result<void> {
        BenefitCase again = *known;
        again.amount = amount;
        again.policy_version = entitlement.policy_version;
        again.profile_sequence = entitlement.profile_sequence;
        ++again.review_round;
        CHECK_OK(advance(transaction, again, {CaseEvent::matched_again, kSystem, {}, "case_changed"}));
        return ok();
      }));
      if (fits) changes.changed.push_back(known->id);
    } else if (!before_approval(*known) || known->state == CaseState::held || known->state == CaseState::payee_check) {
      continue;
    } else if (known->amount == amount) {
      if (known->policy_version == entitlement.policy_version) continue;
      CHECK_OK(move_to_version(transaction, *known, entitlement));
      changes.changed.push_back(known->id);
    } else {
      const bool fits = TRY(within_cap(transaction, *known, amount,
                                       [&] { return change_amount(transaction, *known, entitlement, amount); }));
      if (fits) changes.changed.push_back(known->id);
    }
  }
  return lower_cap(transaction, entitlement, settings->period, total);
}

Result<void> Casework::open_case(Transaction& transaction, const Entitlement& entitlement, const Tranche& tranche,
                                 std::optional<Money> amount, const HandlingSettings& settings, const std::string& name,
                                 const std::string& trace_id, CaseChanges& changes) {
  BenefitCase c;
  const Instant now = parts_.clock.now();
  c.id = case_id_of(entitlement.uscc, entitlement.policy, settings.period, tranche.id);
  c.uscc = entitlement.uscc;
  c.enterprise_name = name;
  c.division = entitlement.division;
  c.policy = entitlement.policy;
  c.policy_version = entitlement.policy_version;
  c.title = settings.title;
  c.tranche = tranche.id;
  c.period = settings.period;
  c.channel = settings.channel;
  c.amount = amount;
  c.profile_sequence = entitlement.profile_sequence;
  c.trace_id = trace_id.empty() ? new_trace_id().str() : trace_id;
  auto written = transaction.savepoint([&] { return insert_case(transaction, c, now); });
  if (!written) {
    if (written.error().message.find("award_cap") == std::string::npos) return std::move(written).error();
    // Earlier tranches took more than the award is worth now: a person decides, nothing is opened.
    audit::AuditEntry entry;
    entry.kind = "person_asked";
    entry.actor = "system";
    entry.subject_type = "entitlement";
    entry.subject_id = entitlement.uscc + "/" + entitlement.policy.str() + "/" + tranche.id;
    entry.uscc = entitlement.uscc;
    entry.division = entitlement.division;
    entry.trace_id = trace_id;
    entry.detail = {{"code", "award_cap"}, {"amount_fen", tranche.amount.fen()}};
    CHECK_OK(parts_.trail.append(transaction, entry));
    return ok();
  }
  c.version = 1;
  CHECK_OK(append_event(transaction, c.id, CaseEvent::opened, CaseState::matched, CaseState::matched, kSystem.name,
                        to_text(kSystem.role), {}, {}, now, c.trace_id));
  Json detail = {{"policy", c.policy.str()}, {"tranche", c.tranche}, {"period", c.period}};
  if (c.amount) detail["amount_fen"] = c.amount->fen();
  CHECK_OK(audit(transaction, c, "case_opened", kSystem.name, std::move(detail)));
  changes.opened.push_back(c.id);
  return ok();
}

Result<void> Casework::move_to_version(Transaction& transaction, BenefitCase c, const Entitlement& entitlement) {
  // What departments agreed to was the old text: they look again.
  if (c.state == CaseState::in_review || c.state == CaseState::publicity)
    return change_amount(transaction, c, entitlement, c.amount);
  c.policy_version = entitlement.policy_version;
  c.profile_sequence = entitlement.profile_sequence;
  CHECK_OK(save_case(transaction, c));
  return audit(transaction, c, "case_changed", kSystem.name, {{"policy_version", c.policy_version}});
}

Result<void> Casework::change_amount(Transaction& transaction, BenefitCase c, const Entitlement& entitlement,
                                     std::optional<Money> amount) {
  Json detail = Json::object();
  if (c.amount) detail["before_fen"] = c.amount->fen();
  if (amount) detail["amount_fen"] = amount->fen();
  if (c.policy_version != entitlement.policy_version) detail["policy_version"] = entitlement.policy_version;
  // What departments agreed to was the old amount: from review on they look again.
  const bool seen = c.state == CaseState::in_review || c.state == CaseState::publicity;
  const char* reason = c.amount == amount ? "政策事项版本变更" : "金额变更";
  c.amount = amount;
  c.policy_version = entitlement.policy_version;
  c.profile_sequence = entitlement.profile_sequence;
  Step step{CaseEvent::amount_changed, kSystem, reason, "case_changed", std::move(detail)};
  step.keeps_due = true;
  if (seen) {
    ++c.review_round;
    c.publicity_ended = false;
    const auto settings = TRY(settings_of(c));
    step.keeps_due = false;
    step.due_on = deadline(parts_.clock.today(), settings.review_days, parts_.calendar);
  }
  CHECK_OK(advance(transaction, c, step));
  return ok();
}

Result<bool> Casework::within_cap(Transaction& transaction, const BenefitCase& before, std::optional<Money> amount,
                                  const std::function<Result<void>()>& step) {
  auto done = transaction.savepoint(step);
  if (done) return true;
  if (done.error().code != "award_cap") return std::move(done).error();
  // Other tranches took more than the award leaves now. The case stays as it was, and a person decides; told once.
  constexpr const char* kOverCap = "各期金额合计超过核定总额，请人工处理";
  BenefitCase c = before;
  if (c.reason == kOverCap) return false;
  c.reason = kOverCap;
  CHECK_OK(save_case(transaction, c));
  Json detail = {{"code", "award_cap"}};
  if (amount) detail["amount_fen"] = amount->fen();
  CHECK_OK(audit(transaction, c, "person_asked", kSystem.name, std::move(detail)));
  return false;
}

}  // namespace zhida::casework
