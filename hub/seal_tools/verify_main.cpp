// zhida-verify: lets anyone check sealed payloads, offline and without configuration.
#include <iostream>
#include <ostream>
#include <string>
#include <vector>

#include "seal/commands.h"
#include "seal_tools/log_command.h"
#include "seal_tools/pack_command.h"

namespace {

constexpr int kUsage = 64;  // Exit codes below 64 are codes of the verification.
constexpr int kUnusableFile = 66;

constexpr std::string_view kHelp =
    "Usage: zhida-verify --root CERT [--inter CERT]... [--crl LIST]... [--time-root CERT]... [--seal-status FILE]\n"
    "                    [--alg NAME]... [--at TIME] [--require-time] [--require-status] [--proof PROOF]\n"
    "                    --data PAYLOAD SIGNATURE...\n"
    "\n"
    "Verifies electronic seals (GB/T 38540-2020) over the exact octets of PAYLOAD and prints one JSON report.\n"
    "  --root, --inter, --crl   PEM or DER files, or folders of them\n"
    "  --time-root CERT         roots of time-stamp authorities; the default is --root\n"
    "  --seal-status FILE       list of revoked seals; its own seal lies beside it as FILE.ses\n"
    "  --alg NAME               allow only this algorithm: sm2-sm3, ecdsa-p256-sha256\n"
    "  --at TIME                verify as of then (RFC 3339, or a day); the default is now\n"
    "  --proof PROOF            proof.json of a message that was sealed in a batch; SIGNATURE is the batch's\n"
    "  --require-time           refuse what has no time-stamp (12), and judge at the time it gives\n"
    "  --require-status         refuse where no usable revocation list speaks\n"
    "\n"
    "Exit status: 0 all hold; else the first failing check: 1 format, 2 alg, 3 sign_value, 4 signer_not_in_seal,\n"
    "5 seal_sign_value, 6 seal_maker_cert, 7 seal_expired, 8 signer_cert, 9 sign_time, 10 signer_revoked, 11 "
    "data_hash,\n"
    "12 timestamp; 64 usage, 66 a file that cannot be used.\n";

int verify_signatures(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& complaints) {
  const auto report = zhida::seal::verify_files(arguments);
  if (!report) {
    const bool usage = report.error().code == "usage";
    complaints << report.error().message << "\n" << (usage ? kHelp : "");
    return usage ? kUsage : kUnusableFile;
  }
  out << report.value().dump(2, ' ', false, zhida::Json::error_handler_t::replace) << "\n";
  return report.value()["code"].get<int>();
}

/// `zhida-verify NAME …`; whatever else comes first begins the options of a signature over a payload.
struct Subcommand {
  std::string_view name;
  const char* help;
  int (*run)(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& complaints);
};
const Subcommand kSubcommands[] = {
    {"pack", zhida::seal_tools::kPackHelp, &zhida::seal_tools::run_pack_command},
    {"log", zhida::seal_tools::kLogHelp, &zhida::seal_tools::run_log_command},
};

int run(const std::vector<std::string>& arguments) {
  for (const auto& subcommand : kSubcommands) {
    if (arguments.front() != subcommand.name) continue;
    return subcommand.run({arguments.begin() + 1, arguments.end()}, std::cout, std::cerr);
  }
  return verify_signatures(arguments, std::cout, std::cerr);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "help") {
    auto& out = arguments.empty() ? std::cerr : std::cout;
    out << kHelp;
    for (const auto& subcommand : kSubcommands) out << "\n" << subcommand.help;
    return arguments.empty() ? kUsage : 0;
  }
  const int status = run(arguments);
  std::cout << std::flush;
  return std::cout ? status : kUnusableFile;  // A report that nobody can read must not look like success.
}
