#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "platform/http/http_client.h"
#include "seal/seal.h"
#include "seal/trust.h"

namespace zhida::flow {

/// Seals of offices and persons. They are never made here: digest, kind of document and the holder's authorisation go
/// to the seal platform, a full SES_Signature comes back, and it is used only after it was verified: that it holds now
/// (signature, list, chains, revocation, status list), that it is over our digest, that it is the seal that was asked
/// for, and that it was not put before there was anything to seal. Any thread; one question at a time.
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
    std::optional<Instant> not_before{};  ///< When the document came to be; a seal that is older is wrong.
  };
  struct Answer {
    Bytes given;                 ///< The SES_Signature as it came, or, where that is none, what came instead.
    seal::Report report;         ///< Where there was something to verify.
    std::optional<Error> error;  ///< Nothing: `given` may be used.
    bool wrong = false;          ///< With an error: the platform answered, and what it gave must not be used.
  };
  explicit RemoteSealer(Options options) : options_(std::move(options)) {}

  /// The seal signature over the payload, of which only the digest leaves. Errors:
  /// `seal_platform_away` (retry): no answer, or one that says later;
  /// `seal_platform_refused`: its no, with its reason;
  /// `seal_platform_garbage` (wrong): an answer without a seal signature;
  /// `office_seal_<check>` (wrong), such as `office_seal_data_hash`: it does not hold (seal::name_of);
  /// `office_seal_of_another` (wrong): it holds, and is another seal;
  /// `office_seal_date` (wrong): put before the document was there;
  /// `office_seal_status_unknown` (retry): it may hold, but our own lists are out of date.
  /// `clock` is looked at when the answer is there: its seal may have been put at any moment until then.
  Answer ask(ByteView payload, const Request& request, const seal::Trust& trust, const Clock& clock);

 private:
  Result<http::HttpReply> call(ByteView payload, const Request& request);

  const Options options_;
  Mutex mutex_;
  http::HttpClient client_ GUARDED_BY(mutex_);
};

}  // namespace zhida::flow
