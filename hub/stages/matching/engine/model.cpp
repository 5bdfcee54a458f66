#include "stages/matching/engine/model.h"

#include <algorithm>

namespace zhida::matching::engine {

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
