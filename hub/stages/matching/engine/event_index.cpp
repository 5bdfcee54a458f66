// Which items a changed code can reach.
#include <algorithm>
#include <utility>
#include <vector>

#include "stages/matching/engine/plan.h"
#include "stages/matching/engine/row_verdict.h"

namespace zhida::matching::engine {

void make_event_index(Plan& plan) {
  auto& index = plan.index;
  std::vector<std::vector<std::uint32_t>> by_column(plan.columns.size());
  for (std::uint32_t i = 0; i < plan.atoms.size(); ++i) {
    by_column[plan.atoms[i].column].push_back(i);
    const auto age = plan.knowns[plan.atoms[i].known].age_column;
    if (age != kNone) by_column[age].push_back(i);
  }
  for (std::size_t c = 0; c < by_column.size(); ++c) {
    index.column_atoms.values.insert(index.column_atoms.values.end(), by_column[c].begin(), by_column[c].end());
    index.column_atoms.close();
    auto& flips = index.flips.emplace_back();
    const auto& column = plan.columns[c];
    if (column.age || plan.coders[column.source].kind != ValueKind::number) continue;
    // An atom differs between c and c + 1 where one of its ranges ends at c or begins at c + 1.
    const auto codes = plan.coders[column.source].codes;
    std::vector<std::vector<std::uint32_t>> at(codes);
    for (const auto atom : by_column[c])
      for (std::uint32_t k = 0; k < plan.atoms[atom].ranges; ++k) {
        const auto& range = plan.ranges[plan.atoms[atom].first_range + k];
        if (range.high < codes) at[range.high].push_back(atom);
        if (range.low > 1) at[range.low - 1u].push_back(atom);
      }
    for (const auto& list : at) {
      flips.values.insert(flips.values.end(), list.begin(), list.end());
      flips.close();
    }
  }
  std::vector<std::vector<std::pair<std::uint32_t, std::uint32_t>>> users(plan.atoms.size());
  for (std::uint32_t p = 0; p < plan.programs.size(); ++p) {
    const auto& program = plan.programs[p];
    for (std::uint32_t i = 0; i < program.steps; ++i) {
      const auto& step = plan.steps[program.first_step + i];
      if (step.kind != StepKind::leaf) continue;
      auto& list = users[step.atom];
      if (list.empty() || list.back().second != p) list.emplace_back(program.group, p);
    }
  }
  for (auto& list : users) {
    std::ranges::sort(list);
    for (const auto& [group, program] : list) {
      index.atom_groups.values.push_back(group);
      index.atom_programs.values.push_back(program);
    }
    index.atom_groups.close();
    index.atom_programs.close();
  }
  const auto scope = plan.model.scope_column ? plan.value_column[*plan.model.scope_column] : kNone;
  const auto codes = scope == kNone ? 0u : plan.coders[*plan.model.scope_column].codes;
  std::vector<std::byte> row(plan.row_bytes);
  for (std::uint32_t code = 0; code <= codes; ++code) {
    if (scope != kNone) detail::set_row_code(plan, row.data(), scope, static_cast<Code>(code));
    for (std::uint32_t group = 0; group < plan.groups.size(); ++group) {
      const auto atom = plan.groups[group].atom;
      if (atom == kNone || detail::atom_value(plan, row.data(), atom) != 0)
        index.groups_of_scope.values.push_back(group);
    }
    index.groups_of_scope.close();
  }
}

}  // namespace zhida::matching::engine
