#include "flow/fresh_look.h"

#include <algorithm>
#include <utility>

#include "flow/allocation_desk.h"
#include "flow/policy_book.h"
#include "stages/casework/case_store.h"
#include "stages/intake/intake_store.h"
#include "stages/mapping/mapping_file.h"
#include "stages/mapping/mapping_set.h"
#include "stages/matching/beyond.h"
#include "stages/matching/explain.h"
#include "stages/matching/facts.h"
#include "stages/matching/policy_store.h"
#include "stages/profile/derived_inputs.h"
#include "stages/profile/profile_store.h"

namespace zhida::flow {
namespace {

constexpr std::size_t kDifferencesMax = 6;  ///< Named to people; the decision has them all.

void add_with_inputs(const FieldCatalogue& catalogue, const std::string& name, std::set<std::string>& out) {
  const auto* field = catalogue.find(name);
  if (field == nullptr || !out.insert(name).second) return;
  for (const auto& input : profile::inputs_of(field->derived_by)) add_with_inputs(catalogue, input, out);
}

/// What the item wants fetched anew, and what those fields are made of.
std::set<std::string> fields_to_ask(const matching::Policy& policy, const FieldCatalogue& catalogue) {
  std::set<std::string> out;
  for (const auto& name : policy.handling.recheck_fields) add_with_inputs(catalogue, name, out);
  if (!out.empty() && policy.ranking) add_with_inputs(catalogue, policy.ranking->by, out);
  return out;
}

/// Whether rows of this type tell one of these fields.
bool tells(const mapping::Mapping* mapping, const std::set<std::string>& fields) {
  return mapping != nullptr && mapping->target == mapping::Target::profile &&
         std::ranges::any_of(mapping->rules, [&](const mapping::Rule& rule) { return fields.contains(rule.target); });
}

Money tranche_of(const Entitlement& entitlement, const std::string& tranche) {
  for (const auto& one : entitlement.tranches)
    if (one.id == tranche) return one.amount;
  return Money();
}

/// The newest decision that gave the firm what the case stands for; nullopt for cases of older programs.
Result<std::optional<EnterpriseProfile>> stood_on(storage::Transaction& transaction, const BenefitCase& c) {
  auto decisions = TRY(matching::read_decisions(transaction, c.uscc, c.policy));
  for (auto decision = decisions.rbegin(); decision != decisions.rend(); ++decision) {
    const auto& entitlement = decision->entitlement;
    if (entitlement.verdict != Verdict::met || !decision->facts || entitlement.policy_version != c.policy_version ||
        (c.amount && tranche_of(entitlement, c.tranche) != *c.amount))
      continue;
    return std::optional<EnterpriseProfile>(TRY(matching::profile_from(*decision)));
  }
  return std::optional<EnterpriseProfile>();
}

std::string shown(const FieldState* state, const FieldSpec* field) {
  if (state == nullptr || !state->value) {
    const auto reason = state == nullptr ? UnknownReason::missing : state->reason;
    return reason == UnknownReason::stale      ? "未知（已过期）"
           : reason == UnknownReason::conflict ? "未知（来源矛盾）"
                                               : "未知（无数据）";
  }
  if (field == nullptr) return zhida::to_text(state->value->data);
  return matching::people_text(state->value->data, *field);
}

/// Which values are others than they were: `登记状态：存续 → 注销`.
std::string differences(const matching::Policy& policy, const EnterpriseProfile& before, const EnterpriseProfile& now,
                        const FieldCatalogue& catalogue) {
  std::string out;
  std::size_t many = 0;
  for (const auto& name : matching::fields_of(policy)) {
    const auto *was = before.find(name), *is = now.find(name);
    const bool known = was != nullptr && was->value;
    const bool knows = is != nullptr && is->value;
    if (known == knows && (!known || was->value->data == is->value->data)) continue;
    if (++many > kDifferencesMax) continue;
    const auto* field = catalogue.find(name);
    const auto title = policy.titles.find(name);
    out += std::string(out.empty() ? "" : "，") +
           (title != policy.titles.end() ? title->second
            : field != nullptr           ? field->title
                                         : name) +
           "：" + shown(was, field) + " → " + shown(is, field);
  }
  if (many > kDifferencesMax) out += "，等 " + std::to_string(many) + " 项";
  return out;
}

/// A place was won by a value. Where that is worse by now, or not known any more, somebody else may have to come first:
/// people draw the round up anew, and the firm waits. Better values take nothing from anybody.
Result<void> doubt_place(storage::Transaction& transaction, const matching::Policy& policy,
                         const EnterpriseProfile& profile, Date today, const FieldCatalogue& catalogue,
                         Entitlement& entitlement) {
  if (!policy.ranking || entitlement.verdict != Verdict::met) return ok();
  const auto& [by, falling, quota, rank_field] = *policy.ranking;
  const auto then = TRY(ranked_by(transaction, policy, profile.uscc));
  if (!then) return ok();
  const matching::Facts facts(policy, profile, today);
  const auto* now = facts.find(by);
  const bool known = now != nullptr && now->value;
  if (known && !(falling ? now->value->data < *then : *then < now->value->data)) return ok();
  const auto* field = catalogue.find(by);
  FieldState before;
  before.value.emplace().data = *then;
  ClauseVerdict clause;
  clause.id = "rank";
  clause.text = "排名所依据的" + (field != nullptr ? field->title : by) + "在本轮分配时为 " + shown(&before, field) +
                "，现为 " + shown(now, field) + "，须重新分配";
  clause.verdict = Verdict::unknown;
  clause.unknown_reason = "place_in_doubt";
  entitlement.clauses.push_back(std::move(clause));
  matching::take_away(entitlement, Verdict::unknown);
  return ok();
}

}  // namespace

Result<std::set<std::string>> sources_to_ask(storage::Transaction& transaction, const Rooms& rooms,
                                             const std::string& uscc, const PolicyId& policy) {
  std::set<std::string> out;
  const auto item = rooms.policies.find(policy);
  if (item == nullptr || item->handling.recheck_fields.empty()) return out;
  const auto& catalogue = rooms.rules.catalogue;
  const auto profile = TRY(profile::load_profile(transaction, uscc, rooms.clock.today(), rooms.rules));
  for (const auto& name : fields_to_ask(*item, catalogue)) {
    const auto* field = catalogue.find(name);
    out.insert(field->precedence.begin(), field->precedence.end());
    const auto* state = profile.find(name);
    if (state == nullptr || !field->derived_by.empty()) continue;
    if (state->value) out.insert(state->value->source);
    for (const auto& value : state->set_aside) out.insert(value.source);
  }
  return out;
}

Result<std::string> not_understood(storage::Transaction& transaction, const Rooms& rooms, const PolicyId& policy,
                                   const std::vector<PutAside>& rows) {
  std::string out;
  const auto item = rooms.policies.find(policy);
  if (item == nullptr) return out;
  const auto& catalogue = rooms.rules.catalogue;
  const auto fields = fields_to_ask(*item, catalogue);
  std::size_t many = 0;
  for (const auto& row : rows) {
    const auto& type = row.outcome.record_type;
    const auto* mapping = rooms.mappings.find(type);
    if (!type.empty() && !tells(mapping, fields)) continue;
    const auto open = TRY(intake::find_unsettled(transaction, row.source, row.batch_id, row.outcome));
    if (!open || ++many > kDifferencesMax) continue;
    const auto* field = catalogue.find(open->field);
    out += (out.empty() ? "" : "；") + row.source + "答复的“" + (mapping != nullptr ? mapping->title : type) + "”第" +
           std::to_string(open->record.position) + "行无法识别：" + (field != nullptr ? field->title : open->field) +
           "（" + open->code + "）";
  }
  if (many > kDifferencesMax) out += "；共" + std::to_string(many) + "行";
  return out;
}

Result<FreshLook> look_afresh(storage::Transaction& transaction, const Rooms& rooms, const casework::Work& work) {
  FreshLook out;
  // One set of items throughout, and it is the one that the store has in force.
  const auto items = rooms.policies.all();
  if (rooms.policies.round() < TRY(matching::read_match_cursor(transaction, kBookRound)))
    return retry("policy_set_changed", "The items in force changed just now.");
  const auto item = std::ranges::find(items, work.policy, &matching::Policy::id);
  if (item == items.end()) {
    // In force, but not readable: that is our trouble and not the firm's.
    for (const auto& one : rooms.policies.unreadable())
      if (one.id == work.policy) {
        out.facts.verdict = Verdict::unknown;
        out.reason = "事项的存档文本无法读取，待重新发布";
        return out;
      }
    out.facts.verdict = Verdict::not_met;
    out.reason = "事项已不在有效期内";
    return out;
  }
  const auto today = rooms.clock.today();
  const auto profile = TRY(profile::load_profile(transaction, work.uscc, today, rooms.rules));
  const auto held = rooms.policies.unconfirmed();
  const auto unconfirmed = held.find(work.policy);
  auto judged = TRY(matching::judge_item(transaction, {items.data(), items.size()}, work.policy, profile, today));
  if (judged.entitlements.empty()) return retry("policy_set_changed", "The items in force changed just now.");
  auto& entitlement = judged.entitlements.front();
  if (unconfirmed != held.end()) matching::hold_back(entitlement, unconfirmed->second);
  const auto& facts = judged.facts_of(work.policy, profile);
  CHECK_OK(doubt_place(transaction, *item, facts, today, rooms.rules.catalogue, entitlement));
  const auto benefit_case = TRY(casework::load_case(transaction, work.case_id));
  out.facts.verdict = entitlement.verdict;
  out.facts.profile_sequence = profile.sequence;
  out.facts.policy_version = entitlement.policy_version;
  for (const auto& tranche : entitlement.tranches)
    if (tranche.id == benefit_case.tranche) out.facts.tranche_amount = tranche.amount;
  for (const auto& clause : entitlement.clauses)
    if (clause.verdict != Verdict::met) out.reason += (out.reason.empty() ? "" : "；") + clause.text;
  // Nothing follows from data that nobody confirmed, not even a no.
  if (unconfirmed != held.end()) out.facts.verdict = Verdict::unknown;
  if (out.facts.verdict != Verdict::met || out.facts.tranche_amount != benefit_case.amount) {
    const auto before = TRY(stood_on(transaction, benefit_case));
    const auto named = before ? differences(*item, *before, facts, rooms.rules.catalogue) : std::string();
    if (!named.empty()) out.reason += (out.reason.empty() ? "数据变化：" : "；数据变化：") + named;
  }
  out.decision.emplace();
  out.decision->case_id = work.case_id.str();
  out.decision->entitlement = entitlement;
  out.decision->facts = matching::facts_text(*item, facts, entitlement.evaluated_on);
  out.decision->context = {rooms.code_lists, rooms.program};
  out.decision->trace_id = benefit_case.trace_id;
  out.claims = std::move(judged.claims[work.policy]);
  return out;
}

}  // namespace zhida::flow
