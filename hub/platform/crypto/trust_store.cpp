#include "platform/crypto/trust_store.h"

#include <algorithm>
#include <unordered_map>

#include "base/mutex.h"
#include "platform/crypto/certificate_impl.h"

namespace zhida::crypto {
namespace {

// One chain that OpenSSL has accepted, with what does not depend on the moment asked about.
struct Path {
  Instant valid_from{}, valid_to{};
  std::optional<Instant> revoked_at;
  std::string revoked_subject;
  std::optional<Instant> status_until;
};

// Certificates come from peers; the cache must not grow with what they invent.
constexpr std::size_t kCachedCertificatesMax = 4096;

std::string issuer_subject(X509* certificate) {
  char text[256] = {};
  X509_NAME_oneline(X509_get_subject_name(certificate), text, sizeof text);
  return text;
}

}  // namespace

struct TrustStore::Impl {
  std::vector<Certificate> roots, intermediates;
  std::vector<RevocationList> lists;
  std::optional<std::chrono::milliseconds> list_age_max;
  Handle<X509_STORE, X509_STORE_free> store{X509_STORE_new()};

  mutable Mutex mutex;
  mutable std::unordered_map<std::string, std::vector<Path>> known GUARDED_BY(mutex);

  bool list_is_from(const RevocationList::Impl& list, X509* issuer) const {
    if (!list.usable || !list.alg) return false;
    if (X509_NAME_cmp(X509_CRL_get_issuer(list.handle.get()), X509_get_subject_name(issuer)) != 0) return false;
    if ((X509_get_key_usage(issuer) & KU_CRL_SIGN) == 0) return false;
    return verify_signature(X509_get0_pubkey(issuer), *list.alg, list.tbs, list.signature);
  }

  // Asks every list of the issuer: one that an older list has revoked stays revoked, and the newest says until when
  // they speak.
  void look_up_revocation(X509* certificate, X509* issuer, Path& path, bool& all_known) const {
    std::optional<Instant> speaks_until;
    for (const auto& list : lists) {
      if (!list_is_from(list.impl(), issuer)) continue;
      Instant until = list.impl().next_update;
      if (list_age_max) until = std::min(until, list.impl().this_update + *list_age_max);
      speaks_until = std::max(speaks_until.value_or(until), until);
      X509_REVOKED* entry = nullptr;
      if (X509_CRL_get0_by_cert(list.impl().handle.get(), &entry, certificate) != 1) continue;
      // A date that cannot be read counts as "always revoked".
      const auto date = to_instant(X509_REVOKED_get0_revocationDate(entry));
      const Instant since = date ? date.value() : Instant{};
      if (!path.revoked_at || since < *path.revoked_at) {
        path.revoked_at = since;
        path.revoked_subject = issuer_subject(certificate);
      }
    }
    if (!speaks_until) {
      all_known = false;
    } else if (!path.status_until || *speaks_until < *path.status_until) {
      path.status_until = speaks_until;
    }
  }

  Result<Path> find_path(const Certificate& certificate, Instant moment) const {
    const Handle<STACK_OF(X509), [](STACK_OF(X509) * stack) { sk_X509_free(stack); }> untrusted(sk_X509_new_null());
    for (const auto& one : intermediates) sk_X509_push(untrusted.get(), one.impl().handle.get());
    const Handle<X509_STORE_CTX, X509_STORE_CTX_free> context(X509_STORE_CTX_new());
    if (!context ||
        X509_STORE_CTX_init(context.get(), store.get(), certificate.impl().handle.get(), untrusted.get()) != 1) {
      return refuse("not_trusted", "OpenSSL made no context: " + openssl_complaint() + ".");
    }
    X509_VERIFY_PARAM* const how = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_time(how, std::chrono::floor<std::chrono::seconds>(moment).time_since_epoch().count());
    X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
    if (X509_verify_cert(context.get()) != 1) {
      const int error = X509_STORE_CTX_get_error(context.get());
      X509* const where = X509_STORE_CTX_get_current_cert(context.get());
      ERR_clear_error();
      return refuse("not_trusted", std::string(X509_verify_cert_error_string(error)) +
                                       (where != nullptr ? " (at " + issuer_subject(where) + ")" : ""));
    }
    STACK_OF(X509)* const chain = X509_STORE_CTX_get0_chain(context.get());
    Path path;
    path.valid_from = certificate.not_before();
    path.valid_to = certificate.not_after();
    bool all_known = true;
    for (int i = 0; i < sk_X509_num(chain); ++i) {
      X509* const one = sk_X509_value(chain, i);
      path.valid_from = std::max(path.valid_from, TRY(to_instant(X509_get0_notBefore(one))));
      path.valid_to = std::min(path.valid_to, TRY(to_instant(X509_get0_notAfter(one))));
      if (i + 1 < sk_X509_num(chain)) look_up_revocation(one, sk_X509_value(chain, i + 1), path, all_known);
    }
    if (!all_known) path.status_until.reset();
    ERR_clear_error();
    return path;
  }

  // A chain that is valid at the moment, found before or now. Only chains that hold are kept, so a stranger costs no
  // memory.
  Result<Path> path_at(const Certificate& certificate, Instant moment) const {
    {
      const Lock lock(mutex);
      if (const auto it = known.find(certificate.fingerprint()); it != known.end()) {
        for (const Path& path : it->second) {
          if (path.valid_from <= moment && moment <= path.valid_to) return path;
        }
      }
    }
    const Path path = TRY(find_path(certificate, moment));
    const Lock lock(mutex);
    if (known.size() >= kCachedCertificatesMax) known.clear();
    auto& paths = known[certificate.fingerprint()];
    const bool is_new = std::none_of(paths.begin(), paths.end(), [&](const Path& other) {
      return other.valid_from == path.valid_from && other.valid_to == path.valid_to;
    });
    if (is_new) paths.push_back(path);
    return path;
  }
};

TrustStore::TrustStore(std::vector<Certificate> roots, std::vector<Certificate> intermediates,
                       std::vector<RevocationList> lists, std::optional<std::chrono::milliseconds> list_age_max)
    : impl_(std::make_unique<Impl>()) {
  impl_->list_age_max = list_age_max;
  impl_->roots = std::move(roots);
  impl_->intermediates = std::move(intermediates);
  impl_->lists = std::move(lists);
  for (const auto& root : impl_->roots) X509_STORE_add_cert(impl_->store.get(), root.impl().handle.get());
}

TrustStore::~TrustStore() = default;

ChainCheck TrustStore::check(const Certificate& certificate, Instant moment) const {
  ChainCheck check;
  const auto path = impl_->path_at(certificate, moment);
  if (!path) {
    check.detail = path.error().message;
    return check;
  }
  check.revoked_at = path.value().revoked_at;
  check.valid_from = path.value().valid_from;
  check.valid_to = path.value().valid_to;
  check.status_until = path.value().status_until;
  if (check.revoked_at && *check.revoked_at <= moment) {
    check.verdict = ChainCheck::Verdict::revoked;
    check.detail = path.value().revoked_subject + " was revoked at " + to_rfc3339(*check.revoked_at);
    return check;
  }
  check.verdict = ChainCheck::Verdict::good;
  return check;
}

}  // namespace zhida::crypto
