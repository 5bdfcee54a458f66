// Folders of policy files: which are read, which are published, what they declare together.
#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "base/bytes.h"
#include "stages/matching/policy_file.h"
#include "stages/matching/reader_file.h"

namespace zhida::matching {
namespace fs = std::filesystem;

namespace {

/// Two items that declare one name must mean the same by it: their values stand in one column.
void compare_declarations(const std::vector<PolicySource>& policies, PolicyFindings& findings) {
  std::map<std::string, std::pair<std::string, std::string>> seen;  // name → meaning, item
  for (const auto& [path, policy] : policies) {
    const auto declare = [&](const std::string& name, const std::string& meaning) {
      const auto [place, fresh] = seen.try_emplace(name, meaning, policy.id.str());
      if (fresh || place->second.first == meaning) return;
      Finding finding;
      finding.file = path;
      finding.line = finding.column = 1;
      finding.code = "field_declared_differently";
      finding.message = "The field " + name + " means something else in " + place->second.second + ".";
      findings.errors.push_back(std::move(finding));
    };
    for (const auto& field : policy.missing_fields)
      declare(field.name, std::string(zhida::to_text(field.type)) + " " + field.unit);
    for (const auto& field : policy.derived)
      declare(field.name, std::string(zhida::to_text(field.type)) + " " + field.unit + " " + field.formula.canonical());
  }
}

}  // namespace

Result<std::vector<PolicySource>> load_policies(const std::vector<std::string>& paths, const FieldCatalogue& fields,
                                                PolicyFindings& findings, const std::string& settings_folder) {
  std::vector<fs::path> files;
  for (const auto& path : paths) {
    std::error_code fault;
    if (!fs::exists(path, fault)) return refuse("file_missing", "There is no file or folder " + path + ".");
    if (!fs::is_directory(path, fault)) {
      files.emplace_back(path);
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(path, fault)) {
      const auto name = entry.path().filename().string();
      const bool shared = name == kParametersFile || name == kWantedFieldsFile || name == kRegionsFile;
      if (name.ends_with(".yaml") && !name.ends_with(".test.yaml") && !shared) files.push_back(entry.path());
    }
    if (fault) return refuse("file_unreadable", "The folder " + path + " cannot be read: " + fault.message() + ".");
  }
  std::ranges::sort(files);
  std::vector<PolicySource> out;
  std::map<fs::path, LocalSettings> settings;
  std::map<std::string, std::string> seen;
  for (const auto& file : files) {
    const auto folder = file.parent_path();
    auto local = settings.find(folder);
    if (local == settings.end()) {
      const bool own = settings_folder.empty() || fs::exists(folder / kParametersFile);
      local = settings.emplace(folder, LocalSettings::beside(own ? folder.string() : settings_folder, findings.errors))
                  .first;
    }
    const auto text = TRY(read_file(file.string(), 1u << 20));
    auto policy = parse_policy(text, file.string(), fields, local->second, findings);
    if (!policy) continue;
    const auto [place, fresh] = seen.try_emplace(policy->id.str(), file.string());
    if (!fresh) {
      Finding finding;
      finding.file = file.string();
      finding.line = finding.column = 1;
      finding.code = "policy_id_twice";
      finding.message = "The item " + policy->id.str() + " is in " + place->second + " already.";
      findings.errors.push_back(finding);
      continue;
    }
    out.push_back({file.string(), std::move(*policy)});
  }
  std::ranges::sort(out, {}, [](const PolicySource& source) { return source.policy.id; });
  compare_declarations(out, findings);
  return out;
}

Result<std::vector<PolicySource>> load_published(const std::string& folder, const FieldCatalogue& fields,
                                                 PolicyFindings& findings) {
  auto out = TRY(load_policies({folder}, fields, findings));
  const auto settings = LocalSettings::read((fs::path(folder) / kParametersFile).string(), findings.errors);
  const auto published = TRY(settings.published());
  if (!published) return out;
  for (const auto& id : *published) {
    const bool there =
        std::ranges::any_of(out, [&](const PolicySource& source) { return source.policy.id.str() == id; });
    if (there || !findings.errors.empty()) continue;
    Finding finding;
    finding.file = (fs::path(folder) / kParametersFile).string();
    finding.line = finding.column = 1;
    finding.code = "policy_not_found";
    finding.message = "The item " + id + " is to be published, and there is no such file.";
    findings.errors.push_back(finding);
  }
  std::erase_if(out, [&](const PolicySource& source) { return !published->contains(source.policy.id.str()); });
  return out;
}

FieldCatalogue extended(const FieldCatalogue& fields, const std::vector<PolicySource>& policies) {
  std::map<std::string, FieldSpec, std::less<>> all(fields.all());
  const auto put = [&](const std::string& name, const std::string& title, FieldType type, const std::string& unit) {
    if (name.empty() || all.contains(name)) return;
    FieldSpec spec;
    spec.name = name;
    spec.title = title;
    spec.type = type;
    spec.unit = unit;
    all.emplace(name, std::move(spec));
  };
  for (const auto& [path, policy] : policies) {
    for (const auto& field : policy.missing_fields) put(field.name, field.title, field.type, field.unit);
    for (const auto& field : policy.derived) put(field.name, field.title, field.type, field.unit);
    const auto receipts = [&](const Clause& clause) {
      if (clause.op == Operator::not_received && clause.kind == Clause::Kind::condition)
        put(clause.field, policy.titles.at(clause.field), FieldType::date, "");
    };
    for_each_clause_of(policy, receipts);
    for (const auto& persons : policy.persons) for_each_clause(persons.when, receipts);
  }
  std::vector<FieldSpec> list;
  for (auto& [name, spec] : all) list.push_back(std::move(spec));
  return FieldCatalogue(std::move(list));
}

}  // namespace zhida::matching
