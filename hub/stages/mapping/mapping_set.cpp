#include "stages/mapping/mapping_set.h"

#include <algorithm>
#include <filesystem>

#include "stages/mapping/code_store.h"
#include "stages/mapping/fields.h"
#include "stages/mapping/mapping_file.h"
#include "stages/mapping/mapping_store.h"

namespace zhida::mapping {

struct MappingSet::Parts {
  FieldCatalogue fields;
  CodeTables codes;
  std::map<std::string, std::unique_ptr<Mapping>> mappings;
};

MappingSet::MappingSet(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
MappingSet::MappingSet(MappingSet&&) noexcept = default;
MappingSet& MappingSet::operator=(MappingSet&&) noexcept = default;
MappingSet::~MappingSet() = default;

std::vector<std::string> mapping_files(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code fault;
  for (const auto& folder : std::filesystem::directory_iterator(directory, fault)) {
    const auto name = folder.path().filename();
    if (!folder.is_directory(fault) || name == "codes" || name == "policies") continue;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path(), fault)) {
      const std::string path = entry.path().string();
      if (path.ends_with(".yaml") && !path.ends_with(".test.yaml")) files.push_back(path);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<MappingSet> MappingSet::load(const std::string& directory, std::vector<Finding>& findings) {
  const std::size_t before = findings.size();
  std::string root = directory;
  while (root.size() > 1 && root.back() == '/') root.pop_back();
  auto parts = std::make_unique<Parts>();
  if (auto fields = load_fields(root + "/fields.yaml", findings)) parts->fields = std::move(fields.value());
  parts->codes = load_codes(root + "/codes", findings);
  for (const auto& path : mapping_files(root)) {
    auto mapping = load_mapping(path, parts->fields, parts->codes, findings);
    if (mapping == nullptr) continue;
    std::string name = mapping->record_type;
    parts->mappings.insert_or_assign(std::move(name), std::move(mapping));
  }
  if (findings.size() != before) {
    return refuse("mappings_invalid", root + " has " + std::to_string(findings.size() - before) +
                                          " findings; the first: " + to_text(findings[before]));
  }
  return MappingSet(std::move(parts));
}

const FieldCatalogue& MappingSet::fields() const {
  return parts_->fields;
}
const CodeTables& MappingSet::codes() const {
  return parts_->codes;
}
const Mapping* MappingSet::find(const std::string& record_type) const {
  const auto found = parts_->mappings.find(record_type);
  return found == parts_->mappings.end() ? nullptr : found->second.get();
}
const std::map<std::string, std::unique_ptr<Mapping>>& MappingSet::all() const {
  return parts_->mappings;
}

MappingOutcome MappingSet::apply(const SourceRecord& record, Date received_on) const {
  if (const Mapping* const mapping = find(record.record_type)) {
    return apply_mapping(*mapping, parts_->codes, record, received_on);
  }
  MappingOutcome outcome;
  outcome.as_of = record.as_of.value_or(received_on);
  outcome.withdraw = record.change == Change::withdraw;
  outcome.findings.push_back(Finding{"", 0, 0, "mapping_missing",
                                     "There is no mapping for the record type " + record.record_type + ".", record.key,
                                     "", ""});
  return outcome;
}

}  // namespace zhida::mapping
