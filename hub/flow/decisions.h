#pragma once
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "domain/field_catalogue.h"
#include "platform/storage/database.h"

namespace zhida::matching {
class CodeNames;
}

namespace zhida::flow {

/// The SHA-256 of every code table of the folder, as canonical JSON: file name → hex. Error `file_unreadable`.
Result<std::string> code_lists_of(const std::string& mappings_folder);

/// What stands beside the store when a decision is explained; nothing of it can change the answer. Empty: not there.
struct Today {
  const FieldCatalogue* fields = nullptr;      ///< Says how rows become values, for the comparison with the field log.
  std::string code_lists;                      ///< As code_lists_of() gives it.
  const matching::CodeNames* names = nullptr;  ///< For its sentences.
};

/// Why a decision came out as it did, from what is stored alone, and whether the same comes out of it again. `asked` is
/// the number of a case, the business number of one of its payment requests, `USCC/ITEM` for a firm and an item, or
/// the number of one decision. The answer:
///
///     { asked, case, decided_by, identical, decisions: [ { id, purpose, policy, version, evaluated_on,
///       profile_sequence, code_lists, verdict, clauses, amount_fen, amount_trace, trail, replay, … } ] }
///
/// Each decision is evaluated again: the item's stored form (whose SHA-256 is checked) on the facts that it stood on,
/// on its day. The facts are compared with the numbered field log, the whole with the digest in the trail, and a case's
/// sum with its decision. Error `decision_unknown`.
Result<Json> explain_decision(storage::Transaction& transaction, const std::string& asked, const Today& today);

/// The same for people, in Chinese.
std::string decision_to_text(const Json& answer);

}  // namespace zhida::flow
