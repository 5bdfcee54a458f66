#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "domain/source_record.h"

namespace zhida::adapters::department_lists {

/// One list of one department.
struct List {
  const char* name;         ///< As in file names: `hnte`.
  const char* record_type;  ///< `department_lists.hnte`
  std::vector<const char*> columns;
};
const std::vector<List>& lists();
inline constexpr const char* kCoverage = "department_lists.list_coverage";

/// One file, `<list>_<YYYYMMDD>[_n].csv`, in UTF-8 (with or without a byte order mark) or GB18030; each is the complete
/// list, so that what an earlier file had and this one lacks is withdrawn, and a coverage record says that the list is
/// complete as of that day. Pure. Refused as a whole: `list_unknown`, `list_day_missing`, `list_column_missing`, and
/// what no CSV reader could make sense of.
Result<SourceBatch> decode_list(const std::string& file_name, ByteView content);
Result<SourceBatch> decode_sample(std::string_view name, ByteView content);

}  // namespace zhida::adapters::department_lists
