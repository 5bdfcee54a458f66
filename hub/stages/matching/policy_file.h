#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/field_catalogue.h"
#include "domain/mapped_record.h"
#include "platform/config/yaml.h"
#include "stages/matching/policy.h"

namespace zhida::matching {

/// What the checker has to say. With any error a policy cannot be published; notes are for people: a field that no
/// source provides, an amount tied to tax paid.
struct PolicyFindings {
  std::vector<Finding> errors;
  std::vector<Finding> notes;
};

constexpr const char* kParametersFile = "parameters.yaml";
constexpr const char* kWantedFieldsFile = "wanted_fields.yaml";
constexpr const char* kRegionsFile = "regions.yaml";

/// What stands beside policy files. A town's own settings (parameters.yaml): what `{local: name}` stands for, looked up
/// under `items.<policy id>.<name>` first, then under `defaults.<name>`; and which items it publishes. Fields that
/// items ask for and no source provides (wanted_fields.yaml). What regions set for themselves (regions.yaml).
class LocalSettings {
 public:
  LocalSettings() = default;
  /// parameters.yaml alone. Adds what is wrong in the file to `errors`. Without such a file every `{local: …}` is an
  /// error.
  static LocalSettings read(const std::string& path, std::vector<Finding>& errors);
  /// All three files of a folder, those that are there.
  static LocalSettings beside(const std::string& folder, std::vector<Finding>& errors);

  std::optional<config::ConfigNode> find(const std::string& policy, const std::string& name) const;
  /// By identifier or Chinese title.
  std::optional<config::ConfigNode> wanted_field(const std::string& written) const;
  std::optional<config::ConfigNode> region_datum(const std::string& written) const;
  /// The ids under `publish`; nullopt where the file does not say: all items. Error `config_wrong_type`.
  Result<std::optional<std::set<std::string>>> published() const;

 private:
  static std::optional<config::ConfigNode> named(const std::optional<config::ConfigNode>& root,
                                                 const std::string& written);

  std::optional<config::ConfigNode> root_, wanted_, regions_;
};

/// One policy file, checked against the profile's fields. Gives nothing when there are errors. Pure: `text` is the
/// file's content, `path` names it in findings and must be `<id>.yaml`.
std::optional<Policy> parse_policy(const std::string& text, const std::string& path, const FieldCatalogue& fields,
                                   const LocalSettings& local, PolicyFindings& findings);

struct PolicySource {
  std::string path;
  Policy policy;
};

/// Every policy file below the given paths (files or folders), in order of the ids; `*.test.yaml` and the three files
/// of LocalSettings are not policies. Settings come from those beside each file, or of
/// `settings_folder` where a file has none beside it. Errors `file_missing`,
/// `file_unreadable`; what is wrong inside files is in `findings`, and those files are left out.
Result<std::vector<PolicySource>> load_policies(const std::vector<std::string>& paths, const FieldCatalogue& fields,
                                                PolicyFindings& findings, const std::string& settings_folder = {});

/// The items of the folder that its parameters.yaml publishes; all where it does not say. These are in force in a hub.
Result<std::vector<PolicySource>> load_published(const std::string& folder, const FieldCatalogue& fields,
                                                 PolicyFindings& findings);

/// The catalogue with what the items declare besides: missing and derived fields, receipts. For profile lines, examples
/// and exports.
FieldCatalogue extended(const FieldCatalogue& fields, const std::vector<PolicySource>& policies);

/// SHA-256 of the canonical form, hex.
std::string policy_version(const Policy& policy);

}  // namespace zhida::matching
