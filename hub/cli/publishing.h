// What policy.cpp and publishing.cpp share.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/open_hub.h"

namespace zhida::cli {

/// The words of `zhida policy`: `--name value` pairs, flags, and what is left over.
struct Words {
  std::map<std::string, std::string> options;
  std::set<std::string> flags;
  std::vector<std::string> plain;
  bool json = false;

  std::string option(const std::string& name, const std::string& otherwise = "") const {
    const auto found = options.find(name);
    return found == options.end() ? otherwise : found->second;
  }
};

bool is_publishing_command(const std::string& command);
/// Gives the exit code.
int publishing(const std::string& command, const Words& words);

}  // namespace zhida::cli
