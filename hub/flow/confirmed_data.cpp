#include "flow/confirmed_data.h"

#include <algorithm>
#include <set>
#include <utility>

#include "stages/mapping/mapping_file.h"
#include "stages/profile/derived_inputs.h"

namespace zhida::flow {
namespace {

/// The item's fields, and what derived ones are made of.
void add_with_inputs(const FieldCatalogue& fields, const std::string& name, std::set<std::string>& out) {
  if (!out.insert(name).second) return;
  const auto* spec = fields.find(name);
  if (spec == nullptr) return;
  for (const auto& input : profile::inputs_of(spec->derived_by)) add_with_inputs(fields, input, out);
}

/// The code table's file name, as the list of digests names it; empty where the rule asks none.
std::string table_of(const mapping::Rule& rule) {
  if (rule.codes != nullptr) return rule.codes->file.substr(rule.codes->file.rfind('/') + 1);
  if (rule.as == mapping::As::region) return "region.csv";
  return rule.as == mapping::As::industry ? "industry.csv" : "";
}

class Describing {
 public:
  explicit Describing(const DataRules& rules) : rules_(rules) {
    if (auto files = parse_json(rules.code_files)) files_ = std::move(files.value());
  }

  Json field(const matching::Policy& policy, const std::string& name) const {
    const auto* spec = rules_.fields.find(name);
    const auto title = policy.titles.find(name);
    const auto& anew = policy.handling.recheck_fields;
    Json out = {{"field", name},
                {"title", title != policy.titles.end() ? title->second
                          : spec != nullptr            ? spec->title
                                                       : name},
                {"sources", spec == nullptr ? std::vector<std::string>{} : spec->precedence},
                {"fresh_for_days", spec == nullptr ? 0 : spec->fresh_for_days},
                {"fetched_anew", std::ranges::find(anew, name) != anew.end()},
                {"read_from", read_from(name)}};
    if (policy.ranking && policy.ranking->rank_field == name) out["made"] = "round";
    if (spec == nullptr) return out;
    if (!spec->derived_by.empty()) out["made"] = "derived";
    out["type"] = zhida::to_text(spec->type);
    out["combine"] = zhida::to_text(spec->combine);
    out["list"] = spec->covered_by;
    out["when_absent"] = spec->when_absent ? zhida::to_text(*spec->when_absent) : "";
    out["derived"] = spec->derived_by;
    if (spec->derived_by == "sme_size") out["codes"] = {{"sme_size.csv", digest_of("sme_size.csv")}};
    return out;
  }

 private:
  std::string digest_of(const std::string& file) const {
    return files_.is_object() ? files_.value(file, std::string()) : std::string();
  }

  Json read_from(const std::string& name) const {
    Json out = Json::array();
    for (const auto& [type, mapping] : rules_.mappings.all())
      for (const auto& rule : mapping->rules) {
        if (mapping->target != mapping::Target::profile || rule.target != name) continue;
        Json one = {{"record", type}, {"columns", rule.from}};
        if (const auto table = table_of(rule); !table.empty()) one["codes"] = {{table, digest_of(table)}};
        out.push_back(std::move(one));
      }
    return out;
  }

  const DataRules& rules_;
  Json files_;
};

const Json* find_field(const Json& data, const std::string& name) {
  for (const auto& one : data)
    if (one.is_object() && one.value("field", "") == name) return &one;
  return nullptr;
}

}  // namespace

Json data_of(const matching::Policy& policy, const DataRules& rules) {
  std::set<std::string> names;
  for (const auto& name : matching::fields_of(policy)) add_with_inputs(rules.fields, name, names);
  const Describing describing(rules);
  Json out = Json::array();
  for (const auto& name : names) out.push_back(describing.field(policy, name));
  return out;
}

std::vector<Json> data_differences(const Json& confirmed, const Json& today) {
  std::vector<Json> out;
  const auto differs = [&](const Json& field, Json was, Json is) {
    out.push_back({{"field", field.at("field")},
                   {"title", field.value("title", "")},
                   {"was", std::move(was)},
                   {"is", std::move(is)}});
  };
  for (const auto& field : today) {
    const auto* before = find_field(confirmed, field.at("field").get<std::string>());
    if (before == nullptr) {
      // What derived fields are made of was no part of an earlier program's confirmation.
      const bool said = std::ranges::any_of(confirmed, [](const Json& one) { return one.contains("read_from"); });
      if (said || confirmed.empty()) differs(field, nullptr, field);
      continue;
    }
    Json was = Json::object(), is = Json::object();
    for (const auto& [name, value] : before->items()) {
      if (name == "title" || name == "fetched_anew") continue;
      const auto now = field.find(name);
      if (now != field.end() && *now == value) continue;
      was[name] = value;
      is[name] = now == field.end() ? Json(nullptr) : *now;
    }
    if (!was.empty()) differs(field, std::move(was), std::move(is));
  }
  return out;
}

}  // namespace zhida::flow
