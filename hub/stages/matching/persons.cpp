#include "stages/matching/persons.h"

#include <set>
#include <utility>

#include "platform/crypto/digest.h"
#include "stages/matching/evaluate.h"

namespace zhida::matching {

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
