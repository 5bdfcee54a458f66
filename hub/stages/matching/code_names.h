#pragma once
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace zhida::matching {

/// What people call industries (GB/T 4754) and regions (GB/T 2260). For showing alone: an item's stored form, its
/// version and everything that is sealed say the codes. A value.
class CodeNames {
 public:
  /// Reads region.csv and industry.csv of `folder` (mappings/codes). Errors of reading; `csv_malformed`,
  /// `column_missing`.
  static Result<CodeNames> load(const std::string& folder);

  /// `批发业（51）`, also of `F51`; a code that nobody knows stays as it is.
  std::string industry(const std::string& code) const;
  /// `湖州市（330500）`; a county with its city, or with its province where no city is between:
  /// `湖州市吴兴区（330502）`.
  std::string region(const std::string& code) const;
  /// The value of a field; what a field holds is told by the end of its name (`ent.industry_code`, `ui.region_code`).
  /// Values of other fields stay as they are.
  std::string of_field(std::string_view field, const std::string& code) const;

 private:
  std::map<std::string, std::string, std::less<>> industries_, regions_;
};

}  // namespace zhida::matching
