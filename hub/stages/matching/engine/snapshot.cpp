#include "stages/matching/engine/snapshot.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "stages/matching/engine/parallel.h"

namespace zhida::matching::engine {

std::shared_ptr<std::byte> aligned_bytes(std::size_t count) {
  auto* out = static_cast<std::byte*>(std::aligned_alloc(64, (std::max<std::size_t>(count, 1) + 63) / 64 * 64));
  if (out == nullptr) throw std::bad_alloc();
  return {out, [](std::byte* bytes) { std::free(bytes); }};
}

std::shared_ptr<std::byte> large_bytes(std::size_t count) {
  constexpr std::size_t kPage = std::size_t{1} << 21;
  const auto rounded = (std::max<std::size_t>(count, 1) + kPage - 1) / kPage * kPage;
  auto* out = static_cast<std::byte*>(std::aligned_alloc(kPage, rounded));
  if (out == nullptr) throw std::bad_alloc();
#if defined(__linux__)
  ::madvise(out, rounded, MADV_HUGEPAGE);  // A wish: nothing depends on it.
#endif
  return {out, [](std::byte* bytes) { std::free(bytes); }};
}

void run(const Snapshot& snapshot, Path path, unsigned threads, Results& out,
         std::span<const std::uint32_t> only_items) {
  const auto& plan = *snapshot.plan;
  const auto& kernel = kernels(path);
  std::vector<std::uint32_t> only;
  for (const auto item : only_items) only.push_back(plan.program_of_item[item]);
  std::ranges::sort(only);
  threads = std::max(1u, std::min(threads, static_cast<unsigned>(snapshot.blocks.size())));
  out.prepare(plan.items(), threads);
  std::atomic<std::size_t> next{0};
  in_parallel(threads, [&](unsigned worker) {
    Scratch scratch(plan);
    auto& part = out.part(worker);
    for (;;) {
      const auto number = next.fetch_add(1, std::memory_order_relaxed);
      if (number >= snapshot.blocks.size()) return;
      const auto& block = *snapshot.blocks[number];
      const auto after = number + threads;
      BlockCodes codes;
      codes.slices = block.pointers.data();
      codes.ahead = after < snapshot.blocks.size() ? snapshot.blocks[after]->pointers.data() : nullptr;
      codes.live = block.live.empty() ? nullptr : block.live.data();
      codes.number = static_cast<std::uint32_t>(number);
      kernel.run_block(plan, codes, only, scratch, part);
    }
  });
  out.close();
}

}  // namespace zhida::matching::engine
