#include "stages/matching/engine/partition.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/assert.h"
#include "stages/matching/engine/parallel.h"
#include "stages/matching/engine/row_verdict.h"

namespace zhida::matching::engine {
namespace {

/// Calls `work(block, room)` for each block, on several threads, each with a room of its own.
template <class Work>
void for_each_block(const Plan& plan, std::size_t blocks, unsigned threads, const Work& work) {
  std::atomic<std::size_t> next{0};
  in_parallel(std::max(1u, threads), [&](unsigned) {
    const CodeRoom room(plan);
    for (;;) {
      const auto block = next.fetch_add(1, std::memory_order_relaxed);
      if (block >= blocks) return;
      work(block, room);
    }
  });
}

bool same_coding(const Plan& before, const CodeColumn& a, const Plan& after, const CodeColumn& b) {
  if (a.source != b.source || a.age != b.age || a.bits != b.bits || a.wide != b.wide) return false;
  if (a.age) return a.age_cuts == b.age_cuts;
  const auto& x = before.coders[a.source];
  const auto& y = after.coders[b.source];
  if (x.kind != ValueKind::text) return x.cuts == y.cuts;
  // Test numbers may differ between models; the same questions in the same order give the same answers.
  if (x.tests.size() != y.tests.size() || x.answers != y.answers) return false;
  for (std::size_t i = 0; i < x.tests.size(); ++i)
    if (before.model.text_tests[x.tests[i]].key != after.model.text_tests[y.tests[i]].key) return false;
  return true;
}

}  // namespace

Partition::Partition(std::shared_ptr<const Plan> plan, Table table, Path path, unsigned threads)
    : plan_(std::move(plan)),
      table_(std::move(table)),
      texts_(plan_->model.columns.size()),
      kernel_(&kernels(path)),
      path_(path),
      threads_(threads) {
  encode_all();
}

std::shared_ptr<const Snapshot> Partition::snapshot() const {
  const Lock lock(mutex_);
  return shown_;
}

void Partition::show(std::shared_ptr<Snapshot> snapshot) {
  const Lock lock(mutex_);
  snapshot->epoch = shown_ == nullptr ? 1 : shown_->epoch + 1;
  shown_ = std::move(snapshot);
}

std::shared_ptr<Block> Partition::encoded_block(std::size_t number, const CodeRoom& room,
                                                std::shared_ptr<std::byte> slab,
                                                std::shared_ptr<std::byte>& rows) const {
  auto block = std::make_shared<Block>();
  if (slab == nullptr) slab = aligned_bytes(plan_->block_bytes);
  std::vector<const std::byte*> codes;
  for (std::uint32_t c = 0; c < plan_->columns.size(); ++c) {
    const auto& column = plan_->columns[c];
    auto* const slice = slab.get() + column.block_offset;
    codes.push_back(encode_column(*plan_, table_, texts_, c, number * kBlockRows, *kernel_, room.of(c)));
    slice_codes(column, codes.back(), *kernel_, slice);
    block->slices.emplace_back(slab, slice);
    block->pointers.push_back(slice);
  }
  if (rows == nullptr) rows = aligned_bytes(kBlockRows * plan_->row_bytes);
  lay_rows(*plan_, codes.data(), *kernel_, rows.get());
  return block;
}

void Partition::learn_texts() {
  for (auto column = texts_.catch_up(*plan_, table_); column != kNone; column = texts_.catch_up(*plan_, table_)) {
    const auto& text = table_.column(column).dictionary[texts_.next_id(column)];
    auto grown = with_text(*plan_, column, text);
    if (grown != nullptr) {
      plan_ = std::move(grown);
      continue;
    }
    // No room for one more code: the column becomes wider.
    const Table* tables[] = {&table_};
    if (snapshot() == nullptr) {
      plan_ = compile(plan_->model, tables);
      texts_.forget();
      continue;
    }
    publish();
    replace_plan(compile(plan_->model, tables));
  }
}

void Partition::encode_all() {
  table_.settle();
  ZHIDA_ASSERT(table_.columns().size() >= plan_->model.columns.size());
  learn_texts();
  const auto blocks = table_.capacity() / kBlockRows;
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->plan = plan_;
  snapshot->rows = table_.rows();
  snapshot->blocks.resize(blocks);
  // One piece for all: so much memory comes in large pages. It is written in place, and goes when the last block does.
  rows_.assign(blocks, nullptr);
  const auto row_bytes = kBlockRows * plan_->row_bytes;
  if (const auto all = blocks > 1 ? large_bytes(blocks * row_bytes) : nullptr)
    for (std::size_t i = 0; i < blocks; ++i) rows_[i] = std::shared_ptr<std::byte>(all, all.get() + i * row_bytes);
  const auto slabs = blocks > 1 ? large_bytes(blocks * plan_->block_bytes) : nullptr;
  const bool first_time = live_.empty();  // Later, firms that are no more must stay away.
  live_.resize(blocks);
  for_each_block(*plan_, blocks, threads_, [&](std::size_t number, const CodeRoom& room) {
    std::shared_ptr<std::byte> slab;
    if (slabs != nullptr) slab = std::shared_ptr<std::byte>(slabs, slabs.get() + number * plan_->block_bytes);
    auto block = encoded_block(number, room, std::move(slab), rows_[number]);
    if (first_time && (number + 1) * kBlockRows > table_.rows()) {
      live_[number].assign(kBlockWords, 0);
      for (auto row = number * kBlockRows; row < table_.rows(); ++row)
        live_[number][row % kBlockRows / 64] |= std::uint64_t{1} << (row % 64);
    }
    block->live = live_[number];
    snapshot->blocks[number] = std::move(block);
  });
  live_dirty_.assign(blocks, false);
  dirty_.clear();
  show(std::move(snapshot));
}

void Partition::replace_plan(std::shared_ptr<const Plan> plan) {
  table_.settle();
  publish();
  const auto before = std::exchange(plan_, std::move(plan));
  const auto old = snapshot();
  for (auto c = table_.columns().size(); c < plan_->model.columns.size(); ++c)
    table_.add_column(plan_->model.columns[c]);
  texts_ = TextCodes(plan_->model.columns.size());
  const auto missing = texts_.catch_up(*plan_, table_);
  if (missing != kNone) return encode_all();

  std::vector<std::uint32_t> same(plan_->columns.size(), kNone);
  bool rows_stay = before->row_bytes == plan_->row_bytes && before->columns.size() == plan_->columns.size();
  for (std::uint32_t c = 0; c < plan_->columns.size(); ++c) {
    for (std::uint32_t b = 0; b < before->columns.size() && same[c] == kNone; ++b)
      if (same_coding(*before, before->columns[b], *plan_, plan_->columns[c])) same[c] = b;
    rows_stay = rows_stay && before->columns[c].row_offset == plan_->columns[c].row_offset &&
                before->columns[c].wide == plan_->columns[c].wide && (same[c] == kNone || same[c] == c);
  }
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->plan = plan_;
  snapshot->rows = table_.rows();
  snapshot->blocks.resize(old->blocks.size());
  for_each_block(*plan_, old->blocks.size(), threads_, [&](std::size_t number, const CodeRoom& room) {
    auto block = std::make_shared<Block>();
    block->live = live_[number];
    std::vector<const std::byte*> codes(plan_->columns.size());
    for (std::uint32_t c = 0; c < plan_->columns.size(); ++c) {
      const auto& column = plan_->columns[c];
      if (same[c] != kNone) {
        block->slices.push_back(old->blocks[number]->slices[same[c]]);
        if (!rows_stay) codes_of_rows(*before, same[c], rows_[number].get(), room.of(c));
        codes[c] = room.of(c);
      } else {
        auto slice = aligned_bytes(column.block_bytes());
        codes[c] = encode_column(*plan_, table_, texts_, c, number * kBlockRows, *kernel_, room.of(c));
        slice_codes(column, codes[c], *kernel_, slice.get());
        if (rows_stay) codes_to_rows(*plan_, c, codes[c], rows_[number].get());
        block->slices.push_back(std::move(slice));
      }
      block->pointers.push_back(block->slices.back().get());
    }
    if (!rows_stay) {
      rows_[number] = aligned_bytes(kBlockRows * plan_->row_bytes);
      lay_rows(*plan_, codes.data(), *kernel_, rows_[number].get());
    }
    snapshot->blocks[number] = std::move(block);
  });
  show(std::move(snapshot));
}

void Partition::publish() {
  const auto old = snapshot();
  if (dirty_.empty() && old->plan == plan_ && old->rows == table_.rows() &&
      std::ranges::find(live_dirty_, true) == live_dirty_.end())
    return;
  auto next = std::make_shared<Snapshot>(*old);
  next->plan = plan_;
  next->rows = table_.rows();
  // By block, then column, the order of events kept: the last code of a cell wins.
  std::ranges::stable_sort(dirty_, {},
                           [](const Dirty& entry) { return std::pair(entry.row / kBlockRows, entry.column); });
  std::shared_ptr<Block> block;
  std::size_t block_number = SIZE_MAX;
  const auto open = [&](std::size_t number) {
    if (number == block_number) return;
    block_number = number;
    block = std::make_shared<Block>(*next->blocks[number]);
    next->blocks[number] = block;
  };
  for (std::size_t i = 0; i < dirty_.size();) {
    const auto number = dirty_[i].row / kBlockRows;
    const auto c = dirty_[i].column;
    open(number);
    const auto& column = plan_->columns[c];
    auto slice = aligned_bytes(column.block_bytes());
    std::memcpy(slice.get(), block->pointers[c], column.block_bytes());
    for (; i < dirty_.size() && dirty_[i].row / kBlockRows == number && dirty_[i].column == c; ++i)
      put_code(column, slice.get(), dirty_[i].row % kBlockRows, dirty_[i].code);
    block->pointers[c] = slice.get();
    block->slices[c] = std::move(slice);
  }
  for (std::size_t number = 0; number < live_dirty_.size(); ++number) {
    if (!live_dirty_[number]) continue;
    block_number = SIZE_MAX;
    open(number);
    block->live = live_[number];
    live_dirty_[number] = false;
  }
  dirty_.clear();
  show(std::move(next));
}

Code Partition::scope_code(const std::byte* row) const {
  if (!plan_->model.scope_column) return 0;
  const auto column = plan_->value_column[*plan_->model.scope_column];
  return column == kNone ? Code{0} : plan_->row_code(row, column);
}

void Partition::note_change(std::size_t row, std::uint32_t column, const Cell& cell) {
  const auto before = detail::load_code(*plan_, row_codes(row), column);
  const auto after = encode_cell(*plan_, texts_, column, cell);
  if (before != after) changes_.push_back({column, before, after});
}

void Partition::apply(std::size_t row, std::span<const FieldUpdate> updates, std::vector<Diff>& out) {
  ++counts_.events;
  changes_.clear();
  // A firm's codes lie far away: all of them are asked for before the first is waited for.
  for (std::size_t at = 0; at < plan_->row_bytes; at += 64) __builtin_prefetch(row_codes(row) + at, 1);
  // A text that was never seen may need another plan: before anything is changed under this one.
  for (const auto& update : updates)
    if (plan_->value_column[update.column] != kNone && update.cell.known &&
        plan_->coders[update.column].kind == ValueKind::text &&
        static_cast<std::size_t>(update.cell.value) >= texts_.next_id(update.column))
      learn_texts();
  for (const auto& update : updates) {
    const auto value = plan_->value_column[update.column];
    table_.set(row, update.column, update.cell);
    if (value == kNone) continue;
    note_change(row, value, update.cell);
    const auto age = plan_->age_column[update.column];
    if (age == kNone) continue;
    Cell aged;
    aged.as_of = table_.as_of(update.cell);
    note_change(row, age, aged);
  }
  if (changes_.empty()) {
    ++counts_.unmoved;
    return;
  }
  follow(row, out);
}

void Partition::look_at_atom(std::uint32_t atom, std::span<const std::uint32_t> groups) {
  const auto programs = plan_->index.atom_programs[atom];
  const auto in_groups = plan_->index.atom_groups[atom];
  const auto take = [&](std::uint32_t program) {
    if (seen_program_[program] == stamp_) return;
    seen_program_[program] = stamp_;
    candidates_.push_back(program);
  };
  if (programs.size() <= 24) {
    for (std::size_t i = 0; i < programs.size(); ++i)
      if (seen_group_[in_groups[i]] == stamp_) take(programs[i]);
    return;
  }
  for (const auto group : groups) {
    auto at = static_cast<std::size_t>(std::ranges::lower_bound(in_groups, group) - in_groups.begin());
    for (; at < programs.size() && in_groups[at] == group; ++at) take(programs[at]);
  }
}

// Which items can tell the old codes from the new: those that ask about an atom that differs, in a region that was or
// becomes the firm's. They alone are judged, on both at once.
void Partition::follow(std::size_t row, std::vector<Diff>& out) {
  seen_program_.resize(plan_->programs.size());
  seen_group_.resize(plan_->groups.size());
  if (++stamp_ == 0) {
    std::ranges::fill(seen_program_, 0u);
    std::ranges::fill(seen_group_, 0u);
    stamp_ = 1;
  }
  auto* const before = row_codes(row);
  after_.resize(plan_->row_bytes);
  std::memcpy(after_.data(), before, plan_->row_bytes);
  for (const auto& change : changes_) {
    detail::set_row_code(*plan_, after_.data(), change.column, change.after);
    dirty_.push_back({static_cast<std::uint32_t>(row), change.column, change.after});
  }

  candidates_.clear();
  groups_.clear();
  const auto scope_before = scope_code(before), scope_after = scope_code(after_.data());
  for (const auto code : {scope_before, scope_after}) {
    for (const auto group : plan_->index.groups_of_scope[code])
      if (seen_group_[group] != stamp_) {
        seen_group_[group] = stamp_;
        groups_.push_back(group);
      }
    if (scope_before == scope_after) break;
  }
  for (const auto& change : changes_) {
    const auto& flips = plan_->index.flips[change.column];
    const auto [low, high] = std::minmax(change.before, change.after);
    const auto atoms = plan_->index.column_atoms[change.column];
    if (low != 0 && flips.size() > 0 && high - low <= 64) {
      for (auto code = low; code < high; ++code)
        for (const auto atom : flips[code]) look_at_atom(atom, groups_);
    } else {
      for (const auto atom : atoms)
        if (detail::atom_value(*plan_, before, atom) != detail::atom_value(*plan_, after_.data(), atom))
          look_at_atom(atom, groups_);
    }
  }
  counts_.evaluated += candidates_.size();
  const auto verdict_of = [](unsigned value) {
    return value == 3 ? Verdict::met : value == 2 ? Verdict::unknown : Verdict::not_met;
  };
  for (const auto number : candidates_) {
    const auto& program = plan_->programs[number];
    const auto value = detail::program_value(*plan_, program, before, after_.data());
    if ((value & 3) == value >> 2) continue;
    out.push_back({static_cast<std::uint32_t>(row), program.item, verdict_of(value & 3), verdict_of(value >> 2)});
  }
  std::memcpy(before, after_.data(), plan_->row_bytes);
}

void Partition::set_live(std::size_t row, bool live) {
  auto& words = live_[row / kBlockRows];
  if (words.empty()) words.assign(kBlockWords, ~std::uint64_t{0});
  const auto bit = std::uint64_t{1} << (row % 64);
  auto& word = words[row % kBlockRows / 64];
  word = live ? word | bit : word & ~bit;
  live_dirty_[row / kBlockRows] = true;
}

std::size_t Partition::add(std::span<const FieldUpdate> values, std::vector<Diff>& out) {
  const auto row = table_.append();
  if (row / kBlockRows == rows_.size()) {
    publish();
    auto& rows = rows_.emplace_back();
    auto block = encoded_block(rows_.size() - 1, CodeRoom(*plan_), nullptr, rows);
    live_.emplace_back(kBlockWords, 0);
    live_dirty_.push_back(false);
    block->live = live_.back();
    auto next = std::make_shared<Snapshot>(*snapshot());
    next->blocks.push_back(std::move(block));
    show(std::move(next));
  }
  set_live(row, true);
  // First a firm of which nothing is known, then its values.
  for_each_item(row, [&](std::uint32_t item, Verdict verdict) {
    out.push_back({static_cast<std::uint32_t>(row), item, Verdict::not_met, verdict});
  });
  const auto first = out.size();
  apply(row, values, out);
  // One change a pair: from nothing to what it is now.
  for (auto i = first; i < out.size(); ++i) out[i].before = Verdict::not_met;
  std::vector<std::uint32_t> changed;
  for (auto i = first; i < out.size(); ++i) changed.push_back(out[i].item);
  std::ranges::sort(changed);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const bool earlier = i < first && out[i].row == row && std::ranges::binary_search(changed, out[i].item);
    const bool nothing = out[i].row == row && out[i].before == out[i].after;
    if (!earlier && !nothing) out[kept++] = out[i];
  }
  out.resize(kept);
  return row;
}

void Partition::remove(std::size_t row, std::vector<Diff>& out) {
  for_each_item(row, [&](std::uint32_t item, Verdict verdict) {
    out.push_back({static_cast<std::uint32_t>(row), item, verdict, Verdict::not_met});
  });
  set_live(row, false);
}

void Partition::compare(const Snapshot& before, std::span<const std::uint32_t> items, std::vector<Diff>& out) const {
  if (items.empty()) return;
  Results old_results, new_results;
  run(before, path_, threads_, old_results, items);
  run(*snapshot(), path_, threads_, new_results, items);
  old_results.index();
  new_results.index();
  for (const auto item : items) {
    old_results.for_each(item, [&](std::size_t row, Verdict verdict) {
      const auto now = new_results.verdict(item, row);
      if (now != verdict) out.push_back({static_cast<std::uint32_t>(row), item, verdict, now});
    });
    new_results.for_each(item, [&](std::size_t row, Verdict verdict) {
      if (old_results.verdict(item, row) == Verdict::not_met)
        out.push_back({static_cast<std::uint32_t>(row), item, Verdict::not_met, verdict});
    });
  }
}

std::shared_ptr<const Plan> plan_on(const Plan& plan, Day day, std::span<const Table* const> tables) {
  if (!plan.model.looks_back()) return with_day(plan, day);
  auto model = plan.model;
  model.move_to(day);
  return compile(std::move(model), tables);
}

void Partition::advance(Day day, std::vector<Diff>& out, std::shared_ptr<const Plan> next) {
  if (day == plan_->model.day) return;
  publish();
  const auto before = snapshot();
  const Table* tables[] = {&table_};
  if (next == nullptr) next = plan_on(*plan_, day, tables);
  if (plan_->model.looks_back()) {
    // Where a window begins is a cut among others, which it may overtake: its column is coded anew, and with it all
    // that the day changes. The items that ask the day at all are then compared as a whole.
    replace_plan(std::move(next));
    std::vector<bool> asks(plan_->items());
    for (const auto& window : plan_->windows) asks[window.item] = true;
    for (const auto& program : plan_->programs)
      for (std::uint32_t i = 0; i < program.steps; ++i) {
        const auto& step = plan_->steps[program.first_step + i];
        if (step.kind != StepKind::leaf) continue;
        const auto& atom = plan_->model.atoms[step.atom];
        if (atom.months > 0 || atom.max_age_days > 0) asks[program.item] = true;
      }
    std::vector<std::uint32_t> items;
    for (std::uint32_t item = 0; item < asks.size(); ++item)
      if (asks[item]) items.push_back(item);
    return compare(*before, items, out);
  }
  std::vector<std::uint32_t> items;
  for (const auto& window : plan_->windows)
    if (plan_->steps[window.step].constant != next->steps[window.step].constant) items.push_back(window.item);
  std::ranges::sort(items);
  items.erase(std::unique(items.begin(), items.end()), items.end());
  plan_ = next;
  publish();
  // Items that come into force or go out of it: all their firms, before and after.
  compare(*before, items, out);
  // Values that became too old, or young again: an event each.
  table_.settle();
  for (std::uint32_t c = 0; c < plan_->columns.size(); ++c) {
    const auto& column = plan_->columns[c];
    if (!column.age) continue;
    for (std::size_t row = 0; row < table_.rows(); ++row) {
      const auto& live = live_[row / kBlockRows];
      if (!live.empty() && (live[row % kBlockRows / 64] >> (row % 64) & 1) == 0) continue;
      changes_.clear();
      Cell aged;
      aged.as_of = table_.as_of(row, column.source);
      note_change(row, c, aged);
      if (changes_.empty()) continue;
      ++counts_.events;
      follow(row, out);
    }
  }
}

void Partition::explain(std::size_t row, std::uint32_t item, std::vector<LeafFact>& out) const {
  const auto& program = plan_->programs[plan_->program_of_item[item]];
  const auto* codes = row_codes(row);
  const auto column_of = [&](const Step& step) { return plan_->columns[plan_->atoms[step.atom].column].source; };
  // Values of one firm lie far apart: all of them are asked for before the first is waited for.
  for (std::uint32_t i = 0; i < program.steps; ++i) {
    const auto& step = plan_->steps[program.first_step + i];
    if (step.kind == StepKind::leaf) table_.prefetch(row, column_of(step));
  }
  for (std::uint32_t i = 0; i < program.steps; ++i) {
    const auto& step = plan_->steps[program.first_step + i];
    if (step.kind != StepKind::leaf) continue;
    out.push_back({step.atom, plan_->atom_verdict(codes, step.atom), table_.get(row, column_of(step))});
  }
}

std::size_t Partition::bytes_per_row() const {
  return (plan_->block_bytes + kBlockRows - 1) / kBlockRows + plan_->row_bytes;
}

std::vector<std::uint32_t> order_of(const Plan& plan, const Table& table) {
  const auto by = [&](std::optional<std::uint32_t> column) {
    std::vector<std::uint32_t> rank(table.rows());
    if (!column || plan.model.columns[*column].kind != ValueKind::text) return rank;
    const auto& values = table.column(*column);
    std::vector<std::uint32_t> ids(values.dictionary.size()), ranks(ids.size());
    std::iota(ids.begin(), ids.end(), 0u);
    std::ranges::sort(ids, {}, [&](std::uint32_t id) -> const std::string& { return values.dictionary[id]; });
    for (std::uint32_t i = 0; i < ids.size(); ++i) ranks[ids[i]] = i;
    for (std::size_t row = 0; row < rank.size(); ++row)
      rank[row] = ranks[static_cast<std::size_t>(table.get(row, *column).value)];
    return rank;
  };
  const auto first = by(plan.model.scope_column), second = by(plan.model.order_column);
  std::vector<std::uint32_t> order(table.rows());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::stable_sort(order, {}, [&](std::uint32_t row) { return std::pair(first[row], second[row]); });
  return order;
}

}  // namespace zhida::matching::engine
