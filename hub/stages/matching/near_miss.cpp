#include "stages/matching/near_miss.h"

#include <algorithm>
#include <set>
#include <utility>

#include "stages/matching/amount.h"
#include "stages/matching/evaluate.h"
#include "stages/matching/kleene.h"

namespace zhida::matching {
namespace {

/// The clause with the condition `id` replaced by one that always holds, or never does.
Clause with_answer(const Clause& clause, const std::string& id, bool holds) {
  if (clause.kind == Clause::Kind::condition && clause.id == id) {
    Clause out;
    out.kind = holds ? Clause::Kind::all : Clause::Kind::any;
    return out;
  }
  auto out = clause;
  for (auto& child : out.children) child = with_answer(child, id, holds);
  return out;
}

bool in_period(const Policy& policy, Date day) {
  return (!policy.valid_from || day >= *policy.valid_from) && (!policy.valid_to || day <= *policy.valid_to);
}

/// Conditions that are unknown and lie in nothing but unknown groups: a group that is decided is so whatever they say.
void collect_open(const Clause& clause, const Facts& facts, std::set<std::string>& out) {
  if (evaluate_clause(clause, facts) != Verdict::unknown) return;
  if (clause.kind == Clause::Kind::condition) out.insert(clause.id);
  for (const auto& child : clause.children) collect_open(child, facts, out);
}

/// The item's verdict with one condition answered.
Verdict verdict_with(const Policy& policy, const Facts& facts, const std::string& id, bool holds, Verdict amount) {
  auto verdict = both(evaluate_clause(with_answer(policy.when, id, holds), facts), amount);
  if (policy.kind == ItemKind::reminder) verdict = both(verdict, Verdict::unknown);
  return verdict;
}

}  // namespace

std::vector<NearMiss> near_misses(const Policy& policy, const EnterpriseProfile& profile, Date day) {
  std::vector<NearMiss> out;
  if (!in_period(policy, day)) return out;
  const Facts facts(policy, profile, day);
  std::vector<ClauseVerdict> told;
  const auto verdict = evaluate_clause(policy.when, facts, &told);
  const auto amount = compute_amount(policy, facts).verdict;
  if (verdict != Verdict::not_met || amount == Verdict::not_met) return out;
  for (auto& clause : told) {
    if (clause.field.empty()) continue;  // A group: its conditions are asked themselves.
    // Below a `not` it is the condition that holds which is in the way. Missing data are in the way where the clause
    // counts them against the firm.
    auto then = verdict_with(policy, facts, clause.id, clause.verdict != Verdict::met, amount);
    if (clause.verdict == Verdict::unknown && then == Verdict::not_met)
      then = verdict_with(policy, facts, clause.id, false, amount);
    if (then != Verdict::not_met) out.push_back({std::move(clause), then});
  }
  return out;
}

std::vector<OpenQuestion> open_questions(const Policy& policy, const EnterpriseProfile& profile, Date day) {
  std::vector<OpenQuestion> out;
  if (!in_period(policy, day)) return out;
  const Facts facts(policy, profile, day);
  std::vector<ClauseVerdict> told;
  const auto amount = compute_amount(policy, facts);
  const auto verdict = both(evaluate_clause(policy.when, facts, &told), amount.verdict);
  if (verdict != Verdict::unknown) return out;
  std::set<std::string> open;
  collect_open(policy.when, facts, open);
  for (auto& clause : told) {
    if (clause.field.empty() || !open.contains(clause.id)) continue;
    OpenQuestion question;
    question.if_met = verdict_with(policy, facts, clause.id, true, amount.verdict);
    question.if_not_met = verdict_with(policy, facts, clause.id, false, amount.verdict);
    question.clause = std::move(clause);
    out.push_back(std::move(question));
  }
  if (amount.verdict == Verdict::unknown && amount.clause) {
    OpenQuestion question;
    question.clause = *amount.clause;
    question.if_met = evaluate_clause(policy.when, facts);
    question.if_not_met = Verdict::not_met;
    out.push_back(std::move(question));
  }
  std::ranges::stable_sort(out,
                           [](const OpenQuestion& a, const OpenQuestion& b) { return a.decides() && !b.decides(); });
  return out;
}

std::vector<Entitlement> owed(std::span<const Entitlement> of_one_firm, std::span<const PolicyId> received) {
  std::vector<Entitlement> out;
  for (const auto& entitlement : of_one_firm)
    if (entitlement.verdict == Verdict::met && std::ranges::find(received, entitlement.policy) == received.end())
      out.push_back(entitlement);
  return out;
}

Funnel::Funnel(const Policy& policy, Date day) : policy_(policy), day_(day) {
  const bool sequence = policy.when.kind == Clause::Kind::all && policy.when.id.empty();
  if (sequence)
    for (const auto& child : policy.when.children) steps_.push_back({child.id, child.text});
  else
    steps_.push_back({policy.when.id, policy.when.text});
}

void Funnel::add(const EnterpriseProfile& profile) {
  ++firms;
  const auto outcome = evaluate(policy_, profile, day_);
  ++(outcome.verdict == Verdict::met ? met : outcome.verdict == Verdict::unknown ? unknown : not_met);
  const Facts facts(policy_, profile, day_);
  const bool sequence = policy_.when.kind == Clause::Kind::all && policy_.when.id.empty();
  std::vector<Verdict> verdicts;
  if (sequence)
    for (const auto& child : policy_.when.children) verdicts.push_back(evaluate_clause(child, facts));
  else
    verdicts.push_back(evaluate_clause(policy_.when, facts));
  const auto failing = std::ranges::count(verdicts, Verdict::not_met);
  bool still_in = true;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    auto& step = steps_[i];
    ++(verdicts[i] == Verdict::met ? step.met : verdicts[i] == Verdict::unknown ? step.unknown : step.not_met);
    if (verdicts[i] == Verdict::not_met && failing == 1) ++step.alone;
    still_in = still_in && verdicts[i] != Verdict::not_met;
    if (still_in) ++step.left;
  }
}

Json Funnel::to_json() const {
  Json out = Json::array();
  for (const auto& step : steps_)
    out.push_back({{"clause", step.id},
                   {"text", step.text},
                   {"met", step.met},
                   {"not_met", step.not_met},
                   {"unknown", step.unknown},
                   {"alone", step.alone},
                   {"left", step.left}});
  return out;
}

}  // namespace zhida::matching
