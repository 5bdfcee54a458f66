#include "match_hub.h"

#include <algorithm>
#include <atomic>
#include <cstdio>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "figures.h"
#include "match_measure.h"
#include "match_town.h"
#include "stages/matching/engine/firms.h"
#include "stages/matching/engine/lower.h"
#include "stages/matching/engine/parallel.h"

namespace zhida::bench {
namespace {

using namespace matching::engine;

/// Octets that the program has asked for and not given back.
double allocated() {
#if defined(__GLIBC__)
  const auto all = ::mallinfo2();
  return static_cast<double>(all.uordblks + all.hblkhd);
#else
  return 0;
#endif
}

}  // namespace

int hub_memory(std::size_t firm_count, std::size_t items) {
  const Town town(firm_count, items, 42);
  const Lowering lowering(town.policies(), town.day());
  auto model = lowering.model();
  const auto table = town.table(model, 2);
  const auto a_firm = [&](double bytes) { return bytes / static_cast<double>(firm_count); };

  const auto before = allocated();
  Firms firms(town.policies(), town.day(), 2);
  std::atomic<std::size_t> next{0};
  in_parallel(2, [&](unsigned) {
    for (auto from = next.fetch_add(Firms::kPartitionFirms); from < firm_count;
         from = next.fetch_add(Firms::kPartitionFirms)) {
      const auto count = std::min(Firms::kPartitionFirms, firm_count - from);
      Firms::Batch batch(firms, count);
      for (auto row = from; row < from + count; ++row) batch.add(town.profile(table, row));
      firms.take(std::move(batch));
    }
  });
  firms.publish();
  const auto all = a_firm(allocated() - before);
  const auto memory = firms.memory();
  std::printf("== a hub's index: %zu firms, %zu items, %zu fields, %zu partitions\n", firm_count, items,
              town.fields().size(), firms.partitions());
  const auto tell = [&](const char* what, std::size_t bytes) {
    std::printf("  %-46s %8.1f octets a firm\n", what, a_firm(static_cast<double>(bytes)));
  };
  tell("codes, by block and by row", memory.codes);
  tell("typed values", memory.values);
  tell("texts", memory.texts);
  tell("names and places", memory.names);
  tell("turns", memory.calendar);
  tell("all of these", memory.all());
  std::printf("  %-46s %8.1f octets a firm (items compiled, lists of blocks and what the allocator adds included)\n",
              "what the allocator gave out", all);
  goal("match_hub_bytes_a_firm", all, 600, all <= 600);
  return 0;
}

}  // namespace zhida::bench
