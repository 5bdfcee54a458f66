#include <array>
#include <set>

#include "stages/mapping/fields.h"
#include "stages/mapping/yaml_store.h"

namespace zhida::mapping {
namespace {

using config::ConfigNode;

template <class T, std::size_t N>
std::optional<T> one_of(const ConfigNode& node, const std::array<std::pair<std::string_view, T>, N>& known,
                        std::vector<Finding>& findings) {
  std::string words;
  for (const auto& [word, value] : known) {
    if (node.text() == word) return value;
    words += words.empty() ? "" : ", ";
    words += word;
  }
  findings.push_back(finding_at(node, "word_unknown", "\"" + node.text() + "\" is none of: " + words + "."));
  return std::nullopt;
}

constexpr std::array<std::pair<std::string_view, FieldType>, 7> kTypes{{{"text", FieldType::text},
                                                                        {"bool", FieldType::boolean},
                                                                        {"int", FieldType::integer},
                                                                        {"money", FieldType::money_fen},
                                                                        {"date", FieldType::date},
                                                                        {"code", FieldType::code},
                                                                        {"rate", FieldType::rate_ppm}}};
constexpr std::array<std::pair<std::string_view, Sensitivity>, 3> kSensitivities{
    {{"public", Sensitivity::public_}, {"internal", Sensitivity::internal}, {"personal", Sensitivity::personal}}};
constexpr std::array<std::pair<std::string_view, Combine>, 6> kCombines{{{"latest", Combine::latest},
                                                                         {"sum", Combine::sum},
                                                                         {"max", Combine::max},
                                                                         {"count", Combine::count},
                                                                         {"count_distinct", Combine::count_distinct},
                                                                         {"any", Combine::any}}};

/// `400d`, or `always`.
std::optional<int> days(const ConfigNode& node, std::vector<Finding>& findings) {
  const std::string& text = node.text();
  if (text == "always") return 0;
  int value = 0;
  bool good = text.size() >= 2 && text.size() <= 6 && text.back() == 'd';
  for (std::size_t i = 0; good && i + 1 < text.size(); ++i) {
    good = text[i] >= '0' && text[i] <= '9';
    value = value * 10 + (text[i] - '0');
  }
  if (!good || value == 0) {
    findings.push_back(
        finding_at(node, "days_malformed", "\"" + text + "\" is neither a number of days (400d) nor always."));
    return std::nullopt;
  }
  return value;
}

std::optional<FieldSpec> read_field(const ConfigNode& node, std::vector<Finding>& findings) {
  const std::string& file = node.file();
  if (!take(node.only_keys({"title", "type", "unit", "sensitivity", "fresh_for", "precedence", "combine", "covered_by",
                            "when_absent", "derived", "values"}),
            file, findings))
    return std::nullopt;
  FieldSpec spec;
  spec.name = node.key();
  const auto title = take(node.string("title"), file, findings);
  const auto type = take(node.require("type"), file, findings);
  const auto sensitivity = take(node.require("sensitivity"), file, findings);
  if (!title || !type || !sensitivity) return std::nullopt;
  spec.title = *title;
  const auto type_value = one_of(*type, kTypes, findings);
  const auto sensitivity_value = one_of(*sensitivity, kSensitivities, findings);
  if (!type_value || !sensitivity_value) return std::nullopt;
  spec.type = *type_value;
  spec.sensitivity = *sensitivity_value;
  if (const auto unit = take(node.string_or("unit", ""), file, findings)) spec.unit = *unit;
  if (const auto fresh = node.find("fresh_for")) {
    if (const auto value = days(*fresh, findings)) spec.fresh_for_days = *value;
  } else {
    findings.push_back(finding_at(node, "config_missing", "fresh_for is missing: a number of days (400d) or always."));
  }
  if (const auto precedence = take(node.strings_or_empty("precedence"), file, findings)) spec.precedence = *precedence;
  if (const auto combine = node.find("combine")) {
    if (const auto value = one_of(*combine, kCombines, findings)) spec.combine = *value;
  }
  if (const auto covered = take(node.string_or("covered_by", ""), file, findings)) spec.covered_by = *covered;
  if (const auto derived = take(node.string_or("derived", ""), file, findings)) spec.derived_by = *derived;
  if (const auto values = node.find("values")) {
    if (spec.type != FieldType::code || !values->is_map())
      findings.push_back(
          finding_at(*values, "values_unfit", "values is a map from code to Chinese words, of a field of type code."));
    std::set<std::string> words;
    for (const auto& value : values->is_map() ? values->items() : std::vector<ConfigNode>{}) {
      if (!words.insert(value.text()).second)
        findings.push_back(finding_at(value, "value_twice", "Two codes are called " + value.text() + "."));
      spec.values[value.key()] = value.text();
    }
  }
  if (const auto absent = node.find("when_absent")) {
    auto data = parse_field_data(spec.type, absent->text());
    if (!data) {
      findings.push_back(finding_at(*absent, "value_wrong_type", data.error().message));
    } else {
      spec.when_absent = std::move(data.value());
    }
  }
  if (spec.covered_by.empty() != !spec.when_absent.has_value()) {
    findings.push_back(finding_at(node, "coverage_incomplete", "covered_by and when_absent belong together."));
  }
  const bool number =
      spec.type == FieldType::integer || spec.type == FieldType::money_fen || spec.type == FieldType::rate_ppm;
  const bool fits = spec.combine == Combine::sum      ? number
                    : spec.combine == Combine::any    ? spec.type == FieldType::boolean
                    : spec.combine == Combine::max    ? spec.type != FieldType::boolean
                    : spec.combine == Combine::latest ? true
                                                      : spec.type == FieldType::integer;
  if (!fits) {
    findings.push_back(finding_at(node, "combine_unfit",
                                  std::string("A field of type ") + to_text(spec.type) + " cannot be combined by " +
                                      to_text(spec.combine) + "."));
  }
  return spec;
}

}  // namespace

Result<FieldCatalogue> load_fields(const std::string& path, std::vector<Finding>& findings) {
  const std::size_t before = findings.size();
  const auto root = take(config::read_yaml(path), path, findings);
  if (!root) return refuse("fields_invalid", to_text(findings.back()));
  std::vector<FieldSpec> fields;
  if (take(root->only_keys({"fields"}), path, findings)) {
    if (const auto list = take(root->require("fields"), path, findings)) {
      for (const auto& node : list->items()) {
        if (auto spec = read_field(node, findings)) fields.push_back(std::move(*spec));
      }
    }
  }
  if (findings.size() != before)
    return refuse("fields_invalid", path + " has findings; the first: " + to_text(findings[before]));
  return FieldCatalogue(std::move(fields));
}

}  // namespace zhida::mapping
