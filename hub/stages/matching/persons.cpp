#include "stages/matching/persons.h"

#include <set>
#include <utility>

#include "platform/crypto/digest.h"
#include "stages/matching/evaluate.h"

namespace zhida::matching {

Result<std::string> parse_identity_number(std::string_view text) {
  std::string number;
  for (const char c : text)
    if (c != ' ' && c != '\t') number += c == 'x' ? 'X' : c;
  const auto wrong = [](const char* why) {
    return refuse("identity_number_invalid", std::string("This is no identity number: ") + why + ".");
  };
  if (number.size() != 18) return wrong("it has not 18 characters");
  // ISO 7064 MOD 11-2: the weights are powers of two modulo eleven, from the right.
  int sum = 0;
  static constexpr int kWeights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
  for (std::size_t i = 0; i < 17; ++i) {
    if (number[i] < '0' || number[i] > '9') return wrong("a character is no digit");
    sum += (number[i] - '0') * kWeights[i];
  }
  if (number[17] != "10X98765432"[sum % 11]) return wrong("its check character does not hold");
  const auto digits = [&](std::size_t from, std::size_t count) { return std::stoi(number.substr(from, count)); };
  if (!Date::from_ymd(digits(6, 4), digits(10, 2), digits(12, 2))) return wrong("its day of birth does not exist");
  return number;
}

std::string person_digest(ByteView salt, std::string_view identity_number) {
  return to_hex(crypto::hmac_sha256(salt, identity_number));
}

FieldState PersonTally::state(Date day) const {
  FieldState out;
  if (unknown > 0) return out;
  ProfileValue value;
  value.data = counted;
  value.source = "persons";
  value.as_of = day;
  out.value = std::move(value);
  return out;
}

EnterpriseProfile with_person(const EnterpriseProfile& firm, const PersonRow& person) {
  auto out = firm;
  for (const auto& [name, state] : person.fields) out.fields.insert_or_assign(name, state);
  return out;
}

PersonTally tally_persons(const Policy& policy, const PersonCount& rule, const EnterpriseProfile& firm,
                          std::span<const PersonRow> persons,
                          const std::function<bool(const std::string& digest, const std::string& benefit)>& used,
                          Date day) {
  PersonTally out;
  std::set<std::string> seen;
  for (const auto& person : persons) {
    const auto facts = with_person(firm, person);
    const auto verdict = evaluate_clause(rule.when, Facts(policy, facts, day));
    if (verdict == Verdict::not_met) {
      ++out.not_met;
    } else if (verdict == Verdict::unknown) {
      ++out.unknown;
    } else if (!seen.insert(person.digest).second || (!rule.benefit.empty() && used(person.digest, rule.benefit))) {
      ++out.used_before;
    } else {
      ++out.counted;
      out.digests.push_back(person.digest);
    }
  }
  return out;
}

}  // namespace zhida::matching
