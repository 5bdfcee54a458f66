#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/money.h"
#include "base/time.h"
#include "domain/enterprise_profile.h"
#include "stages/matching/near_miss.h"
#include "stages/matching/policy.h"

namespace zhida::matching {

/// How many, and how much.
struct Tally {
  std::int64_t firms = 0;
  Money sum;
};

/// One point of a curve: what a threshold in place of the written one would give.
struct CurvePoint {
  FieldData threshold;
  bool written = false;  ///< The threshold as the item has it.
  Tally met;
};

struct SimulationSettings {
  Date day;
  std::optional<Money> budget;
  std::int64_t firms_per_day = 0;  ///< Cases paid on a working day, from `day` on; with a budget only.
  std::string curve_clause;        ///< Id of a condition with >, >=, < or <=; empty: the first such.
  int curve_points = 11;
};

struct SimulationReport {
  std::int64_t firms = 0, not_met = 0, unknown = 0;
  Tally met;  ///< After ranking and pool, where the item has them.
  std::int64_t beyond_quota = 0;
  std::map<std::string, Tally> by_region, by_industry, by_size;  ///< Division; section letter; size code; `未知`.
  struct Overlap {
    std::string policy, title;
    Tally both;  ///< Firms that meet both; what the other item gives them.
  };
  std::vector<Overlap> overlap;
  std::string curve_clause, curve_field;
  std::vector<CurvePoint> curve;
  std::optional<Money> budget;
  std::int64_t firms_within_budget = 0;  ///< In the order of payment.
  bool budget_lasts = true;
  std::optional<Date> exhausted_on;  ///< The day on which the next sum does not fit any more.
};

/// The sandbox: an item, draft or not, over profiles. Touches nothing; keeps what it needs of the firms that meet it.
class Simulation {
 public:
  /// `others` are the items to compare with. Everything must outlive the simulation.
  Simulation(const Policy& item, std::span<const Policy> others, SimulationSettings settings);
  void add(const EnterpriseProfile& profile);
  /// `calendar` knows the working days; null: Monday to Friday.
  SimulationReport report(const Calendar* calendar) const;
  const Funnel& funnel() const { return funnel_; }

 private:
  struct Hit {
    std::string uscc, region, industry, size;
    Money amount;
    std::optional<FieldData> rank;
    std::vector<std::pair<std::size_t, Money>> also;  // Other items met, what they give.
  };
  struct CurveValue {
    FieldData value;
    Money amount;
  };
  std::vector<const Hit*> paid_in_order(SimulationReport& report, std::vector<Money>& sums) const;
  void budget(SimulationReport& report, const std::vector<Money>& sums, const Calendar* calendar) const;
  void curve(SimulationReport& report) const;

  const Policy& item_;
  const std::span<const Policy> others_;
  SimulationSettings settings_;
  Funnel funnel_;
  std::optional<Clause> curve_clause_;
  Policy without_curve_, never_by_curve_;  // The item with that condition always met, and never.
  std::vector<Hit> hits_;
  std::vector<CurveValue> curve_values_;
  Tally curve_always_;
};

}  // namespace zhida::matching
