#include "seal/trust.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/json.h"
#include "seal/trust_cache.h"

namespace zhida::seal {
namespace {

namespace fs = std::filesystem;

// Each path itself, or the files of the folder it names, in the order of their names.
Result<std::vector<std::string>> files_of(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const auto& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> inside;
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
      if (it->is_regular_file(error) && !it->path().filename().string().starts_with('.'))
        inside.push_back(it->path().string());
    }
    if (error) return refuse("file_unreadable", path + " cannot be listed: " + error.message() + ".");
    std::sort(inside.begin(), inside.end());
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

Result<std::vector<crypto::Certificate>> load_certificates(const std::vector<std::string>& paths) {
  std::vector<crypto::Certificate> all;
  for (const auto& file : TRY(files_of(paths))) {
    const Bytes content = TRY(read_file(file, 1u << 20));
    auto certificates = crypto::Certificate::parse_all(content);
    if (!certificates) return refuse(certificates.error().code, file + ": " + certificates.error().message);
    all.insert(all.end(), certificates.value().begin(), certificates.value().end());
  }
  return all;
}

Result<std::vector<Trust::RevokedSeal>> load_status_list(const std::string& path) {
  std::vector<Trust::RevokedSeal> revoked;
  if (path.empty()) return revoked;
  const auto malformed = [&](const std::string& why) {
    return refuse("seal_status_list_malformed", path + " is not a seal status list: " + why);
  };
  const Bytes content = TRY(read_file(path));
  const auto json = parse_json(content);
  if (!json) return malformed(json.error().message);
  const auto version = get_int(json.value(), "v");
  if (!version || version.value() != 1) return malformed("member \"v\" must be 1.");
  if (!json.value().contains("seals") || !json.value()["seals"].is_array())
    return malformed("member \"seals\" must be a list.");
  for (const Json& item : json.value()["seals"]) {
    const auto es_id = get_string(item, "esID");
    const auto status = get_string(item, "status");
    const auto since_text = get_string(item, "since");
    if (!es_id || !status || !since_text) return malformed("an item needs the texts esID, status and since.");
    if (status.value() == "valid") continue;
    if (status.value() != "revoked")
      return malformed("status \"" + status.value() + "\" is neither valid nor revoked.");
    const auto since = parse_rfc3339(since_text.value());
    if (!since) return malformed("since of " + es_id.value() + " is not an RFC 3339 time.");
    revoked.push_back({es_id.value(), since.value()});
  }
  return revoked;
}

}  // namespace

Trust::Trust(std::vector<crypto::Certificate> roots, std::vector<crypto::Certificate> intermediates,
             std::vector<crypto::RevocationList> lists, std::vector<RevokedSeal> revoked_seals,
             std::vector<crypto::Alg> allowed)
    : chains_(std::move(roots), std::move(intermediates), std::move(lists)),
      revoked_seals_(std::move(revoked_seals)),
      allowed_(std::move(allowed)),
      cache_(std::make_unique<Cache>()) {}

Trust::~Trust() = default;

Result<std::shared_ptr<const Trust>> Trust::load(const TrustFiles& files) {
  auto roots = TRY(load_certificates(files.roots));
  if (roots.empty()) {
    return refuse("trust_without_root",
                  "No root certificate for seals is configured, so no seal could ever be verified.");
  }
  auto intermediates = TRY(load_certificates(files.intermediates));
  std::vector<crypto::RevocationList> lists;
  for (const auto& file : TRY(files_of(files.revocation_lists)))
    lists.push_back(TRY(crypto::RevocationList::load(file)));
  auto revoked_seals = TRY(load_status_list(files.seal_status_list));
  return std::shared_ptr<const Trust>(std::make_shared<Trust>(
      std::move(roots), std::move(intermediates), std::move(lists), std::move(revoked_seals), files.allowed));
}

bool Trust::allows(crypto::Alg alg) const {
  return std::find(allowed_.begin(), allowed_.end(), alg) != allowed_.end();
}

std::optional<Instant> Trust::seal_revoked_since(const std::string& es_id) const {
  std::optional<Instant> since;
  for (const auto& seal : revoked_seals_) {
    if (seal.es_id == es_id && (!since || seal.since < *since)) since = seal.since;
  }
  return since;
}

}  // namespace zhida::seal
