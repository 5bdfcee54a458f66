#pragma once
#include <set>
#include <string>
#include <vector>

#include "domain/source_record.h"

namespace zhida::flow {

/// A row of a source's answer that could not be understood and went to the quarantine.
struct PutAside {
  std::string source, batch_id;
  RecordOutcome outcome;
};

/// What asking sources anew about one firm came to.
struct FreshPull {
  std::set<std::string> asked;      ///< Answered, and what they said is in the profile.
  std::set<std::string> silent;     ///< Did not answer. Sources that cannot be asked about one firm are in neither.
  std::vector<PutAside> put_aside;  ///< Of all that was answered: the profile does not know what these say.
};

}  // namespace zhida::flow
