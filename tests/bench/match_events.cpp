// Single events and explanations, beside walking the items plainly.
#include <algorithm>
#include <chrono>
#include <cstdio>

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
  std::vector<double> over_naive, means, highs;
  std::vector<Diff> diffs;
  for (int round = 0; round < rounds_; ++round) {
    const auto events = new_events(used, dice);
    diffs.clear();
    diffs.reserve(1 << 22);
    std::vector<double> taken;
    taken.reserve(events.size());
    const auto before = partition_->counts();
    auto last = std::chrono::steady_clock::now();
    const auto all = seconds_of([&] {
      for (const auto& event : events) {
        partition_->apply(event.row, {&event.update, 1}, diffs);
        const auto now = std::chrono::steady_clock::now();
        taken.push_back(std::chrono::duration<double, std::micro>(now - last).count());
        last = now;
      }
    });
    means.push_back(1e6 * all / static_cast<double>(events.size()));
    highs.push_back(percentile(taken, 0.99));
    const auto after = partition_->counts();
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
    const auto publish = seconds_of([&] { partition_->publish(); });
    if (round == 0)
      std::printf(
          "  events: %.1f %% change no code, %.2f pairs judged an event, %.3f verdicts changed; a firm walked "
          "plainly "
          "%.1f us; published to readers in %.2f us an event (sum %llu)\n",
          100 * static_cast<double>(after.unmoved - before.unmoved) / static_cast<double>(events.size()),
          static_cast<double>(after.evaluated - before.evaluated) / static_cast<double>(events.size()),
          static_cast<double>(diffs.size()) / static_cast<double>(events.size()), naive_firm,
          1e6 * publish / static_cast<double>(events.size()), static_cast<unsigned long long>(sum));
  }
  std::printf("  event: mean %.3f us, p99 %.2f us (the clock's own time included)\n", median(means), median(highs));
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
