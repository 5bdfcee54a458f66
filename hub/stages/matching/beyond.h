#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "domain/entitlement.h"

// What follows for an entitlement from what is beyond one firm and one item: an exclusive group, a rank, a pool, data
// that nobody confirmed. Pure: whoever decides it and whoever repeats the decision later do the same.
namespace zhida::matching {

/// Items whose data nobody confirmed as they are now, and the titles of the fields.
using HeldBack = std::map<PolicyId, std::vector<std::string>>;

/// Whether a clause of an outcome comes from there, and not from evaluate().
bool is_beyond(std::string_view clause_id);  // `exclusive`, `rank`, `pool`, `data_confirmed`
/// It is lost, or open: no sum any more.
void take_away(Entitlement& entitlement, Verdict verdict);
/// What decides comes from elsewhere, or grows stale later, than was confirmed: `titles` of these fields. Nothing
/// follows from it until it is confirmed; who does not meet the item does not.
void hold_back(Entitlement& entitlement, const std::vector<std::string>& titles);
/// Pays `given` of it, its parts in their order.
void reduce_to(Entitlement& entitlement, Money given);

}  // namespace zhida::matching
