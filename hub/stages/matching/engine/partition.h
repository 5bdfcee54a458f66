// Firms of one partition: their typed values, their codes, and what follows from a change.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/mutex.h"
#include "domain/entitlement.h"
#include "stages/matching/engine/encode.h"
#include "stages/matching/engine/kernels.h"
#include "stages/matching/engine/plan.h"
#include "stages/matching/engine/snapshot.h"
#include "stages/matching/engine/table.h"

namespace zhida::matching::engine {

/// A new value of one column of one firm. The text of a text column is an id of the partition's table.
struct FieldUpdate {
  std::uint32_t column = 0;
  Cell cell;
};

/// An item whose verdict on a firm changed.
struct Diff {
  std::uint32_t row = 0;
  std::uint32_t item = 0;
  Verdict before = Verdict::not_met;
  Verdict after = Verdict::not_met;
};

struct EventCounts {
  std::uint64_t events = 0;
  std::uint64_t unmoved = 0;    ///< No code changed: nothing can follow.
  std::uint64_t evaluated = 0;  ///< Pairs looked at, before and after at once.
};

/// One clause of an explanation; what it is worth to people is said elsewhere, from the clause and the value.
struct LeafFact {
  std::uint32_t atom = 0;
  Verdict verdict = Verdict::unknown;  ///< Of the atom itself, before any `not`.
  Cell cell;
};

/// One writer, any number of readers: readers take snapshot() and never wait for the writer, nor it for them.
class Partition {
 public:
  /// Codes all rows. Keep the table in the order of region and industry (order_of): blocks are then ruled out whole.
  Partition(std::shared_ptr<const Plan> plan, Table table, Path path, unsigned threads);

  /// Any thread.
  std::shared_ptr<const Snapshot> snapshot() const;

  // The writer only, from here on.
  const Plan& plan() const { return *plan_; }
  const Table& table() const { return table_; }
  std::size_t rows() const { return table_.rows(); }
  const EventCounts& counts() const { return counts_; }

  /// Keeps the typed values in as few bits as they need, for good. Codes and answers stay as they are.
  void pack_values() { table_.pack(); }
  /// An id for a text to be put into a FieldUpdate.
  std::uint32_t intern(std::uint32_t column, std::string_view text) { return table_.intern(column, text); }
  /// Values of one firm changed; adds what follows. Readers see it after publish().
  void apply(std::size_t row, std::span<const FieldUpdate> updates, std::vector<Diff>& out);
  /// A new firm; its row.
  std::size_t add(std::span<const FieldUpdate> values, std::vector<Diff>& out);
  /// A firm that is no more.
  void remove(std::size_t row, std::vector<Diff>& out);
  /// Another day: values that went stale, windows in months that moved, items that came into force or went out of it.
  /// Not what the scalar evaluator answers: see Lowering::turn(). Published at once where windows moved. `next` is the
  /// plan of that day where there is one already (plan_on()): partitions then go on sharing it.
  void advance(Day day, std::vector<Diff>& out, std::shared_ptr<const Plan> next = nullptr);
  /// Other items over the same columns, or more of them: only what the new plan codes differently is coded again.
  /// Columns keep their numbers; the model may have more. Published at once.
  void replace_plan(std::shared_ptr<const Plan> plan);
  /// Makes everything applied so far visible to readers.
  void publish();

  /// The verdict of one item on one firm, as applied so far.
  Verdict verdict(std::size_t row, std::uint32_t item) const { return plan_->evaluate(row_codes(row), item); }
  /// Calls `visit(item, verdict)` for the items that the firm meets or may meet.
  template <class Visit>
  void for_each_item(std::size_t row, const Visit& visit) const {
    for (const auto group : plan_->index.groups_of_scope[scope_code(row_codes(row))])
      for (std::uint32_t i = 0; i < plan_->groups[group].programs; ++i) {
        const auto item = plan_->programs[plan_->groups[group].first_program + i].item;
        const auto found = verdict(row, item);
        if (found != Verdict::not_met) visit(item, found);
      }
  }
  /// All atoms of the item on the firm, none left out.
  void explain(std::size_t row, std::uint32_t item, std::vector<LeafFact>& out) const;

  /// Octets that a firm takes: codes by block, codes by row. The typed values are counted by table().bytes().
  std::size_t bytes_per_row() const;

 private:
  struct Change {
    std::uint32_t column = 0;
    Code before = 0, after = 0;
  };
  struct Dirty {
    std::uint32_t row = 0, column = 0;
    Code code = 0;
  };

  const std::byte* row_codes(std::size_t row) const {
    return rows_[row / kBlockRows].get() + row % kBlockRows * plan_->row_bytes;
  }
  std::byte* row_codes(std::size_t row) { return rows_[row / kBlockRows].get() + row % kBlockRows * plan_->row_bytes; }
  Code scope_code(const std::byte* row) const;
  void encode_all();
  void learn_texts();
  void note_change(std::size_t row, std::uint32_t column, const Cell& cell);
  void follow(std::size_t row, std::vector<Diff>& out);
  /// The firms of these items before and now.
  void compare(const Snapshot& before, std::span<const std::uint32_t> items, std::vector<Diff>& out) const;
  void look_at_atom(std::uint32_t atom, std::span<const std::uint32_t> groups);
  void set_live(std::size_t row, bool live);
  /// All codes of a block, and its rows of codes; in `slab` and `rows`, or in memory of their own where these are null.
  std::shared_ptr<Block> encoded_block(std::size_t number, const CodeRoom& room, std::shared_ptr<std::byte> slab,
                                       std::shared_ptr<std::byte>& rows) const;
  void show(std::shared_ptr<Snapshot> snapshot);

  std::shared_ptr<const Plan> plan_;
  Table table_;
  TextCodes texts_;
  const Kernels* kernel_;
  Path path_;
  unsigned threads_;
  std::vector<std::shared_ptr<std::byte>> rows_;  // By block.
  std::vector<std::vector<std::uint64_t>> live_;  // By block; empty: all.

  // Events.
  std::vector<Change> changes_;
  std::vector<Dirty> dirty_;
  std::vector<bool> live_dirty_;  // By block.
  std::vector<std::byte> after_;
  std::vector<std::uint32_t> seen_program_, seen_group_, candidates_, groups_;
  std::uint32_t stamp_ = 0;
  EventCounts counts_;

  mutable Mutex mutex_;
  std::shared_ptr<const Snapshot> shown_ GUARDED_BY(mutex_);
};

/// The plan on another day, for partitions with these tables.
std::shared_ptr<const Plan> plan_on(const Plan& plan, Day day, std::span<const Table* const> tables);

/// The order in which rows are best kept: by region, then by industry, firms without either together.
std::vector<std::uint32_t> order_of(const Plan& plan, const Table& table);

}  // namespace zhida::matching::engine
