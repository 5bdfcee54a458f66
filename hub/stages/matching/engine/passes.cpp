// From steps to passes: what a block does in one go.
#include <algorithm>
#include <map>

#include "base/assert.h"
#include "stages/matching/engine/plan.h"

namespace zhida::matching::engine {
namespace {

/// Of a vector's 512 firms so few are left by then that more and more vectors have none: from here on each condition is
/// asked by itself.
constexpr double kScarce = 1.0 / 128;

class Passes {
 public:
  Passes(Plan& plan, std::span<const double> let_through) : plan_(plan), let_through_(let_through) {
    plan_.leaf_of_step.resize(plan_.steps.size());
    for (std::size_t i = 0; i < plan_.steps.size(); ++i)
      if (plan_.steps[i].kind == StepKind::leaf) plan_.leaf_of_step[i] = leaf_of(plan_.steps[i]);
  }

  void make(Program& program) {
    program.first_pass = static_cast<std::uint32_t>(plan_.passes.size());
    auto step = program.first_step;
    const auto end = step + program.steps;
    if (plan_.groups[program.group].atom != kNone) ++step;
    left_ = 1;
    while (step < end) {
      const auto leaves = conjoined(step, end), either = disjoined(step, end);
      if (leaves > 0) {
        add(Pass::Kind::all, step, leaves);
        step += leaves;
      } else if (either > 0) {
        add(Pass::Kind::any, step, either);
        step += either + 1;  // And the merge.
      } else {
        auto last = step;
        while (plan_.steps[last].slot != 0) ++last;
        ZHIDA_ASSERT(last < end);
        plan_.passes.push_back({Pass::Kind::steps, step, last + 1 - step});
        step = last + 1;
      }
    }
    program.passes = static_cast<std::uint32_t>(plan_.passes.size()) - program.first_pass;
  }

 private:
  BlockLeaf leaf_of(const Step& step) {
    BlockLeaf out{step.atom, step.known};
    if (step.fails_unknown) out.unknown = static_cast<std::uint32_t>(plan_.knowns.size());
    if (!step.negative) return out;
    const auto [place, fresh] = negated_.try_emplace(step.atom, static_cast<std::uint32_t>(plan_.negated.size()));
    if (fresh) plan_.negated.push_back(step.atom);
    out.truth = static_cast<std::uint32_t>(plan_.atoms.size()) + place->second;
    return out;
  }

  /// Rows stand in the order of region and industry: there a condition lets go of whole vectors or of none.
  bool in_order(const Step& step) const {
    const auto column = plan_.model.atoms[step.atom].column;
    return column == plan_.model.scope_column || column == plan_.model.order_column;
  }

  /// How many leaves from here on are conjoined in one go.
  std::uint32_t conjoined(std::uint32_t first, std::uint32_t end) {
    std::uint32_t count = 0;
    for (; first + count < end && count < Pass::kLeavesMax; ++count) {
      const auto& step = plan_.steps[first + count];
      if (step.kind != StepKind::leaf || step.slot != 0) break;
      const bool alone = left_ < kScarce || in_order(step);
      if (count > 0 && alone) break;
      left_ *= let_through_[first + count];
      if (alone) return 1;
    }
    return count;
  }

  /// How many leaves from here on make a group of which any will do.
  std::uint32_t disjoined(std::uint32_t first, std::uint32_t end) {
    double none = 1;
    for (std::uint32_t count = 0; first + count < end; ++count) {
      const auto& step = plan_.steps[first + count];
      if (step.kind == StepKind::merge && step.slot == 0 && step.into == Into::conjoin && count > 1) {
        left_ *= 1 - none;
        return count;
      }
      if (count == Pass::kLeavesMax || step.kind != StepKind::leaf || step.slot != 1 ||
          step.into != (count == 0 ? Into::set : Into::disjoin))
        return 0;
      none *= 1 - let_through_[first + count];
    }
    return 0;
  }

  void add(Pass::Kind kind, std::uint32_t step, std::uint32_t leaves) {
    plan_.passes.push_back({kind, static_cast<std::uint32_t>(plan_.leaves.size()), leaves});
    for (std::uint32_t i = 0; i < leaves; ++i) plan_.leaves.push_back(plan_.leaf_of_step[step + i]);
  }

  Plan& plan_;
  std::span<const double> let_through_;
  std::map<std::uint32_t, std::uint32_t> negated_;
  double left_ = 1;  // Share of the firms that may still meet the item.
};

}  // namespace

void make_passes(Plan& plan, std::span<const double> let_through) {
  ZHIDA_ASSERT(let_through.size() == plan.steps.size());
  Passes passes(plan, let_through);
  for (auto& program : plan.programs) passes.make(program);
}

}  // namespace zhida::matching::engine
