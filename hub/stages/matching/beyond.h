#pragma once
#include <string_view>

#include "domain/entitlement.h"

// What follows for an entitlement from what is beyond one firm and one item: an exclusive group, a rank, a pool. Pure:
// whoever decides it and whoever repeats the decision later do the same.
namespace zhida::matching {

/// Whether a clause of an outcome comes from there, and not from evaluate().
bool is_beyond(std::string_view clause_id);  // `exclusive`, `rank`, `pool`
/// It is lost, or open: no sum any more.
void take_away(Entitlement& entitlement, Verdict verdict);
/// Pays `given` of it, its parts in their order.
void reduce_to(Entitlement& entitlement, Money given);

}  // namespace zhida::matching
