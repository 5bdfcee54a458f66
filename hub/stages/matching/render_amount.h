// Inside stages/matching only: the parts of an item's Chinese text that explain.cpp does not make itself.
#pragma once
#include <string>

#include "stages/matching/policy.h"

namespace zhida::matching {

class CodeNames;

/// What the item says besides its conditions: kind, derived fields, region data, persons, ranking, pool, relations.
void render_item(const Policy& policy, const CodeNames* names, std::string& out);
/// What it gives.
void render_amount(const Policy& policy, const CodeNames* names, std::string& out);
/// One clause in a line, its parts joined by 且, 或, 非: for tiers and multipliers.
std::string clause_line(const Policy& policy, const Clause& clause, const CodeNames* names);
/// What a condition asks of its field: `≥12月`.
std::string demand_text(const Policy& policy, const Clause& clause, const CodeNames* names);
std::string title_of(const Policy& policy, const std::string& field);

}  // namespace zhida::matching
