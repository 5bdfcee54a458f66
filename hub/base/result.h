// The only place that names the library behind Result.
#pragma once
#include <boost/outcome/policy/terminate.hpp>
#include <boost/outcome/result.hpp>
#include <boost/outcome/try.hpp>

#include "base/error.h"

namespace zhida {

/// A value, or the Error that the outside world caused. `return value;` and `return refuse("code", "Sentence.");` both
/// work; `return boost::outcome_v2::success()` is spelled `ok()`.
template <class T>
using Result = boost::outcome_v2::result<T, Error, boost::outcome_v2::policy::terminate>;

inline auto ok() {
  return boost::outcome_v2::success();
}

}  // namespace zhida

/// `const auto x = TRY(f());` gives the value, or returns the error from the enclosing function.
#define TRY(...) __extension__ BOOST_OUTCOME_TRYX(__VA_ARGS__)
/// `CHECK_OK(f());` for results whose value is not needed.
#define CHECK_OK(...) BOOST_OUTCOME_TRYV(__VA_ARGS__)
