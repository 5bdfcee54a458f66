// Chinese words for states and codes, and how personal data is shown.
#pragma once
#include <string>
#include <string_view>

#include "domain/entitlement.h"

namespace zhida::console {

const char* to_text(Channel channel);  ///< `appropriation`, `social_insurance_fund`, `relief`

/// The word for a code of one kind; the code itself where there is none.
enum class Kind {
  case_state,
  payment_state,
  verdict,
  field_state,
  action,
  step,
  event,
  source,
  channel,
  tranche,
  quarantine,
  message,
  role
};
std::string word(Kind kind, std::string_view code);

/// Keeps the first character, for names: `张**`.
std::string masked_text(std::string_view utf8);
/// Keeps the last four digits, whatever was written: `****0019`.
std::string masked_account(std::string_view account);
/// Octets of a stranger as text: UTF-8 stays, everything else and control characters become `\xNN`.
std::string shown_bytes(std::string_view bytes);
/// `1234567.00` → `1,234,567.00`
std::string grouped(std::string_view decimal);

}  // namespace zhida::console
