// Identifiers with check digits that cross the hub's borders. All pure; each rule is tested with the vectors that
// domain/ref collected from published codes.
#pragma once
#include <string>
#include <string_view>

#include "base/money.h"
#include "base/result.h"

namespace zhida {

/// A unified social credit code (统一社会信用代码, GB 32100-2015) in its normal form: 18 characters, upper case.
/// Spaces, hyphens, zero-width characters, full-width and lower-case forms are normalised first. Both check digits must
/// hold: the code's own (position 18) and that of the organisation code inside (positions 9 to 17, GB 11714). Errors:
/// `uscc_missing` (empty or a null word), `uscc_invalid` with the reason (masked, length, a character that is not of
/// the set, organisation check, check digit).
Result<std::string> parse_uscc(std::string_view text);

/// Why a text is no USCC; `none` when it is one.
enum class UsccFault { none, missing, masked, length, character, organisation_check, check_digit };
struct UsccReading {
  UsccFault fault = UsccFault::none;
  std::string normal;  ///< The normal form when fault is none, else the text with blanks removed.
};
UsccReading read_uscc(std::string_view text);

/// An organisation code (组织机构代码, GB 11714): 8 characters and a check character, with or without the hyphen. Gives
/// 9 characters without hyphen. A USCC in the field gives its inner code. Errors `organisation_code_missing`,
/// `organisation_code_invalid`.
Result<std::string> parse_organisation_code(std::string_view text);
/// Positions 9 to 17 of a normal USCC.
std::string organisation_code_of(std::string_view uscc);

/// A registration number of market supervision (注册号, GS 15-2006): 15 digits, ISO 7064 MOD 11,10. The 13 digits used
/// before 2007 have no check digit and are taken as they are. Error `registration_number_invalid`.
Result<std::string> parse_registration_number(std::string_view text);

/// A CNAPS bank number (支付系统行号): 12 digits, bank 3, area 4, branch 4, check 1 by ISO 7064 MOD 11,10. No official
/// text of the check rule was seen; it holds for all published numbers known to us. Error `bank_number_invalid`.
Result<std::string> parse_bank_number(std::string_view text);

/// True when the digits pass the Luhn check of ISO/IEC 7812 (bank cards). Accounts of firms carry no such digit.
bool passes_luhn(std::string_view digits);

/// The amount in words as vouchers want it (正确填写票据和结算凭证的基本规定): `人民币壹仟肆佰零玖元伍角`; 整 after a
/// whole yuan only. Negative amounts and those from one trillion yuan (万亿) on: error `amount_not_in_words`.
Result<std::string> rmb_in_words(Money amount);

}  // namespace zhida
