#include "stages/matching/engine/lower.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "stages/matching/amount.h"
#include "stages/matching/evaluate.h"
#include "stages/matching/facts.h"

namespace zhida::matching::engine {
namespace {

constexpr char kBetween = '\x1f';  // The parts of a key.

Day day_number(Date date) {
  return static_cast<Day>(date.days().time_since_epoch().count());
}

/// Which alternative of FieldData holds values of this type.
std::size_t alternative_of(FieldType type) {
  switch (type) {
    case FieldType::boolean:
      return FieldData(false).index();
    case FieldType::integer:
    case FieldType::money_fen:
    case FieldType::rate_ppm:
      return FieldData(std::int64_t{0}).index();
    case FieldType::date:
      return FieldData(Date()).index();
    case FieldType::text:
    case FieldType::code:
      break;
  }
  return FieldData(std::string()).index();
}

ValueKind kind_of(FieldType type) {
  switch (type) {
    case FieldType::boolean:
      return ValueKind::flag;
    case FieldType::text:
    case FieldType::code:
      return ValueKind::text;
    default:
      return ValueKind::number;
  }
}

std::int64_t number_of(const FieldData& data) {
  if (const auto* date = std::get_if<Date>(&data)) return day_number(*date);
  if (const auto* flag = std::get_if<bool>(&data)) return *flag ? 1 : 0;
  return std::get<std::int64_t>(data);
}

std::vector<Range> all_but(const std::vector<Range>& ranges) {
  std::vector<Range> out;
  std::int64_t next = INT64_MIN;
  for (const auto& range : ranges) {
    if (range.low > next) out.push_back({next, range.low - 1});
    if (range.high == INT64_MAX) return out;
    next = range.high + 1;
  }
  out.push_back({next, INT64_MAX});
  return out;
}

/// What decides a condition, as a key: everything but how it is called and shown.
std::string key_of(const Clause& clause) {
  std::string out = clause.field;
  const auto add = [&](const std::string& part) { out += kBetween + part; };
  add(std::to_string(static_cast<int>(clause.op)));
  add(std::to_string(static_cast<int>(clause.type)));
  for (const auto& operand : clause.operands) add(std::to_string(operand.index()) + zhida::to_text(operand));
  return out;
}

/// The fields that a derived one follows from in the end; another field is itself.
void add_origins(const Policy& policy, const std::string& field, std::vector<std::string>& out) {
  const auto derived = std::ranges::find(policy.derived, field, &DerivedField::name);
  if (std::ranges::find(out, field) == out.end()) out.push_back(field);  // A source may report it under this name.
  if (derived == policy.derived.end()) return;
  for (const auto& part : derived->formula.fields())
    if (std::ranges::find(out, part) == out.end()) add_origins(policy, part, out);
}

/// The first day on which `value` lies `months` or more before it.
Date first_day_after(Date value, int months) {
  auto day = value.plus_months(months).plus_days(-3);
  while (day.plus_months(-months) < value) day = day.plus_days(1);
  return day;
}

Node constant(Verdict verdict) {
  Node out;
  out.constant = verdict;
  return out;
}

}  // namespace

Lowering::Lowering(std::span<const Policy> policies, Date day) : day_(day) {
  model_.day = first_day_ = day_number(day);
  add(policies);
}

void Lowering::add(std::span<const Policy> policies) {
  for (const auto& policy : policies) model_.items.push_back(lower(policy));
  const auto most_used = [](const std::map<std::uint32_t, std::size_t>& uses) {
    std::optional<std::uint32_t> out;
    std::size_t most = 0;
    for (const auto& [column, count] : uses)
      if (count > most) {
        most = count;
        out = column;
      }
    return out;
  };
  // Once chosen they stay: rows are in their order.
  if (!model_.scope_column) model_.scope_column = most_used(region_uses_);
  if (!model_.order_column) model_.order_column = most_used(industry_uses_);
  note_ages();
}

void Lowering::replace(std::span<const Policy> policies) {
  model_.clear_items();
  judged_.clear();
  add(policies);
}

bool Lowering::makes_cells_for(const Lowering& other) const {
  for (std::size_t column = 0; column < other.aged_.size(); ++column)
    if (column >= aged_.size() || (other.aged_[column] && !aged_[column])) return false;
  return std::ranges::all_of(other.judged_, [&](const Judged& judge) {
    return std::ranges::find(judged_, judge.column, &Judged::column) != judged_.end();
  });
}

void Lowering::move_to(Date day) {
  day_ = day;
  model_.move_to(day_number(day));
}

void Lowering::note_ages() {
  aged_.assign(model_.columns.size(), false);
  for (const auto& atom : model_.atoms)
    if (atom.max_age_days > 0) aged_[atom.column] = true;
  // Of a receipt for which nobody vouches it may be forgotten, when a window has passed, that it was the last.
  received_.clear();
  for (const auto& [name, field] : fields_)
    for (const auto& atom : model_.atoms)
      if (atom.months > 0 && atom.column == field.column && field.field.starts_with("received."))
        received_.emplace_back(field.field, atom.months);
}

std::uint32_t Lowering::column_of(const std::string& field, FieldType type) {
  const auto alternative = alternative_of(type);
  // A field has one type; where policies disagree on it, each type is a column of its own.
  const auto name = type == FieldType::date ? field + "@day" : field;
  const auto column = model_.column(name, kind_of(type));
  fields_.try_emplace(name + kBetween + std::to_string(alternative), FieldColumn{field, alternative, column});
  return column;
}

Node Lowering::leaf(Atom atom, bool negated, bool fails_unknown) {
  Node out;
  out.kind = Node::Kind::leaf;
  out.negative = negated;
  out.fails_unknown = fails_unknown;
  out.atom = model_.atom(std::move(atom));
  return out;
}

void Lowering::note_days(const Clause& clause, std::vector<Dated>& out) const {
  if (clause.kind != Clause::Kind::condition || (clause.max_age_days <= 0 && clause.months <= 0)) return;
  std::vector<std::string> fields;
  add_origins(*policy_, clause.field, fields);
  if (clause.op == Operator::first_time) add_origins(*policy_, clause.field + "_first_time", fields);
  for (auto& field : fields) out.push_back({std::move(field), clause.max_age_days, clause.months});
}

Node Lowering::judged(const Clause& clause, bool own_facts, bool negated, bool fails_unknown) {
  auto asked = clause;
  asked.on_unknown = OnUnknown::review;  // The leaf sees to it.
  auto key = key_of(asked) + kBetween + std::to_string(asked.months) + kBetween + std::to_string(asked.max_age_days) +
             (asked.false_is_unknown ? "?" : "");
  for (const auto& part : asked.sources) key += kBetween + ("<" + part);
  for (const auto& part : asked.operand_data) key += kBetween + (">" + part);
  // What an item derives or its regions set is its own affair.
  if (own_facts) key += kBetween + ("item " + policy_->id.str() + kBetween + policy_->version);
  if (own_facts && policy_->version.empty()) key += kBetween + std::to_string(model_.items.size());
  const auto [place, fresh] = judged_by_key_.try_emplace(std::move(key), 0);
  if (fresh) place->second = model_.column("judged " + std::to_string(judged_by_key_.size()), ValueKind::flag);
  if (std::ranges::find(judged_, place->second, &Judged::column) == judged_.end()) {
    Judged judge{place->second, asked, policy_, {}};
    note_days(asked, judge.dated);
    // Whether a formula's sum can be reckoned depends on all that is done with it.
    if (asked.field == formula_field(policy_->id)) {
      auto sum = *policy_;
      sum.when = always();
      for_each_clause_of(sum, [&](const Clause& part) { note_days(part, judge.dated); });
    }
    judged_.push_back(std::move(judge));
  }
  Atom atom;
  atom.column = place->second;
  atom.ranges = {{1, 1}};
  return leaf(std::move(atom), negated, fails_unknown);
}

Node Lowering::lower(const Policy& policy) {
  policy_ = std::make_shared<const Policy>(policy);
  Node out;
  out.kind = Node::Kind::all;
  if (policy.valid_from || policy.valid_to) {
    Node window;
    window.kind = Node::Kind::window;
    window.days = {policy.valid_from ? day_number(*policy.valid_from) : INT64_MIN,
                   policy.valid_to ? day_number(*policy.valid_to) : INT64_MAX};
    out.children.push_back(std::move(window));
  }
  out.children.push_back(lower_clause(policy.when, false));
  if (policy.kind == ItemKind::reminder) out.children.push_back(constant(Verdict::unknown));
  out.children.push_back(lower_clause(amount_needs(policy), false));
  return out;
}

Node Lowering::lower_clause(const Clause& clause, bool negated) {
  if (clause.kind == Clause::Kind::condition) return lower_condition(clause, negated);
  const bool turned = clause.kind == Clause::Kind::negation;
  const bool any = (clause.kind == Clause::Kind::any) != negated;
  Node out;
  out.kind = any && !turned ? Node::Kind::any : Node::Kind::all;
  // A `not` holds one clause; its opposite is that clause.
  if (turned) out.kind = negated ? Node::Kind::any : Node::Kind::all;
  for (const auto& child : clause.children) out.children.push_back(lower_clause(child, negated != turned));
  return out;
}

Node Lowering::lower_condition(const Clause& clause, bool negated) {
  const bool fails = clause.on_unknown == OnUnknown::fail;
  const auto own = [&](const std::string& field) {
    return std::ranges::find(policy_->derived, field, &DerivedField::name) != policy_->derived.end() ||
           std::ranges::find(policy_->region_data, field, &RegionDatum::name) != policy_->region_data.end();
  };
  const bool own_facts = own(clause.field) || !clause.operand_data.empty() ||
                         (clause.op == Operator::first_time && own(clause.field + "_first_time"));
  if (own_facts || !clause.sources.empty()) return judged(clause, own_facts, negated, fails);
  if (clause.op == Operator::first_time) {
    if (clause.type != FieldType::boolean || clause.false_is_unknown) return judged(clause, false, negated, fails);
    Node out;
    out.kind = negated ? Node::Kind::any : Node::Kind::all;
    for (const auto* suffix : {"", "_first_time"}) {
      Atom atom;
      atom.column = column_of(clause.field + suffix, FieldType::boolean);
      atom.max_age_days = std::max(0, clause.max_age_days);
      atom.ranges = {{1, 1}};
      out.children.push_back(leaf(std::move(atom), negated, fails));
    }
    return out;
  }
  Atom atom;
  atom.max_age_days = std::max(0, clause.max_age_days);
  const auto alternative = alternative_of(clause.type);
  bool said =
      std::ranges::all_of(clause.operands, [&](const FieldData& operand) { return operand.index() == alternative; });
  if (said) {
    switch (kind_of(clause.type)) {
      case ValueKind::number:
        said = lower_number(clause, atom);
        break;
      case ValueKind::flag:
        said = lower_flag(clause, atom);
        break;
      case ValueKind::text:
        said = lower_text(clause, atom);
        break;
    }
  }
  if (!said) return judged(clause, false, negated, fails);
  atom.column = column_of(clause.field, clause.type);
  const bool open = clause.false_is_unknown && !fails;
  if (clause.op == Operator::region_in && !negated && !fails && !open && atom.max_age_days == 0)
    ++region_uses_[atom.column];
  if (clause.op == Operator::industry_in) ++industry_uses_[atom.column];
  // What does not hold is unknown, and an unknown that fails is not met, whichever way it is turned.
  if (clause.false_is_unknown && fails && negated) return constant(Verdict::not_met);
  auto out = leaf(std::move(atom), negated, fails);
  if (!open) return out;
  Node either;
  either.kind = negated ? Node::Kind::all : Node::Kind::any;
  either.children = {std::move(out), constant(Verdict::unknown)};
  return either;
}

bool Lowering::lower_number(const Clause& clause, Atom& atom) {
  const auto first = [&] { return number_of(clause.operands.front()); };
  const auto last = [&] { return number_of(clause.operands.back()); };
  const bool alone =
      clause.op == Operator::exists || clause.op == Operator::not_received || clause.op == Operator::no_event_within;
  if (clause.operands.empty() && !alone) return false;
  std::vector<Range> ranges;
  switch (clause.op) {
    case Operator::eq:
      ranges = {{first(), first()}};
      break;
    case Operator::in:
    case Operator::not_in:
      for (const auto& operand : clause.operands) ranges.push_back({number_of(operand), number_of(operand)});
      ranges = Model::joined(std::move(ranges));
      if (clause.op == Operator::not_in) ranges = all_but(ranges);
      break;
    case Operator::gt:
      if (first() < INT64_MAX) ranges = {{first() + 1, INT64_MAX}};
      break;
    case Operator::gte:
    case Operator::date_gte:
      ranges = {{first(), INT64_MAX}};
      break;
    case Operator::lt:
      if (first() > INT64_MIN) ranges = {{INT64_MIN, first() - 1}};
      break;
    case Operator::lte:
      ranges = {{INT64_MIN, first()}};
      break;
    case Operator::between:
    case Operator::date_between:
      ranges = {{first(), last()}};
      break;
    case Operator::exists:
      ranges = {{INT64_MIN, INT64_MAX}};
      break;
    case Operator::not_received:
    case Operator::no_event_within: {
      if (clause.type != FieldType::date) return false;
      atom.months = std::max(0, clause.months);
      ranges = {atom.months > 0 ? range_before(day_number(day_), atom.months) : Range{INT64_MIN, day_number(never())}};
      break;
    }
    default:
      return false;
  }
  atom.ranges = Model::joined(std::move(ranges));
  return true;
}

bool Lowering::lower_flag(const Clause& clause, Atom& atom) {
  const auto has = [&](bool flag) {
    return std::ranges::find(clause.operands, FieldData(flag)) != clause.operands.end();
  };
  const auto either = [&](bool no, bool yes) {
    std::vector<Range> ranges;
    if (no) ranges.push_back({0, 0});
    if (yes) ranges.push_back({1, 1});
    atom.ranges = Model::joined(std::move(ranges));
    return true;
  };
  switch (clause.op) {
    case Operator::is_true:
    case Operator::listed:
      return either(false, true);
    case Operator::is_false:
    case Operator::not_listed:
      return either(true, false);
    case Operator::exists:
      return either(true, true);
    case Operator::eq:
      return clause.operands.size() == 1 && either(has(false), has(true));
    case Operator::in:
      return either(has(false), has(true));
    case Operator::not_in:
      return either(!has(false), !has(true));
    default:
      return false;
  }
}

bool Lowering::lower_text(const Clause& clause, Atom& atom) {
  if (clause.operands.empty() && clause.op != Operator::exists) return false;
  TextTest test;
  for (const auto& operand : clause.operands) test.seeds.push_back(std::get<std::string>(operand));
  switch (clause.op) {
    case Operator::eq:
    case Operator::in:
    case Operator::not_in:
    case Operator::exists:
    case Operator::industry_in:
    case Operator::region_in:
    case Operator::all_of:
    case Operator::any_of:
      test.holds = [clause](std::string_view text) { return condition_holds(clause, FieldData(std::string(text))); };
      break;
    default:
      return false;
  }
  auto plain = clause;
  plain.field.clear();
  test.key = key_of(plain);
  atom.text_test = model_.text_test(std::move(test));
  return true;
}

std::vector<FieldUpdate> Lowering::cells_of(const EnterpriseProfile& profile, const Intern& intern) const {
  std::vector<FieldUpdate> out;
  out.reserve(fields_.size() + judged_.size());
  for (const auto& [name, field] : fields_) {
    auto& update = out.emplace_back();
    update.column = field.column;
    const auto* state = profile.find(field.field);
    if (state == nullptr || !state->value || state->value->data.index() != field.alternative) continue;
    update.cell.known = true;
    update.cell.as_of = aged_[field.column] ? day_number(state->value->as_of) : first_day_;
    const auto* text = std::get_if<std::string>(&state->value->data);
    update.cell.value = text != nullptr ? std::int64_t{intern(field.column, *text)} : number_of(state->value->data);
  }
  for (const auto& judge : judged_) {
    const auto verdict = evaluate_clause(judge.clause, Facts(*judge.policy, profile, day_));
    auto& update = out.emplace_back();
    update.column = judge.column;
    update.cell.known = verdict != Verdict::unknown;
    update.cell.value = verdict == Verdict::met ? 1 : 0;
    update.cell.as_of = first_day_;
  }
  return out;
}

std::optional<Date> Lowering::turn(const EnterpriseProfile& profile) const {
  std::optional<Date> out;
  const auto consider = [&](Date day) {
    if (day > day_ && (!out || day < *out)) out = day;
  };
  for (const auto& judge : judged_)
    for (const auto& dated : judge.dated) {
      const auto* state = profile.find(dated.field);
      if (state == nullptr || !state->value) continue;
      if (dated.max_age_days > 0) consider(state->value->as_of.plus_days(dated.max_age_days + 1));
      const auto* date = std::get_if<Date>(&state->value->data);
      if (dated.months > 0 && date != nullptr) consider(first_day_after(*date, dated.months));
    }
  for (const auto& [name, months] : received_) {
    const auto* state = profile.find(name);
    const auto* date = state == nullptr || !state->value ? nullptr : std::get_if<Date>(&state->value->data);
    if (date != nullptr) consider(first_day_after(*date, months));
  }
  return out;
}

Table Lowering::table_of(std::span<const EnterpriseProfile> profiles) const {
  Table out(model_.columns, profiles.size(), first_day_);
  for (std::size_t row = 0; row < profiles.size(); ++row)
    for (const auto& update :
         cells_of(profiles[row], [&](std::uint32_t column, std::string_view text) { return out.intern(column, text); }))
      out.set(row, update.column, update.cell);
  return out;
}

}  // namespace zhida::matching::engine
