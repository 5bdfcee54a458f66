// Numbers with check digits, made and checked here without the hub's own code: the town is its independent witness.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace zhida::town {

/// Check character of an organisation code (GB 11714: weights 3 7 9 10 5 8 4 2, 11 - sum mod 11; 10 is X, 11 is 0) over
/// its first eight characters.
char organisation_check(std::string_view eight);
/// Check character of a unified social credit code (GB 32100-2015: weights 3^i mod 31, 31 - sum mod 31) over its
/// first 17.
char uscc_check(std::string_view seventeen);
/// 18 characters, the alphabet without I O S V Z, and both check characters.
bool is_uscc(std::string_view text);
/// `91`, division `330502`, eight characters of an organisation number → the whole code.
std::string make_uscc(std::string_view kind, std::string_view division, std::string_view eight);
/// ISO 7064 MOD 11,10 over digits: registration numbers (GS 15-2006) and bank numbers end in it.
char mod_11_10_check(std::string_view digits);
/// A 15-digit registration number of before 2015.
std::string make_registration_number(std::string_view division, std::int64_t serial);
/// A 12-digit bank number: bank 3, area 4, branch 4, check 1.
std::string make_bank_number(std::string_view bank, std::string_view area, std::int64_t branch);

/// `7` with width 3 → `007`.
std::string padded(std::int64_t number, int width);

}  // namespace zhida::town
