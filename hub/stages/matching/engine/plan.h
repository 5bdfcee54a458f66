// Items compiled for matching: how values become codes, and flat programs over codes. Immutable once built: whoever
// holds one may read it from any thread, and a changed one is another Plan.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "domain/entitlement.h"
#include "stages/matching/engine/model.h"

namespace zhida::matching::engine {

class Table;

inline constexpr std::size_t kBlockRows = 4096;
inline constexpr std::size_t kBlockWords = kBlockRows / 64;
inline constexpr std::size_t kVectorWords = 8;  ///< A vector is 512 rows: what one step touches at least.
inline constexpr std::size_t kVectors = kBlockWords / kVectorWords;
inline constexpr std::uint32_t kNone = UINT32_MAX;
using Code = std::uint16_t;  ///< 0: unknown. Neighbouring values that no item tells apart share a code.

struct CodeRange {
  Code low = 1, high = 0;
  bool holds(Code code) const { return static_cast<Code>(code - low) <= static_cast<Code>(high - low) && low <= high; }
};

/// How the values of one column become codes.
struct ColumnCoder {
  ValueKind kind = ValueKind::number;
  std::vector<std::int64_t> cuts;  ///< Numbers: code = 1 + how many cuts are not above the value.
  /// Texts: the answers of all the column's tests, a bit each, and the code of those who give them.
  std::vector<std::uint32_t> tests;
  std::unordered_map<std::string, Code> classes;
  std::vector<std::string> answers;  ///< By code, the first for code 1.
  std::uint32_t codes = 0;           ///< The greatest code.

  Code number_code(std::int64_t value) const;
  std::string answers_of(const Model& model, std::string_view text) const;
  /// nullopt: the tests tell this text apart from every text that they were shown.
  std::optional<Code> text_code(const Model& model, std::string_view text) const;
};

/// A column of codes: of a model column's values, or of the days they are of. A block keeps it as bit planes,
/// kBlockWords words each: the bits of `code - 1` from the lowest (nothing where the code is 0), and behind them
/// whether the code is 0. Comparing a whole vector with a limit is then one instruction a plane, and a code takes as
/// many bits as it needs.
struct CodeColumn {
  std::uint32_t source = 0;  ///< The model's (and the Table's) column.
  bool age = false;
  bool wide = false;        ///< Two octets in a row of codes, not one.
  std::uint8_t bits = 1;    ///< Planes without the last.
  std::uint32_t codes = 1;  ///< The greatest code that there is.
  std::vector<std::int64_t> age_cuts;
  std::size_t block_offset = 0;  ///< Octets from the start of a block.
  std::size_t row_offset = 0;    ///< Octets from the start of a row.
  std::size_t block_bytes() const { return (bits + std::size_t{1}) * kBlockWords * 8; }
  std::uint32_t codes_max() const { return std::min(1u << bits, wide ? 65'535u : 255u); }  ///< As many have room.
};

/// When a value counts as known: it is there, and young enough.
struct KnownCode {
  std::uint32_t column = 0;
  std::uint32_t age_column = kNone;
  CodeRange fresh;
};

struct AtomCode {
  std::uint32_t column = 0;
  std::uint32_t known = 0;
  std::uint32_t first_range = 0;
  std::uint32_t ranges = 0;
};

enum class StepKind : std::uint8_t { leaf, merge, constant };
enum class Into : std::uint8_t { set, conjoin, disjoin };

/// One step of a program. Slots are (T, P) pairs; slot 0 is the verdict so far.
struct Step {
  StepKind kind = StepKind::leaf;
  Into into = Into::set;
  std::uint8_t slot = 0;  ///< merge: `slot` takes in `slot + 1`.
  bool negative = false;
  bool fails_unknown = false;
  bool plain = false;  ///< Leaf of one range on an octet without age: the four fields below say it all.
  Verdict constant = Verdict::met;
  std::uint16_t row_offset = 0;
  std::uint16_t low = 0, width = 0;
  std::uint32_t atom = 0;
  std::uint32_t known = 0;  ///< Leaf: the atom's.
};

/// A leaf as blocks ask it. A condition that is negated has truths of its own, which are where it certainly does not
/// hold; and what counts unknown as not met has no unknowns. Then all leaves are asked alike: met where true, possible
/// where true or unknown.
struct BlockLeaf {
  std::uint32_t truth = 0;    ///< An atom, or behind them one of Plan::negated.
  std::uint32_t unknown = 0;  ///< A known code, or behind them: nobody.
};

/// What a block does in one go over its rows.
struct Pass {
  enum class Kind : std::uint8_t {
    all,    ///< So many leaves, all of which are conjoined.
    any,    ///< So many leaves, any of which will do; the outcome is conjoined.
    steps,  ///< So many steps, one after the other; the last one concerns slot 0.
  };
  static constexpr std::uint32_t kLeavesMax = 4;
  Kind kind = Kind::steps;
  std::uint32_t first = 0, count = 0;  ///< Of Plan::leaves or Plan::steps.
};

/// Steps are for one firm's row, passes for blocks; both say the same.
struct Program {
  std::uint32_t item = 0;
  std::uint32_t first_step = 0, steps = 0;
  std::uint32_t first_pass = 0, passes = 0;  ///< Without the group's own condition.
  std::uint32_t group = 0;
};

/// A constant step that depends on the day.
struct WindowStep {
  std::uint32_t step = 0;
  std::uint32_t item = 0;
  Range days;
};

/// Programs that share a top-level condition on the scope column; it is judged once for all of them.
struct Group {
  std::uint32_t atom = kNone;  ///< kNone: no such condition.
  std::uint32_t first_program = 0, programs = 0;
};

/// A list of lists in one piece.
struct Lists {
  std::vector<std::uint32_t> starts{0};
  std::vector<std::uint32_t> values;
  std::span<const std::uint32_t> operator[](std::size_t i) const {
    return {values.data() + starts[i], values.data() + starts[i + 1]};
  }
  std::size_t size() const { return starts.size() - 1; }
  void close() { starts.push_back(static_cast<std::uint32_t>(values.size())); }
};

/// Which items a changed code can reach.
struct EventIndex {
  Lists column_atoms;  ///< By code column (for an age column: the atoms that look at it).
  /// Numbers, by code column and then by code c: the atoms that differ between c and c + 1.
  std::vector<Lists> flips;
  Lists atom_groups, atom_programs;  ///< By atom, in step: sorted by group, then program.
  Lists groups_of_scope;  ///< By code of the scope column: groups that are not ruled out. Without one: one list.
};

struct Plan {
  Model model;
  std::vector<ColumnCoder> coders;  ///< By model column; empty for those that no atom asks about.
  std::vector<CodeColumn> columns;
  std::vector<std::uint32_t> value_column, age_column;  ///< By model column; kNone: not needed.
  std::size_t block_bytes = 0, row_bytes = 0;
  std::vector<KnownCode> knowns;
  std::vector<AtomCode> atoms;
  std::vector<CodeRange> ranges;
  std::vector<Step> steps;
  std::vector<WindowStep> windows;
  std::vector<Pass> passes;
  std::vector<BlockLeaf> leaves;
  std::vector<BlockLeaf> leaf_of_step;  ///< For those steps that are leaves.
  std::vector<std::uint32_t> negated;   ///< Atoms.
  std::vector<Program> programs;
  std::vector<std::uint32_t> program_of_item;
  std::vector<Group> groups;
  std::uint32_t slots = 1;
  EventIndex index;

  std::size_t items() const { return model.items.size(); }
  /// The code in a row of codes.
  Code row_code(const std::byte* row, std::uint32_t column) const;
  Verdict atom_verdict(const std::byte* row, std::uint32_t atom) const;
  /// The verdict of one item on one firm's codes.
  Verdict evaluate(const std::byte* row, std::uint32_t item) const;
};

/// Compiles a model. The tables show which texts occur and how often conditions hold; they may be empty.
std::shared_ptr<const Plan> compile(Model model, std::span<const Table* const> tables);

/// Makes the passes of all programs. `let_through` says for each step how many firms may still meet its item, as far as
/// that leaf goes: conditions that let whole vectors go are asked by themselves, before anything else is worked out.
void make_passes(Plan& plan, std::span<const double> let_through);

/// Makes Plan::index from everything else.
void make_event_index(Plan& plan);

/// The same plan for one more text that its tests tell apart from all others; codes given so far stay as they are.
/// nullptr: the column has no room for one more code, compile anew.
std::shared_ptr<const Plan> with_text(const Plan& plan, std::uint32_t column, std::string_view text);

/// The same plan on another day. Codes of ages mean another day from then on; nothing else changes its meaning. Not for
/// a model that looks_back(): its columns are coded anew.
std::shared_ptr<const Plan> with_day(const Plan& plan, Day day);

}  // namespace zhida::matching::engine
