// Single events and explanations, beside walking the items plainly.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <numeric>

#include "figures.h"
#include "match_bench.h"
#include "match_measure.h"

namespace zhida::bench {

using namespace matching::engine;

Bench::UsedFields Bench::used_fields() const {
  UsedFields used;
  auto model = plan_->model;
  for (const auto& field : town_.fields()) {
    if (field.sort == Sort::region || field.sort == Sort::town) continue;
    const auto column = model.column(Town::column_name(field), field.type == FieldType::boolean ? ValueKind::flag
                                                               : field.type == FieldType::code  ? ValueKind::text
                                                                                                : ValueKind::number);
    if (column < plan_->value_column.size() && plan_->value_column[column] != kNone) used.emplace_back(column, &field);
  }
  return used;
}

std::vector<Bench::Event> Bench::new_events(const UsedFields& used, Dice& dice) const {
  const auto& table = partition_->table();
  std::vector<Event> events(40'000);
  for (auto& event : events) {
    event.row = dice.below(firms_);
    const auto& [column, field] = used[dice.below(used.size())];
    event.update.column = column;
    auto cell = table.get(event.row, column);
    const bool text = table.column(column).spec.kind == ValueKind::text;
    cell.value = text ? 1 + static_cast<std::int64_t>(dice.below(table.column(column).dictionary.size() - 1))
                      : town_.drifted(*field, cell.value, dice);
    cell.known = cell.known ? dice.share() >= 0.02 : dice.below(2) == 0;
    event.update.cell = cell;
  }
  return events;
}

double Bench::event_microseconds() {
  Dice dice(99);
  const auto used = used_fields();
  std::vector<double> means;
  std::vector<Diff> diffs;
  diffs.reserve(1 << 22);
  for (int round = 0; round < rounds_; ++round) {
    const auto events = new_events(used, dice);
    diffs.clear();
    const auto taken = seconds_of([&] {
      for (const auto& event : events) partition_->apply(event.row, {&event.update, 1}, diffs);
    });
    means.push_back(1e6 * taken / static_cast<double>(events.size()));
    partition_->publish();
  }
  return median(means);
}

void Bench::events() {
  Dice dice(99);
  const auto used = used_fields();
  std::vector<double> over_naive, means, timed_means, highs, clocks;
  std::vector<Diff> diffs;
  diffs.reserve(1 << 22);
  for (int round = 0; round < rounds_; ++round) {
    const auto events = new_events(used, dice);
    diffs.clear();
    const auto before = partition_->counts();
    const auto all = seconds_of([&] {
      for (const auto& event : events) partition_->apply(event.row, {&event.update, 1}, diffs);
    });
    means.push_back(1e6 * all / static_cast<double>(events.size()));
    const auto after = partition_->counts();
    const auto changed = diffs.size();
    const auto publish = seconds_of([&] { partition_->publish(); });
    // Other events, each with a look at the clock, which waits until all before it is done. The walk below has none,
    // so the mean is not taken from these.
    const auto timed = new_events(used, dice);
    diffs.clear();
    std::vector<double> taken, clock;
    taken.reserve(timed.size());
    auto last = std::chrono::steady_clock::now();
    const auto lap = [&](std::vector<double>& into) {
      const auto now = std::chrono::steady_clock::now();
      into.push_back(std::chrono::duration<double, std::micro>(now - last).count());
      last = now;
    };
    for (const auto& event : timed) {
      partition_->apply(event.row, {&event.update, 1}, diffs);
      lap(taken);
    }
    timed_means.push_back(std::accumulate(taken.begin(), taken.end(), 0.0) / static_cast<double>(taken.size()));
    for (int i = 0; i < 10'000; ++i) lap(clock);
    highs.push_back(percentile(taken, 0.99));
    clocks.push_back(median(clock));
    partition_->publish();
    // The plain way: all items of that firm.
    const std::size_t walks = std::max<std::size_t>(200, 2'000'000 / town_.policies().size());
    std::uint64_t sum = 0;
    const auto naive_firm = 1e6 / static_cast<double>(walks) * seconds_of([&] {
                              for (std::size_t i = 0; i < walks; ++i) {
                                const auto row = dice.below(naive_firms_);
                                for (const auto& item : naive_->items)
                                  sum += static_cast<std::uint64_t>(item.judge(
                                      naive_->rows.value(row), naive_->rows.is_known(row), naive_->rows.day(row)));
                              }
                            });
    over_naive.push_back(naive_firm / means.back());
    if (round == 0)
      std::printf(
          "  events: %.1f %% change no code, %.2f pairs judged an event, %.3f verdicts changed; a firm walked "
          "plainly "
          "%.1f us; published to readers in %.2f us an event (sum %llu)\n",
          100 * static_cast<double>(after.unmoved - before.unmoved) / static_cast<double>(events.size()),
          static_cast<double>(after.evaluated - before.evaluated) / static_cast<double>(events.size()),
          static_cast<double>(changed) / static_cast<double>(events.size()), naive_firm,
          1e6 * publish / static_cast<double>(events.size()), static_cast<unsigned long long>(sum));
  }
  std::printf("  event: mean %.3f us; with a look at the clock after each (%.3f us): mean %.3f us, p99 %.2f us\n",
              median(means), median(clocks), median(timed_means), median(highs));
  const double wanted = town_.policies().size() >= 10'000 ? 50 : 20;
  goal("match_event_over_row_walk", median(over_naive), wanted, median(over_naive) >= wanted);
}

void Bench::explanations() {
  Dice dice(4);
  std::vector<LeafFact> facts;
  std::uint64_t sum = 0;
  std::vector<double> ratios;
  double explained = 0;
  for (int round = 0; round < rounds_; ++round) {
    constexpr int kPairs = 20'000;
    std::vector<std::pair<std::size_t, std::uint32_t>> pairs;
    for (int i = 0; i < kPairs; ++i)
      pairs.emplace_back(dice.below(naive_firms_), static_cast<std::uint32_t>(dice.below(town_.policies().size())));
    explained = seconds_of([&] {
      for (const auto& [firm, item] : pairs) {
        facts.clear();
        partition_->explain(firm * firms_ / naive_firms_, item, facts);
        for (const auto& fact : facts) sum += static_cast<std::uint64_t>(fact.cell.value);
      }
    });
    const auto walked = seconds_of([&] {
      for (const auto& [firm, item] : pairs)
        sum += static_cast<std::uint64_t>(
            naive_->items[item].judge(naive_->rows.value(firm), naive_->rows.is_known(firm), naive_->rows.day(firm)));
    });
    ratios.push_back(explained / walked);
    explained /= kPairs;
  }
  std::printf("  explanation as facts: %.2f us, %.1f plain walks of its item (sum %llu)\n", 1e6 * explained,
              median(ratios), static_cast<unsigned long long>(sum));
  goal("match_explanation_over_walks", median(ratios), 10, median(ratios) <= 10);
}

}  // namespace zhida::bench
