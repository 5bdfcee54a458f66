#pragma once
#include <string>

#include "base/json.h"
#include "domain/entitlement.h"
#include "stages/matching/policy.h"

namespace zhida {
struct FieldSpec;
}

namespace zhida::matching {

class CodeNames;

// Where `names` is given, industries and regions are called by name, with the code behind it; what is stored or sealed
// is made without.

/// A value as people read it: `10万元`, `5.5%`, `12月`, `是`, `2025-04-01`.
std::string people_text(const FieldData& data, FieldType type, const std::string& unit);
/// The same of a field of the catalogue; a code by its Chinese word.
std::string people_text(const FieldData& data, const FieldSpec& field, const CodeNames* names = nullptr);
/// A code of a field by the Chinese word that the item knows it by; else the code.
std::string code_text(const Policy& policy, const std::string& field, const std::string& code,
                      const CodeNames* names = nullptr);

/// The whole item as Chinese text, made from the policy alone: what it asks, what it gives, what happens then, and
/// what of it is a local setting. Several lines, each ending with a newline.
std::string render(const Policy& policy, const CodeNames* names = nullptr);

/// A clause with all that is known of its outcome, for programs.
Json clause_json(const ClauseVerdict& clause);
/// One clause as a sentence: `参加失业保险满12个月：不符合（现为10月，要求≥12月，差2月；社保，2025-10-31）`.
std::string explain_clause(const Policy& policy, const ClauseVerdict& verdict, const CodeNames* names = nullptr);

/// Why the firm may or may not receive it, clause by clause, with the amount's trace. Several lines.
std::string explain(const Policy& policy, const Entitlement& entitlement, const CodeNames* names = nullptr);

}  // namespace zhida::matching
