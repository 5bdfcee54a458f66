// Inside this folder's _store files only: from the YAML reader's errors to findings.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/mapped_record.h"
#include "platform/config/yaml.h"

namespace zhida::mapping {

/// A finding at the place of a node.
Finding finding_at(const config::ConfigNode& node, std::string code, std::string message);
/// A finding from an Error whose message begins with `file:line:column: `, as config gives them.
Finding finding_of(const Error& error, const std::string& file);

/// The value of a Result, or nullopt with a finding.
template <class T>
std::optional<T> take(Result<T> result, const std::string& file, std::vector<Finding>& findings) {
  if (result) return std::move(result.value());
  findings.push_back(finding_of(result.error(), file));
  return std::nullopt;
}
bool take(Result<void> result, const std::string& file, std::vector<Finding>& findings);

}  // namespace zhida::mapping
