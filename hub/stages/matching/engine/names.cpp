#include "stages/matching/engine/names.h"

#include <cstring>
#include <functional>

namespace zhida::matching::engine {

void Names::push_back(std::string_view name) {
  if (name.size() == kLength && name.front() != '\0') {
    octets_.insert(octets_.end(), name.begin(), name.end());
    return;
  }
  char place[kLength] = {};
  const auto number = static_cast<std::uint32_t>(others_.size());
  std::memcpy(place + 1, &number, sizeof number);
  octets_.insert(octets_.end(), place, place + kLength);
  others_.emplace_back(name);
}

std::string_view Names::operator[](std::size_t row) const {
  const auto* place = octets_.data() + row * kLength;
  if (*place != '\0') return {place, kLength};
  std::uint32_t number = 0;
  std::memcpy(&number, place + 1, sizeof number);
  return others_[number];
}

std::size_t Names::bytes() const {
  std::size_t out = octets_.capacity() + others_.capacity() * sizeof(std::string);
  for (const auto& name : others_) out += name.capacity();
  return out;
}

std::size_t PlaceIndex::first(std::string_view name) const {
  // The upper half of a product: as even as the hash itself, whatever the number of slots.
  const auto hash = static_cast<std::uint64_t>(std::hash<std::string_view>{}(name)) >> 32;
  return static_cast<std::size_t>(hash * slots_.size() >> 32);
}

}  // namespace zhida::matching::engine
