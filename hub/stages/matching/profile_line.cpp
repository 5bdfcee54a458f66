#include "stages/matching/profile_line.h"

#include <utility>

#include "base/json.h"

namespace zhida::matching {
namespace {

Result<FieldData> data_from(const Json& value, const FieldSpec& spec) {
  const auto wrong = [&] {
    return refuse("field_wrong_type", "The field " + spec.name + " holds " + zhida::to_text(spec.type) +
                                          " and cannot be " + value.dump() + ".");
  };
  switch (spec.type) {
    case FieldType::boolean:
      if (!value.is_boolean()) return wrong();
      return FieldData(value.get<bool>());
    case FieldType::integer:
    case FieldType::money_fen:
    case FieldType::rate_ppm:
      // An unsigned number that does not fit would come out negative.
      if (!value.is_number_integer() || (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX))
        return wrong();
      return FieldData(value.get<std::int64_t>());
    case FieldType::date:
      if (!value.is_string()) return wrong();
      return FieldData(TRY(Date::parse(value.get_ref<const std::string&>())));
    case FieldType::text:
    case FieldType::code:
      break;
  }
  if (!value.is_string()) return wrong();
  return FieldData(value.get<std::string>());
}

}  // namespace

Result<EnterpriseProfile> parse_profile_line(std::string_view line, const FieldCatalogue& fields, Date at) {
  const auto json = TRY(parse_json(line));
  EnterpriseProfile out;
  out.uscc = TRY(get_string(json, "uscc"));
  out.division = TRY(get_string_or(json, "division", ""));
  out.as_of = at;
  const auto members = json.find("fields");
  if (members == json.end() || !members->is_object())
    return refuse("field_missing", "A profile line needs an object \"fields\".");
  for (const auto& [name, member] : members->items()) {
    const auto* spec = fields.find(name);
    if (spec == nullptr) return refuse("field_unknown", "fields.yaml has no field \"" + name + "\".");
    FieldState state;
    ProfileValue value;
    value.as_of = at;
    const Json* data = &member;
    if (member.is_object()) {
      const auto inner = member.find("value");
      if (inner == member.end()) return refuse("field_missing", "The field " + name + " has no \"value\".");
      data = &*inner;
      value.source = TRY(get_string_or(member, "source", ""));
      const auto as_of = TRY(get_string_or(member, "as_of", ""));
      if (!as_of.empty()) value.as_of = TRY(Date::parse(as_of));
    }
    if (member.is_object() && data->is_null()) {
      // Why there is no value may be said: `{"value": null, "unknown": "conflict"}`.
      const auto reason = TRY(get_string_or(member, "unknown", ""));
      if (reason == "stale") state.reason = UnknownReason::stale;
      if (reason == "conflict") state.reason = UnknownReason::conflict;
    }
    if (!data->is_null()) {
      value.data = TRY(data_from(*data, *spec));
      if (spec->fresh_for_days > 0 && value.as_of.plus_days(spec->fresh_for_days) < at) {
        state.reason = UnknownReason::stale;
        state.set_aside.push_back(std::move(value));
      } else {
        state.value = std::move(value);
      }
    }
    out.fields[name] = std::move(state);
  }
  return out;
}

}  // namespace zhida::matching
