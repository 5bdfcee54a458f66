// Who wins when rows and sources disagree. Pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "domain/enterprise_profile.h"
#include "domain/field_catalogue.h"

namespace zhida::profile {

/// What one row of one source says about one field.
struct Candidate {
  ProfileValue value;
  std::string record_key;
  bool unreadable = false;  ///< The row is there, its value is not known: it is no proof of absence.
};

/// A complete list that was seen.
struct Coverage {
  std::string source;
  Date as_of;
  Instant received{};
  std::int64_t record_id = 0;
};

/// The state of one field on the day `on`. Independent of the order of `candidates` and `coverage` (only entries of the
/// field's own list).
///  1. Rows of one source are combined (FieldSpec::combine); an unreadable row makes the source's value unknown, except
///     `any`, where a true stays true.
///  2. Sources whose value is older than fresh_for on `on` are set aside as stale.
///  3. Of the fresh ones the best rank wins; two of that rank that disagree contradict each other: unknown.
///  4. Where no row speaks of the field at all, a fresh coverage gives `when_absent`.
FieldState merge_field(const FieldSpec& field, const std::vector<Candidate>& candidates,
                       const std::vector<Coverage>& coverage, Date on);

/// The last day on which the value is fresh.
Date fresh_until(const FieldSpec& field, Date as_of);

}  // namespace zhida::profile
