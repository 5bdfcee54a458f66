// From a Model to a Plan: cuts, classes of texts, layout, programs, the index of events.
#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <numeric>
#include <set>

#include "base/assert.h"
#include "stages/matching/engine/plan.h"
#include "stages/matching/engine/row_verdict.h"
#include "stages/matching/engine/table.h"

namespace zhida::matching::engine {
namespace {

/// How often an atom is met, and how often it is not ruled out.
struct Share {
  double met = 0.5, possible = 0.5;
};

/// What a condition is expected to let through, and what it costs to ask.
struct Estimate {
  Share share;
  double cost = 1;
};

class Compiler {
 public:
  Compiler(Model model, std::span<const Table* const> tables) : plan_(std::make_shared<Plan>()), tables_(tables) {
    plan_->model = std::move(model);
  }

  std::shared_ptr<const Plan> take() {
    make_coders();
    lay_out();
    code_atoms();
    sample();
    make_programs();
    make_passes(*plan_, let_through_);
    make_event_index(*plan_);
    return plan_;
  }

 private:
  const Model& model() const { return plan_->model; }

  void make_coders() {
    const auto count = model().columns.size();
    plan_->coders.resize(count);
    std::vector<std::set<std::uint32_t>> tests(count);
    std::vector<bool> used(count);
    for (const auto& atom : model().atoms) {
      auto& coder = plan_->coders[atom.column];
      used[atom.column] = true;
      if (model().columns[atom.column].kind == ValueKind::text) tests[atom.column].insert(atom.text_test);
      if (model().columns[atom.column].kind != ValueKind::number) continue;
      for (const auto& range : atom.ranges) {
        if (range.low > INT64_MIN) coder.cuts.push_back(range.low);
        if (range.high < INT64_MAX) coder.cuts.push_back(range.high + 1);
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      auto& coder = plan_->coders[i];
      coder.kind = model().columns[i].kind;
      if (!used[i]) continue;
      if (coder.kind == ValueKind::number) {
        std::ranges::sort(coder.cuts);
        coder.cuts.erase(std::unique(coder.cuts.begin(), coder.cuts.end()), coder.cuts.end());
        coder.codes = static_cast<std::uint32_t>(coder.cuts.size() + 1);
      } else if (coder.kind == ValueKind::flag) {
        coder.codes = 2;
      } else {
        coder.tests.assign(tests[i].begin(), tests[i].end());
        make_classes(i, coder);
      }
      ZHIDA_ASSERT(coder.codes < UINT16_MAX);
    }
  }

  /// Codes follow the order of the texts, so that texts with a common beginning have neighbouring codes.
  void make_classes(std::size_t column, ColumnCoder& coder) {
    std::set<std::string_view> texts{std::string_view("\x7f")};  // Stands for what no item names.
    for (const auto* table : tables_) {
      if (column >= table->columns().size()) continue;  // Further items brought it.
      const auto& dictionary = table->column(column).dictionary;
      for (std::size_t i = 1; i < dictionary.size(); ++i) texts.insert(dictionary[i]);
    }
    for (const auto test : coder.tests)
      for (const auto& seed : model().text_tests[test].seeds) texts.insert(seed);
    for (const auto text : texts) {
      auto answers = coder.answers_of(model(), text);
      if (!coder.classes.try_emplace(answers, static_cast<Code>(coder.codes + 1)).second) continue;
      ++coder.codes;
      coder.answers.push_back(std::move(answers));
    }
  }

  static void size(CodeColumn& column, std::uint32_t codes, std::uint32_t room) {
    column.codes = codes;
    column.bits = static_cast<std::uint8_t>(std::max(1, static_cast<int>(std::bit_width(codes + room - 1))));
    column.wide = codes + room > UINT8_MAX;
  }

  void lay_out() {
    const auto count = model().columns.size();
    plan_->value_column.assign(count, kNone);
    plan_->age_column.assign(count, kNone);
    std::vector<std::set<std::int32_t>> ages(count);
    for (const auto& atom : model().atoms)
      if (atom.max_age_days > 0) ages[atom.column].insert(atom.max_age_days);
    for (std::size_t i = 0; i < count; ++i) {
      if (plan_->coders[i].codes == 0) continue;
      CodeColumn column;
      column.source = static_cast<std::uint32_t>(i);
      // One code of room for a text that comes later.
      size(column, plan_->coders[i].codes, plan_->coders[i].kind == ValueKind::text ? 1 : 0);
      plan_->value_column[i] = static_cast<std::uint32_t>(plan_->columns.size());
      plan_->columns.push_back(column);
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (ages[i].empty()) continue;
      CodeColumn column;
      column.source = static_cast<std::uint32_t>(i);
      column.age = true;
      for (const auto days : ages[i]) column.age_cuts.push_back(std::int64_t{model().day} - days);
      std::ranges::sort(column.age_cuts);
      size(column, static_cast<std::uint32_t>(column.age_cuts.size() + 1), 0);
      plan_->age_column[i] = static_cast<std::uint32_t>(plan_->columns.size());
      plan_->columns.push_back(std::move(column));
    }
    for (auto& column : plan_->columns) {
      column.block_offset = plan_->block_bytes;
      plan_->block_bytes += column.block_bytes();
    }
    // Octets first: two octets must stand even.
    for (auto& column : plan_->columns)
      if (!column.wide) column.row_offset = plan_->row_bytes++;
    plan_->row_bytes += plan_->row_bytes % 2;
    for (auto& column : plan_->columns) {
      if (!column.wide) continue;
      column.row_offset = plan_->row_bytes;
      plan_->row_bytes += 2;
    }
    // Where it costs little, a row begins with a line of the cache: an event then waits for no more lines than it must.
    constexpr std::size_t kLine = 64;
    const auto lines = (plan_->row_bytes + kLine - 1) / kLine * kLine;
    if ((lines - plan_->row_bytes) * 8 <= plan_->row_bytes) plan_->row_bytes = lines;
    ZHIDA_ASSERT(plan_->row_bytes <= UINT16_MAX);
  }

  void code_atoms() {
    std::map<std::pair<std::uint32_t, std::int32_t>, std::uint32_t> knowns;
    for (const auto& atom : model().atoms) {
      const auto& coder = plan_->coders[atom.column];
      AtomCode code;
      code.column = plan_->value_column[atom.column];
      const auto [known, fresh] =
          knowns.try_emplace({atom.column, atom.max_age_days}, static_cast<std::uint32_t>(plan_->knowns.size()));
      if (fresh) plan_->knowns.push_back(known_code(atom));
      code.known = known->second;
      code.first_range = static_cast<std::uint32_t>(plan_->ranges.size());
      if (coder.kind == ValueKind::text) {
        add_text_ranges(coder, atom.text_test);
      } else {
        for (const auto& range : atom.ranges) {
          if (coder.kind == ValueKind::flag) {
            if (range.low <= 1 && range.high >= 0)
              plan_->ranges.push_back(
                  {static_cast<Code>(range.low <= 0 ? 1 : 2), static_cast<Code>(range.high >= 1 ? 2 : 1)});
          } else {
            plan_->ranges.push_back(
                {range.low == INT64_MIN ? Code{1} : coder.number_code(range.low),
                 range.high == INT64_MAX ? static_cast<Code>(coder.codes) : coder.number_code(range.high)});
          }
        }
      }
      code.ranges = static_cast<std::uint32_t>(plan_->ranges.size()) - code.first_range;
      plan_->atoms.push_back(code);
    }
  }

  KnownCode known_code(const Atom& atom) const {
    KnownCode out;
    out.column = plan_->value_column[atom.column];
    if (atom.max_age_days == 0) return out;
    out.age_column = plan_->age_column[atom.column];
    const auto& cuts = plan_->columns[out.age_column].age_cuts;
    const auto cut = std::ranges::lower_bound(cuts, std::int64_t{model().day} - atom.max_age_days) - cuts.begin();
    out.fresh = {static_cast<Code>(cut + 2), static_cast<Code>(cuts.size() + 1)};
    return out;
  }

  void add_text_ranges(const ColumnCoder& coder, std::uint32_t test) {
    const auto bit = static_cast<std::size_t>(std::ranges::lower_bound(coder.tests, test) - coder.tests.begin());
    CodeRange open;
    for (std::uint32_t code = 1; code <= coder.codes; ++code) {
      if ((static_cast<unsigned char>(coder.answers[code - 1][bit / 8]) >> (bit % 8) & 1) == 0) continue;
      if (open.low <= open.high && open.high + 1u == code) {
        open.high = static_cast<Code>(code);
        continue;
      }
      if (open.low <= open.high) plan_->ranges.push_back(open);
      open = {static_cast<Code>(code), static_cast<Code>(code)};
    }
    if (open.low <= open.high) plan_->ranges.push_back(open);
  }

  /// How often each atom holds, from rows spread evenly over the tables.
  void sample() {
    constexpr std::size_t kSamples = 512;
    shares_.assign(model().atoms.size(), Share{});
    std::size_t rows = 0;
    for (const auto* table : tables_) rows += table->rows();
    if (rows == 0) return;
    std::vector<std::uint32_t> met(shares_.size()), possible(shares_.size());
    std::vector<std::byte> row(plan_->row_bytes);
    const auto samples = std::min(rows, kSamples);
    for (std::size_t i = 0; i < samples; ++i) {
      std::size_t at = i * rows / samples;
      const Table* const* table = tables_.data();
      while (at >= (*table)->rows()) at -= (*table++)->rows();
      for (std::uint32_t c = 0; c < plan_->columns.size(); ++c)
        detail::set_row_code(*plan_, row.data(), c, sample_code(**table, at, plan_->columns[c]));
      for (std::uint32_t atom = 0; atom < shares_.size(); ++atom) {
        const auto value = detail::atom_value(*plan_, row.data(), atom);
        met[atom] += value & 1;
        possible[atom] += value >> 1;
      }
    }
    for (std::size_t i = 0; i < shares_.size(); ++i) {
      // Never quite 0 or 1: what a small sample did not show may still be there.
      const auto all = static_cast<double>(samples) + 1;
      shares_[i] = {(met[i] + 0.5) / all, (possible[i] + 0.5) / all};
    }
  }

  Code sample_code(const Table& table, std::size_t row, const CodeColumn& column) const {
    if (column.source >= table.columns().size()) return 0;  // Further items brought it; nothing of it is known here.
    const auto cell = table.get(row, column.source);
    if (column.age)
      return static_cast<Code>(
          1 + (std::ranges::upper_bound(column.age_cuts, std::int64_t{cell.as_of}) - column.age_cuts.begin()));
    if (!cell.known) return 0;
    const auto& coder = plan_->coders[column.source];
    if (coder.kind == ValueKind::number) return coder.number_code(cell.value);
    if (coder.kind == ValueKind::flag) return static_cast<Code>(cell.value != 0 ? 2 : 1);
    return coder.text_code(model(), table.column(column.source).dictionary[static_cast<std::size_t>(cell.value)])
        .value_or(1);
  }

  // Programs.

  static Node simple(const Node& node) {
    if (node.kind != Node::Kind::all && node.kind != Node::Kind::any) return node;
    const bool all = node.kind == Node::Kind::all;
    const auto decides = all ? Verdict::not_met : Verdict::met;
    const auto nothing = all ? Verdict::met : Verdict::not_met;
    Node out;
    out.kind = node.kind;
    for (const auto& written : node.children) {
      auto child = simple(written);
      if (child.kind == Node::Kind::constant) {
        if (child.constant == decides) return child;
        if (child.constant == nothing) continue;
      }
      if (child.kind == node.kind)
        for (auto& inner : child.children) out.children.push_back(std::move(inner));
      else
        out.children.push_back(std::move(child));
    }
    if (out.children.empty()) {
      out.kind = Node::Kind::constant;
      out.constant = nothing;
    } else if (out.children.size() == 1) {
      return Node(std::move(out.children.front()));
    }
    return out;
  }

  Estimate estimate(const Node& node) const {
    switch (node.kind) {
      case Node::Kind::constant:
        return {{node.constant == Verdict::met ? 1.0 : 0.0, node.constant == Verdict::not_met ? 0.0 : 1.0}, 0.1};
      case Node::Kind::window:
        return {{0.5, 0.5}, 0.01};  // Asks no column at all: before everything else.
      case Node::Kind::leaf: {
        auto share = shares_[node.atom];
        if (node.negative) share = {1 - share.possible, 1 - share.met};
        if (node.fails_unknown) share.possible = share.met;
        return {share, 1};
      }
      case Node::Kind::all:
      case Node::Kind::any:
        break;
    }
    Estimate out{{1, 1}, 1};
    for (const auto& child : node.children) {
      const auto part = estimate(child);
      out.cost += part.cost;
      const bool all = node.kind == Node::Kind::all;
      out.share.met *= all ? part.share.met : 1 - part.share.met;
      out.share.possible *= all ? part.share.possible : 1 - part.share.possible;
    }
    if (node.kind == Node::Kind::any) out.share = {1 - out.share.met, 1 - out.share.possible};
    return out;
  }

  /// What lets least through for its cost comes first.
  std::vector<const Node*> ordered(const std::vector<Node>& children) const {
    std::vector<std::pair<double, const Node*>> ranked;
    for (const auto& child : children) {
      const auto part = estimate(child);
      ranked.emplace_back((part.share.possible - 1) / part.cost, &child);
    }
    std::ranges::stable_sort(ranked, {}, [](const auto& entry) { return entry.first; });
    std::vector<const Node*> out;
    for (const auto& [rank, child] : ranked) out.push_back(child);
    return out;
  }

  void emit(const Node& node, Into into, std::uint32_t slot) {
    ZHIDA_ASSERT(slot + 1 < detail::kSlotsMax);
    plan_->slots = std::max(plan_->slots, slot + 1);
    Step step;
    step.into = into;
    step.slot = static_cast<std::uint8_t>(slot);
    if (node.kind == Node::Kind::constant) {
      step.kind = StepKind::constant;
      step.constant = node.constant;
      push(step);
      return;
    }
    if (node.kind == Node::Kind::window) {
      step.kind = StepKind::constant;
      const auto day = model().day;
      step.constant = node.days.low <= day && day <= node.days.high ? Verdict::met : Verdict::not_met;
      plan_->windows.push_back({static_cast<std::uint32_t>(plan_->steps.size()), item_, node.days});
      push(step);
      return;
    }
    if (node.kind == Node::Kind::leaf) {
      step.negative = node.negative;
      step.fails_unknown = node.fails_unknown;
      step.atom = node.atom;
      step.known = plan_->atoms[node.atom].known;
      const auto& atom = plan_->atoms[node.atom];
      const auto& column = plan_->columns[atom.column];
      if (atom.ranges == 1 && !column.wide && plan_->knowns[atom.known].age_column == kNone) {
        const auto& range = plan_->ranges[atom.first_range];
        step.plain = true;
        step.row_offset = static_cast<std::uint16_t>(column.row_offset);
        step.low = range.low;
        step.width = static_cast<std::uint16_t>(range.high - range.low);
      }
      push(step, estimate(node).share.possible);
      return;
    }
    // A group is worked out in the slot above, then taken in.
    const auto inner = node.kind == Node::Kind::all ? Into::conjoin : Into::disjoin;
    if (into == inner) {
      for (const auto* child : ordered(node.children)) emit(*child, into, slot);
      return;
    }
    const auto place = into == Into::set ? slot : slot + 1;
    bool first = true;
    for (const auto* child : ordered(node.children)) {
      emit(*child, first ? Into::set : inner, place);
      first = false;
    }
    if (place == slot) return;
    step.kind = StepKind::merge;
    push(step);
  }

  void push(const Step& step, double let_through = 1) {
    plan_->steps.push_back(step);
    let_through_.push_back(let_through);
  }

  /// The condition on the scope column that everything else of the item stands behind.
  std::uint32_t scope_of(const Node& item) const {
    if (!model().scope_column) return kNone;
    const auto is_scope = [&](const Node& node) {
      return node.kind == Node::Kind::leaf && !node.negative && !node.fails_unknown &&
             model().atoms[node.atom].column == *model().scope_column && model().atoms[node.atom].max_age_days == 0;
    };
    if (is_scope(item)) return item.atom;
    if (item.kind != Node::Kind::all) return kNone;
    const auto found = std::ranges::find_if(item.children, is_scope);
    return found == item.children.end() ? kNone : found->atom;
  }

  void make_programs() {
    std::vector<Node> items;
    std::map<std::uint32_t, std::vector<std::uint32_t>> groups;
    for (std::uint32_t i = 0; i < model().items.size(); ++i) {
      items.push_back(simple(model().items[i]));
      groups[scope_of(items.back())].push_back(i);
    }
    plan_->program_of_item.resize(items.size());
    for (const auto& [atom, members] : groups) {
      Group group{atom, static_cast<std::uint32_t>(plan_->programs.size()), static_cast<std::uint32_t>(members.size())};
      for (const auto item : members) {
        item_ = item;
        Program program;
        program.item = item;
        program.group = static_cast<std::uint32_t>(plan_->groups.size());
        program.first_step = static_cast<std::uint32_t>(plan_->steps.size());
        // The scope is asked once for the whole group, but a program also says it for itself: for one firm's row it
        // is the first step, and blocks skip it.
        const Node* body = &items[item];
        Node rest;
        if (atom != kNone) {
          Node scope;
          scope.kind = Node::Kind::leaf;
          scope.atom = atom;
          emit(scope, Into::conjoin, 0);
          rest.kind = Node::Kind::all;
          bool left_out = false;
          if (body->kind == Node::Kind::all)
            for (const auto& child : body->children) {
              if (!left_out && child.kind == Node::Kind::leaf && child.atom == atom && !child.negative &&
                  !child.fails_unknown)
                left_out = true;
              else
                rest.children.push_back(child);
            }
          body = &rest;
        }
        emit(*body, Into::conjoin, 0);
        program.steps = static_cast<std::uint32_t>(plan_->steps.size()) - program.first_step;
        plan_->program_of_item[item] = static_cast<std::uint32_t>(plan_->programs.size());
        plan_->programs.push_back(program);
      }
      plan_->groups.push_back(group);
    }
  }

  std::shared_ptr<Plan> plan_;
  std::span<const Table* const> tables_;
  std::vector<Share> shares_;
  std::vector<double> let_through_;  // By step.
  std::uint32_t item_ = 0;           // Whose program is being made.
};

}  // namespace

std::shared_ptr<const Plan> compile(Model model, std::span<const Table* const> tables) {
  return Compiler(std::move(model), tables).take();
}

}  // namespace zhida::matching::engine
