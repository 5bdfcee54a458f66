#include "stages/matching/engine/results.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <numeric>

namespace zhida::matching::engine {

void ResultPart::Free::operator()(std::uint64_t* page) const {
  std::free(page);
}

void ResultPart::clear() {
  page_ = 0;
  used_ = 0;
  pieces_.clear();
  std::ranges::fill(met_, 0);
  std::ranges::fill(unknown_, 0);
}

void ResultPart::next_page() {
  if (!pages_.empty()) ++page_;
  used_ = 0;
  if (page_ < pages_.size()) return;
  auto* page = static_cast<std::uint64_t*>(std::aligned_alloc(std::size_t{1} << 21, kPageWords * 8));
  if (page == nullptr) throw std::bad_alloc();
  pages_.emplace_back(page);
}

std::size_t ResultPart::bytes() const {
  std::size_t out = 0;
  for (const auto& piece : pieces_)
    out += kVectorWords * 8 * static_cast<std::size_t>(std::popcount(piece.met) + std::popcount(piece.unknown));
  return out;
}

void Results::prepare(std::size_t items, std::size_t parts) {
  if (items != items_) parts_.clear();
  items_ = items;
  while (parts_.size() < parts) parts_.push_back(std::make_unique<ResultPart>(items));
  for (auto& part : parts_) part->clear();
  met_.assign(items, 0);
  unknown_.assign(items, 0);
  pieces_.clear();
  by_item_.clear();
}

void Results::close() {
  for (const auto& part : parts_)
    for (std::size_t i = 0; i < items_; ++i) {
      met_[i] += part->met()[i];
      unknown_[i] += part->unknown()[i];
    }
}

void Results::index() {
  pieces_.clear();
  by_item_.assign(items_, {});
  for (const auto& part : parts_) pieces_.insert(pieces_.end(), part->pieces().begin(), part->pieces().end());
  for (std::uint32_t i = 0; i < pieces_.size(); ++i) by_item_[pieces_[i].item].push_back(i);
  for (auto& list : by_item_) std::ranges::sort(list, {}, [&](std::uint32_t number) { return pieces_[number].block; });
}

std::uint64_t Results::met() const {
  return std::accumulate(met_.begin(), met_.end(), std::uint64_t{0});
}

std::uint64_t Results::unknown() const {
  return std::accumulate(unknown_.begin(), unknown_.end(), std::uint64_t{0});
}

std::size_t Results::bytes() const {
  std::size_t out = 0;
  for (const auto& part : parts_) out += part->bytes();
  return out;
}

Verdict Results::verdict(std::uint32_t item, std::size_t row) const {
  const auto& list = by_item_[item];
  const auto block = static_cast<std::uint32_t>(row / kBlockRows);
  const auto found =
      std::ranges::lower_bound(list, block, {}, [&](std::uint32_t number) { return pieces_[number].block; });
  if (found == list.end() || pieces_[*found].block != block) return Verdict::not_met;
  const auto& piece = pieces_[*found];
  const auto vector = row % kBlockRows / 512;
  const auto below = static_cast<std::uint8_t>((1u << vector) - 1);
  const auto* met =
      piece.bits + kVectorWords * static_cast<std::size_t>(std::popcount(std::uint8_t(piece.met & below)));
  const auto* unknown =
      piece.bits + kVectorWords * static_cast<std::size_t>(std::popcount(piece.met) +
                                                           std::popcount(std::uint8_t(piece.unknown & below)));
  const auto word = row % 512 / 64, bit = row % 64;
  if ((piece.met >> vector & 1) != 0 && (met[word] >> bit & 1) != 0) return Verdict::met;
  if ((piece.unknown >> vector & 1) != 0 && (unknown[word] >> bit & 1) != 0) return Verdict::unknown;
  return Verdict::not_met;
}

}  // namespace zhida::matching::engine
