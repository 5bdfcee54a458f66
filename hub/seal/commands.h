// `zhida seal make-seal|sign|verify|show`, as plain functions that main.cpp calls.
#pragma once
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"
#include "base/result.h"

namespace zhida::seal {

/// Runs one `seal` sub-command; `arguments` begins with its name. Results go to `out` (one JSON object; text for
/// `show`), complaints and warnings to `complaints`. Returns the exit code: 0 done, 1 refused (a seal that does not
/// hold, a file that is wrong), 2 usage.
int run_seal_command(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& complaints);

/// The lines that `zhida help` prints for these commands.
std::string seal_usage();

/// What zhida-verify and `seal verify` do: verifies signature files over a payload file (with --proof, the seal of a
/// batch of which the payload is a member), all findings listed. The
/// member `code` is that of the first failing check of the first failing signature. Errors `usage`, and of reading.
Result<Json> verify_files(const std::vector<std::string>& arguments);

/// A round seal picture of our own drawing (SVG) with the name below the star, where one is given.
Bytes default_picture(std::string_view name);

}  // namespace zhida::seal
