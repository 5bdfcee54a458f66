// What today's data say of a case that was approved: judged inside the transaction that acts on it.
#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "flow/fresh_pull.h"
#include "flow/rooms.h"
#include "stages/casework/casework_stage.h"
#include "stages/matching/decision.h"
#include "stages/matching/together_stage.h"
#include "stages/payment/payment_stage.h"

namespace zhida::flow {

/// The sources that can say something about the fields which the item wants fetched anew: those that fields.yaml ranks,
/// those that said something of this firm before, and for derived fields those of what they are made of.
Result<std::set<std::string>> sources_to_ask(storage::Transaction& transaction, const Rooms& rooms,
                                             const std::string& uscc, const PolicyId& policy);

/// Which rows of the answers could not be understood and may say something of the fields which the item wants fetched
/// anew, as a sentence for people; empty: none. A row counts until it is settled: a newer one can be read, it was
/// replayed, or a person discarded it.
Result<std::string> not_understood(storage::Transaction& transaction, const Rooms& rooms, const PolicyId& policy,
                                   const std::vector<PutAside>& rows);

struct FreshLook {
  payment::FreshFacts facts;
  /// For people: which clauses are not met or unknown, and which values are others than those that the case stood on.
  std::string reason;
  std::vector<matching::PersonClaim> claims;  ///< The persons behind the sum.
  /// What is kept of it; nullopt where the item is not in force any more: then nothing was evaluated.
  std::optional<matching::Decision> decision;
};

/// Judges the case's item anew on the profile as the store has it now. Error `policy_set_changed` (retry) in the moment
/// between the commit of another set of items and its being in the book.
Result<FreshLook> look_afresh(storage::Transaction& transaction, const Rooms& rooms, const casework::Work& work);

}  // namespace zhida::flow
