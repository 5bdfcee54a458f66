#include "stages/matching/together_stage.h"

#include <algorithm>
#include <set>
#include <utility>

#include "stages/matching/allocation_store.h"
#include "stages/matching/beyond.h"
#include "stages/matching/evaluate.h"
#include "stages/matching/person_store.h"
#include "stages/matching/persons.h"
#include "stages/matching/receipt_store.h"
#include "stages/matching/standing_store.h"
#include "stages/matching/wanted_store.h"

namespace zhida::matching {
namespace {

/// The item asks for what it gives itself: its own parts must not count against each other.
bool asks_for_itself(const Policy& policy) {
  const auto asked = benefits_asked(std::span(&policy, 1));
  const auto given = benefits_given(policy);
  return std::ranges::any_of(
      asked, [&](const std::string& benefit) { return std::ranges::find(given, benefit) != given.end(); });
}

bool needs_round(const Policy& policy) {
  return policy.pool.has_value() || (policy.ranking && policy.ranking->quota > 0);
}

void set_field(EnterpriseProfile& profile, const std::string& field, std::int64_t number, Date day) {
  if (field.empty()) return;
  FieldState state;
  auto& value = state.value.emplace();
  value.data = number;
  value.source = "hub";
  value.as_of = day;
  profile.fields.insert_or_assign(field, std::move(state));
}

void add_clause(Entitlement& entitlement, std::string id, std::string text, Verdict verdict, const std::string& value,
                std::string unknown_reason) {
  ClauseVerdict clause;
  clause.id = std::move(id);
  clause.text = std::move(text);
  clause.verdict = verdict;
  clause.value = value;
  clause.unknown_reason = std::move(unknown_reason);
  entitlement.clauses.push_back(std::move(clause));
  if (verdict != Verdict::met) take_away(entitlement, verdict);
}

std::string place_of(const RoundLine& line) {
  if (line.best == 0) return {};
  const auto best = std::to_string(line.best);
  return line.best == line.worst ? "第" + best + "名" : "第" + best + "至" + std::to_string(line.worst) + "名";
}

const char* why_open(const std::string& reason) {
  if (reason == "tie") return "与他人并列，名额或资金不足以全部安排，由人工决定";
  if (reason == "open") return "尚有未核实的企业可能排在前面";
  return "本轮分配时条件尚未核实";
}

/// What the decided round says of the firm, or that there is none.
struct Lot {
  std::optional<StoredRound> round;
  std::optional<RoundLine> line;
};

class Judge {
 public:
  /// `all`: where the relations of what the firm has already are looked up.
  Judge(storage::Transaction& transaction, std::span<const Policy> policies, std::span<const Policy> all,
        const EnterpriseProfile& profile, Date day)
      : transaction_(transaction), policies_(policies), all_(all), profile_(profile), day_(day) {}

  Result<Judgement> run(const Policy* without_round) {
    Judgement out;
    if (!benefits_asked(policies_).empty()) {
      out.with_receipts = profile_;
      CHECK_OK(add_receipts(transaction_, policies_, std::span(&*out.with_receipts, 1)));
    }
    for (const auto& policy : policies_) out.entitlements.push_back(TRY(judge(policy, without_round, out)));
    if (TRY(somebody_gives_way(out.entitlements))) {
      const auto standing = TRY(read_standing(transaction_, profile_.uscc, all_));
      out.questions = settle_exclusions(out.entitlements, policies_, standing);
    }
    return out;
  }

 private:
  Result<Entitlement> judge(const Policy& policy, const Policy* without_round, Judgement& out) {
    const auto& shared = out.with_receipts ? *out.with_receipts : profile_;
    if (!asks_for_itself(policy) && policy.persons.empty() && !needs_round(policy)) {
      auto entitlement = evaluate(policy, shared, day_);
      out.alone.push_back(entitlement.verdict);
      return entitlement;
    }
    out.alone.push_back(evaluate(policy, shared, day_).verdict);
    auto& own = out.facts[policy.id];
    own = shared;
    const auto award = award_of(profile_.uscc, policy.id, policy.handling.period);
    if (asks_for_itself(policy)) {
      own = profile_;
      CHECK_OK(add_receipts(transaction_, std::span(&policy, 1), std::span(&own, 1), award));
    }
    CHECK_OK(count_persons(policy, award, own, out));
    if (!needs_round(policy)) return evaluate(policy, own, day_);

    const bool drawing = without_round != nullptr && without_round->id == policy.id;
    const auto lot = drawing ? Lot{} : TRY(lot_of(policy));
    const auto& field = policy.ranking ? policy.ranking->rank_field : std::string();
    if (drawing)
      set_field(own, field, 1, day_);
    else if (lot.line && lot.line->outcome != Verdict::unknown && lot.line->best > 0)
      set_field(own, field, lot.line->best, lot.round->at);
    auto entitlement = evaluate(policy, own, day_);
    if (!drawing && entitlement.verdict != Verdict::not_met) tell_lot(policy, lot, entitlement);
    return entitlement;
  }

  Result<Lot> lot_of(const Policy& policy) {
    Lot lot;
    lot.round = TRY(decided_round(transaction_, policy.id, policy.handling.period));
    // What was decided was decided about another text.
    if (lot.round && lot.round->policy_version != policy.version) lot.round.reset();
    if (lot.round) lot.line = TRY(find_line(transaction_, lot.round->id, profile_.uscc));
    return lot;
  }

  static void tell_lot(const Policy& policy, const Lot& lot, Entitlement& entitlement) {
    const char* const id = policy.pool ? "pool" : "rank";
    if (!lot.line) {
      add_clause(entitlement, id, lot.round ? "本轮名额和金额分配时未列入" : "名额和金额以分配轮次的决定为准，尚未决定",
                 Verdict::unknown, {}, lot.round ? "not_in_round" : "no_round");
      return;
    }
    const auto& line = *lot.line;
    if (line.outcome == Verdict::unknown) {
      add_clause(entitlement, id, why_open(line.reason), Verdict::unknown, place_of(line), line.reason);
    } else if (line.outcome == Verdict::not_met) {
      const auto quota = policy.ranking ? policy.ranking->quota : 0;
      add_clause(entitlement, id,
                 line.reason == "exhausted" ? "资金池已按顺序分配完毕，轮到本企业时没有余额"
                                            : "名额" + std::to_string(quota) + "家，" + place_of(line) + "，未入围",
                 Verdict::not_met, place_of(line), {});
    } else if (policy.pool && entitlement.verdict == Verdict::met) {
      reduce_to(entitlement, line.given);
      add_clause(entitlement, id, "资金池分配", Verdict::met, std::to_string(line.given.fen()), {});
    }
  }

  Result<void> count_persons(const Policy& policy, const std::string& award, EnterpriseProfile& facts, Judgement& out) {
    if (policy.persons.empty()) return ok();
    const auto persons = TRY(load_persons(transaction_, profile_.uscc, policy));
    if (persons.empty()) return ok();  // Nobody handed in a list: unknown, not none.
    std::set<std::pair<std::string, std::string>> used;
    for (const auto& rule : policy.persons)
      for (const auto& person : persons)
        if (!rule.benefit.empty() && TRY(person_received(transaction_, person.digest, rule.benefit, award)))
          used.emplace(person.digest, rule.benefit);
    for (const auto& rule : policy.persons) {
      const auto tally = tally_persons(
          policy, rule, facts, persons,
          [&](const std::string& digest, const std::string& benefit) {
            return used.contains({digest, benefit});
          },
          day_);
      facts.fields.insert_or_assign(rule.count_field, tally.state(day_));
      if (rule.benefit.empty()) continue;
      for (const auto& digest : tally.digests)
        out.claims[policy.id].push_back({rule.benefit, digest, rule.keep_months});
    }
    return ok();
  }

  /// Whether it is worth looking: an item with relations is not plainly not met.
  Result<bool> somebody_gives_way(const std::vector<Entitlement>& entitlements) const {
    for (std::size_t i = 0; i < entitlements.size(); ++i)
      if (entitlements[i].verdict != Verdict::not_met &&
          (has_relations(relations_of(policies_[i])) || named_by_others(policies_[i])))
        return true;
    return false;
  }
  bool named_by_others(const Policy& policy) const {
    return std::ranges::any_of(policies_, [&](const Policy& other) {
      return std::ranges::find(other.not_with, policy.id.str()) != other.not_with.end();
    });
  }

  storage::Transaction& transaction_;
  const std::span<const Policy> policies_, all_;
  const EnterpriseProfile& profile_;
  const Date day_;
};

}  // namespace

Result<Judgement> judge_firm(storage::Transaction& transaction, std::span<const Policy> policies,
                             const EnterpriseProfile& profile, Date day, const Policy* without_round) {
  return Judge(transaction, policies, policies, profile, day).run(without_round);
}

Result<Judgement> judge_item(storage::Transaction& transaction, std::span<const Policy> policies, const PolicyId& item,
                             const EnterpriseProfile& profile, Date day, const Policy* without_round) {
  const auto wanted = std::ranges::find(policies, item, &Policy::id);
  if (wanted == policies.end()) return Judgement{};
  // Whoever may push it aside, and whoever may push those aside.
  std::vector<Policy> some{*wanted};
  for (std::size_t i = 0; i < some.size(); ++i) {
    const auto own = relations_of(some[i]);
    for (const auto& policy : policies)
      if (exclude_each_other(own, relations_of(policy)) &&
          std::ranges::find(some, policy.id, &Policy::id) == some.end())
        some.push_back(policy);
  }
  return Judge(transaction, some, policies, profile, day).run(without_round);
}

namespace {

/// The fields that a judge fills in for this item alone, and those derived from them.
std::set<std::string> own_fields(const Policy& policy) {
  std::set<std::string> out;
  if (asks_for_itself(policy))
    for (const auto& benefit : benefits_asked(std::span(&policy, 1))) out.insert("received." + benefit);
  for (const auto& rule : policy.persons) out.insert(rule.count_field);
  if (policy.ranking) out.insert(policy.ranking->rank_field);
  out.erase("");
  // Derived fields use only those before them.
  for (const auto& field : policy.derived)
    for (const auto& part : field.formula.fields())
      if (out.contains(part)) out.insert(field.name);
  return out;
}

/// Conditions on these fields are unknown, whatever is known.
void leave_open(Clause& clause, const std::set<std::string>& fields) {
  for (auto& child : clause.children) leave_open(child, fields);
  const bool own = fields.contains(clause.field) ||
                   (clause.op == Operator::first_time && fields.contains(clause.field + "_first_time"));
  if (clause.kind != Clause::Kind::condition || !own) return;
  Clause open;
  open.id = clause.id;
  open.op = Operator::exists;
  clause = std::move(open);
}

}  // namespace

std::vector<EngineItem> for_engines(std::span<const Policy> policies) {
  std::vector<EngineItem> out;
  for (const auto& policy : policies) {
    auto& item = out.emplace_back(EngineItem{policy});
    if (!asks_for_itself(policy) && policy.persons.empty() && !needs_round(policy)) continue;
    item.exact = false;
    item.dated = depends_on_day(policy) || !policy.persons.empty() || policy.valid_from || policy.valid_to;
    leave_open(item.policy.when, own_fields(policy));
    item.policy.amount = {};
    item.policy.amount.rule = NoAmount{};
  }
  return out;
}

Result<std::int64_t> ask_people(storage::Transaction& transaction, const audit::AuditTrail& trail,
                                std::span<const Policy> policies, const Judgement& judgement,
                                const EnterpriseProfile& profile, Instant now, const std::string& trace_id) {
  std::int64_t asked = 0;
  for (const auto& question : judgement.questions) {
    const auto policy = std::ranges::find(policies, question.policy, &Policy::id);
    const auto award = award_of(profile.uscc, question.policy, policy == policies.end() ? "" : policy->handling.period);
    if (!TRY(first_asked(transaction, "exclusive/" + award + "/" + question.committed.str(), now))) continue;
    ++asked;
    audit::AuditEntry entry;
    entry.kind = "person_asked";
    entry.actor = "system";
    entry.subject_type = "entitlement";
    entry.subject_id = profile.uscc + "/" + question.policy.str();
    entry.uscc = profile.uscc;
    entry.division = profile.division;
    entry.trace_id = trace_id;
    entry.detail = {{"code", "exclusive"}, {"has", question.committed.str()}};
    (void)TRY(trail.append(transaction, entry));
  }
  return asked;
}

Result<void> claim_persons(storage::Transaction& transaction, const std::vector<PersonClaim>& claims,
                           const std::string& reference, const std::string& award, Date today) {
  (void)TRY(free_claims(transaction, reference));
  for (const auto& claim : claims) {
    Receipt receipt;
    receipt.benefit = claim.benefit;
    receipt.subject = claim.digest;
    receipt.is_person = true;
    receipt.reference = reference;
    receipt.received_on = today;
    receipt.source = "hub";
    receipt.keep_until = today.plus_months(claim.keep_months);
    receipt.award = award;
    receipt.claimed = true;
    CHECK_OK(record_receipt(transaction, receipt));
  }
  return ok();
}

}  // namespace zhida::matching
