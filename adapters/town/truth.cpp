#include "adapters/town/truth.h"

#include <algorithm>
#include <set>

namespace zhida::town {

namespace {

using Value = std::optional<std::int64_t>;
using Truth = std::optional<bool>;  // Kleene: nullopt is unknown.

Truth both(Truth left, Truth right) {
  if (left == false || right == false) return false;
  if (!left || !right) return std::nullopt;
  return true;
}
Truth either(Truth left, Truth right) {
  if (left == true || right == true) return true;
  if (!left || !right) return std::nullopt;
  return false;
}
Truth opposite(Truth truth) {
  return truth ? Truth(!*truth) : std::nullopt;
}
Truth is_true(Value value) {
  return value ? Truth(*value != 0) : std::nullopt;
}
template <class Test>
Truth holds(Value value, Test test) {
  return value ? Truth(test(*value)) : std::nullopt;
}

enum class Combine { latest, sum, maximum, any, count, count_distinct };

struct Rule {
  const char* record_type;
  Combine combine;
  int fresh_days;  ///< 0: no limit.
};

Rule rule_of(Fact fact) {
  switch (fact) {
    case Fact::hnte:
    case Fact::hnte_year:
    case Fact::hnte_first_time:
      return {"department_lists.hnte", Combine::latest, 0};
    case Fact::srdi_grade:
    case Fact::srdi_first_time:
      return {"department_lists.srdi", Combine::latest, 0};
    case Fact::little_giant:
    case Fact::little_giant_first_time:
      return {"department_lists.little_giant", Combine::latest, 0};
    case Fact::above_scale_first_time:
    case Fact::reporting_duty:
      return {"department_lists.new_above_scale", Combine::latest, 0};
    case Fact::patent:
      return {"department_lists.patents", Combine::count, 0};
    case Fact::patent_country:
      return {"department_lists.patents", Combine::count_distinct, 0};
    case Fact::legal_person:
    case Fact::industry:
      return {"market_supervision.registration", Combine::latest, 0};
    case Fact::employees:
    case Fact::revenue:
    case Fact::assets:
      return {"market_supervision.annual_report", Combine::latest, 700};
    case Fact::abnormal:
      return {"market_supervision.abnormal_list", Combine::any, 30};
    case Fact::dishonest:
    case Fact::safety:
      return {"credit.list_entry", Combine::any, 30};
    case Fact::insured:
      return {"social_security.unit", Combine::any, 400};
    case Fact::insured_count:
    case Fact::new_benefit:
    case Fact::contribution:
      return {"social_security.unit", Combine::sum, 400};
    case Fact::paid_months:
      return {"social_security.unit", Combine::maximum, 400};
    case Fact::vat_type:
      return {"tax.registration", Combine::latest, 0};
    case Fact::monthly_sales:
      return {"tax.sales", Combine::latest, 92};
    case Fact::per_mu_class:
      break;
  }
  return {"tax.per_mu", Combine::latest, 0};
}

/// The rows that count on a day, and what they say together.
class Knowledge {
 public:
  Knowledge(const std::vector<Observation>& observations, const Coverage& coverage, Instant at)
      : coverage_(coverage), today_(Date::of(at)) {
    std::map<std::pair<std::string, std::string>, std::vector<const Observation*>> versions;
    for (const Observation& row : observations) {
      if (row.appears_at <= at) versions[{row.record_type, row.key}].push_back(&row);
    }
    for (auto& [place, rows] : versions) {
      std::stable_sort(rows.begin(), rows.end(), [](const Observation* left, const Observation* right) {
        return left->appears_at < right->appears_at;
      });
      const Observation& last = *rows.back();
      const bool was_read = std::any_of(rows.begin(), rows.end(), [](const Observation* row) { return row->readable; });
      if (!last.readable) {
        if (was_read) spoiled_.insert(place.first);
      } else if (!last.withdrawn) {
        current_.push_back(&last);
      }
    }
  }

  Value find(Fact fact) const {
    const Rule rule = rule_of(fact);
    if (spoiled_.contains(rule.record_type)) return std::nullopt;
    bool named = false;
    std::vector<const Observation*> rows;
    for (const Observation* row : current_) {
      if (row->record_type != rule.record_type || !row->facts.contains(fact)) continue;
      named = true;
      if (is_fresh(row->as_of, rule.fresh_days)) rows.push_back(row);
    }
    if (!named) {
      const auto covered = coverage_.find(fact);
      return covered != coverage_.end() && is_fresh(covered->second, rule.fresh_days) ? Value(0) : std::nullopt;
    }
    return rows.empty() ? std::nullopt : combine(rows, fact, rule.combine);
  }

 private:
  bool is_fresh(Date as_of, int days) const { return days == 0 || today_ <= as_of.plus_days(days); }

  static Value combine(const std::vector<const Observation*>& rows, Fact fact, Combine how) {
    std::vector<std::int64_t> values;
    for (const Observation* row : rows) {
      if (const Value value = row->facts.at(fact)) values.push_back(*value);
    }
    if (how == Combine::count) return static_cast<std::int64_t>(rows.size());
    if (how == Combine::latest) {
      Date newest;
      for (const Observation* row : rows) newest = std::max(newest, row->as_of);
      std::set<Value> newest_values;
      for (const Observation* row : rows) {
        if (row->as_of == newest) newest_values.insert(row->facts.at(fact));
      }
      return newest_values.size() == 1 ? *newest_values.begin() : std::nullopt;
    }
    if (values.empty()) return std::nullopt;
    switch (how) {
      case Combine::sum: {
        std::int64_t sum = 0;
        for (const std::int64_t value : values) sum += value;
        return values.size() == rows.size() ? Value(sum) : std::nullopt;
      }
      case Combine::count_distinct:
        return static_cast<std::int64_t>(std::set<std::int64_t>(values.begin(), values.end()).size());
      case Combine::maximum:
      case Combine::any:
      case Combine::latest:
      case Combine::count:
        break;
    }
    return *std::max_element(values.begin(), values.end());
  }

  const Coverage& coverage_;
  Date today_;
  std::vector<const Observation*> current_;
  std::set<std::string> spoiled_;  // Record types with a newer version that nobody can read.
};

Outcome decide(Truth truth, Value amount) {
  if (!truth) return {Verdict::unknown, std::nullopt};
  if (!*truth) return {Verdict::not_met, std::nullopt};
  return {Verdict::met, amount};
}

/// A sum that needs an input nobody knows: the verdict is unknown.
Outcome decide_with_sum(Truth truth, Value amount) {
  return truth == true && !amount ? Outcome{} : decide(truth, amount);
}

/// Parts per million, half up.
Value rate(Value part, Value whole) {
  if (!part || !whole || *whole == 0) return std::nullopt;
  return (*part * 2'000'000 + *whole) / (*whole * 2);
}

Outcome stable_jobs(const Knowledge& known) {  // HR-001
  const Value insured = known.find(Fact::insured_count);
  const Value layoff = rate(known.find(Fact::new_benefit), insured);
  const Truth large = both(holds(insured, [](std::int64_t n) { return n > 30; }),
                           holds(layoff, [](std::int64_t ppm) { return ppm <= 55'000; }));
  const Truth small = both(holds(insured, [](std::int64_t n) { return n <= 30; }),
                           holds(layoff, [](std::int64_t ppm) { return ppm <= 200'000; }));
  const Truth months = holds(known.find(Fact::paid_months), [](std::int64_t n) { return n >= 12; });
  const Value contribution = known.find(Fact::contribution);
  const auto size = enterprise_size(known.find(Fact::industry), known.find(Fact::employees), known.find(Fact::revenue),
                                    known.find(Fact::assets));
  Value amount;
  if (contribution && size) amount = (*contribution * (*size == 1 ? 3 : 6) * 2 + 10) / 20;
  return decide_with_sum(both(months, either(large, small)), amount);
}

Outcome early_award(const Knowledge& known) {           // IN-005
  static constexpr std::int64_t kAdvance = 16'000'000;  // 80 % of class C.
  static constexpr std::array<std::int64_t, 4> kClassSum{30'000'000, 25'000'000, 20'000'000, 10'000'000};
  const Value grade = known.find(Fact::per_mu_class);
  const std::int64_t settled = grade ? std::max(kAdvance, kClassSum[static_cast<std::size_t>(*grade - 1)]) : kAdvance;
  return decide(both(is_true(known.find(Fact::hnte)),
                     holds(known.find(Fact::hnte_year), [](std::int64_t year) { return year == 2022; })),
                settled);
}

Outcome specialised(const Knowledge& known) {  // IN-007
  static constexpr std::array<std::int64_t, 3> kByGrade{50'000'000, 25'000'000, 15'000'000};
  const Value grade = known.find(Fact::srdi_grade);
  Value amount;
  if (grade) amount = kByGrade[static_cast<std::size_t>(*grade - 1)];
  return decide(both(holds(grade, [](std::int64_t code) { return code >= 1 && code <= 3; }),
                     is_true(known.find(Fact::srdi_first_time))),
                amount);
}

Outcome newly_above_scale(const Knowledge& known) {  // IN-012
  Truth all = is_true(known.find(Fact::legal_person));
  all = both(all, is_true(known.find(Fact::above_scale_first_time)));
  all = both(all, is_true(known.find(Fact::reporting_duty)));
  for (const Fact list : {Fact::dishonest, Fact::abnormal, Fact::safety})
    all = both(all, opposite(is_true(known.find(list))));
  return decide(all, 50'000'000);
}

Outcome foreign_patents(const Knowledge& known) {  // IN-023
  const Value countries = known.find(Fact::patent_country);
  Value amount;
  if (countries) amount = 2'000'000 * std::min<std::int64_t>(*countries, 5);
  return decide_with_sum(holds(known.find(Fact::patent), [](std::int64_t n) { return n >= 1; }), amount);
}

Outcome small_taxpayer(const Knowledge& known) {  // TX-005
  return decide(both(holds(known.find(Fact::vat_type), [](std::int64_t type) { return type == 2; }),
                     holds(known.find(Fact::monthly_sales), [](std::int64_t fen) { return fen <= 10'000'000; })),
                std::nullopt);
}

}  // namespace

bool is_known(const std::vector<Observation>& observations, Instant at) {
  return std::any_of(observations.begin(), observations.end(),
                     [at](const Observation& row) { return row.readable && row.appears_at <= at; });
}

std::map<std::string, Outcome> judge(const std::vector<Observation>& observations, const Coverage& coverage,
                                     Instant at) {
  const Knowledge known(observations, coverage, at);
  return {
      {"HR-001", stable_jobs(known)},
      {"HR-006", {Verdict::not_met, std::nullopt}},
      {"HR-018", decide(is_true(known.find(Fact::insured)), std::nullopt)},
      {"IN-001", decide(is_true(known.find(Fact::hnte_first_time)), 8'000'000)},
      {"IN-005", early_award(known)},
      {"IN-006",
       decide(both(is_true(known.find(Fact::little_giant)), is_true(known.find(Fact::little_giant_first_time))),
              50'000'000)},
      {"IN-007", specialised(known)},
      {"IN-012", newly_above_scale(known)},
      {"IN-023", foreign_patents(known)},
      {"TX-005", small_taxpayer(known)},
  };
}

std::optional<int> enterprise_size(std::optional<std::int64_t> industry, std::optional<std::int64_t> employees,
                                   std::optional<std::int64_t> revenue, std::optional<std::int64_t> assets) {
  if (!industry) return std::nullopt;
  struct Bounds {
    int large = 0, medium = 0, small = 0;
    bool used() const { return large > 0; }
  };
  Bounds people, income, wealth;  // Persons, 万元, 万元.
  const std::int64_t division = *industry / 100;
  const auto within = [division](int low, int high) { return division >= low && division <= high; };
  if (within(1, 5)) {
    income = {20'000, 500, 50};
  } else if (within(6, 46)) {
    people = {1'000, 300, 20};
    income = {40'000, 2'000, 300};
  } else if (within(47, 50)) {
    income = {80'000, 6'000, 300};
    wealth = {80'000, 5'000, 300};
  } else if (division == 51) {
    people = {200, 20, 5};
    income = {40'000, 5'000, 1'000};
  } else if (division == 52) {
    people = {300, 50, 10};
    income = {20'000, 500, 100};
  } else if (within(54, 58)) {
    people = {1'000, 300, 20};
    income = {30'000, 3'000, 200};
  } else if (division == 59) {
    people = {200, 100, 20};
    income = {30'000, 1'000, 100};
  } else if (division == 60) {
    people = {1'000, 300, 20};
    income = {30'000, 2'000, 100};
  } else if (within(61, 62)) {
    people = {300, 100, 10};
    income = {10'000, 2'000, 100};
  } else if (within(63, 64)) {
    people = {2'000, 100, 10};
    income = {100'000, 1'000, 100};
  } else if (division == 65) {
    people = {300, 100, 10};
    income = {10'000, 1'000, 50};
  } else if (*industry == 7010) {
    income = {200'000, 1'000, 100};
    wealth = {10'000, 5'000, 2'000};
  } else if (*industry == 7020) {
    people = {1'000, 300, 100};
    income = {5'000, 1'000, 500};
  } else if (within(71, 72)) {
    people = {300, 100, 10};
    wealth = {120'000, 8'000, 100};
  } else if (within(73, 75) || (within(77, 88) && division != 83)) {
    people = {300, 100, 10};
  } else {
    return std::nullopt;
  }
  int size = 1;
  const auto judge_by = [&size](const Bounds& bounds, Value value, std::int64_t unit) {
    if (!bounds.used()) return true;
    if (!value) return false;
    const auto reaches = [&](int bound) { return *value >= bound * unit; };
    size = std::max(size, reaches(bounds.large) ? 1 : reaches(bounds.medium) ? 2 : reaches(bounds.small) ? 3 : 4);
    return true;
  };
  const bool complete =
      judge_by(people, employees, 1) && judge_by(income, revenue, 1'000'000) && judge_by(wealth, assets, 1'000'000);
  return complete ? std::optional<int>(size) : std::nullopt;
}

}  // namespace zhida::town
