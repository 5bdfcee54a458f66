// What readers see: codes in blocks that never change. A change makes new slices and a new Snapshot; whoever holds the
// old one goes on reading it, and neither waits for the other.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "stages/matching/engine/kernels.h"
#include "stages/matching/engine/plan.h"
#include "stages/matching/engine/results.h"

namespace zhida::matching::engine {

using Slice = std::shared_ptr<const std::byte>;  ///< Shared by the snapshots in which it did not change.

struct Block {
  std::vector<Slice> slices;               ///< By code column.
  std::vector<const std::byte*> pointers;  ///< The same, for the kernels.
  std::vector<std::uint64_t> live;         ///< Rows that are firms; empty: all.
};

struct Snapshot {
  std::shared_ptr<const Plan> plan;
  std::vector<std::shared_ptr<const Block>> blocks;  ///< Shared like slices.
  std::size_t rows = 0;
  std::uint64_t epoch = 0;  ///< Counts what was published.
};

/// All items on all rows, or only the items named. Any number of runs may go on at once.
void run(const Snapshot& snapshot, Path path, unsigned threads, Results& out,
         std::span<const std::uint32_t> only_items = {});

/// Octets aligned for the kernels.
std::shared_ptr<std::byte> aligned_bytes(std::size_t count);
/// The same for megabytes, in large pages where the system has them.
std::shared_ptr<std::byte> large_bytes(std::size_t count);

}  // namespace zhida::matching::engine
