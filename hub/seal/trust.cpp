#include "seal/trust.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "seal/structure.h"
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

// The list as its seal vouches for it. It is judged at the time its seal was made: what matters later is whether a
// newer list exists, and that is what the number is for.
Result<SealStatusList> load_status_list(const TrustFiles& files, const TrustContent& content) {
  const std::string& path = files.seal_status_list;
  const Bytes text = TRY(read_file(path));
  auto list = read_status_list(text);
  if (!list) return refuse(list.error().code, path + ": " + list.error().message);
  const auto wrong = [&](const std::string& why) {
    return refuse("seal_status_list_wrong", "The seal status list " + path + " cannot be believed: " + why);
  };
  const auto ses = read_file(path + ".ses", kStructureBytesMax);
  if (!ses) return wrong("its seal is missing; it must lie beside it. " + ses.error().message);
  const Trust without_list(content);
  const auto signature = read_signature_structure(ses.value());
  if (!signature) return wrong(signature.error().message);
  const Report report = verify(ses.value(), text, without_list, Policy{.now = signature.value().signed_at});
  if (!report.passed()) return wrong(report.detail);
  if (!files.status_list_seals.empty() && !files.status_list_seals.contains(report.es_id)) {
    return wrong("the seal " + report.es_id + " has no word on other seals.");
  }
  return std::move(list.value());
}

}  // namespace

Trust::Trust(TrustContent content)
    : chains_(std::move(content.roots), content.intermediates, content.lists, content.revocation_list_age_max),
      intermediates_(std::move(content.intermediates)),
      status_(std::move(content.status)),
      allowed_(std::move(content.allowed)),
      cache_(std::make_unique<Cache>()) {
  if (content.time_roots.empty()) return;
  time_chains_ = std::make_unique<crypto::TrustStore>(std::move(content.time_roots), intermediates_,
                                                      std::move(content.lists), content.revocation_list_age_max);
}

Trust::Trust(std::vector<crypto::Certificate> roots, std::vector<crypto::Certificate> intermediates,
             std::vector<crypto::RevocationList> lists, std::vector<RevokedSeal> revoked_seals,
             std::vector<crypto::Alg> allowed)
    : Trust(TrustContent{.roots = std::move(roots),
                         .intermediates = std::move(intermediates),
                         .lists = std::move(lists),
                         .status = SealStatusList{.revoked = std::move(revoked_seals)},
                         .allowed = std::move(allowed)}) {}

Trust::~Trust() = default;

Result<std::shared_ptr<const Trust>> Trust::load(const TrustFiles& files, const Trust* before) {
  TrustContent content;
  content.roots = TRY(load_certificates(files.roots));
  if (content.roots.empty()) {
    return refuse("trust_without_root",
                  "No root certificate for seals is configured, so no seal could ever be verified.");
  }
  content.intermediates = TRY(load_certificates(files.intermediates));
  content.time_roots = TRY(load_certificates(files.time_roots));
  for (const auto& file : TRY(files_of(files.revocation_lists)))
    content.lists.push_back(TRY(crypto::RevocationList::load(file)));
  content.allowed = files.allowed;
  content.revocation_list_age_max = files.revocation_list_age_max;
  if (!files.seal_status_list.empty()) content.status = TRY(load_status_list(files, content));
  if (before != nullptr && content.status.number < before->status_.number) {
    return refuse("seal_status_list_older", "The seal status list has the number " +
                                                std::to_string(content.status.number) + "; one with the number " +
                                                std::to_string(before->status_.number) + " was read before.");
  }
  return std::shared_ptr<const Trust>(std::make_shared<Trust>(std::move(content)));
}

bool Trust::allows(crypto::Alg alg) const {
  return std::find(allowed_.begin(), allowed_.end(), alg) != allowed_.end();
}

std::optional<Instant> Trust::seal_revoked_since(const std::string& es_id) const {
  std::optional<Instant> since;
  for (const auto& seal : status_.revoked) {
    if (seal.es_id == es_id && (!since || seal.since < *since)) since = seal.since;
  }
  return since;
}

}  // namespace zhida::seal
