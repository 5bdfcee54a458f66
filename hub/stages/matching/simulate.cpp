#include "stages/matching/simulate.h"

#include <algorithm>
#include <utility>

#include "stages/matching/allocation.h"
#include "stages/matching/evaluate.h"
#include "stages/matching/kleene.h"
#include "stages/matching/region_industry.h"

namespace zhida::matching {
namespace {

constexpr const char* kUnknown = "未知";

bool is_threshold(const Clause& clause) {
  const bool ordered = clause.op == Operator::gt || clause.op == Operator::gte || clause.op == Operator::lt ||
                       clause.op == Operator::lte || clause.op == Operator::date_gte;
  return clause.kind == Clause::Kind::condition && ordered && clause.operand_data.empty();
}

Clause answered(const Clause& clause, const std::string& id, bool holds) {
  if (clause.kind == Clause::Kind::condition && clause.id == id) {
    Clause out;
    out.kind = holds ? Clause::Kind::all : Clause::Kind::any;
    return out;
  }
  auto out = clause;
  for (auto& child : out.children) child = answered(child, id, holds);
  return out;
}

std::string text_of(const EnterpriseProfile& profile, const char* field) {
  const auto* state = profile.find(field);
  return state == nullptr || !state->value ? kUnknown : zhida::to_text(state->value->data);
}

std::string section_of(const std::string& code) {
  for (char letter = 'A'; letter <= 'T'; ++letter)
    if (industry_below(code, std::string_view(&letter, 1))) return std::string(1, letter);
  return kUnknown;
}

void put(Tally& tally, Money amount) {
  ++tally.firms;
  // Sums of whole towns stay far below the limit; what would not is left at it.
  tally.sum = tally.sum.plus(amount).has_value() ? tally.sum.plus(amount).value() : Money::from_fen(INT64_MAX);
}

}  // namespace

Simulation::Simulation(const Policy& item, std::span<const Policy> others, SimulationSettings settings)
    : item_(item),
      others_(others),
      settings_(std::move(settings)),
      funnel_(item, settings_.day),
      without_curve_(item),
      never_by_curve_(item) {
  for_each_clause(item.when, [&](const Clause& clause) {
    if (curve_clause_ || !is_threshold(clause)) return;
    if (settings_.curve_clause.empty() || settings_.curve_clause == clause.id) curve_clause_ = clause;
  });
  if (!curve_clause_) return;
  without_curve_.when = answered(item.when, curve_clause_->id, true);
  never_by_curve_.when = answered(item.when, curve_clause_->id, false);
}

void Simulation::add(const EnterpriseProfile& profile) {
  funnel_.add(profile);
  const auto outcome = evaluate(item_, profile, settings_.day);
  if (curve_clause_) {
    const auto* state = Facts(item_, profile, settings_.day).find(curve_clause_->field);
    if (state != nullptr && state->value) {
      const auto loose = evaluate(without_curve_, profile, settings_.day);
      if (loose.verdict == Verdict::met) {
        // Who meets the item by another way is there whatever the threshold.
        const auto amount = loose.amount.value_or(Money{});
        if (evaluate(never_by_curve_, profile, settings_.day).verdict == Verdict::met)
          put(curve_always_, amount);
        else
          curve_values_.push_back({state->value->data, amount});
      }
    }
  }
  if (outcome.verdict != Verdict::met) return;
  Hit hit;
  hit.uscc = profile.uscc;
  hit.region = profile.division.empty() ? kUnknown : profile.division;
  const auto code = text_of(profile, "ent.industry_code");
  hit.industry = code == kUnknown ? code : section_of(code);
  hit.size = text_of(profile, "ent.size");
  hit.amount = outcome.amount.value_or(Money{});
  if (item_.ranking) {
    const auto* state = Facts(item_, profile, settings_.day).find(item_.ranking->by);
    if (state != nullptr && state->value) hit.rank = state->value->data;
  }
  for (std::size_t i = 0; i < others_.size(); ++i) {
    if (others_[i].id == item_.id) continue;
    const auto other = evaluate(others_[i], profile, settings_.day);
    if (other.verdict == Verdict::met) hit.also.emplace_back(i, other.amount.value_or(Money{}));
  }
  hits_.push_back(std::move(hit));
}

/// Those who are paid and what, after quota and pool; in the order of the ranking, else as they came.
std::vector<const Simulation::Hit*> Simulation::paid_in_order(SimulationReport& report,
                                                              std::vector<Money>& sums) const {
  std::vector<const Hit*> paid;
  for (const auto& hit : hits_) paid.push_back(&hit);
  if (item_.ranking) {
    const bool falling = item_.ranking->descending;
    std::ranges::stable_sort(paid, [&](const Hit* left, const Hit* right) {
      if (!left->rank || !right->rank) return left->rank.has_value() && !right->rank.has_value();
      return falling ? *right->rank < *left->rank : *left->rank < *right->rank;
    });
    const auto quota = static_cast<std::size_t>(item_.ranking->quota);
    if (quota > 0 && paid.size() > quota) {
      report.beyond_quota = static_cast<std::int64_t>(paid.size() - quota);
      paid.resize(quota);
    }
  }
  for (const auto* hit : paid) sums.push_back(hit->amount);
  if (!item_.pool) return paid;
  std::vector<Candidate> candidates;
  for (const auto* hit : paid) candidates.push_back({hit->uscc, Verdict::met, hit->rank, hit->amount});
  const auto shares = distribute(*item_.pool, std::nullopt, candidates);
  for (std::size_t i = 0; i < shares.size(); ++i) sums[i] = shares[i].given;
  return paid;
}

void Simulation::budget(SimulationReport& report, const std::vector<Money>& sums, const Calendar* calendar) const {
  if (!settings_.budget) return;
  report.budget = settings_.budget;
  const Calendar weekdays;
  const auto& days = calendar == nullptr ? weekdays : *calendar;
  std::int64_t rest = settings_.budget->fen();
  for (const auto& sum : sums) {
    if (sum.fen() > rest) {
      report.budget_lasts = false;
      break;
    }
    rest -= sum.fen();
    ++report.firms_within_budget;
  }
  if (report.budget_lasts || settings_.firms_per_day <= 0) return;
  const auto worked = report.firms_within_budget / settings_.firms_per_day;
  auto day = settings_.day;
  while (!days.is_working_day(day)) day = day.plus_days(1);
  if (worked > 0) day = days.plus_working_days(day, static_cast<int>(std::min<std::int64_t>(worked, 100'000)));
  report.exhausted_on = day;
}

void Simulation::curve(SimulationReport& report) const {
  if (!curve_clause_ || curve_values_.empty() || settings_.curve_points < 1) return;
  report.curve_clause = curve_clause_->id;
  report.curve_field = curve_clause_->field;
  auto values = curve_values_;
  std::ranges::sort(values, {}, &CurveValue::value);
  std::vector<FieldData> thresholds = {curve_clause_->operands.front()};
  const auto points = static_cast<std::size_t>(settings_.curve_points);
  for (std::size_t i = 0; i < points; ++i)
    thresholds.push_back(values[i * (values.size() - 1) / std::max<std::size_t>(1, points - 1)].value);
  std::ranges::sort(thresholds);
  thresholds.erase(std::unique(thresholds.begin(), thresholds.end()), thresholds.end());
  for (const auto& threshold : thresholds) {
    CurvePoint point{threshold, threshold == curve_clause_->operands.front(), curve_always_};
    auto clause = *curve_clause_;
    clause.operands = {threshold};
    for (const auto& value : values)
      if (condition_holds(clause, value.value)) put(point.met, value.amount);
    report.curve.push_back(std::move(point));
  }
}

SimulationReport Simulation::report(const Calendar* calendar) const {
  SimulationReport out;
  out.firms = funnel_.firms;
  out.not_met = funnel_.not_met;
  out.unknown = funnel_.unknown;
  std::vector<Money> sums;
  const auto paid = paid_in_order(out, sums);
  std::map<std::size_t, Tally> both;
  for (std::size_t i = 0; i < paid.size(); ++i) {
    put(out.met, sums[i]);
    put(out.by_region[paid[i]->region], sums[i]);
    put(out.by_industry[paid[i]->industry], sums[i]);
    put(out.by_size[paid[i]->size], sums[i]);
    for (const auto& [other, amount] : paid[i]->also) put(both[other], amount);
  }
  for (const auto& [other, tally] : both) out.overlap.push_back({others_[other].id.str(), others_[other].title, tally});
  std::ranges::sort(out.overlap, [](const auto& a, const auto& b) { return a.both.firms > b.both.firms; });
  budget(out, sums, calendar);
  curve(out);
  return out;
}

}  // namespace zhida::matching
