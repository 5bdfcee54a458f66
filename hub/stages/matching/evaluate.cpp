#include "stages/matching/evaluate.h"

#include <algorithm>
#include <cstdint>

#include "base/assert.h"
#include "stages/matching/amount.h"
#include "stages/matching/kleene.h"
#include "stages/matching/region_industry.h"

namespace zhida::matching {
namespace {

/// A field's value for one clause, or why there is none.
struct Reading {
  const ProfileValue* value = nullptr;
  const char* unknown_reason = "";
};

template <class Known>
Reading read(const Known& known, const std::string& field, FieldType type, const Clause& clause, Date day) {
  const auto* state = known.find(field);
  if (state == nullptr) return {nullptr, "missing"};
  if (!state->value) return {nullptr, zhida::to_text(state->reason)};
  if (!fits(state->value->data, type)) return {nullptr, "wrong_type"};
  if (clause.max_age_days > 0 && state->value->as_of.plus_days(clause.max_age_days) < day) return {nullptr, "stale"};
  if (!clause.sources.empty() && std::ranges::find(clause.sources, state->value->source) == clause.sources.end())
    return {nullptr, "other_source"};
  return {&*state->value, ""};
}

void describe(ClauseVerdict& out, const ProfileValue& value) {
  out.value = zhida::to_text(value.data);
  out.source = value.source;
  out.as_of = value.as_of.to_string();
}

bool is_any_of(const FieldData& data, const std::vector<FieldData>& operands) {
  return std::ranges::find(operands, data) != operands.end();
}

bool below_any(const FieldData& data, const std::vector<FieldData>& operands,
               bool (*below)(std::string_view, std::string_view)) {
  const auto& code = std::get<std::string>(data);
  return std::ranges::any_of(operands,
                             [&](const FieldData& operand) { return below(code, std::get<std::string>(operand)); });
}

bool has_code(const FieldData& data, const FieldData& wanted) {
  const auto codes = codes_of(std::get<std::string>(data));
  return std::ranges::find(codes, std::string_view(std::get<std::string>(wanted))) != codes.end();
}

}  // namespace

bool condition_holds(const Clause& clause, const FieldData& data) {
  const auto& operands = clause.operands;
  switch (clause.op) {
    case Operator::eq:
      return data == operands.front();
    case Operator::in:
      return is_any_of(data, operands);
    case Operator::not_in:
      return !is_any_of(data, operands);
    case Operator::gt:
      return data > operands.front();
    case Operator::gte:
    case Operator::date_gte:
      return data >= operands.front();
    case Operator::lt:
      return data < operands.front();
    case Operator::lte:
      return data <= operands.front();
    case Operator::between:
    case Operator::date_between:
      return data >= operands.front() && data <= operands.back();
    case Operator::is_true:
    case Operator::listed:
    case Operator::first_time:
      return std::get<bool>(data);
    case Operator::is_false:
    case Operator::not_listed:
      return !std::get<bool>(data);
    case Operator::exists:
      return true;
    case Operator::industry_in:
      return below_any(data, operands, industry_below);
    case Operator::region_in:
      return below_any(data, operands, region_below);
    case Operator::all_of:
      return std::ranges::all_of(operands, [&](const FieldData& operand) { return has_code(data, operand); });
    case Operator::any_of:
      return std::ranges::any_of(operands, [&](const FieldData& operand) { return has_code(data, operand); });
    case Operator::not_received:
    case Operator::no_event_within:
      return data <= operands.front();  // resolved() put the first day of the window there.
  }
  return false;
}

namespace {

Wide number_of(const FieldData& data) {
  if (const auto* date = std::get_if<Date>(&data)) return date->days().time_since_epoch().count();
  return std::get<std::int64_t>(data);
}

/// How far an ordered value is from meeting the clause: in the field's unit, or in days.
std::string gap_of(const Clause& clause, const FieldData& data) {
  if (!std::holds_alternative<std::int64_t>(data) && !std::holds_alternative<Date>(data)) return "";
  Wide gap = 0;
  switch (clause.op) {
    case Operator::gt:
      gap = number_of(clause.operands.front()) - number_of(data) + 1;
      break;
    case Operator::gte:
    case Operator::date_gte:
      gap = number_of(clause.operands.front()) - number_of(data);
      break;
    case Operator::lt:
      gap = number_of(data) - number_of(clause.operands.front()) + 1;
      break;
    case Operator::lte:
    case Operator::not_received:
    case Operator::no_event_within:
      gap = number_of(data) - number_of(clause.operands.front());
      break;
    case Operator::between:
    case Operator::date_between:
      gap = data < clause.operands.front() ? number_of(clause.operands.front()) - number_of(data)
                                           : number_of(data) - number_of(clause.operands.back());
      break;
    default:
      return "";
  }
  constexpr Wide kMax = INT64_MAX;
  return std::to_string(static_cast<std::int64_t>(std::min(gap, kMax)));
}

/// Listed, and for the first time. Being listed at all is asked first: a firm that is on no list has no first time,
/// whatever is known of it.
template <class Known>
void judge_first_time(const Clause& clause, const Known& known, Date day, ClauseVerdict& out) {
  const auto listed = read(known, clause.field, FieldType::boolean, clause, day);
  const auto first = read(known, clause.field + "_first_time", FieldType::boolean, clause, day);
  const auto verdict_of = [](const Reading& reading) {
    return reading.value == nullptr ? Verdict::unknown : met_if(std::get<bool>(reading.value->data));
  };
  out.verdict = both(verdict_of(listed), verdict_of(first));
  // Show the part that decided: the one that says no, else the one that is unknown, else the first time itself.
  const bool show_listed = verdict_of(listed) == Verdict::not_met ||
                           (verdict_of(first) == Verdict::met && verdict_of(listed) == Verdict::unknown);
  const auto& shown =
      show_listed || (verdict_of(listed) == Verdict::unknown && verdict_of(first) == Verdict::unknown) ? listed : first;
  if (shown.value != nullptr) describe(out, *shown.value);
  if (out.verdict == Verdict::unknown) out.unknown_reason = shown.unknown_reason;
}

/// `clause` has no region data and no open window any more.
template <class Known>
ClauseVerdict judge(const Clause& clause, const Known& known, Date day) {
  ZHIDA_ASSERT(clause.kind == Clause::Kind::condition);
  ClauseVerdict out;
  out.id = clause.id;
  out.text = clause.text;
  out.field = clause.field;
  out.threshold = clause.threshold;
  if (clause.op == Operator::first_time) {
    judge_first_time(clause, known, day, out);
    return out;
  }
  const auto reading = read(known, clause.field, clause.type, clause, day);
  if (reading.value == nullptr) {
    out.unknown_reason = reading.unknown_reason;
    return out;
  }
  describe(out, *reading.value);
  if (condition_holds(clause, reading.value->data)) {
    out.verdict = Verdict::met;
  } else if (clause.false_is_unknown) {
    out.unknown_reason = "out_of_range";
  } else {
    out.verdict = Verdict::not_met;
    out.gap = gap_of(clause, reading.value->data);
  }
  return out;
}

bool has_window(const Clause& clause) {
  return clause.op == Operator::not_received || clause.op == Operator::no_event_within;
}

/// The clause with the last day before its window as operand.
Clause with_window(const Clause& clause, Date day) {
  auto out = clause;
  out.operands = {clause.months > 0 ? day.plus_months(-clause.months) : never()};
  return out;
}

ClauseVerdict judge(const Clause& clause, const Facts& facts) {
  if (has_window(clause)) return judge(with_window(clause, facts.day()), facts, facts.day());
  if (clause.operand_data.empty()) return judge(clause, facts, facts.day());
  auto resolved = clause;
  for (std::size_t i = 0; i < clause.operand_data.size(); ++i) {
    if (clause.operand_data[i].empty()) continue;
    const auto* value = facts.datum(clause.operand_data[i]);
    if (value == nullptr) {
      ClauseVerdict out;
      out.id = clause.id;
      out.text = clause.text;
      out.field = clause.operand_data[i];
      out.threshold = clause.threshold;
      out.unknown_reason = "no_region_data";
      return out;
    }
    resolved.operands[i] = *value;
  }
  auto out = judge(resolved, facts, facts.day());
  const auto number = [](const FieldData& data) { return zhida::to_text(data); };
  std::string values;
  for (std::size_t i = 0; i < clause.operand_data.size(); ++i)
    if (!clause.operand_data[i].empty()) values += (values.empty() ? " (" : ", ") + number(resolved.operands[i]);
  out.threshold += values + ")";
  return out;
}

Verdict walk(const Clause& clause, const Facts& facts, bool negated, Unknowns unknowns,
             std::vector<ClauseVerdict>& out) {
  if (clause.kind == Clause::Kind::condition) {
    out.push_back(judge(clause, facts));
    const auto verdict = out.back().verdict;
    // `fail` counts against the firm: below a `not` that is the verdict met, since it will be turned round.
    if (verdict == Verdict::unknown && clause.on_unknown == OnUnknown::fail && unknowns == Unknowns::as_written)
      return met_if(negated);
    return verdict;
  }
  const bool reported = !clause.id.empty();
  const auto place = out.size();
  if (reported) out.emplace_back();
  auto verdict = clause.kind == Clause::Kind::any ? Verdict::not_met : Verdict::met;
  for (const auto& child : clause.children) {
    const bool turned = clause.kind == Clause::Kind::negation;
    const auto part = walk(child, facts, negated != turned, unknowns, out);
    verdict = clause.kind == Clause::Kind::any ? either(verdict, part) : both(verdict, turned ? opposite(part) : part);
  }
  if (reported) {
    out[place].id = clause.id;
    out[place].text = clause.text;
    out[place].verdict = verdict;
  }
  return verdict;
}

ClauseVerdict judge_validity(const Policy& policy, Date day) {
  ClauseVerdict out;
  out.id = "valid";
  out.text = "政策在有效期内";
  out.verdict =
      met_if((!policy.valid_from || day >= *policy.valid_from) && (!policy.valid_to || day <= *policy.valid_to));
  out.value = day.to_string();
  out.threshold = (policy.valid_from ? policy.valid_from->to_string() : "") + " .. " +
                  (policy.valid_to ? policy.valid_to->to_string() : "");
  return out;
}

}  // namespace

ClauseVerdict evaluate_condition(const Clause& clause, const EnterpriseProfile& profile, Date day) {
  return has_window(clause) ? judge(with_window(clause, day), profile, day) : judge(clause, profile, day);
}

Verdict evaluate_clause(const Clause& clause, const Facts& facts, std::vector<ClauseVerdict>* told, Unknowns unknowns) {
  std::vector<ClauseVerdict> ignored;
  return walk(clause, facts, false, unknowns, told == nullptr ? ignored : *told);
}

Entitlement evaluate(const Policy& policy, const EnterpriseProfile& profile, Date day) {
  Entitlement out;
  out.uscc = profile.uscc;
  out.division = profile.division;
  out.policy = policy.id;
  out.policy_version = policy.version;
  out.evaluated_on = day;
  out.profile_sequence = profile.sequence;
  out.channel = policy.handling.channel;
  out.clauses.reserve(8);

  auto verdict = Verdict::met;
  if (policy.valid_from || policy.valid_to) {
    out.clauses.push_back(judge_validity(policy, day));
    verdict = out.clauses.back().verdict;
  }
  const Facts facts(policy, profile, day);
  verdict = both(verdict, walk(policy.when, facts, false, Unknowns::as_written, out.clauses));
  if (policy.kind == ItemKind::reminder) {
    ClauseVerdict reminder;
    reminder.id = "reminder";
    reminder.text = "暂难以数据判断，提醒企业在线申请";
    out.clauses.push_back(std::move(reminder));
    verdict = both(verdict, Verdict::unknown);
  }

  auto amount = compute_amount(policy, facts);
  if (amount.clause) out.clauses.push_back(std::move(*amount.clause));
  verdict = both(verdict, amount.verdict);

  out.verdict = verdict;
  if (verdict == Verdict::met) {
    out.amount = amount.total;
    out.tranches = std::move(amount.tranches);
    out.amount_trace = std::move(amount.trace);
  }
  return out;
}

}  // namespace zhida::matching
