// The loops that touch every row, once for each set of instructions, chosen at run time. Which one is an argument, so
// that tests can ask for each; no answer depends on it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "stages/matching/engine/plan.h"
#include "stages/matching/engine/results.h"

namespace zhida::matching::engine {

enum class Path : std::uint8_t {
  portable,  ///< 64-bit words only: any machine.
  baseline,  ///< What every machine of this architecture has (SSE2 on x86-64); elsewhere the same as portable.
  avx2,
  avx512,
};
const char* to_text(Path path);
/// Those that this machine has, slowest first.
std::vector<Path> available_paths();
Path best_path();

/// One block's codes: a pointer a code column.
struct BlockCodes {
  const std::byte* const* slices = nullptr;
  const std::byte* const* ahead = nullptr;  ///< The block that comes next, to be fetched meanwhile; may be null.
  const std::uint64_t* live = nullptr;      ///< Rows that are firms, kBlockWords words; null: all of them.
  std::uint32_t number = 0;
};

/// Room for one thread's intermediate results; belongs to one Plan. A pointer an atom (and a negated one: BlockLeaf)
/// and an octet of vectors that are worked out already: what is a plane of the block itself (whether a value is
/// unknown, a flag, the upper half of codes) is pointed to and never worked out.
class Scratch {
 public:
  explicit Scratch(const Plan& plan);
  void begin_block(const std::byte* const* slices);

  std::uint64_t* met(std::size_t slot) { return slots_.get() + slot * 2 * kBlockWords; }
  std::uint64_t* possible(std::size_t slot) { return slots_.get() + (slot * 2 + 1) * kBlockWords; }
  const std::uint64_t* truth(std::size_t atom) const { return truths_at_[atom]; }
  const std::uint64_t* unknown(std::size_t known) const { return unknowns_at_[known]; }
  std::uint64_t* truth_room(std::size_t atom) { return truths_.get() + atom * kBlockWords; }
  std::uint64_t* unknown_room(std::size_t known) { return unknowns_.get() + known * kBlockWords; }
  std::uint8_t* truths_done() { return truths_done_.data(); }
  std::uint8_t* unknowns_done() { return unknowns_done_.data(); }

 private:
  struct Free {
    void operator()(std::uint64_t* words) const;
  };
  using Words = std::unique_ptr<std::uint64_t[], Free>;
  static Words words(std::size_t count);
  struct Direct {
    std::uint32_t number = 0, column = 0, plane = 0;
  };

  Words truths_, unknowns_, slots_;  // One slot more than programs need: the group's own verdict.
  std::vector<const std::uint64_t*> truths_at_, unknowns_at_;
  std::vector<std::uint8_t> truths_done_, unknowns_done_, truths_at_first_, unknowns_at_first_;
  std::vector<Direct> direct_truths_, direct_unknowns_;
};

/// Kernels of one Path.
struct Kernels {
  /// All programs (`only` empty) or some, in the order of the plan, over one block.
  void (*run_block)(const Plan& plan, const BlockCodes& block, std::span<const std::uint32_t> only, Scratch& scratch,
                    ResultPart& out);
  /// Numbers to codes: 1 + how many cuts are not above the value, 0 where unknown. `count` is a multiple of 64.
  void (*encode_bytes)(const std::int64_t* values, const std::uint64_t* known, std::size_t count,
                       std::span<const std::int64_t> cuts, std::uint8_t* out);
  void (*encode_words)(const std::int64_t* values, const std::uint64_t* known, std::size_t count,
                       std::span<const std::int64_t> cuts, std::uint16_t* out);
  /// Octets into bit planes, kBlockWords words apart: of `code - 1` so many bits (nothing for code 0), and behind them
  /// whether the code is 0. `count` is a multiple of 64.
  void (*slice_codes)(const std::uint8_t* codes, std::size_t count, unsigned bits, std::uint64_t* planes);
  /// So many bits of each octet, as it is.
  void (*slice_octets)(const std::uint8_t* octets, std::size_t count, unsigned bits, std::uint64_t* planes);
  /// Columns of octets into rows that begin with one of each; `rows` is a multiple of 16.
  void (*lay_octets)(const std::byte* const* columns, std::size_t count, std::size_t rows, std::byte* out,
                     std::size_t row_bytes);
};
const Kernels& kernels(Path path);

namespace detail {
// One translation unit each.
extern const Kernels kPortableKernels;
extern const Kernels kBaselineKernels;
#if defined(__x86_64__)
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;
#endif
}  // namespace detail

}  // namespace zhida::matching::engine
