// The profile in the database: SQL and nothing else.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "domain/enterprise_profile.h"
#include "domain/field_catalogue.h"
#include "domain/mapped_record.h"
#include "platform/storage/database.h"
#include "stages/profile/derive.h"

namespace zhida::profile {

/// What reading a profile needs beside the rows.
struct ProfileRules {
  FieldCatalogue catalogue;
  SizeRules sizes;
  std::string default_division;
};

struct MergeOutcome {
  std::vector<std::string> changed;  ///< USCC of every firm that something changed for, each once, sorted.
  std::int64_t last_sequence = 0;    ///< The last row of profile_change now; 0 when there is none.
  bool coverage_changed = false;     ///< A list moved: every firm may be concerned.
};

/// Carries out the operations in order: profile_value, enterprise, list_coverage and the numbered log profile_change
/// (one row for each value of a source's row that changed). Inside the door's transaction.
Result<MergeOutcome> apply(storage::Transaction& transaction, std::span<const ProfileOperation> operations,
                           const ProfileRules& rules, Instant now);

/// One firm as it stands on the day `on`, with derived fields. Error `enterprise_unknown`.
Result<EnterpriseProfile> load_profile(storage::Transaction& transaction, const std::string& uscc, Date on,
                                       const ProfileRules& rules);
/// Firms after `after` (USCC, empty for the beginning), at most `count_max`, in order of their USCC: for a match run.
Result<std::vector<EnterpriseProfile>> load_profiles(storage::Transaction& transaction, const std::string& after,
                                                     std::size_t count_max, Date on, const ProfileRules& rules);
Result<std::vector<EnterpriseProfile>> load_profiles(storage::Transaction& transaction,
                                                     const std::vector<std::string>& usccs, Date on,
                                                     const ProfileRules& rules);

/// From one USCC to another, both included.
Result<std::vector<EnterpriseProfile>> load_profiles_between(storage::Transaction& transaction,
                                                             const std::string& first, const std::string& last, Date on,
                                                             const ProfileRules& rules);
/// The USCC of every firm, in order.
Result<std::vector<std::string>> all_firms(storage::Transaction& transaction);
/// The next so many firms after one, in that same order.
Result<std::vector<std::string>> firms_after(storage::Transaction& transaction, const std::string& after,
                                             std::size_t count_max);
/// The sequence of the last change; 0 when there is none.
Result<std::int64_t> last_change(storage::Transaction& transaction);

struct ProfileChanges {
  std::vector<std::string> usccs;     ///< Each once, sorted.
  std::int64_t through_sequence = 0;  ///< Where to go on; the given one when nothing is new.
};
/// Firms with changes after `after_sequence`, reading at most `rows_max` rows of the log.
Result<ProfileChanges> changes_since(storage::Transaction& transaction, std::int64_t after_sequence,
                                     std::size_t rows_max);

struct ChangeRow {
  std::int64_t sequence = 0;
  std::string field, old_text, new_text, source, record_type, record_key;
  std::int64_t record_id = 0;
  Instant at{};
  std::string trace_id;
};
/// The newest changes of one firm, newest first.
Result<std::vector<ChangeRow>> history(storage::Transaction& transaction, const std::string& uscc,
                                       std::size_t rows_max);

/// What the numbered log says that the rows of sources said of the firm up to and with `sequence`: by field and row
/// (source_record.id); nullopt where the row had come to say nothing.
using LoggedValues = std::map<std::pair<std::string, std::int64_t>, std::optional<std::string>>;
Result<LoggedValues> logged_values(storage::Transaction& transaction, const std::string& uscc, std::int64_t sequence);

/// Firms of which a value goes stale on a day in (after, through]: they must be matched again then. A firm covered only
/// by a list is concerned when the list goes stale: then all firms are given.
Result<std::vector<std::string>> becoming_stale(storage::Transaction& transaction, Date after, Date through,
                                                const ProfileRules& rules);
/// The first day after `after` on which a value goes stale; nullopt when none will.
Result<std::optional<Date>> next_staleness(storage::Transaction& transaction, Date after, const ProfileRules& rules);

/// Number of firms, and the sequence of the last change: for overviews.
struct ProfileCounts {
  std::int64_t enterprises = 0, values = 0, last_sequence = 0;
};
Result<ProfileCounts> counts(storage::Transaction& transaction);

}  // namespace zhida::profile
