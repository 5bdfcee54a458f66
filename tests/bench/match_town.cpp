#include "match_town.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "stages/matching/engine/parallel.h"

namespace zhida::bench {

using matching::Clause;
using matching::Operator;
using matching::Policy;
using matching::engine::Cell;
using matching::engine::ColumnSpec;
using matching::engine::Day;
using matching::engine::Model;
using matching::engine::Table;
using matching::engine::ValueKind;

std::uint64_t Dice::next() {
  // SplitMix64.
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

std::uint64_t Dice::below(std::uint64_t limit) {
  __extension__ typedef unsigned __int128 Wide;
  return static_cast<std::uint64_t>(static_cast<Wide>(next()) * limit >> 64);
}

double Dice::bell() {
  const double u = share() + 1e-18, v = share();
  return std::sqrt(-2 * std::log(u)) * std::cos(6.283185307179586 * v);
}

namespace {

Day day_number(Date date) {
  return static_cast<Day>(date.days().time_since_epoch().count());
}

Date date_of(std::int64_t number) {
  return Date(std::chrono::sys_days(std::chrono::days(number)));
}

ValueKind kind_of(const TownField& field) {
  switch (field.type) {
    case FieldType::boolean:
      return ValueKind::flag;
    case FieldType::text:
    case FieldType::code:
      return ValueKind::text;
    default:
      return ValueKind::number;
  }
}

Clause group(Clause::Kind kind, std::vector<Clause> children) {
  Clause out;
  out.kind = kind;
  out.children = std::move(children);
  return out;
}

/// As people set limits: 1, 1.5, 2 … times a power of ten.
std::int64_t round_number(double value) {
  const double power = std::pow(10, std::floor(std::log10(std::max(1.0, value))));
  return static_cast<std::int64_t>(std::max(1.0, std::round(value / power * 2) / 2) * power);
}

}  // namespace

Town::Town(std::size_t firms, std::size_t items, std::uint64_t seed, Size size)
    : firms_(firms), seed_(seed), day_(Date::parse("2025-11-03").value()) {
  // A county of 45,000 firms, a city of 300,000, a province of a million.
  if (firms <= 60'000 && size == Size::by_firms) {
    towns_ = 20;
  } else if (firms <= 400'000 && size == Size::by_firms) {
    counties_ = 10;
    towns_ = 15;
  } else {
    cities_ = 11;
    counties_ = 8;
    towns_ = 15;
  }
  make_industries();
  make_fields();
  make_policies(items);
}

void Town::make_industries() {
  Dice dice(7);
  for (int division = 1; division <= 97; ++division) {
    const auto groups = 2 + dice.below(6);
    for (std::uint64_t g = 1; g <= groups; ++g) {
      const auto classes = 1 + dice.below(5);
      for (std::uint64_t c = 1; c <= classes; ++c) {
        std::string code = std::to_string(division);
        if (division < 10) code.insert(0, "0");
        industries_.push_back(code + std::to_string(g) + std::to_string(c));
      }
    }
  }
}

void Town::make_fields() {
  Dice dice(11);
  const auto add = [&](const std::string& name, Sort sort, FieldType type, double unknown) -> TownField& {
    auto& field = fields_.emplace_back();
    field.name = name;
    field.sort = sort;
    field.type = type;
    field.unknown = unknown;
    return field;
  };
  add("ent.region", Sort::region, FieldType::code, 0.002);
  add("ent.town", Sort::town, FieldType::code, 0.002);
  add("ent.industry", Sort::industry, FieldType::code, 0.01);
  add("ent.size", Sort::code, FieldType::code, 0.02).codes = 4;
  add("tax.grade", Sort::code, FieldType::code, 0.05).codes = 5;
  add("credit.status", Sort::code, FieldType::code, 0.03).codes = 4;
  add("ent.kind", Sort::code, FieldType::code, 0.01).codes = 12;
  for (int i = 0; i < 6; ++i) add("code.c" + std::to_string(i), Sort::code, FieldType::code, 0.03).codes = 6 + i * 3;
  for (int i = 0; i < 10; ++i)
    add("date.d" + std::to_string(i), Sort::date, FieldType::date, i == 0 ? 0.0 : 0.05 + 0.03 * i).thresholds = {
        0, 90, 180, 365, 730, 1095, 1825, 2555, 3650};
  for (int i = 0; i < 23; ++i)
    add("flag.f" + std::to_string(i), Sort::flag, FieldType::boolean, 0.01 + 0.01 * (i % 12)).often =
        0.01 * (4 + (i * 37 + 17 * 37) % 60);
  for (int i = 0; i < 20; ++i)
    add("list.l" + std::to_string(i), Sort::flag, FieldType::boolean, 0.02).often = (200.0 / (i + 2) + 8) / 1000;
  const auto numbers = [&](const char* prefix, int count, Sort sort, FieldType type, double middle, double wide) {
    for (int i = 0; i < count; ++i) {
      auto& field = add(prefix + std::to_string(i), sort, type, 0.02 + 0.01 * (i % 18));
      field.middle = middle + dice.share() * wide;
      field.spread = 0.8 + dice.share() * 0.9;
      const auto limits = 6 + dice.below(25);
      for (std::uint64_t k = 0; k < limits; ++k) {
        const double z = -1.6 + 3.5 * dice.share();
        field.thresholds.push_back(round_number(std::exp(field.middle + field.spread * z)));
      }
      std::ranges::sort(field.thresholds);
      field.thresholds.erase(std::unique(field.thresholds.begin(), field.thresholds.end()), field.thresholds.end());
    }
  };
  numbers("money.m", 22, Sort::money, FieldType::money_fen, 15, 5);
  numbers("count.n", 18, Sort::count, FieldType::integer, 2, 2.5);
  numbers("rate.r", 14, Sort::rate, FieldType::rate_ppm, 5, 3);
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    auto& field = fields_[i];
    if (field.name == "money.m0" || field.name == "money.m3" || field.name == "rate.r1") field.dated = true;
    if (field.number()) numbers_.push_back(i);
    if (field.sort == Sort::code) codes_.push_back(i);
    if (field.sort == Sort::date) dates_.push_back(i);
    if (field.sort == Sort::flag) (field.name.starts_with("list") ? lists_ : flags_).push_back(i);
  }
  Dice shuffle(5);
  for (auto i = numbers_.size(); i > 1; --i) std::swap(numbers_[i - 1], numbers_[shuffle.below(i)]);
}

std::string Town::county(int city, int county) const {
  const auto two = [](int number) { return std::string(number < 10 ? "0" : "") + std::to_string(number); };
  return "33" + two(city + 1) + two(county + 1);
}

std::string Town::text_of(const TownField& field, std::int64_t value) const {
  const auto place = static_cast<int>(value);
  const auto home = county(place / towns_ / counties_, place / towns_ % counties_);
  switch (field.sort) {
    case Sort::region:
      return home;
    case Sort::town: {
      const auto town = std::to_string(1001 + place % towns_);
      return home + town.substr(1);
    }
    case Sort::industry:
      return industries_[static_cast<std::size_t>(value)];
    default:
      return "K" + std::to_string(value);
  }
}

std::int64_t Town::value_of(std::size_t number, Dice& dice, double size, int place) const {
  const auto& field = fields_[number];
  switch (field.sort) {
    case Sort::region:
    case Sort::town:
      return place;
    case Sort::industry: {
      const double u = dice.share();
      return static_cast<std::int64_t>(u * u * static_cast<double>(industries_.size()));
    }
    case Sort::code: {
      if (field.name == "ent.size") {
        const double z = size + 0.3 * dice.bell();
        return z < 0.5 ? 0 : z < 1.4 ? 1 : z < 2.2 ? 2 : 3;
      }
      const double u = dice.share();
      return static_cast<std::int64_t>(u * u * field.codes);
    }
    case Sort::date:
      if (field.name == "date.d0") return day_number(day_) - static_cast<std::int64_t>(dice.below(9000));
      return dice.below(100) < 35 ? day_number(day_) + static_cast<std::int64_t>(dice.below(1800)) - 700 : 0;
    case Sort::flag:
      return dice.share() < field.often ? 1 : 0;
    default:
      break;
  }
  const double value = std::exp(field.middle + field.spread * (0.6 * size + 0.8 * dice.bell()));
  return dice.below(100) < 8 ? 0 : static_cast<std::int64_t>(std::min(value, 1e15));
}

std::string Town::column_name(const TownField& field) {
  return field.type == FieldType::date ? field.name + "@day" : field.name;
}

std::vector<ColumnSpec> Town::columns(Model& model) const {
  for (const auto& field : fields_) model.column(column_name(field), kind_of(field));
  return model.columns;
}

Table Town::table(Model& model, unsigned threads) const {
  Table out(columns(model), firms_, day_number(day_));
  std::vector<std::uint32_t> number;
  for (const auto& field : fields_) number.push_back(model.column(column_name(field), kind_of(field)));
  const auto places = cities_ * counties_ * towns_;
  // Texts first, in a fixed order, so that threads need not agree on ids.
  std::vector<std::vector<std::uint32_t>> ids(fields_.size());
  for (std::size_t f = 0; f < fields_.size(); ++f) {
    const auto& field = fields_[f];
    const auto count = field.sort == Sort::region || field.sort == Sort::town ? places
                       : field.sort == Sort::industry                         ? static_cast<int>(industries_.size())
                                                                              : field.codes;
    if (kind_of(field) == ValueKind::text)
      for (int i = 0; i < count; ++i) ids[f].push_back(out.intern(number[f], text_of(field, i)));
    if (!field.dated) continue;
    Cell cell;
    cell.known = true;
    cell.as_of = day_number(day_) - 1;
    if (firms_ > 0) out.set(0, number[f], cell);  // From now on every value has its day.
  }
  matching::engine::in_parallel(threads, [&](unsigned thread) {
    // Whole words of known bits to each thread.
    const auto chunk = (firms_ / threads + 4096) / 4096 * 4096;
    const auto end = std::min(firms_, chunk * (thread + 1));
    for (auto row = std::min(firms_, chunk * thread); row < end; ++row) {
      Dice dice(seed_ * 1'000'003 + row);
      const auto place = static_cast<int>(dice.below(static_cast<std::uint64_t>(places)));
      const double size = dice.bell();
      for (std::size_t f = 0; f < fields_.size(); ++f) {
        Cell cell;
        cell.value = value_of(f, dice, size, place);
        cell.known = dice.share() >= fields_[f].unknown;
        cell.as_of = day_number(day_) - (fields_[f].dated ? static_cast<Day>(dice.below(500)) : 0);
        if (!ids[f].empty()) cell.value = ids[f][static_cast<std::size_t>(cell.value)];
        out.set(row, number[f], cell);
      }
    }
  });
  return out;
}

EnterpriseProfile Town::profile(const Table& table, std::size_t row) const {
  EnterpriseProfile out;
  out.uscc = uscc(row);
  out.division = county(0, 0);
  out.as_of = day_;
  for (std::size_t c = 0; c < table.columns().size(); ++c) {
    auto name = table.column(c).spec.name;
    const bool day = name.ends_with("@day");
    if (day) name.resize(name.size() - 4);
    const auto cell = table.get(row, c);
    if (!cell.known) continue;
    ProfileValue value;
    value.as_of = date_of(cell.as_of);
    value.source = "town";
    switch (table.column(c).spec.kind) {
      case ValueKind::flag:
        value.data = cell.value != 0;
        break;
      case ValueKind::text:
        value.data = table.column(c).dictionary[static_cast<std::size_t>(cell.value)];
        break;
      case ValueKind::number:
        if (day)
          value.data = date_of(cell.value);
        else
          value.data = cell.value;
        break;
    }
    out.fields[name].value = std::move(value);
  }
  return out;
}

std::int64_t Town::drifted(const TownField& field, std::int64_t value, Dice& dice) const {
  if (field.number())
    return static_cast<std::int64_t>(static_cast<double>(value) * (0.8 + 0.4 * dice.share())) +
           static_cast<std::int64_t>(dice.below(2));
  if (field.sort == Sort::flag) return dice.below(10) != 0 ? value : 1 - value;
  if (field.sort == Sort::date) return value + static_cast<std::int64_t>(dice.below(30));
  return value;
}

std::string Town::uscc(std::size_t row) {
  auto digits = std::to_string(row);
  return "91330000M" + std::string(9 - std::min<std::size_t>(9, digits.size()), '0') + digits;
}

// Items.

Clause Town::condition(const TownField& field, Operator op, std::vector<FieldData> operands) {
  Clause out;
  out.id = "c" + std::to_string(++clauses_);
  out.text = "条件 " + out.id;
  out.field = field.name;
  out.type = field.type;
  out.unit = field.sort == Sort::money ? "元" : field.sort == Sort::rate ? "%" : field.sort == Sort::count ? "个" : "";
  out.op = op;
  out.operands = std::move(operands);
  return out;
}

namespace {

/// Small numbers more often than large ones.
std::size_t lopsided(Dice& dice, std::size_t count) {
  const double u = dice.share();
  return static_cast<std::size_t>(u * u * static_cast<double>(count));
}

}  // namespace

Clause Town::number_clause(Dice& dice) {
  const auto& field = fields_[numbers_[lopsided(dice, numbers_.size())]];
  const auto& limits = field.thresholds;
  const auto kind = dice.below(10);
  Clause out;
  if (kind < 6) {
    out = condition(field, Operator::gte, {limits[dice.below((limits.size() * 2 + 2) / 3)]});
  } else if (kind < 9) {
    const auto first = limits.size() / 3;
    out = condition(field, Operator::lte, {limits[first + dice.below(limits.size() - first)]});
  } else {
    auto low = limits[dice.below(limits.size())], high = limits[dice.below(limits.size())];
    if (low > high) std::swap(low, high);
    out = condition(field, Operator::between, {low, high});
  }
  if (field.dated && dice.below(2) == 0) out.max_age_days = 400;
  return out;
}

Clause Town::flag_clause(Dice& dice) {
  return condition(fields_[flags_[lopsided(dice, flags_.size())]], Operator::is_true, {});
}

Clause Town::code_clause(Dice& dice) {
  const auto& field = fields_[codes_[lopsided(dice, codes_.size())]];
  std::vector<FieldData> some;
  if (dice.below(2) == 0) {
    const auto third = field.codes / 3;
    const auto last = third + static_cast<int>(dice.below(static_cast<std::uint64_t>(field.codes - third)));
    for (int i = 0; i <= last; ++i) some.emplace_back(text_of(field, i));
  } else {
    const auto bits = dice.next() | (std::uint64_t{1} << dice.below(static_cast<std::uint64_t>(field.codes)));
    for (int i = 0; i < field.codes; ++i)
      if ((bits >> i & 1) != 0) some.emplace_back(text_of(field, i));
  }
  return condition(field, Operator::in, std::move(some));
}

Clause Town::date_clause(Dice& dice) {
  const auto& field = fields_[dates_[lopsided(dice, dates_.size())]];
  if (field.name == "date.d0") {
    const auto back = field.thresholds[dice.below(field.thresholds.size())];
    return condition(field, Operator::date_between,
                     {date_of(0).plus_days(-30'000), day_.plus_days(-static_cast<int>(back))});
  }
  return condition(field, Operator::date_gte, {day_});
}

Clause Town::list_clause(Dice& dice) {
  std::vector<Clause> some{condition(fields_[lists_[lopsided(dice, lists_.size())]], Operator::listed, {})};
  for (auto more = dice.below(3); more > 0; --more)
    some.push_back(condition(fields_[lists_[lopsided(dice, lists_.size())]], Operator::listed, {}));
  if (some.size() == 1) return some.front();
  return group(dice.below(5) != 0 ? Clause::Kind::any : Clause::Kind::all, std::move(some));
}

Clause Town::industry_clause(Dice& dice) {
  return condition(fields_[2], Operator::industry_in, industry_lists_[lopsided(dice, industry_lists_.size())]);
}

Clause Town::any_clause(Dice& dice) {
  const auto kind = dice.below(100);
  if (kind < 45) return number_clause(dice);
  if (kind < 60) return flag_clause(dice);
  if (kind < 75) return code_clause(dice);
  if (kind < 83) return date_clause(dice);
  if (kind < 90) return list_clause(dice);
  return industry_clause(dice);
}

void Town::make_policies(std::size_t items) {
  Dice dice(seed_ ^ 0xabcdef);
  static constexpr const char* kSections = "ABCDEFGHIJKLMNOPQRST";
  for (std::size_t i = 0; i < std::max<std::size_t>(40, items / 25); ++i) {
    auto& list = industry_lists_.emplace_back();
    for (auto count = 1 + dice.below(5); count > 0; --count) {
      const auto level = dice.below(10);
      const auto& code = industries_[dice.below(industries_.size())];
      std::string above = level < 5 ? std::string(1, kSections[dice.below(20)]) : level < 9 ? code.substr(0, 2) : code;
      if (std::ranges::find(list, FieldData(above)) == list.end()) list.emplace_back(std::move(above));
    }
  }
  for (std::size_t p = 0; p < items; ++p) {
    clauses_ = 0;
    Policy policy;
    policy.id = PolicyId("BM-" + std::to_string(10'000 + p));
    policy.title = "基准事项 " + std::to_string(p);
    policy.policy_class = "免申即享";
    policy.subject = "enterprise";
    policy.amount.rule = matching::FixedAmount{Money::from_fen(1'000'000)};
    std::vector<Clause> all;
    const auto level = dice.below(100);
    const auto city = static_cast<int>(dice.below(static_cast<std::uint64_t>(cities_)));
    const auto home = county(city, static_cast<int>(dice.below(static_cast<std::uint64_t>(counties_))));
    const bool one_county = cities_ * counties_ == 1;
    const bool in_town = one_county ? level >= 85 : level >= 97;
    std::string scope = one_county || level >= 30 ? home : level >= 8 ? home.substr(0, 4) + "00" : "330000";
    all.push_back(condition(fields_[0], Operator::region_in, {scope}));
    if (in_town) {
      const auto town = std::to_string(1001 + dice.below(static_cast<std::uint64_t>(towns_)));
      all.push_back(condition(fields_[1], Operator::eq, {home + town.substr(1)}));
    }
    auto left = static_cast<int>(2 + dice.below(10));
    if (dice.below(2) == 0) {
      all.push_back(industry_clause(dice));
      --left;
    }
    while (left > 0) {
      const auto kind = dice.below(100);
      if (kind < 55) {
        all.push_back(any_clause(dice));
        --left;
      } else if (kind < 75) {
        std::vector<Clause> some;
        for (auto count = 2 + dice.below(2); count > 0; --count) some.push_back(any_clause(dice));
        left -= static_cast<int>(some.size());
        all.push_back(group(Clause::Kind::any, std::move(some)));
      } else if (kind < 88) {
        all.push_back(group(Clause::Kind::negation, {flag_clause(dice)}));
        --left;
      } else if (kind < 96) {
        auto first = group(Clause::Kind::all, {code_clause(dice), number_clause(dice)});
        auto second = group(Clause::Kind::all, {code_clause(dice), number_clause(dice)});
        all.push_back(group(Clause::Kind::any, {std::move(first), std::move(second)}));
        left -= 4;
      } else {
        all.push_back(condition(fields_[numbers_[lopsided(dice, numbers_.size())]], Operator::exists, {}));
        --left;
      }
    }
    policy.when = group(Clause::Kind::all, std::move(all));
    matching::finish(policy);
    policies_.push_back(std::move(policy));
  }
}

}  // namespace zhida::bench
