// cert list, cert check, cert renew.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "base/clock.h"
#include "base/json.h"
#include "cli/open_hub.h"
#include "platform/crypto/certificate_request.h"
#include "seal/options.h"

namespace zhida::cli {
namespace {

constexpr std::string_view kHelp =
    "Usage: zhida cert list [--config FILE] [--json]\n"
    "       zhida cert check [--config FILE] [--days N]       exit 1 when one has fewer than N days left (30)\n"
    "       zhida cert renew NAME --out DIR --passphrase-file FILE [--config FILE]\n"
    "                        a new encrypted key and a request for the authority; the running hub is not touched\n";

struct Row {
  std::string name, path;
  Result<crypto::Certificate> certificate;
};

std::vector<Row> rows_of(const flow::HubConfig& config) {
  std::vector<Row> rows;
  for (const auto& [name, path] : config.certificate_files)
    rows.push_back({name, path, crypto::Certificate::load(path)});
  return rows;
}

std::int64_t days_left(const crypto::Certificate& certificate) {
  return std::chrono::floor<std::chrono::days>(certificate.not_after() - SystemClock().now()).count();
}

int list(const std::vector<Row>& rows, bool json) {
  Json all = Json::array();
  for (const auto& row : rows) {
    if (!row.certificate) {
      all.push_back({{"name", row.name}, {"file", row.path}, {"error", row.certificate.error().message}});
      if (!json) std::cout << row.name << "  " << row.certificate.error().message << "\n";
      continue;
    }
    const auto& certificate = row.certificate.value();
    all.push_back({{"name", row.name},
                   {"file", row.path},
                   {"subject", certificate.subject()},
                   {"issuer", certificate.issuer()},
                   {"serial", certificate.serial()},
                   {"fingerprint", certificate.fingerprint()},
                   {"not_after", to_rfc3339(certificate.not_after())},
                   {"days_left", days_left(certificate)}});
    if (json) continue;
    std::cout << row.name << "  " << days_left(certificate) << " days left  " << certificate.subject() << "  "
              << row.path << "\n";
  }
  if (json) std::cout << all.dump() << "\n";
  return kOk;
}

int check(const std::vector<Row>& rows, std::int64_t days) {
  int findings = 0;
  const Instant now = SystemClock().now();
  for (const auto& row : rows) {
    const auto find = [&](const std::string& what) {
      std::cout << row.name << ": " << what << "\n";
      ++findings;
    };
    if (!row.certificate) {
      find(row.certificate.error().message);
    } else if (now < row.certificate.value().not_before()) {
      find("valid only from " + to_rfc3339(row.certificate.value().not_before()) + " on: " + row.path);
    } else if (const auto left = days_left(row.certificate.value()); left < 0) {
      find("expired at " + to_rfc3339(row.certificate.value().not_after()) + ": " + row.path);
    } else if (left < days) {
      find(std::to_string(left) + " days left: renew it now (zhida cert renew " + row.name + "): " + row.path);
    }
  }
  if (findings == 0) std::cout << rows.size() << " certificates, each with " << days << " days left at least\n";
  return findings == 0 ? kOk : kFindings;
}

Result<std::string> renew(const std::vector<Row>& rows, const seal::Options& options) {
  if (options.rest().size() != 1) return refuse("usage", "cert renew takes one name; `zhida cert list` shows them.");
  const std::string name = options.rest()[0];
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& one) { return one.name == name; });
  if (row == rows.end()) return refuse("usage", "No certificate is called " + name + "; `zhida cert list` shows them.");
  const auto& before = TRY(row->certificate);
  const std::string folder = TRY(options.get("out"));
  std::string text = TRY(read_file(TRY(options.get("passphrase-file")), 4096));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  const auto made = TRY(crypto::renew_request(before, Secret<std::string>(std::move(text))));
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::string stem = folder + "/" + name;
  for (const char* ending : {".key", ".csr"}) {
    if (std::filesystem::exists(stem + ending, error)) {
      return refuse("file_exists", stem + ending + " is there already; a key is never written over.");
    }
  }
  CHECK_OK(write_file_atomically(stem + ".key", made.key_pem.reveal(), 0600));
  CHECK_OK(write_file_atomically(stem + ".csr", made.request_pem));
  return stem + ".key (encrypted) and " + stem + ".csr are made. Send the request to the authority " + before.issuer() +
         "; docs/keys_and_certificates.md says how to go on.";
}

}  // namespace

int cert(const std::vector<std::string>& arguments) {
  const std::string command = arguments.empty() ? "" : arguments.front();
  if (command == "--help" || command == "-h") {
    std::cout << kHelp;
    return kOk;
  }
  const std::vector<std::string> rest(arguments.empty() ? arguments.end() : arguments.begin() + 1, arguments.end());
  const auto options = seal::Options::parse(rest, {"config", "days", "out", "passphrase-file"}, {"json"});
  const bool known = command == "list" || command == "check" || command == "renew";
  if (!options || !known) {
    std::cerr << (options ? std::string() : options.error().message + "\n") << kHelp;
    return kUsage;
  }
  Options of_hub;
  const char* const variable = std::getenv("ZHIDA_CONFIG");
  of_hub.config = options.value().get_or("config", variable != nullptr ? variable : of_hub.config);
  const auto loaded = load(of_hub);
  if (!loaded) return fail(loaded.error());
  const auto rows = rows_of(loaded.value().hub_config());
  if (command == "list") return list(rows, options.value().has("json"));
  if (command == "check") {
    const std::string days = options.value().get_or("days", "30");
    if (days.empty() || days.size() > 5 || days.find_first_not_of("0123456789") != std::string::npos) {
      std::cerr << "--days wants a whole number.\n";
      return kUsage;
    }
    return check(rows, std::stoll(days));
  }
  const auto done = renew(rows, options.value());
  if (!done) {
    std::cerr << done.error().message << "\n";
    return done.error().code == "usage" ? kUsage : kFindings;
  }
  std::cout << done.value() << "\n";
  return kOk;
}

}  // namespace zhida::cli
