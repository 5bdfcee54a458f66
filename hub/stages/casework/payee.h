// The account to pay to: pure checks.
#pragma once
#include <optional>
#include <string>

#include "domain/benefit_case.h"
#include "domain/policy_handling.h"

namespace zhida::casework {

/// CNAPS number of a bank branch: 12 digits, the last a check digit (ISO 7064 MOD 11,10 holds for every published
/// number we know of; no official text was seen, so a place may switch this check off by mapping its own list).
bool bank_number_is_valid(const std::string& bank_no);

/// nullopt: the account passes. Else one sentence (Chinese, for the firm) that says what is wrong. The first rule that
/// fails is reported: account number present and made of 5–42 digits or hyphens, bank named, bank number valid, name
/// as the rule wants it. An account number is never refused for its Luhn digit: corporate accounts have none.
std::optional<std::string> payee_problem(const PayeeAccount& payee, const std::string& enterprise_name, PayeeRule rule);

}  // namespace zhida::casework
