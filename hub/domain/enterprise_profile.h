#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"

namespace zhida {

/// The value of one profile field. Money is fen, rates are parts per million, counts are whole; codes and names are
/// text.
using FieldData = std::variant<bool, std::int64_t, std::string, Date>;

/// As stored and shown: `true`, `5000000`, `A`, `2025-04-01`. The field's declared type says how to read it back.
std::string to_text(const FieldData& data);

struct ProfileValue {
  FieldData data;
  std::string source;
  std::string record_type;
  Date as_of;
  Instant received{};
  std::int64_t record_id = 0;  ///< source_record.id
};

/// Why a field has no value. Never zero, never no.
enum class UnknownReason { missing, conflict, stale };

/// One field as it stands on a day: a value, or the reason why there is none (with the values that were set aside).
struct FieldState {
  std::optional<ProfileValue> value;
  UnknownReason reason = UnknownReason::missing;
  std::vector<ProfileValue> set_aside;  ///< Stale or contradicting candidates, for explanations.
};

/// One firm as the hub knows it on a day. Fields that nobody reported are absent from the map and unknown.
struct EnterpriseProfile {
  std::string uscc;      ///< 18 characters, upper case, both check digits good.
  std::string division;  ///< Fiscal division (财政区划), 6 digits.
  std::string name;
  std::int64_t sequence = 0;  ///< The last profile change that is included.
  Date as_of;                 ///< The day that freshness was judged on.
  std::map<std::string, FieldState> fields;

  const FieldState* find(const std::string& field) const {
    const auto it = fields.find(field);
    return it == fields.end() ? nullptr : &it->second;
  }
};

/// What a mapping says about one field of one firm.
struct FieldChange {
  std::string field;
  std::optional<FieldData> data;  ///< nullopt: the source says nothing (a null word, an empty cell): unknown.
};

}  // namespace zhida
