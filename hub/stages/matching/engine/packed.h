// Typed values where nobody looks often: a block of a column in as few octets as its values need.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "stages/matching/engine/plan.h"

namespace zhida::matching::engine {

/// kBlockRows numbers, known or not. A known one is kept as its distance from the least, 0 stands for unknown; all take
/// as many octets as the greatest distance does, and none where nothing is known. Whole octets, so that a change is
/// written without reading what stands there: the firm of an event is far away in memory. Any number can be put in at
/// any time: one that lies too far out makes the block wider, each time by an octet at least, so that it seldom
/// happens.
class PackedBlock {
 public:
  PackedBlock() = default;
  /// `known` has a bit for each value; what stands beside an unset one does not matter.
  PackedBlock(const std::int64_t* values, const std::uint64_t* known);

  std::optional<std::int64_t> get(std::size_t row) const {
    if (raw_) return raw_get(row);
    if (width_ == 0) return std::nullopt;
    const auto stored = field(row);
    if (stored == 0) return std::nullopt;
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(base_) + stored - 1);
  }
  void set(std::size_t row, std::optional<std::int64_t> value);
  /// The values, 0 where unknown, and their known bits.
  void unpack(std::int64_t* values, std::uint64_t* known) const;
  std::size_t bytes() const { return sizeof *this + octets_.capacity(); }
  /// Asks for the memory of one value ahead of its use.
  void prefetch(std::size_t row) const {
    if (!octets_.empty()) __builtin_prefetch(octets_.data() + row * width_, 1);
  }

 private:
  std::uint64_t widest() const { return ~std::uint64_t{0} >> (64 - 8 * width_); }
  std::uint64_t field(std::size_t row) const {
    const auto* octet = octets_.data() + row * width_;
    std::uint64_t out = 0;
    for (unsigned i = 0; i < width_; ++i) out |= std::uint64_t{octet[i]} << (8 * i);
    return out;
  }
  void put_field(std::size_t row, std::uint64_t stored) {
    auto* octet = octets_.data() + row * width_;
    for (unsigned i = 0; i < width_; ++i) octet[i] = static_cast<std::uint8_t>(stored >> (8 * i));
  }
  std::optional<std::int64_t> raw_get(std::size_t row) const;
  void raw_set(std::size_t row, std::optional<std::int64_t> value);
  /// Room that is left over lies on both sides of the values; with `below`, all of it below the least.
  void fill(const std::int64_t* values, const std::uint64_t* known, bool below);

  std::int64_t base_ = 0;
  std::uint8_t width_ = 0;  ///< Octets a value.
  bool raw_ = false;        ///< Values that lie too far apart for a distance: as they are, and behind them known bits.
  std::vector<std::uint8_t> octets_;
};

}  // namespace zhida::matching::engine
