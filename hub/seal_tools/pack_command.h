// `zhida-verify pack`: an evidence pack, offline.
#pragma once
#include <iosfwd>
#include <string>
#include <vector>

namespace zhida::seal_tools {

/// Lines for the program's help.
extern const char* const kPackHelp;

/// `arguments` are those behind the word `pack`. Prints one JSON report on `out`; gives the exit status: 0, the first
/// failing code, 64 usage, 66 a file that cannot be used.
int run_pack_command(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& complaints);

}  // namespace zhida::seal_tools
