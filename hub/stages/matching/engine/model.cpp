#include "stages/matching/engine/model.h"

#include <algorithm>

#include "base/time.h"

namespace zhida::matching::engine {

Range range_before(Day day, int months) {
  const Date date{std::chrono::sys_days(std::chrono::days(day))};
  return {INT64_MIN, date.plus_months(-months).days().time_since_epoch().count()};
}

void Model::move_to(Day to) {
  day = to;
  for (auto& atom : atoms)
    if (atom.months > 0) atom.ranges = {range_before(to, atom.months)};
}

bool Model::looks_back() const {
  return std::ranges::any_of(atoms, [](const Atom& atom) { return atom.months > 0; });
}

void Model::clear_items() {
  items.clear();
  atoms.clear();
  atom_ids_.clear();
  text_tests.clear();
  text_ids_.clear();
}

std::uint32_t Model::column(const std::string& name, ValueKind kind) {
  const auto [place, fresh] = column_ids_.try_emplace({name, kind}, static_cast<std::uint32_t>(columns.size()));
  if (fresh) columns.push_back({name, kind});
  return place->second;
}

std::uint32_t Model::atom(Atom atom) {
  const auto [place, fresh] = atom_ids_.try_emplace(std::move(atom), static_cast<std::uint32_t>(atoms.size()));
  if (fresh) atoms.push_back(place->first);
  return place->second;
}

std::uint32_t Model::text_test(TextTest test) {
  const auto [place, fresh] = text_ids_.try_emplace(test.key, static_cast<std::uint32_t>(text_tests.size()));
  if (fresh) text_tests.push_back(std::move(test));
  return place->second;
}

std::vector<Range> Model::joined(std::vector<Range> ranges) {
  std::erase_if(ranges, [](const Range& range) { return range.low > range.high; });
  std::ranges::sort(ranges);
  std::vector<Range> out;
  for (const auto& range : ranges) {
    if (!out.empty() && (out.back().high == INT64_MAX || range.low <= out.back().high + 1))
      out.back().high = std::max(out.back().high, range.high);
    else
      out.push_back(range);
  }
  return out;
}

}  // namespace zhida::matching::engine
