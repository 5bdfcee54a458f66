#pragma once
#include <ostream>
#include <string>
#include <utility>

namespace zhida {

/// A value that must not be seen: prints as ****, and is read only where reveal() is written.
template <class T>
class Secret {
 public:
  Secret() = default;
  explicit Secret(T value) : value_(std::move(value)) {}
  const T& reveal() const { return value_; }
  friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "****"; }

 private:
  T value_{};
};

}  // namespace zhida
