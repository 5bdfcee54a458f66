// Who meets what: for each item the set of rows that meet it (T) and of those that may (U), kept as bits where there
// are any and as nothing where there are none.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "domain/entitlement.h"
#include "stages/matching/engine/plan.h"

namespace zhida::matching::engine {

/// The rows of one block for one item. `bits` has a vector of T for each bit of `met`, then one of U for each of
/// `unknown`, in the order of the vectors.
struct ResultPiece {
  std::uint32_t item = 0;
  std::uint32_t block = 0;
  const std::uint64_t* bits = nullptr;
  std::uint8_t met = 0, unknown = 0;  ///< Which of the block's vectors have such rows.
};
static_assert(kVectors <= 8, "A piece names its vectors in one octet.");

/// Where one thread puts what it finds. Room is reused from run to run.
class ResultPart {
 public:
  explicit ResultPart(std::size_t items) : met_(items), unknown_(items) {}
  void clear();

  /// Room for one more piece with all its vectors, until the next call.
  std::uint64_t* room() {
    if (used_ + 2 * kBlockWords > kPageWords || pages_.empty()) next_page();
    return pages_[page_].get() + used_;
  }
  void add(std::uint32_t item, std::uint32_t block, std::uint8_t met, std::uint8_t unknown, std::uint64_t rows_met,
           std::uint64_t rows_unknown) {
    met_[item] += rows_met;
    unknown_[item] += rows_unknown;
    pieces_.push_back({item, block, pages_[page_].get() + used_, met, unknown});
    used_ += kVectorWords * static_cast<std::size_t>(std::popcount(met) + std::popcount(unknown));
  }

  const std::vector<ResultPiece>& pieces() const { return pieces_; }
  const std::vector<std::uint64_t>& met() const { return met_; }
  const std::vector<std::uint64_t>& unknown() const { return unknown_; }
  std::size_t bytes() const;

 private:
  static constexpr std::size_t kPageWords = std::size_t{1} << 18;  ///< 2 MiB.
  struct Free {
    void operator()(std::uint64_t* page) const;
  };
  void next_page();

  std::vector<std::unique_ptr<std::uint64_t[], Free>> pages_;
  std::size_t page_ = 0, used_ = 0;
  std::vector<ResultPiece> pieces_;
  std::vector<std::uint64_t> met_, unknown_;
};

/// The outcome of a run over all rows.
class Results {
 public:
  void prepare(std::size_t items, std::size_t parts);
  ResultPart& part(std::size_t number) { return *parts_[number]; }
  /// Call once after all parts are filled.
  void close();

  std::uint64_t met(std::uint32_t item) const { return met_[item]; }
  std::uint64_t unknown(std::uint32_t item) const { return unknown_[item]; }
  std::uint64_t met() const;
  std::uint64_t unknown() const;
  /// The pieces of one item in the order of the blocks.
  const std::vector<std::uint32_t>& item_pieces(std::uint32_t item) const { return by_item_[item]; }
  const ResultPiece& piece(std::uint32_t number) const { return pieces_[number]; }
  Verdict verdict(std::uint32_t item, std::size_t row) const;
  /// Octets of the bits stored.
  std::size_t bytes() const;
  /// Sorts the pieces by item: needed before item_pieces(), verdict() and for_each().
  void index();

  /// Calls `visit(row, verdict)` for every row that meets the item or may.
  template <class Visit>
  void for_each(std::uint32_t item, const Visit& visit) const {
    for (const auto number : by_item_[item]) {
      const auto& piece = pieces_[number];
      const auto* bits = piece.bits;
      for (const auto& [mask, verdict] :
           {std::pair{piece.met, Verdict::met}, std::pair{piece.unknown, Verdict::unknown}})
        for (unsigned left = mask; left != 0; left &= left - 1) {
          const auto first = piece.block * kBlockRows + static_cast<std::size_t>(std::countr_zero(left)) * 512;
          for (std::size_t word = 0; word < kVectorWords; ++word, ++bits)
            for (auto rows = *bits; rows != 0; rows &= rows - 1)
              visit(first + word * 64 + static_cast<std::size_t>(std::countr_zero(rows)), verdict);
        }
    }
  }

 private:
  std::vector<std::unique_ptr<ResultPart>> parts_;
  std::size_t items_ = 0;
  std::vector<std::uint64_t> met_, unknown_;
  std::vector<ResultPiece> pieces_;
  std::vector<std::vector<std::uint32_t>> by_item_;
};

}  // namespace zhida::matching::engine
