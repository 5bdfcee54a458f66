#include "unit/matching/mutator.h"

#include <map>
#include <utility>

namespace zhida::matching::test {
namespace {

Clause& at(Clause& root, const std::vector<std::size_t>& path) {
  auto* clause = &root;
  for (const auto step : path) clause = &clause->children[step];
  return *clause;
}

Money step(Money amount, std::int64_t by) {
  return Money::from_fen(amount.fen() + by);
}

/// Operators that stand for a slip in the condition.
const std::vector<Operator>& wrong_operators(Operator op) {
  using O = Operator;
  static const std::map<O, std::vector<O>> kWrong = {{O::gt, {O::gte, O::lt, O::lte}},
                                                     {O::gte, {O::gt, O::lt, O::lte}},
                                                     {O::lt, {O::lte, O::gt, O::gte}},
                                                     {O::lte, {O::lt, O::gt, O::gte}},
                                                     {O::date_gte, {O::gt, O::lt}},
                                                     {O::eq, {O::not_in}},
                                                     {O::in, {O::not_in}},
                                                     {O::not_in, {O::in}},
                                                     {O::is_true, {O::is_false}},
                                                     {O::is_false, {O::is_true}},
                                                     {O::listed, {O::not_listed}},
                                                     {O::not_listed, {O::listed}},
                                                     {O::first_time, {O::listed, O::not_listed}},
                                                     {O::all_of, {O::any_of}},
                                                     {O::any_of, {O::all_of}}};
  static const std::vector<O> kNone;
  const auto found = kWrong.find(op);
  return found == kWrong.end() ? kNone : found->second;
}

}  // namespace

std::vector<Mutant> Mutator::all() {
  for (const auto& root : roots()) clauses(root, {});
  amounts();
  validity();
  return std::move(out_);
}

void Mutator::add(const std::string& kind, const std::string& what, const std::function<void(Policy&)>& change) {
  Mutant mutant{kind, what, original_, ""};
  change(mutant.policy);
  finish(mutant.policy);
  out_.push_back(std::move(mutant));
}

std::vector<Mutator::Root> Mutator::roots() const {
  std::vector<Root> out = {[](Policy& p) -> Clause& { return p.when; }};
  for (std::size_t i = 0; i < original_.persons.size(); ++i)
    out.emplace_back([i](Policy& p) -> Clause& { return p.persons[i].when; });
  for (std::size_t i = 0; i < original_.amount.multipliers.size(); ++i)
    out.emplace_back([i](Policy& p) -> Clause& { return p.amount.multipliers[i].when; });
  const auto of_rule = [&](const AmountRule& rule, const std::function<AmountRule&(Policy&)>& where) {
    if (const auto* tiers = std::get_if<TierAmount>(&rule))
      for (std::size_t i = 0; i < tiers->tiers.size(); ++i)
        out.emplace_back([where, i](Policy& p) -> Clause& { return std::get<TierAmount>(where(p)).tiers[i].when; });
    if (const auto* stages = std::get_if<StagesAmount>(&rule))
      for (std::size_t i = 0; i < stages->stages.size(); ++i)
        out.emplace_back([where, i](Policy& p) -> Clause& { return std::get<StagesAmount>(where(p)).stages[i].when; });
  };
  of_rule(original_.amount.rule, [](Policy& p) -> AmountRule& { return p.amount.rule; });
  for (std::size_t i = 0; i < original_.amount.parts.size(); ++i)
    of_rule(original_.amount.parts[i].rule, [i](Policy& p) -> AmountRule& { return p.amount.parts[i].rule; });
  return out;
}

void Mutator::clauses(const Root& root, const std::vector<std::size_t>& path) {
  auto copy = original_;
  const auto clause = at(root(copy), path);
  if (clause.kind == Clause::Kind::condition) return condition(root, path, clause);
  const auto name = clause.id + " " + clause.text;
  if (clause.children.size() > 1) {
    add("group", name + " all and any swapped", [&](Policy& p) {
      auto& c = at(root(p), path);
      c.kind = c.kind == Clause::Kind::all ? Clause::Kind::any : Clause::Kind::all;
    });
    for (std::size_t i = 0; i < clause.children.size(); ++i)
      add("dropped", name + " without part " + std::to_string(i + 1), [&](Policy& p) {
        auto& c = at(root(p), path);
        c.children.erase(c.children.begin() + static_cast<std::ptrdiff_t>(i));
      });
  }
  for (std::size_t i = 0; i < clause.children.size(); ++i) {
    auto below = path;
    below.push_back(i);
    clauses(root, below);
  }
}

void Mutator::condition(const Root& root, const std::vector<std::size_t>& path, const Clause& clause) {
  const auto name = clause.id + " " + clause.text + " ";
  const auto change = [&](const std::string& kind, const std::string& what, const std::function<void(Clause&)>& apply) {
    add(kind, name + what, [&](Policy& p) { apply(at(root(p), path)); });
  };
  for (const auto op : wrong_operators(clause.op))
    change("comparison", std::string("is ") + to_text(op), [&](Clause& c) { c.op = op; });
  if (!clause.id.empty() && clause.op != Operator::exists) {
    change("unknown is no", "", [](Clause& c) { c.on_unknown = OnUnknown::fail; });
    Mutant mutant{"unknown is yes", name, original_, clause.id};
    out_.push_back(std::move(mutant));
  }
  for (std::size_t i = 0; i < clause.operands.size(); ++i) {
    const bool datum = i < clause.operand_data.size() && !clause.operand_data[i].empty();
    if (datum) continue;
    for (const int by : {-1, 1}) {
      if (std::holds_alternative<std::int64_t>(clause.operands[i]))
        change("boundary", "moved by one", [&](Clause& c) { std::get<std::int64_t>(c.operands[i]) += by; });
      if (std::holds_alternative<Date>(clause.operands[i]))
        change("boundary", "moved by a day",
               [&](Clause& c) { c.operands[i] = std::get<Date>(c.operands[i]).plus_days(by); });
    }
    if (std::holds_alternative<std::string>(clause.operands[i]) && clause.operands.size() > 1)
      change("value", "without " + std::get<std::string>(clause.operands[i]),
             [&](Clause& c) { c.operands.erase(c.operands.begin() + static_cast<std::ptrdiff_t>(i)); });
  }
  if (clause.months > 0)
    for (const int by : {-1, 1}) change("boundary", "window moved by a month", [&](Clause& c) { c.months += by; });
  if (clause.op == Operator::not_received && clause.months == 0)
    change("boundary", "only the last year", [](Clause& c) { c.months = 12; });
}

void Mutator::amounts() {
  rule("", [](Policy& p) -> AmountRule& { return p.amount.rule; });
  for (std::size_t i = 0; i < original_.amount.parts.size(); ++i)
    rule("part " + std::to_string(i + 1) + " ", [i](Policy& p) -> AmountRule& { return p.amount.parts[i].rule; });
  const auto& amount = original_.amount;
  if (amount.cap) {
    for (const std::int64_t by : {-100, 100})
      add("cap", "cap", [&](Policy& p) { p.amount.cap = step(*p.amount.cap, by); });
    add("cap", "no cap", [](Policy& p) { p.amount.cap.reset(); });
  }
  for (std::size_t i = 0; i < amount.multipliers.size(); ++i) {
    for (const std::int64_t by : {-10'000, 10'000})
      add("rate", "factor", [&](Policy& p) { p.amount.multipliers[i].factor_ppm += by; });
    add("dropped", "multiplier",
        [&](Policy& p) { p.amount.multipliers.erase(p.amount.multipliers.begin() + static_cast<std::ptrdiff_t>(i)); });
    if (amount.multipliers[i].cap)
      for (const std::int64_t by : {-100, 100})
        add("cap", "cap of the multiplier",
            [&](Policy& p) { p.amount.multipliers[i].cap = step(*p.amount.multipliers[i].cap, by); });
  }
  const bool rounds =
      std::holds_alternative<RatioAmount>(amount.rule) || std::holds_alternative<BandsAmount>(amount.rule) ||
      std::holds_alternative<FormulaAmount>(amount.rule) || std::holds_alternative<InterestAmount>(amount.rule);
  if (!rounds) return;
  add("rounding", "down", [](Policy& p) { p.amount.rounding = Rounding::down; });
  add("rounding", "up", [](Policy& p) { p.amount.rounding = Rounding::up; });
}

void Mutator::rule(const std::string& name, const std::function<AmountRule&(Policy&)>& at_rule) {
  auto copy = original_;
  const auto original = at_rule(copy);
  for (const std::int64_t by : {-1, 1}) {
    if (std::holds_alternative<FixedAmount>(original))
      add("sum", name + "fixed", [&](Policy& p) {
        auto& fixed = std::get<FixedAmount>(at_rule(p));
        fixed.amount = step(fixed.amount, by);
      });
    if (const auto* ratio = std::get_if<RatioAmount>(&original)) {
      for (const auto& [code, unused] : ratio->rates_ppm)
        add("rate", name + code, [&](Policy& p) { std::get<RatioAmount>(at_rule(p)).rates_ppm[code] += by * 100; });
      if (ratio->by.empty())
        add("rate", name, [&](Policy& p) { std::get<RatioAmount>(at_rule(p)).rate_ppm += by * 100; });
    }
    if (const auto* lookup = std::get_if<LookupAmount>(&original))
      for (const auto& [code, amount] : lookup->amounts)
        add("sum", name + code,
            [&](Policy& p) { std::get<LookupAmount>(at_rule(p)).amounts[code] = step(amount, by); });
    if (const auto* each = std::get_if<PerUnitAmount>(&original)) {
      if (each->unit_datum.empty())
        add("sum", name + "unit", [&](Policy& p) {
          auto& unit = std::get<PerUnitAmount>(at_rule(p)).unit_amount;
          unit = step(unit, by);
        });
      else
        add("rate", name + "factor", [&](Policy& p) { std::get<PerUnitAmount>(at_rule(p)).unit_factor += by; });
      if (each->units_max)
        add("cap", name + "units", [&](Policy& p) { *std::get<PerUnitAmount>(at_rule(p)).units_max += by; });
    }
    if (const auto* schedule = std::get_if<ScheduleAmount>(&original)) {
      // What is less than the advance cannot be seen to the fen.
      const auto least = schedule->amounts.at(schedule->advance_code);
      for (const auto& [code, amount] : schedule->amounts)
        if (amount >= least)
          add("sum", name + code,
              [&](Policy& p) { std::get<ScheduleAmount>(at_rule(p)).amounts[code] = step(amount, by * 100); });
      add("rate", name + "advance", [&](Policy& p) { std::get<ScheduleAmount>(at_rule(p)).advance_rate_ppm += by; });
    }
    if (const auto* tiers = std::get_if<TierAmount>(&original))
      for (std::size_t i = 0; i < tiers->tiers.size(); ++i)
        add(tiers->tiers[i].amount ? "sum" : "rate", name + tiers->tiers[i].when.text, [&](Policy& p) {
          auto& tier = std::get<TierAmount>(at_rule(p)).tiers[i];
          if (tier.amount)
            tier.amount = step(*tier.amount, by);
          else
            tier.rate_ppm += by * 100;
        });
    if (const auto* bands = std::get_if<BandsAmount>(&original))
      for (std::size_t i = 0; i < bands->bands.size(); ++i) {
        add("rate", name + "band", [&](Policy& p) { std::get<BandsAmount>(at_rule(p)).bands[i].rate_ppm += by * 100; });
        if (bands->bands[i].upto)
          add("boundary", name + "band", [&](Policy& p) {
            auto& upto = *std::get<BandsAmount>(at_rule(p)).bands[i].upto;
            upto = step(upto, by * 1'000);
          });
      }
    if (std::holds_alternative<ActualCostAmount>(original)) {
      add("rate", name, [&](Policy& p) { std::get<ActualCostAmount>(at_rule(p)).rate_ppm += by * 100; });
      if (std::get<ActualCostAmount>(original).months_max)
        add("cap", name + "months", [&](Policy& p) { *std::get<ActualCostAmount>(at_rule(p)).months_max += by; });
    }
    if (const auto* interest = std::get_if<InterestAmount>(&original)) {
      add("rate", name + "share", [&](Policy& p) { std::get<InterestAmount>(at_rule(p)).share_ppm += by * 100; });
      if (interest->rate_field.empty())
        add("rate", name, [&](Policy& p) { std::get<InterestAmount>(at_rule(p)).rate_ppm += by * 100; });
      if (interest->months_max)
        add("cap", name + "months", [&](Policy& p) { *std::get<InterestAmount>(at_rule(p)).months_max += by; });
      if (interest->principal_max)
        add("cap", name + "principal", [&](Policy& p) {
          auto& most = *std::get<InterestAmount>(at_rule(p)).principal_max;
          most = step(most, by * 1'000'000);
        });
    }
    if (const auto* stages = std::get_if<StagesAmount>(&original))
      for (std::size_t i = 0; i < stages->stages.size(); ++i)
        add("sum", name + stages->stages[i].id, [&](Policy& p) {
          auto& stage = std::get<StagesAmount>(at_rule(p)).stages[i];
          stage.amount = step(stage.amount, by);
        });
  }
}

void Mutator::validity() {
  for (const int days : {-1, 1}) {
    if (original_.valid_from)
      add("boundary", "valid from", [&](Policy& p) { p.valid_from = p.valid_from->plus_days(days); });
    if (original_.valid_to) add("boundary", "valid to", [&](Policy& p) { p.valid_to = p.valid_to->plus_days(days); });
  }
  if (original_.valid_from) add("dropped", "no beginning", [](Policy& p) { p.valid_from.reset(); });
  if (original_.valid_to) add("dropped", "no end", [](Policy& p) { p.valid_to.reset(); });
}

}  // namespace zhida::matching::test
