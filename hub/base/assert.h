#pragma once

namespace zhida::detail {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}

/// A promise of our own. Broken means a bug: the process stops (what was committed is safe, the rest is done again).
#define ZHIDA_ASSERT(expression) \
  ((expression) ? (void)0 : ::zhida::detail::assertion_failed(#expression, __FILE__, __LINE__))
