#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "platform/storage/database.h"
#include "stages/matching/persons.h"

// SQL and nothing else: the table person_row.
namespace zhida::matching {

/// A person of a firm's list, as it is kept.
struct KeptPerson {
  std::string uscc;
  std::string list;  ///< The item that the list was handed in for.
  PersonRow person;
  Date as_of;
  std::string source;
  Date keep_until;
};
/// True when the row is new or says something else than before.
Result<bool> keep_person(storage::Transaction& transaction, const KeptPerson& row);
/// Removes the rows of the firm's list that are not among `digests`: the list was handed in anew. Gives how many.
Result<std::int64_t> drop_persons(storage::Transaction& transaction, const std::string& uscc, const std::string& list,
                                  const std::vector<std::string>& digests);
/// In order of their digests; an identity that comes twice is one row.
Result<std::vector<PersonRow>> load_persons(storage::Transaction& transaction, const std::string& uscc,
                                            const Policy& policy);
/// Firms whose lists name one of the persons who were claimed or paid for under the reference.
Result<std::vector<std::string>> firms_sharing_persons(storage::Transaction& transaction, const std::string& reference);

}  // namespace zhida::matching
