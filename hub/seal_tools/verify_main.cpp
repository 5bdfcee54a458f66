// zhida-verify: lets anyone check sealed payloads, offline and without configuration.
#include <iostream>
#include <string>
#include <vector>

#include "seal/commands.h"

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

/// `zhida-verify NAME …`; what begins with an option, or is a file, is a signature over a payload.
struct Subcommand {
  std::string_view name;
  zhida::Result<zhida::Json> (*run)(const std::vector<std::string>& arguments);
};
constexpr Subcommand kSubcommands[] = {
    {"seal", &zhida::seal::verify_files},
};

zhida::Result<zhida::Json> run(const std::vector<std::string>& arguments) {
  for (const auto& subcommand : kSubcommands) {
    if (arguments.front() == subcommand.name) return subcommand.run({arguments.begin() + 1, arguments.end()});
  }
  return zhida::seal::verify_files(arguments);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "help") {
    (arguments.empty() ? std::cerr : std::cout) << kHelp;
    return arguments.empty() ? kUsage : 0;
  }
  const auto report = run(arguments);
  if (!report) {
    const bool usage = report.error().code == "usage";
    std::cerr << report.error().message << "\n" << (usage ? kHelp : "");
    return usage ? kUsage : kUnusableFile;
  }
  std::cout << report.value().dump(2, ' ', false, zhida::Json::error_handler_t::replace) << "\n" << std::flush;
  if (!std::cout) return kUnusableFile;  // E.g. a full disk: a report that nobody can read must not look like success.
  return report.value()["code"].get<int>();
}
