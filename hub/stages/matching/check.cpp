#include "stages/matching/check.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "stages/matching/evaluate.h"
#include "stages/matching/explain.h"

namespace zhida::matching {
namespace {

constexpr int kStepsMax = 20'000;
constexpr const char* kOther = "（其他）";

Date some_day() {
  return Date(std::chrono::sys_days(std::chrono::year(2025) / 6 / 15));
}

bool is_whole(FieldType type) {
  return type == FieldType::integer || type == FieldType::money_fen || type == FieldType::rate_ppm;
}

std::set<std::string> fields_below(const Clause& root) {
  std::set<std::string> out;
  for_each_clause(root, [&](const Clause& clause) {
    if (clause.kind != Clause::Kind::condition || clause.field.empty()) return;
    out.insert(clause.field);
    if (clause.op == Operator::first_time) out.insert(clause.field + "_first_time");
  });
  return out;
}

void set_field(EnterpriseProfile& profile, const std::string& field, const FieldData& data, Date day) {
  FieldState state;
  ProfileValue value;
  value.data = data;
  value.as_of = day;
  value.source = "check";
  state.value = std::move(value);
  profile.fields[field] = std::move(state);
}

/// Looks for values that give a clause a certain verdict. Fields without a value yet are unknown, so a verdict that is
/// clear already stays so whatever they become: the search stops there.
class Search {
 public:
  Search(const Policy& policy, const std::map<std::string, std::vector<FieldData>>& values, Date day)
      : policy_(policy), values_(values), day_(day) {
    profile_.as_of = day;
  }

  enum class Found { yes, no, too_many };
  Found find(Clause clause, Verdict wanted) {
    strip(clause);
    steps_ = 0;
    const auto fields = fields_below(clause);
    open_.assign(fields.begin(), fields.end());
    profile_.fields.clear();
    return step(clause, wanted, 0);
  }

  /// Calls `visit` for every combination of the fields' values; false where there are too many.
  bool all(const std::set<std::string>& fields, const std::function<void(const EnterpriseProfile&)>& visit) {
    std::size_t combinations = 1;
    for (const auto& field : fields) {
      const auto found = values_.find(field);
      if (found != values_.end()) combinations *= found->second.size();
      if (combinations > kStepsMax) return false;
    }
    open_.assign(fields.begin(), fields.end());
    profile_.fields.clear();
    each(0, visit);
    return true;
  }

 private:
  static void strip(Clause& clause) {
    clause.sources.clear();
    clause.on_unknown = OnUnknown::review;
    for (auto& child : clause.children) strip(child);
  }

  Found step(const Clause& clause, Verdict wanted, std::size_t at) {
    if (++steps_ > kStepsMax) return Found::too_many;
    const auto verdict = evaluate_clause(clause, Facts(policy_, profile_, day_));
    if (verdict == wanted) return Found::yes;
    if (verdict != Verdict::unknown || at == open_.size()) return Found::no;
    const auto values = values_.find(open_[at]);
    if (values == values_.end()) return step(clause, wanted, at + 1);
    for (const auto& value : values->second) {
      set_field(profile_, open_[at], value, day_);
      const auto found = step(clause, wanted, at + 1);
      if (found != Found::no) return found;
    }
    profile_.fields.erase(open_[at]);
    return Found::no;
  }

  void each(std::size_t at, const std::function<void(const EnterpriseProfile&)>& visit) {
    if (at == open_.size()) return visit(profile_);
    const auto values = values_.find(open_[at]);
    if (values == values_.end()) return each(at + 1, visit);
    for (const auto& value : values->second) {
      set_field(profile_, open_[at], value, day_);
      each(at + 1, visit);
    }
  }

  const Policy& policy_;
  const std::map<std::string, std::vector<FieldData>>& values_;
  Date day_;
  EnterpriseProfile profile_;
  std::vector<std::string> open_;
  int steps_ = 0;
};

std::string called(const Clause& clause) {
  if (!clause.id.empty()) return "The clause " + clause.id + (clause.text.empty() ? "" : " (" + clause.text + ")");
  return clause.text.empty() ? "A group of clauses" : "\"" + clause.text + "\"";
}

void check_node(const Policy& policy, Search& search, const Clause& clause, const std::string& place,
                std::vector<Remark>& out) {
  const auto id = clause.id.empty() ? place : clause.id;
  const bool empty = clause.kind != Clause::Kind::condition && clause.children.empty();
  if (empty) return;
  const bool can_fail = clause.kind != Clause::Kind::condition || clause.op != Operator::exists;
  if (search.find(clause, Verdict::met) == Search::Found::no)
    out.push_back({id, "never_true", called(clause) + " can never hold: no firm can meet it."});
  else if (can_fail && search.find(clause, Verdict::not_met) == Search::Found::no &&
           !(clause.kind != Clause::Kind::condition &&
             std::ranges::any_of(clause.children, [](const Clause& child) { return child.op == Operator::exists; })))
    out.push_back({id, "always_true", called(clause) + " holds whatever the values are: it decides nothing."});
  else
    for (const auto& child : clause.children) check_node(policy, search, child, id, out);
}

/// Region data taken for the first region that has any: operands become values, and what a condition asks of a datum
/// itself becomes a field like any other, since regions may set it as they like.
Clause without_regions(const Policy& policy, Clause clause) {
  for (auto& child : clause.children) child = without_regions(policy, std::move(child));
  for (std::size_t i = 0; i < clause.operand_data.size(); ++i) {
    const auto datum = std::ranges::find(policy.region_data, clause.operand_data[i], &RegionDatum::name);
    if (datum != policy.region_data.end() && !datum->values.empty()) clause.operands[i] = datum->values.begin()->second;
  }
  clause.operand_data.clear();
  return clause;
}

Policy without_regions(const Policy& policy) {
  auto out = policy;
  const auto of_rule = [&](AmountRule& rule) {
    if (auto* tiers = std::get_if<TierAmount>(&rule))
      for (auto& tier : tiers->tiers) tier.when = without_regions(policy, std::move(tier.when));
  };
  out.when = without_regions(policy, std::move(out.when));
  of_rule(out.amount.rule);
  for (auto& part : out.amount.parts) of_rule(part.rule);
  out.region_data.clear();
  return out;
}

/// The part of the numbers that a tier's own bounds leave of its field, both ends included.
struct Range {
  std::int64_t from = INT64_MIN, to = INT64_MAX;
};

std::optional<Range> range_of(const Clause& tier, const std::string& field) {
  Range out;
  bool bounded = false;
  for (const auto& child : tier.children) {
    if (child.kind != Clause::Kind::condition || child.field != field || child.operands.empty()) continue;
    const auto* bound = std::get_if<std::int64_t>(&child.operands.front());
    if (bound == nullptr) continue;
    bounded = true;
    if (child.op == Operator::gte) out.from = std::max(out.from, *bound);
    if (child.op == Operator::gt) out.from = std::max(out.from, *bound + 1);
    if (child.op == Operator::lte) out.to = std::min(out.to, *bound);
    if (child.op == Operator::lt) out.to = std::min(out.to, *bound - 1);
  }
  return bounded ? std::optional(out) : std::nullopt;
}

void check_gaps(const TierAmount& rule, std::vector<Remark>& out) {
  std::set<std::string> fields;
  for (const auto& tier : rule.tiers)
    for (const auto& child : tier.when.children)
      if (child.kind == Clause::Kind::condition && is_whole(child.type)) fields.insert(child.field);
  for (const auto& field : fields) {
    std::vector<std::pair<Range, const TierAmount::Tier*>> ranges;
    for (const auto& tier : rule.tiers)
      if (const auto range = range_of(tier.when, field)) ranges.emplace_back(*range, &tier);
    if (ranges.size() != rule.tiers.size()) continue;  // Another field tells some tiers apart.
    std::ranges::sort(ranges, {}, [](const auto& pair) { return pair.first.from; });
    for (std::size_t i = 1; i < ranges.size(); ++i) {
      const auto end = ranges[i - 1].first.to, begin = ranges[i].first.from;
      if (end == INT64_MAX || begin <= end + 1) continue;
      out.push_back({"tier", "tier_gap",
                     "Between \"" + ranges[i - 1].second->when.text + "\" and \"" + ranges[i].second->when.text +
                         "\" lies a gap: values there are in no tier."});
    }
  }
}

void check_tiers(const Policy& policy, const TierAmount& rule, std::vector<Remark>& out) {
  ProbeValues probes(policy, some_day());
  std::set<std::string> fields;
  for (const auto& tier : rule.tiers) {
    probes.add(tier.when);
    fields.merge(fields_below(tier.when));
  }
  Search search(policy, probes.values(), some_day());
  std::set<std::pair<std::size_t, std::size_t>> told;
  search.all(fields, [&](const EnterpriseProfile& profile) {
    const Facts facts(policy, profile, some_day());
    std::optional<std::size_t> first;
    for (std::size_t i = 0; i < rule.tiers.size(); ++i) {
      if (evaluate_clause(rule.tiers[i].when, facts) != Verdict::met) continue;
      if (first && told.emplace(*first, i).second)
        out.push_back({"tier", "tier_overlap",
                       "A firm can lie in \"" + rule.tiers[*first].when.text + "\" and in \"" +
                           rule.tiers[i].when.text + "\" at once: which sum is it then?"});
      if (!first) first = i;
    }
  });
  for (const auto& tier : rule.tiers)
    if (search.find(tier.when, Verdict::met) == Search::Found::no)
      out.push_back({"tier", "never_true", "The tier \"" + tier.when.text + "\" can never be reached."});
  check_gaps(rule, out);
}

}  // namespace

ProbeValues::ProbeValues(const Policy& policy, Date day) : policy_(policy), day_(day) {}

void ProbeValues::put(const std::string& field, FieldData value) {
  auto& list = values_[field];
  if (std::ranges::find(list, value) == list.end()) list.push_back(std::move(value));
}

void ProbeValues::add(const Clause& root) {
  for_each_clause(root, [&](const Clause& written) {
    if (written.kind != Clause::Kind::condition || written.field.empty()) return;
    std::string division;
    for (const auto& datum : policy_.region_data)
      if (!datum.values.empty()) division = datum.values.begin()->first;
    auto clause = written;
    for (std::size_t i = 0; i < clause.operand_data.size(); ++i) {
      const auto datum = std::ranges::find(policy_.region_data, clause.operand_data[i], &RegionDatum::name);
      if (datum == policy_.region_data.end()) continue;
      if (const auto* value = datum->find(division)) clause.operands[i] = *value;
    }
    if (clause.op == Operator::not_received || clause.op == Operator::no_event_within) {
      clause.operands = {clause.months > 0 ? day_.plus_months(-clause.months) : never()};
      put(clause.field, never());
    }
    switch (clause.type) {
      case FieldType::boolean:
        put(clause.field, true);
        put(clause.field, false);
        if (clause.op == Operator::first_time) {
          put(clause.field + "_first_time", true);
          put(clause.field + "_first_time", false);
        }
        return;
      case FieldType::integer:
      case FieldType::money_fen:
      case FieldType::rate_ppm:
        if (clause.operands.empty()) put(clause.field, std::int64_t{1});
        for (const auto& operand : clause.operands) {
          const auto* number = std::get_if<std::int64_t>(&operand);
          if (number == nullptr) continue;
          for (const std::int64_t step : {-1, 0, 1}) {
            std::int64_t beside = 0;
            if (__builtin_add_overflow(*number, step, &beside)) continue;  // There is no number beside the greatest.
            if (clause.type != FieldType::integer || beside >= 0) put(clause.field, beside);
          }
        }
        return;
      case FieldType::date:
        if (clause.operands.empty()) put(clause.field, day_);
        for (const auto& operand : clause.operands)
          if (const auto* day = std::get_if<Date>(&operand))
            for (const int step : {-1, 0, 1})
              if (!(*day == never()) || step >= 0) put(clause.field, day->plus_days(step));
        return;
      case FieldType::text:
      case FieldType::code:
        break;
    }
    put(clause.field, std::string(kOther));
    std::string joined;
    for (const auto& operand : clause.operands) {
      const auto& code = std::get<std::string>(operand);
      put(clause.field, code);
      joined += (joined.empty() ? "" : "、") + code;
    }
    const bool several = clause.op == Operator::all_of || clause.op == Operator::any_of;
    if (several && clause.operands.size() > 1) put(clause.field, joined);
  });
}

std::vector<Remark> check_logic(const Policy& original) {
  const auto policy = without_regions(original);
  std::vector<Remark> out;
  ProbeValues probes(policy, some_day());
  probes.add(policy.when);
  Search search(policy, probes.values(), some_day());
  check_node(policy, search, policy.when, "", out);
  const auto of_rule = [&](const AmountRule& rule) {
    if (const auto* tiers = std::get_if<TierAmount>(&rule)) check_tiers(policy, *tiers, out);
  };
  of_rule(policy.amount.rule);
  for (const auto& part : policy.amount.parts) of_rule(part.rule);
  if (policy.ranking && policy.ranking->quota > 0) {
    bool asked = false;
    for_each_clause(policy.when, [&](const Clause& clause) {
      asked = asked || (clause.field == policy.ranking->rank_field && clause.op == Operator::lte &&
                        clause.operands == std::vector<FieldData>{policy.ranking->quota});
    });
    if (!asked)
      out.push_back({"", "rank_not_asked",
                     "The item has a quota of " + std::to_string(policy.ranking->quota) +
                         ", and no condition says that the rank lies within it."});
  }
  return out;
}

std::vector<Remark> check_examples(const Policy& policy, const std::vector<PolicyExample>& examples) {
  std::set<std::string> seen;
  const auto see = [&](const std::vector<ClauseVerdict>& clauses) {
    for (const auto& clause : clauses)
      if (clause.verdict == Verdict::not_met) seen.insert(clause.id);
  };
  for (const auto& example : examples) {
    see(evaluate(policy, profile_of(policy, example), example.at).clauses);
    for (const auto& rule : policy.persons)
      for (const auto& person : example.persons) {
        const auto facts = with_person(example.profile, person);
        std::vector<ClauseVerdict> told;
        evaluate_clause(rule.when, Facts(policy, facts, example.at), &told);
        see(told);
      }
  }
  std::vector<Remark> out;
  const auto ask = [&](const Clause& clause) {
    if (clause.kind != Clause::Kind::condition || clause.op == Operator::exists || seen.contains(clause.id)) return;
    out.push_back({clause.id, "clause_never_false",
                   "No example makes the clause " + clause.id + " (" + clause.text +
                       ") false: nobody would notice if it were missing."});
  };
  for_each_clause(policy.when, ask);
  for (const auto& rule : policy.persons) for_each_clause(rule.when, ask);
  return out;
}

}  // namespace zhida::matching
