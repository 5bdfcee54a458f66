#pragma once
#include <string>
#include <utility>

namespace zhida {

/// What should become of the message or call that met an error.
enum class Fate {
  refuse,  ///< It will fail again: keep it, name it, go on with the next.
  retry,   ///< The world may change (a peer is away, a lock is held): try again later.
};

/// Anything that the outside world can cause. A broken promise of our own is a ZHIDA_ASSERT instead.
struct Error {
  std::string code;     ///< Stable, snake_case, for machines: `seal_wrong`, `field_missing`.
  std::string message;  ///< One sentence for people; says where and, if possible, what to do.
  Fate fate = Fate::refuse;
};

inline Error refuse(std::string code, std::string message) {
  return Error{std::move(code), std::move(message), Fate::refuse};
}
inline Error retry(std::string code, std::string message) {
  return Error{std::move(code), std::move(message), Fate::retry};
}

}  // namespace zhida
