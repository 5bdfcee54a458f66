#include "stages/matching/matching_stage.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "stages/matching/beyond.h"
#include "stages/matching/policy_store.h"
#include "stages/matching/together_stage.h"

namespace zhida::matching {
namespace {

bool same_benefit(const Entitlement& left, const Entitlement& right) {
  const auto same_tranche = [](const Tranche& a, const Tranche& b) { return a.id == b.id && a.amount == b.amount; };
  return left.verdict == right.verdict && left.amount == right.amount && left.policy_version == right.policy_version &&
         left.channel == right.channel && std::ranges::equal(left.tranches, right.tranches, same_tranche);
}

}  // namespace

Result<PublishOutcome> MatchingStage::publish(storage::Transaction& transaction, std::span<const Policy> policies,
                                              const std::string& actor) {
  PublishOutcome out;
  for (const auto& policy : policies) {
    CHECK_OK(put_in_force(transaction, policy, actor, out));
  }
  for (const auto& stored : TRY(list_policies(transaction))) {
    const bool listed = std::ranges::any_of(policies, [&](const Policy& policy) { return policy.id == stored.id; });
    if (listed || stored.state != "in_force") continue;
    CHECK_OK(withdraw(transaction, stored.id, stored.version, actor, out));
  }
  return out;
}

Result<void> MatchingStage::put_in_force(storage::Transaction& transaction, const Policy& policy,
                                         const std::string& actor, PublishOutcome& out) {
  if (!TRY(matching::put_in_force(transaction, policy, TRY(canonical_json(to_json(policy))), clock_.now())))
    return ok();
  out.published.push_back(policy.id);
  audit::AuditEntry entry;
  entry.kind = "policy_published";
  entry.actor = actor;
  entry.subject_type = "policy";
  entry.subject_id = policy.id.str();
  entry.detail = {{"version", policy.version}, {"title", policy.title}};
  CHECK_OK(audit_.append(transaction, entry));
  return ok();
}

Result<void> MatchingStage::withdraw(storage::Transaction& transaction, const PolicyId& id, const std::string& version,
                                     const std::string& actor, PublishOutcome& out) {
  if (!TRY(take_out_of_force(transaction, id))) return ok();
  const auto now = clock_.now();
  out.withdrawn.push_back(id);
  audit::AuditEntry entry;
  entry.kind = "policy_withdrawn";
  entry.actor = actor;
  entry.subject_type = "policy";
  entry.subject_id = id.str();
  entry.detail = {{"version", version}};
  CHECK_OK(audit_.append(transaction, entry));

  for (auto& before : TRY(read_entitlements_of_policy(transaction, id))) {
    if (before.entitlement.verdict == Verdict::not_met) continue;
    EntitlementChange change{before.entitlement, before.entitlement.verdict, before.entitlement.amount};
    auto& entitlement = change.now;
    take_away(entitlement, Verdict::not_met);
    entitlement.evaluated_on = Date::of(now);
    ClauseVerdict clause;
    clause.id = "in_force";
    clause.text = "政策事项在用";
    clause.verdict = Verdict::not_met;
    entitlement.clauses = {clause};
    CHECK_OK(save_entitlement(transaction, entitlement, clauses_to_text(entitlement.clauses), before.trace_id));
    const Decision decision{.purpose = "withdrawn",
                            .case_id = {},
                            .entitlement = entitlement,
                            .facts = std::nullopt,
                            .context = context_,
                            .at = now,
                            .trace_id = before.trace_id};
    CHECK_OK(append_history(transaction, decision));
    CHECK_OK(tell(transaction, change, decision));
    out.changed.push_back(std::move(change));
  }
  return ok();
}

Result<MatchOutcome> MatchingStage::on_profiles_changed(storage::Transaction& transaction,
                                                        std::span<const EnterpriseProfile> profiles,
                                                        std::span<const Policy> policies, Date day,
                                                        const std::string& trace_id, const HeldBack& held) {
  MatchOutcome out;
  const auto now = clock_.now();
  for (const auto& profile : profiles) {
    const auto stored = TRY(read_entitlements(transaction, profile.uscc));
    auto judged = TRY(judge_firm(transaction, policies, profile, day));
    out.verdicts.insert(out.verdicts.end(), judged.alone.begin(), judged.alone.end());
    (void)TRY(ask_people(transaction, audit_, policies, judged, profile, now, trace_id));
    for (std::size_t i = 0; i < judged.entitlements.size(); ++i) {
      auto& entitlement = judged.entitlements[i];
      const auto& policy = policies[i];
      ++out.evaluated;
      if (const auto titles = held.find(policy.id); titles != held.end()) hold_back(entitlement, titles->second);
      const auto clauses = clauses_to_text(entitlement.clauses);
      const auto before = std::ranges::find_if(stored, [&](const StoredEntitlement& candidate) {
        return candidate.entitlement.policy == entitlement.policy;
      });
      const bool known = before != stored.end();
      if (known && same_benefit(before->entitlement, entitlement)) {
        const auto& old = before->entitlement;
        if (before->clauses_text != clauses || old.amount_trace != entitlement.amount_trace) {
          CHECK_OK(save_entitlement(transaction, entitlement, clauses, trace_id));
        } else if (old.evaluated_on != day || old.profile_sequence != profile.sequence ||
                   old.division != profile.division) {
          CHECK_OK(touch_entitlement(transaction, entitlement));
        }
        continue;
      }
      CHECK_OK(save_entitlement(transaction, entitlement, clauses, trace_id));
      const Decision decision{.purpose = "matched",
                              .case_id = {},
                              .entitlement = entitlement,
                              .facts = facts_text(policy, judged.facts_of(policy.id, profile), day),
                              .context = context_,
                              .at = now,
                              .trace_id = trace_id};
      CHECK_OK(append_history(transaction, decision));
      EntitlementChange change{std::move(entitlement), std::nullopt, std::nullopt};
      if (known) {
        change.verdict_before = before->entitlement.verdict;
        change.amount_before = before->entitlement.amount;
      }
      CHECK_OK(tell(transaction, change, decision));
      out.changed.push_back(std::move(change));
    }
  }
  return out;
}

// The trail tells of benefits that came or went or became another sum; that a firm still does not meet an item is no
// news.
Result<void> MatchingStage::tell(storage::Transaction& transaction, const EntitlementChange& change,
                                 const Decision& decision) {
  const bool was_met = change.verdict_before == Verdict::met;
  const bool is_met = change.now.verdict == Verdict::met;
  if (!was_met && !is_met) return ok();
  audit::AuditEntry entry;
  entry.kind = is_met ? "policy_matched" : "policy_unmatched";
  entry.actor = "system";
  entry.subject_type = "entitlement";
  entry.subject_id = change.now.policy.str();
  entry.uscc = change.now.uscc;
  entry.division = change.now.division;
  entry.trace_id = decision.trace_id;
  entry.detail = {{"version", change.now.policy_version},
                  {"verdict", zhida::to_text(change.now.verdict)},
                  {"profile_sequence", change.now.profile_sequence},
                  {"decision", decision_digest(decision)}};
  if (change.now.amount) entry.detail["amount_fen"] = change.now.amount->fen();
  CHECK_OK(audit_.append(transaction, entry));
  return ok();
}

}  // namespace zhida::matching
