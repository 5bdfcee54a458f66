#pragma once
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

/// A town's own settings (parameters.yaml): what `{local: name}` in a policy file stands for. Looked up under
/// `items.<policy id>.<name>` first, then under `defaults.<name>`.
class LocalSettings {
 public:
  LocalSettings() = default;
  /// Adds what is wrong in the file to `errors`. Without such a file every `{local: …}` is an error.
  static LocalSettings read(const std::string& path, std::vector<Finding>& errors);
  std::optional<config::ConfigNode> find(const std::string& policy, const std::string& name) const;

 private:
  std::optional<config::ConfigNode> root_;
};

/// One policy file, checked against the profile's fields. Gives nothing when there are errors. Pure: `text` is the
/// file's content, `path` names it in findings and must be `<id>.yaml`.
std::optional<Policy> parse_policy(const std::string& text, const std::string& path, const FieldCatalogue& fields,
                                   const LocalSettings& local, PolicyFindings& findings);

struct PolicySource {
  std::string path;
  Policy policy;
};

/// Every policy file below the given paths (files or folders), in order of the ids; `*.test.yaml` and parameters.yaml
/// are not policies. Settings come from the parameters.yaml beside each file. Errors `file_missing`,
/// `file_unreadable`; what is wrong inside files is in `findings`, and those files are left out.
Result<std::vector<PolicySource>> load_policies(const std::vector<std::string>& paths, const FieldCatalogue& fields,
                                                PolicyFindings& findings);

/// SHA-256 of the canonical form, hex.
std::string policy_version(const Policy& policy);

}  // namespace zhida::matching
