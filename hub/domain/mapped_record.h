// What mapping says about a record, and what intake makes of it: the words that the three stages of the source door
// hand to one another through the flow.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "domain/enterprise_profile.h"
#include "domain/source_record.h"

namespace zhida {

/// One thing wrong, in a mapping file or in a record. Prints as `file:line:col: CODE message`.
struct Finding {
  std::string file;  ///< Mapping or test file; for a record the mapping file whose rule refused it.
  int line = 0, column = 0;
  std::string code;
  std::string message;
  std::string record;  ///< Key of the record; empty for findings about files.
  std::string field;   ///< Profile field, or the source's column where no field is concerned.
  std::string value;   ///< As spelled by the source; masked by the mapping where the field is personal.
};
std::string to_text(const Finding& finding);

/// Which firm a record speaks of. At least one way is set; without a USCC intake looks for the firm by the others, in
/// the order of the members.
struct FirmKey {
  std::string uscc;               ///< Normal form, checked.
  std::string organisation_code;  ///< 9 characters, checked.
  std::string name_key;           ///< text::name_key of the name.
  std::string record_type;        ///< The firm is that of another record of the same source …
  std::string record_key;         ///< … with this type and key.
};

/// What a record adds to the register of firms. A lower rank wins over a higher one whatever the order of arrival.
struct FirmFacts {
  std::string name;
  std::string name_key;  ///< Only where the name comes from the register itself (rank 1): others may be former names.
  int name_rank = 9;     ///< 9: says nothing.
  std::string division;
  int division_rank = 9;
  std::string kind;  ///< `company`, `branch`, `sole_proprietor`, `other`; empty: says nothing.
};

/// A row for the ledger (`budget.*`) or for a case's notice (`sms_gateway.report`): typed values by name.
struct LedgerRecord {
  std::string record_type;
  std::string key;
  bool withdraw = false;
  std::int64_t record_id = 0;               ///< source_record.id; set by intake.
  std::map<std::string, FieldData> values;  ///< Unknown values are absent.
};

/// What a mapping made of one record.
struct MappingOutcome {
  enum class Kind { profile, coverage, ledger, notice, quarantined };
  Kind kind = Kind::quarantined;
  bool withdraw = false;  ///< The source took the row back, by its change flag or by a column of its own.

  // profile
  FirmKey firm;
  FirmFacts facts;
  std::vector<FieldChange> changes;
  // coverage: the complete list was seen as of that day
  std::string list_id;
  // profile and coverage
  Date as_of;  ///< The day the values are of: stated by a column or the record, else the day of receipt.
  // ledger and notice
  LedgerRecord flat;
  // quarantined: every reason found; `firm` and `as_of` are still set where they could be read, and `changes` names the
  // fields (without data) that the record would have told about.
  std::vector<Finding> findings;
};

/// What intake asks the profile to do with one accepted record, in order.
struct ProfileOperation {
  enum class Kind {
    put,         ///< The values of this row are now `changes`; a field without data has no value from it any more.
    withdraw,    ///< The row is gone: its values no longer count.
    unreadable,  ///< The row changed into something that cannot be read: its fields are unknown, not absent.
    touch,       ///< The same row again: only as_of and received move forward.
    cover,       ///< A complete list was seen.
  };
  Kind kind = Kind::put;
  std::int64_t record_id = 0;  ///< source_record.id
  bool is_new = false;         ///< No values of this row can be there yet.
  std::string source, record_type, record_key;
  std::string uscc;
  FirmFacts facts;
  std::vector<FieldChange> changes;
  std::string list_id;
  Date as_of;
  Instant received{};
  std::string trace_id;
};

}  // namespace zhida
