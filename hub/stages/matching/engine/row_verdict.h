// Inside the engine only: programs on one firm's row of codes. Values are two bits, possible above true: 0 not met,
// 2 unknown, 3 met; two rows are judged at once, the second in the next two bits.
#pragma once
#include <cstring>

#include "stages/matching/engine/plan.h"

namespace zhida::matching::engine::detail {

inline Code load_code(const Plan& plan, const std::byte* row, std::uint32_t column) {
  const auto& where = plan.columns[column];
  if (!where.wide) return static_cast<Code>(row[where.row_offset]);
  Code out = 0;
  std::memcpy(&out, row + where.row_offset, sizeof out);
  return out;
}

inline void set_row_code(const Plan& plan, std::byte* row, std::uint32_t column, Code code) {
  const auto& where = plan.columns[column];
  if (!where.wide)
    row[where.row_offset] = static_cast<std::byte>(code);
  else
    std::memcpy(row + where.row_offset, &code, sizeof code);
}

inline unsigned atom_value(const Plan& plan, const std::byte* row, std::uint32_t number) {
  const auto& atom = plan.atoms[number];
  const Code code = load_code(plan, row, atom.column);
  if (code == 0) return 2;
  const auto& known = plan.knowns[atom.known];
  if (known.age_column != kNone && !known.fresh.holds(load_code(plan, row, known.age_column))) return 2;
  for (std::uint32_t i = 0; i < atom.ranges; ++i)
    if (plan.ranges[atom.first_range + i].holds(code)) return 3;
  return 0;
}

inline unsigned leaf_value(const Plan& plan, const Step& step, const std::byte* row) {
  unsigned value = 0;
  if (step.plain) {
    const auto code = static_cast<unsigned>(row[step.row_offset]);
    value = code == 0 ? 2u : (code - step.low <= step.width ? 3u : 0u);
  } else {
    value = atom_value(plan, row, step.atom);
  }
  if (value == 2) return step.fails_unknown ? 0u : 2u;
  return step.negative ? value ^ 3u : value;
}

constexpr std::size_t kSlotsMax = 32;  ///< As deep as `all` and `any` may alternate; compile() checks it.

/// Stops as soon as neither row can meet the item.
inline unsigned program_value(const Plan& plan, const Program& program, const std::byte* before,
                              const std::byte* after) {
  unsigned slots[kSlotsMax];
  slots[0] = 15;
  const bool same = before == after;
  const Step* step = plan.steps.data() + program.first_step;
  for (const Step* end = step + program.steps; step != end; ++step) {
    auto& slot = slots[step->slot];
    if (step->kind == StepKind::merge) {
      slot = step->into == Into::conjoin ? slot & slots[step->slot + 1] : slot | slots[step->slot + 1];
    } else {
      unsigned value = 0;
      if (step->kind == StepKind::leaf) {
        value = leaf_value(plan, *step, before);
        value |= (same ? value : leaf_value(plan, *step, after)) << 2;
      } else {
        value = step->constant == Verdict::met ? 15u : step->constant == Verdict::unknown ? 10u : 0u;
      }
      slot = step->into == Into::set ? value : step->into == Into::conjoin ? slot & value : slot | value;
    }
    if (step->slot == 0 && slots[0] == 0) return 0;
  }
  return slots[0];
}

}  // namespace zhida::matching::engine::detail
