#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "domain/enterprise_profile.h"
#include "domain/field_catalogue.h"
#include "domain/mapped_record.h"
#include "stages/matching/policy.h"

// Lists that departments hand in as files: CSV with a header (UTF-8 or GB18030), or one JSON object a line. Pure.
// Nothing of a file is taken unless all of it can be read; every finding says file and line, and none repeats an
// identity number.
namespace zhida::matching {

/// What a row says of somebody who received a benefit: a firm by `uscc` (统一社会信用代码), or a person by
/// `identity_number` (公民身份号码).
struct ReceiptLine {
  std::size_t line = 0;
  std::string uscc, identity_number;  ///< Exactly one of them; both in their normal form.
  Date received_on;                   ///< `received_on` (享受日期), not after the day of the import.
  std::string reference;              ///< `reference` (凭证号); the day where the file has none.
};
std::vector<ReceiptLine> read_receipts(const std::string& file, Bytes content, Date today,
                                       std::vector<Finding>& findings);

/// One person of a firm's list: `uscc`, `identity_number`, and a column for each field that the items ask about,
/// by identifier or Chinese title. An empty cell is unknown.
struct PersonLine {
  std::size_t line = 0;
  std::string uscc, identity_number;
  std::map<std::string, FieldData> fields;
};
/// Which fields of persons an item asks about, by identifier: what its persons' conditions name. The firm's own fields
/// may stand there too; a list says nothing of them.
struct PersonField {
  std::string title;
  FieldType type = FieldType::text;
};
using PersonFields = std::map<std::string, PersonField>;
PersonFields person_fields(const Policy& policy);
std::vector<PersonLine> read_persons(const std::string& file, Bytes content, const PersonFields& fields,
                                     std::vector<Finding>& findings);

}  // namespace zhida::matching
