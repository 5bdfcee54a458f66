#include "adapters/town/random.h"

namespace zhida::town {

Random Random::stream(std::uint64_t seed, std::string_view purpose, std::uint64_t index) {
  Random mixed(seed);
  std::uint64_t state = mixed.next();
  for (const char letter : purpose) {
    state = Random(state ^ static_cast<unsigned char>(letter)).next();
  }
  return Random(Random(state ^ (index * 0x9E3779B97F4A7C15ull)).next());
}

std::uint64_t Random::next() {
  state_ += 0x9E3779B97F4A7C15ull;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ull;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBull;
  return mixed ^ (mixed >> 31);
}

std::uint64_t Random::below(std::uint64_t bound) {
  return ((next() >> 32) * bound) >> 32;
}

std::int64_t Random::between(std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low + 1)));
}

}  // namespace zhida::town
