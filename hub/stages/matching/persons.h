#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "domain/enterprise_profile.h"
#include "stages/matching/policy.h"

namespace zhida::matching {

/// A person of a firm's list: what is known of the person, under a salted digest. The number itself is never kept.
struct PersonRow {
  std::string digest;
  std::map<std::string, FieldState> fields;
};

/// An identity number (公民身份号码, GB 11643-1999) in its normal form: 18 characters, the last may be X. Blanks and a
/// small x are normalised first. Error `identity_number_invalid`, which never repeats the number.
Result<std::string> parse_identity_number(std::string_view text);

/// HMAC-SHA-256 of the identity number under the place's salt, hex: the same person gives the same digest, and without
/// the salt nobody finds the number by trying all of them.
std::string person_digest(ByteView salt, std::string_view identity_number);

/// How a list of persons came out.
struct PersonTally {
  std::int64_t counted = 0;      ///< Meet the conditions and were not used before.
  std::int64_t used_before = 0;  ///< Had the benefit already, here or elsewhere; also a second row of one person.
  std::int64_t not_met = 0;
  std::int64_t unknown = 0;
  std::vector<std::string> digests;  ///< Of those counted: kept for the rule's `keep_months` once the benefit is paid.
  /// The firm's field: the count, or unknown while a person is.
  FieldState state(Date day) const;
};

/// Judges each person by itself; its conditions may ask for fields of the firm too. `used(digest, benefit)` says
/// whether the person had the benefit before. Pure.
PersonTally tally_persons(const Policy& policy, const PersonCount& rule, const EnterpriseProfile& firm,
                          std::span<const PersonRow> persons,
                          const std::function<bool(const std::string& digest, const std::string& benefit)>& used,
                          Date day);
/// The firm with what is known of one of its persons.
EnterpriseProfile with_person(const EnterpriseProfile& firm, const PersonRow& person);

}  // namespace zhida::matching
