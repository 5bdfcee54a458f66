#pragma once
#include <set>
#include <string>

namespace zhida::flow {

/// What asking sources anew about one firm came to.
struct FreshPull {
  std::set<std::string> asked;   ///< Answered, and what they said is in the profile.
  std::set<std::string> silent;  ///< Did not answer. Sources that cannot be asked about one firm are in neither.
};

}  // namespace zhida::flow
