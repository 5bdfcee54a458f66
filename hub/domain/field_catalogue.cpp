#include "domain/field_catalogue.h"

#include <algorithm>
#include <charconv>

namespace zhida {

std::size_t FieldSpec::rank_of(std::string_view source) const {
  const auto found = std::find(precedence.begin(), precedence.end(), source);
  return static_cast<std::size_t>(found - precedence.begin());
}

FieldCatalogue::FieldCatalogue(std::vector<FieldSpec> fields) {
  for (auto& field : fields) {
    std::string name = field.name;
    fields_.insert_or_assign(std::move(name), std::move(field));
  }
}

const FieldSpec* FieldCatalogue::find(std::string_view name) const {
  const auto found = fields_.find(name);
  return found == fields_.end() ? nullptr : &found->second;
}

const char* to_text(FieldType type) {
  switch (type) {
    case FieldType::text:
      return "text";
    case FieldType::boolean:
      return "bool";
    case FieldType::integer:
      return "int";
    case FieldType::money_fen:
      return "money";
    case FieldType::date:
      return "date";
    case FieldType::code:
      return "code";
    case FieldType::rate_ppm:
      return "rate";
  }
  return "";
}

const char* to_text(Sensitivity sensitivity) {
  switch (sensitivity) {
    case Sensitivity::public_:
      return "public";
    case Sensitivity::internal:
      return "internal";
    case Sensitivity::personal:
      return "personal";
  }
  return "";
}

const char* to_text(Combine combine) {
  switch (combine) {
    case Combine::latest:
      return "latest";
    case Combine::sum:
      return "sum";
    case Combine::max:
      return "max";
    case Combine::count:
      return "count";
    case Combine::count_distinct:
      return "count_distinct";
    case Combine::any:
      return "any";
  }
  return "";
}

const char* to_text(UnknownReason reason) {
  switch (reason) {
    case UnknownReason::missing:
      return "missing";
    case UnknownReason::conflict:
      return "conflict";
    case UnknownReason::stale:
      return "stale";
  }
  return "";
}

Result<FieldData> parse_field_data(FieldType type, std::string_view text) {
  const auto wrong = [&] {
    return refuse("field_data_malformed",
                  "\"" + std::string(text.substr(0, 60)) + "\" is not a value of type " + to_text(type) + ".");
  };
  switch (type) {
    case FieldType::boolean:
      if (text == "true") return FieldData(true);
      if (text == "false") return FieldData(false);
      return wrong();
    case FieldType::integer:
    case FieldType::money_fen:
    case FieldType::rate_ppm: {
      std::int64_t value = 0;
      const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (fault != std::errc() || end != text.data() + text.size()) return wrong();
      return FieldData(value);
    }
    case FieldType::date: {
      const auto day = Date::parse(text);
      if (!day) return wrong();
      return FieldData(day.value());
    }
    case FieldType::text:
    case FieldType::code:
      return FieldData(std::string(text));
  }
  return wrong();
}

}  // namespace zhida
