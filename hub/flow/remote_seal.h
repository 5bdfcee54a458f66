#pragma once
#include <chrono>
#include <string>

#include "base/mutex.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "platform/http/http_client.h"
#include "seal/seal.h"
#include "seal/trust.h"

namespace zhida::flow {

/// Seals of offices and persons. They are never made here: digest, kind of document and the holder's authorisation go
/// to the seal platform, a full SES_Signature comes back, and it is used only after it was verified: that it holds,
/// that it is over our digest, and that it is the seal that was asked for. Any thread; one question at a time.
class RemoteSealer {
 public:
  struct Options {
    std::string url;  ///< `https://…/v1/seals`
    std::string ca_file, certificate_file, key_file;
    std::chrono::milliseconds timeout = std::chrono::seconds(10);
  };
  struct Request {
    std::string es_id;                    ///< Whose seal.
    std::string document_kind;            ///< `approval_decision` …; the holder may have allowed some kinds only.
    Secret<std::string> authorisation{};  ///< What the holder gave for this.
    seal::Properties properties{};
  };
  explicit RemoteSealer(Options options) : options_(std::move(options)) {}

  /// The seal signature over the payload, of which only the digest leaves. Errors `seal_platform_away` (retry),
  /// `seal_platform_refused` (with its reason), `seal_platform_wrong` (what came back does not hold, or is another
  /// seal).
  Result<Bytes> seal(ByteView payload, const Request& request, const seal::Trust& trust, Instant now);

 private:
  const Options options_;
  Mutex mutex_;
  http::HttpClient client_ GUARDED_BY(mutex_);
};

}  // namespace zhida::flow
