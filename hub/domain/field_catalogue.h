#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/enterprise_profile.h"

namespace zhida {

enum class FieldType { text, boolean, integer, money_fen, date, code, rate_ppm };
enum class Sensitivity { public_, internal, personal };

/// How several rows of one source become one value.
enum class Combine {
  latest,          ///< The newest as_of; two different values of the same newest day contradict each other.
  sum,             ///< Whole numbers and money; overflow is a conflict.
  max,             ///< The greatest number, date or text.
  count,           ///< How many rows have a value.
  count_distinct,  ///< How many different values they have.
  any,             ///< true when a row says true, else false.
};

/// One field of the unified profile, as declared in mappings/fields.yaml.
struct FieldSpec {
  std::string name;   ///< `tax.credit_grade`
  std::string title;  ///< Chinese, for people.
  FieldType type = FieldType::text;
  std::string unit;  ///< `fen`, `ppm`, `人`, `月`; empty for none.
  Sensitivity sensitivity = Sensitivity::internal;
  int fresh_for_days = 0;               ///< A value is stale when the day is later than as_of + this; 0: never.
  std::vector<std::string> precedence;  ///< Sources, best first; sources that are not listed share the last rank.
  Combine combine = Combine::latest;
  std::string covered_by;                     ///< list_id whose complete copy proves absence; empty for none.
  std::optional<FieldData> when_absent;       ///< The value that absence proves.
  std::map<std::string, std::string> values;  ///< The codes there are, with their Chinese words; empty: any code.
  std::string derived_by;  ///< Name of the function that computes it (profile/derive.h); empty for none.

  std::size_t rank_of(std::string_view source) const;  ///< 0 is best.
  /// The type of what one row says: text where rows or their different values are counted, else `type`.
  FieldType row_type() const {
    return combine == Combine::count || combine == Combine::count_distinct ? FieldType::text : type;
  }
};

class FieldCatalogue {
 public:
  FieldCatalogue() = default;
  explicit FieldCatalogue(std::vector<FieldSpec> fields);
  const FieldSpec* find(std::string_view name) const;
  const std::map<std::string, FieldSpec, std::less<>>& all() const { return fields_; }

 private:
  std::map<std::string, FieldSpec, std::less<>> fields_;
};

const char* to_text(FieldType type);           ///< `text`, `bool`, `int`, `money`, `date`, `code`, `rate`
const char* to_text(Sensitivity sensitivity);  ///< `public`, `internal`, `personal`
const char* to_text(Combine combine);          ///< `latest` …
const char* to_text(UnknownReason reason);     ///< `missing`, `conflict`, `stale`
/// Reads back what to_text(FieldData) wrote. Error `field_data_malformed`.
Result<FieldData> parse_field_data(FieldType type, std::string_view text);

}  // namespace zhida
