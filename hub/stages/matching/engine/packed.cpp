#include "stages/matching/engine/packed.h"

#include <algorithm>
#include <array>
#include <bit>

namespace zhida::matching::engine {
namespace {

bool bit_of(const std::uint64_t* known, std::size_t row) {
  return (known[row / 64] >> (row % 64) & 1) != 0;
}

/// How far apart two numbers are; never negative where `low` is the lesser.
std::uint64_t distance(std::int64_t low, std::int64_t high) {
  return static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
}

}  // namespace

PackedBlock::PackedBlock(const std::int64_t* values, const std::uint64_t* known) {
  fill(values, known, false);
}

void PackedBlock::fill(const std::int64_t* values, const std::uint64_t* known, bool below) {
  std::int64_t least = INT64_MAX, greatest = INT64_MIN;
  for (std::size_t row = 0; row < kBlockRows; ++row) {
    if (!bit_of(known, row)) continue;
    least = std::min(least, values[row]);
    greatest = std::max(greatest, values[row]);
  }
  raw_ = false;
  width_ = 0;
  octets_ = std::vector<std::uint8_t>();
  if (least > greatest) return;
  const auto range = distance(least, greatest);
  raw_ = range >= UINT64_MAX / 2;
  if (raw_) {
    width_ = 8;
    octets_ = std::vector<std::uint8_t>(kBlockRows * 8 + kBlockRows / 8);
    for (std::size_t row = 0; row < kBlockRows; ++row)
      if (bit_of(known, row)) raw_set(row, values[row]);
    return;
  }
  width_ = static_cast<std::uint8_t>((std::bit_width(range + 1) + 7) / 8);
  base_ = least;
  const auto spare = std::min(widest() - 1 - range, distance(INT64_MIN, least));
  // Room on both sides, so that a value that drifts seldom makes it wider; below 0 only where a number is already.
  auto under = spare;
  if (!below) under = least < 0 ? spare / 2 : std::min(spare / 2, static_cast<std::uint64_t>(least));
  base_ = static_cast<std::int64_t>(static_cast<std::uint64_t>(least) - under);
  octets_ = std::vector<std::uint8_t>(kBlockRows * width_);
  for (std::size_t row = 0; row < kBlockRows; ++row)
    if (bit_of(known, row)) put_field(row, distance(base_, values[row]) + 1);
}

std::optional<std::int64_t> PackedBlock::raw_get(std::size_t row) const {
  if ((octets_[kBlockRows * 8 + row / 8] >> (row % 8) & 1) == 0) return std::nullopt;
  return static_cast<std::int64_t>(field(row));
}

void PackedBlock::raw_set(std::size_t row, std::optional<std::int64_t> value) {
  put_field(row, static_cast<std::uint64_t>(value.value_or(0)));
  auto& known = octets_[kBlockRows * 8 + row / 8];
  const auto bit = 1u << (row % 8);
  known = static_cast<std::uint8_t>(value ? known | bit : known & ~bit);
}

void PackedBlock::set(std::size_t row, std::optional<std::int64_t> value) {
  if (raw_) return raw_set(row, value);
  if (!value) return put_field(row, 0);
  const bool below = width_ != 0 && *value < base_;
  if (width_ != 0 && !below && distance(base_, *value) < widest()) return put_field(row, distance(base_, *value) + 1);
  std::array<std::int64_t, kBlockRows> values;
  std::array<std::uint64_t, kBlockWords> known;
  unpack(values.data(), known.data());
  values[row] = *value;
  known[row / 64] |= std::uint64_t{1} << (row % 64);
  fill(values.data(), known.data(), below);
}

void PackedBlock::unpack(std::int64_t* values, std::uint64_t* known) const {
  std::fill_n(known, kBlockWords, std::uint64_t{0});
  for (std::size_t row = 0; row < kBlockRows; ++row) {
    const auto value = get(row);
    known[row / 64] |= static_cast<std::uint64_t>(value.has_value()) << (row % 64);
    values[row] = value.value_or(0);
  }
}

}  // namespace zhida::matching::engine
