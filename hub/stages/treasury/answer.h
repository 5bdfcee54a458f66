// Reading what the treasury wrote: pure.
#pragma once
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "domain/receipt.h"

namespace zhida::treasury {

/// PAY_ANSWER with 1 to 499 details, or PAY_STATEMENT. XML in GBK (UTF-8 and GB18030 are read too, by the declaration).
/// Hardened: no document type, no entities. Errors: those of text::XmlDocument, `answer_malformed` (names detail and
/// element), `answer_unknown_root`.
using TreasuryMessage = std::variant<std::vector<Receipt>, Statement>;
Result<TreasuryMessage> decode_message(const Bytes& body);

}  // namespace zhida::treasury
