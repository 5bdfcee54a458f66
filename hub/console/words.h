// How numbers and personal data are shown. Words for codes: domain/words.h.
#pragma once
#include <string>
#include <string_view>

#include "domain/entitlement.h"
#include "domain/words.h"

namespace zhida::console {

const char* to_text(Channel channel);  ///< `appropriation`, `social_insurance_fund`, `relief`

/// Keeps the first character, for names: `张**`.
std::string masked_text(std::string_view utf8);
/// Keeps the last four digits, whatever was written: `****0019`.
std::string masked_account(std::string_view account);
/// Octets of a stranger as text: UTF-8 stays, everything else and control characters become `\xNN`.
std::string shown_bytes(std::string_view bytes);
/// `1234567.00` → `1,234,567.00`
std::string grouped(std::string_view decimal);

}  // namespace zhida::console
