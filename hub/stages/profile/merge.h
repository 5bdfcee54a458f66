// Who wins when rows and sources disagree. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "domain/enterprise_profile.h"
#include "domain/field_catalogue.h"

namespace zhida::profile {

/// What one row of one source says about one field.
struct Candidate {
  /// nothing: the row is there and says nothing of this field (a blank cell); it is no proof of absence.
  /// unreadable: the row changed into something that cannot be read.
  enum class Kind { value, nothing, unreadable };
  Kind kind = Kind::value;
  ProfileValue value;  ///< `data` is meaningless unless kind is value.
  std::string record_key;
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
///  1. A source with an unreadable row has no value: it is known that the row changed, not to what.
///  2. Rows older than fresh_for on `on` are set aside as stale; the fresh rows of one source are combined. `latest`:
///  the
///     newest as_of; if its rows do not all say the same the source contradicts itself. `sum`: a row that says nothing
///     makes the sum unknown. The others leave such rows out; with none left there is no value.
///  3. The best rank that has a value or a contradiction decides; two sources of that rank that disagree contradict
///     each other: unknown.
///  4. Where no row speaks of the field at all, a fresh coverage gives `when_absent`.
FieldState merge_field(const FieldSpec& field, const std::vector<Candidate>& candidates,
                       const std::vector<Coverage>& coverage, Date on);

/// Whether a value of that day is still fresh on the day `on`.
bool is_fresh(const FieldSpec& field, Date as_of, Date on);

}  // namespace zhida::profile
