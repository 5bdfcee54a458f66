#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace zhida::detail {

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: a promise of the program is broken: %s\n", file, line, expression);
  std::abort();
}

}  // namespace zhida::detail
