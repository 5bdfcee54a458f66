// Which firm stands in which place, and the other way round, in some thirty octets a firm.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zhida::matching::engine {

/// The names of the firms of one partition, by row: side by side, eighteen octets each, as the code of GB 32100 has.
/// Names of any other length are kept apart.
class Names {
 public:
  static constexpr std::size_t kLength = 18;
  void reserve(std::size_t firms) { octets_.reserve(firms * kLength); }
  void push_back(std::string_view name);
  /// Until the next push_back().
  std::string_view operator[](std::size_t row) const;
  std::size_t size() const { return octets_.size() / kLength; }
  std::size_t bytes() const;

 private:
  std::vector<char> octets_;
  std::vector<std::string> others_;  // Their place begins with a 0 and goes on with their number.
};

/// Where a firm stands: partition and row.
struct Place {
  std::uint32_t shard = 0, row = 0;
};

/// Places by name. It holds no names itself: `name_of(place)` says them.
class PlaceIndex {
 public:
  static constexpr std::uint32_t kRowBits = 16;
  static constexpr std::uint32_t kShardsMax = (1u << (32 - kRowBits)) - 1;

  std::size_t size() const { return size_; }
  std::size_t bytes() const { return slots_.capacity() * sizeof(std::uint32_t); }

  template <class NameOf>
  std::optional<Place> find(std::string_view name, const NameOf& name_of) const {
    if (slots_.empty()) return std::nullopt;
    for (auto at = first(name);; at = at + 1 == slots_.size() ? 0 : at + 1) {
      if (slots_[at] == 0) return std::nullopt;
      const auto place = place_of(slots_[at]);
      if (name_of(place) == name) return place;
    }
  }
  /// False, and nothing is changed, where the name has a place already.
  template <class NameOf>
  bool add(std::string_view name, Place place, const NameOf& name_of) {
    if (find(name, name_of)) return false;
    if ((size_ + 1) * 6 > slots_.size() * 5) grow(name_of);
    put(name, slot_of(place));
    ++size_;
    return true;
  }

 private:
  static std::uint32_t slot_of(Place place) { return (place.shard << kRowBits | place.row) + 1; }
  static Place place_of(std::uint32_t slot) { return {(slot - 1) >> kRowBits, (slot - 1) & ((1u << kRowBits) - 1)}; }
  std::size_t first(std::string_view name) const;
  void put(std::string_view name, std::uint32_t slot) {
    auto at = first(name);
    while (slots_[at] != 0) at = at + 1 == slots_.size() ? 0 : at + 1;
    slots_[at] = slot;
  }
  template <class NameOf>
  void grow(const NameOf& name_of) {
    const auto old = std::exchange(slots_, std::vector<std::uint32_t>(slots_.size() + slots_.size() / 2 + 64));
    for (const auto slot : old)
      if (slot != 0) put(name_of(place_of(slot)), slot);
  }

  std::vector<std::uint32_t> slots_;  // 0: free; at most five in six are taken.
  std::size_t size_ = 0;
};

}  // namespace zhida::matching::engine
