#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace zhida::town {

/// splitmix64 (Steele, Lea, Flood 2014): one 64-bit state, the same numbers on every machine. The distributions of
/// <random> differ between standard libraries, so the town has its own.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  /// An independent stream: what one firm draws never moves another firm's numbers.
  static Random stream(std::uint64_t seed, std::string_view purpose, std::uint64_t index = 0);

  std::uint64_t next();
  /// 0 … bound-1; bound > 0. Multiply-shift; its bias is below 2^-32 for the small bounds in use.
  std::uint64_t below(std::uint64_t bound);
  /// low … high, both included.
  std::int64_t between(std::int64_t low, std::int64_t high);
  bool percent(unsigned chance) { return below(100) < chance; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[static_cast<std::size_t>(below(from.size()))];
  }
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t left = items.size(); left > 1; --left) {
      std::swap(items[left - 1], items[static_cast<std::size_t>(below(left))]);
    }
  }

 private:
  std::uint64_t state_;
};

}  // namespace zhida::town
