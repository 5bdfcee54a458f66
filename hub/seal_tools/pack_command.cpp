#include "seal_tools/pack_command.h"

#include <ostream>

#include "base/clock.h"
#include "seal/options.h"
#include "seal/pack_verify.h"
#include "seal/pack_zip.h"

namespace zhida::seal_tools {
namespace {

constexpr int kUsage = 64, kUnusableFile = 66;

Result<seal::PackReport> verify(const std::vector<std::string>& arguments) {
  const auto options = TRY(seal::Options::parse(arguments, {"root", "at"}, {"require-time", "require-status"}));
  if (options.rest().size() != 1) return refuse("usage", "pack wants one file.");
  seal::PackOptions how;
  for (const auto& path : options.all("root")) {
    const Bytes content = TRY(read_file(path, 1u << 20));
    auto certificates = crypto::Certificate::parse_all(content);
    if (!certificates) return refuse(certificates.error().code, path + ": " + certificates.error().message);
    how.roots.insert(how.roots.end(), certificates.value().begin(), certificates.value().end());
  }
  const std::string at = options.get_or("at", "");
  how.now = at.empty() ? SystemClock().now() : TRY(seal::parse_moment(at));
  how.require_trusted_time = options.has("require-time");
  how.require_revocation_status = options.has("require-status");
  const Bytes archive = TRY(read_file(options.rest().front(), seal::kPackBytesMax));
  auto report = seal::verify_pack(archive, how);
  report.json["file"] = options.rest().front();
  return report;
}

}  // namespace

const char* const kPackHelp =
    "       zhida-verify pack FILE.zip [--root CERT]... [--at TIME] [--require-time] [--require-status]\n"
    "                    an evidence pack: every member, seal, disclosed fact and inclusion proof\n"
    "                    without --root the pack's own roots are taken, and the report says so\n";

int run_pack_command(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& complaints) {
  const auto report = verify(arguments);
  if (!report) {
    complaints << report.error().message << "\n";
    if (report.error().code != "usage") return kUnusableFile;
    complaints << "Usage:\n" << kPackHelp;
    return kUsage;
  }
  out << report.value().json.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
  return static_cast<int>(report.value().code);
}

}  // namespace zhida::seal_tools
