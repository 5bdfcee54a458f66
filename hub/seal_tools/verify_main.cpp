// zhida-verify: lets anyone check sealed payloads, offline and without configuration.
#include <iostream>
#include <string>
#include <vector>

#include "seal/commands.h"

namespace {

constexpr int kUsage = 64;  // Exit codes below 64 are codes of the verification.
constexpr int kUnusableFile = 66;

constexpr std::string_view kHelp =
    "Usage: zhida-verify --root CERT [--inter CERT]... [--crl LIST]... [--seal-status FILE] [--at TIME] "
    "[--require-time]\n"
    "                    [--require-status] --data PAYLOAD SIGNATURE...\n"
    "\n"
    "Verifies electronic seals (GB/T 38540-2020) over the exact octets of PAYLOAD and prints one JSON report.\n"
    "  --root, --inter, --crl   PEM or DER files, or folders of them\n"
    "  --seal-status FILE       JSON list of revoked seals\n"
    "  --at TIME                verify as of then (RFC 3339, or a day); the default is now\n"
    "  --require-time           refuse what has no time-stamp (12)\n"
    "  --require-status         refuse where no usable revocation list speaks\n"
    "\n"
    "Exit status: 0 all hold; else the first failing check: 1 format, 2 alg, 3 sign_value, 4 signer_not_in_seal,\n"
    "5 seal_sign_value, 6 seal_maker_cert, 7 seal_expired, 8 signer_cert, 9 sign_time, 10 signer_revoked, 11 "
    "data_hash,\n"
    "12 timestamp; 64 usage, 66 a file that cannot be used.\n";

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "help") {
    (arguments.empty() ? std::cerr : std::cout) << kHelp;
    return arguments.empty() ? kUsage : 0;
  }
  const auto report = zhida::seal::verify_files(arguments);
  if (!report) {
    const bool usage = report.error().code == "usage";
    std::cerr << report.error().message << "\n" << (usage ? kHelp : "");
    return usage ? kUsage : kUnusableFile;
  }
  std::cout << report.value().dump(2, ' ', false, zhida::Json::error_handler_t::replace) << "\n";
  return report.value()["code"].get<int>();
}
