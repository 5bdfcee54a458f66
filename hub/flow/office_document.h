// What a department decided, as the octets that its seal is put under: pure.
#pragma once
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "domain/benefit_case.h"

namespace zhida::flow {

inline constexpr const char* kOfficeDocumentKind = "approval_decision";  ///< What the seal's holder allowed.
inline constexpr const char* kOfficeDocumentMedia = "application/vnd.zhida.office-decision+json";

/// Decisions that are not in the book of reviews (a releaser's no, what became of an objection) have steps from here.
inline constexpr std::int64_t kStepsBeside = 1000;
inline constexpr const char* kObjectionHand = "objection";

/// One look that a department took at a case, as the book of reviews has it; or a decision beside that book.
struct OfficeStep {
  std::int64_t round = 1, step = 0;
  std::string department, hand;  ///< `科技局`, `maker`
  std::string decision;          ///< `agree`, `refuse`
  std::string reason, actor;     ///< `user:zhang`
  Instant at{};
  /// What it settles: the objection's id, and `upheld` or `dismissed`. `decision` says what follows for the case.
  std::string objection{}, objection_decision{};
};

/// SM3 (hex) over the canonical JSON {"account_no","bank_name","bank_no","name"}: binds the account without showing it.
Result<std::string> payee_digest(const PayeeAccount& payee);

/// Canonical JSON {"kind":"office_decision","version":1,…}, described in docs/seal.md. Error `json_not_canonical`.
Result<Bytes> office_document(const BenefitCase& benefit_case, const OfficeStep& step);

/// The same step of the same case always has the same one for the same holder (empty: the department): whoever is asked
/// twice knows it.
std::string office_message_id(const CaseId& id, const OfficeStep& step, const std::string& holder);

}  // namespace zhida::flow
