#include "stages/mapping/yaml_store.h"

#include <cstdlib>
#include <string_view>

namespace zhida::mapping {

Finding finding_at(const config::ConfigNode& node, std::string code, std::string message) {
  Finding finding;
  finding.file = node.file();
  finding.line = node.line();
  finding.column = node.column();
  finding.code = std::move(code);
  finding.message = std::move(message);
  return finding;
}

Finding finding_of(const Error& error, const std::string& file) {
  Finding finding;
  finding.file = file;
  finding.code = error.code;
  finding.message = error.message;
  const std::string prefix = file + ":";
  if (std::string_view(error.message).starts_with(prefix)) {
    char* end = nullptr;
    const char* const begin = error.message.c_str() + prefix.size();
    const long line = std::strtol(begin, &end, 10);
    if (end != begin && *end == ':') {
      const char* const second = end + 1;
      const long column = std::strtol(second, &end, 10);
      if (end != second) {
        finding.line = static_cast<int>(line);
        finding.column = static_cast<int>(column);
        while (*end == ':' || *end == ' ') ++end;
        finding.message = end;
      }
    }
  }
  return finding;
}

bool take(Result<void> result, const std::string& file, std::vector<Finding>& findings) {
  if (result) return true;
  findings.push_back(finding_of(result.error(), file));
  return false;
}

}  // namespace zhida::mapping
