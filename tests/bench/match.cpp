// bench_match: all items on all firms, and single events, beside a plain row walk and the speed of memory, in one run.
//   bench_match FIRMS ITEMS [--rounds N] [--export DIR] [--stand-by] [--fit] [--hub]
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "figures.h"
#include "match_bench.h"
#include "match_export.h"
#include "match_hub.h"
#include "match_measure.h"

namespace zhida::bench {
namespace {

using namespace matching::engine;

/// Answers on its input what another program asks, so that rivals can take turns with us in one run. `run THREADS`:
/// milliseconds by the clock on the wall, pairs met, pairs unknown; T and U stored. `sample N`: pairs met of N firms
/// spread evenly.
void stand_by(const Bench& bench) {
  const auto firms = bench.partition().rows(), items = bench.town().policies().size();
  const auto snapshot = bench.partition().snapshot();
  Results results;
  run(*snapshot, best_path(), 1, results);
  std::printf("ready %zu %zu %s\n", firms, items, to_text(best_path()));
  std::fflush(stdout);
  char what[16];
  for (unsigned long number = 0; std::scanf("%15s %lu", what, &number) == 2;) {
    if (std::strcmp(what, "run") == 0) {
      const auto begin = std::chrono::steady_clock::now();
      run(*snapshot, best_path(), static_cast<unsigned>(number), results);
      const auto taken = std::chrono::steady_clock::now() - begin;
      std::printf("%.4f %llu %llu\n", std::chrono::duration<double, std::milli>(taken).count(),
                  static_cast<unsigned long long>(results.met()), static_cast<unsigned long long>(results.unknown()));
    } else {
      results.index();
      std::uint64_t met = 0;
      for (std::size_t i = 0; i < number; ++i)
        for (std::uint32_t item = 0; item < items; ++item)
          met += results.verdict(item, i * firms / number) == Verdict::met;
      std::printf("%llu\n", static_cast<unsigned long long>(met));
    }
    std::fflush(stdout);
  }
}

/// Cost over firms and over items: a straight line; of an event: the same for a town of any size.
int fit(std::size_t most_firms, std::size_t most_items, int rounds) {
  std::vector<double> firms, firm_times, items, item_times, event_firms, events, waits;
  const auto measured = [&](std::size_t firm_count, std::size_t item_count, bool with_events) {
    Bench bench(firm_count, item_count, rounds, Town::Size::province);
    bench.load();
    const auto taken = bench.run_seconds();
    std::printf("  %8zu firms %6zu items: %9.3f ms", firm_count, item_count, 1e3 * taken);
    if (with_events) {
      event_firms.push_back(static_cast<double>(firm_count));
      events.push_back(bench.event_microseconds());
      // A firm's codes are the least that an event waits for.
      waits.push_back(Latency(firm_count * bench.partition().plan().row_bytes).nanoseconds() / 1000);
      std::printf(", an event %.3f us, a line of the cache from as much memory as the rows of codes %.3f us",
                  events.back(), waits.back());
    }
    std::printf(", %zu octets a firm\n", bench.partition().bytes_per_row());
    std::fflush(stdout);
    return taken;
  };
  const auto fitted_items = std::min<std::size_t>(most_items, 400);
  for (const std::size_t count : {45'000u, 150'000u, 300'000u, 600'000u, 1'000'000u}) {
    if (count > most_firms) break;
    firms.push_back(static_cast<double>(count));
    firm_times.push_back(measured(count, fitted_items, true));
  }
  const auto fitted_firms = std::min<std::size_t>(most_firms, 100'000);
  for (const std::size_t count : {100u, 400u, 1'000u, 3'000u, 6'000u, 10'488u}) {
    if (count > most_items) break;
    items.push_back(static_cast<double>(count));
    item_times.push_back(measured(fitted_firms, count, false));
  }
  if (firms.size() > 2) {
    const Line line(firms, firm_times);
    std::printf("  over firms: %.3f ms + %.3f ms for 100,000, R2 %.4f\n", 1e3 * line.start, 1e8 * line.slope,
                line.r_squared);
    goal("match_fit_over_firms_r2", line.r_squared, 0.98, line.r_squared >= 0.98);
    const auto flat = events.back() / events.front();
    std::printf("  an event with %.0f firms takes %.2f times what it takes with %.0f\n", event_firms.back(), flat,
                event_firms.front());
    std::printf("  what it grows by is %.1f times what a line of the cache grows by\n",
                (events.back() - events.front()) / (waits.back() - waits.front()));
    goal("match_event_growth_over_firms", flat, 2, flat <= 2);
  }
  if (items.size() > 2) {
    const Line line(items, item_times);
    std::printf("  over items: %.3f ms + %.3f ms for 1,000, R2 %.4f\n", 1e3 * line.start, 1e6 * line.slope,
                line.r_squared);
    goal("match_fit_over_items_r2", line.r_squared, 0.98, line.r_squared >= 0.98);
  }
  return 0;
}

int main_of(int count, char** words) {
  std::vector<std::string> plain;
  std::string folder;
  int rounds = 5;
  bool standing_by = false, fitted = false, hub = false;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word == "--rounds" && i + 1 < count)
      rounds = std::atoi(words[++i]);
    else if (word == "--export" && i + 1 < count)
      folder = words[++i];
    else if (word == "--stand-by")
      standing_by = true;
    else if (word == "--fit")
      fitted = true;
    else if (word == "--hub")
      hub = true;
    else
      plain.push_back(word);
  }
  if (plain.size() != 2 || rounds < 1) {
    std::fprintf(stderr, "usage: bench_match FIRMS ITEMS [--rounds N] [--export DIR] [--stand-by] [--fit] [--hub]\n");
    return 2;
  }
  const auto firms = std::strtoull(plain[0].c_str(), nullptr, 10), items = std::strtoull(plain[1].c_str(), nullptr, 10);
  if (fitted) return fit(firms, items, rounds);
  if (hub) return hub_memory(firms, items);
  Bench bench(firms, items, rounds);
  bench.prepare();
  if (!folder.empty() && !export_town(bench.town(), bench.partition(), folder)) return 1;
  if (standing_by) {
    stand_by(bench);
    return 0;
  }
  bench.runs();
  bench.sizes();
  bench.explanations();
  bench.linearity();
  bench.events();
  return 0;
}

}  // namespace
}  // namespace zhida::bench

int main(int count, char** words) {
  return zhida::bench::main_of(count, words);
}
