// A town, its items and its firms, and everything that is measured on them in one process.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "match_town.h"
#include "stages/matching/engine/lower.h"
#include "stages/matching/engine/partition.h"
#include "stages/matching/engine/results.h"
#include "support/naive_match.h"

namespace zhida::bench {

/// The plain way: all items of a firm, one after the other.
struct Naive {
  std::vector<test::NaiveItem> items;
  test::NaiveRows rows;
};

class Bench {
 public:
  Bench(std::size_t firms, std::size_t items, int rounds, Town::Size size = Town::Size::by_firms)
      : firms_(firms), rounds_(rounds), town_(firms, items, 42, size), lowering_(town_.policies(), town_.day()) {}

  /// The firms coded, and nothing measured.
  void load();
  /// The same, measured and told.
  void prepare();

  /// All items on all firms; of several rounds the median.
  double run_seconds();
  void runs();
  void sizes();
  /// Half the firms and half the items must cost half.
  void linearity();

  /// The mean of an event, of several rounds the median.
  double event_microseconds();
  void events();
  void explanations();

  const Town& town() const { return town_; }
  const matching::engine::Partition& partition() const { return *partition_; }

 private:
  struct Event {
    std::size_t row = 0;
    matching::engine::FieldUpdate update;
  };
  using UsedFields = std::vector<std::pair<std::uint32_t, const TownField*>>;

  /// A few hundred firms by the scalar evaluator itself: the totals are not merely fast.
  void check(matching::engine::Results& results);
  /// The fields that items ask about, but for where a firm is.
  UsedFields used_fields() const;
  std::vector<Event> new_events(const UsedFields& used, Dice& dice) const;

  std::size_t firms_;
  int rounds_;
  Town town_;
  matching::engine::Lowering lowering_;
  std::shared_ptr<const matching::engine::Plan> plan_;
  std::unique_ptr<matching::engine::Partition> partition_;
  std::size_t naive_firms_ = 0;
  std::unique_ptr<Naive> naive_;
  std::vector<double> dense_;
};

}  // namespace zhida::bench
