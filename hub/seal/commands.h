// `zhida seal make-seal|sign|show|verify`, as plain functions that main.cpp calls.
#pragma once
#include <iosfwd>
#include <string>
#include <vector>

namespace zhida::seal {

/// Runs one `seal` sub-command; `arguments` begins with its name. Results go to `out` (one JSON object), complaints to
/// `complaints`. Returns the exit code: 0 done, 1 refused (a seal that does not hold, a file that is wrong), 2 usage.
int run_seal_command(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& complaints);

/// The lines that `zhida help` prints for these commands.
std::string seal_usage();

}  // namespace zhida::seal
