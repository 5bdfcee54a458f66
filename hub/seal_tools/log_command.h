// `zhida-verify log`: does one sealed head of the audit log go on from another?
#pragma once
#include <iosfwd>
#include <string>
#include <vector>

namespace zhida::seal_tools {

/// Lines for the program's help.
extern const char* const kLogHelp;

/// `arguments` are those behind the word `log`. Prints one JSON report on `out`; gives the exit status: 0, the first
/// failing code (11: the heads are of two histories), 64 usage, 66 a file that cannot be used.
int run_log_command(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& complaints);

}  // namespace zhida::seal_tools
