// Fields that follow from other fields. Computed whenever a profile is read, so that they are never older than what
// they follow from. Pure.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/enterprise_profile.h"
#include "domain/field_catalogue.h"

namespace zhida::profile {

/// The size classes of 工信部联企业〔2011〕300号 (mappings/codes/sme_size.csv): for each group of industries the lower
/// bounds of large, medium and small by indicator.
class SizeRules {
 public:
  /// Lines `industry,prefixes,indicator,large_min,medium_min,small_min` with a header; prefixes are separated by `;`;
  /// indicator is `employees`, `revenue` or `assets` (the last two in 万元). Error `size_rules_malformed` names the
  /// line.
  static Result<SizeRules> parse(std::string_view csv);

  enum class Size { large, medium, small, micro, not_classifiable };
  struct Input {
    std::string industry_code;  ///< GB/T 4754, digits with or without the section letter.
    const std::int64_t* employees = nullptr;
    const std::int64_t* revenue_fen = nullptr;
    const std::int64_t* assets_fen = nullptr;
  };
  /// The class needs every indicator at or above its lower bound; one indicator below the bound of small makes micro.
  /// `missing` names the indicators that the industry needs and the input lacks; then the class is meaningless.
  Size classify(const Input& input, std::vector<std::string>& missing) const;
  /// The indicators that the industry is judged by; none where it is not classifiable.
  std::vector<std::string> indicators(std::string_view industry_code) const;

 private:
  struct Bound {
    std::string indicator;
    std::int64_t large_min = 0, medium_min = 0, small_min = 0;
  };
  struct Group {
    std::string name;
    std::vector<std::string> prefixes;  // `51`, `7010`, or a range of divisions: `54-58`.
    std::vector<Bound> bounds;
  };
  const Group* group_of(std::string_view industry_code) const;
  std::vector<Group> groups_;
};

/// Sets every field whose declaration says `derived`: `sme_size` (ent.size) and `layoff_rate` (ui.layoff_rate).
void derive_fields(EnterpriseProfile& profile, const FieldCatalogue& catalogue, const SizeRules& sizes);

}  // namespace zhida::profile
