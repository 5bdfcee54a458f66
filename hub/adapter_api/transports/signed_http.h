// HTTPS calls that say who asks: a pluggable signature in the headers, bounded in time and size. One call, one answer;
// retrying is the business of who knows what the answer means (paged_http).
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace zhida::http {
class HttpClient;
}

namespace zhida::transports {

using Headers = std::map<std::string, std::string>;
using Query = std::vector<std::pair<std::string, std::string>>;

/// Makes the headers of one request from real time (gateways compare it with their own clock, whatever the business
/// day is) and a fresh nonce.
using Signature = std::function<Headers(std::int64_t real_millis, const std::string& nonce)>;

/// `X-Client-Id`, `X-Timestamp` (ms), `X-Nonce`, `X-Signature` = Base64(HMAC-SHA256(secret, id + timestamp + nonce)).
Signature client_gateway_signature(std::string client_id, Secret<std::string> secret);
/// `gjgxjhpt_rid`, `gjgxjhpt_sid`, `gjgxjhpt_rtime` (ms), `gjgxjhpt_sign` = Base64(HMAC-SHA256(secret, rid + sid +
/// rtime)).
Signature national_platform_signature(std::string requester_id, std::string service_id, Secret<std::string> secret);

struct SignedHttpOptions {
  std::string base_url;                    ///< `https://host:port/gateway`, without a slash at the end.
  std::string ca_file;                     ///< Who may have issued the server's certificate.
  std::string certificate_file, key_file;  ///< Our own, where the server wants one; else empty.
  std::chrono::milliseconds timeout{20'000};
  std::size_t answer_bytes_max = 32u << 20;
};

/// Calls of one server. Errors: `source_unreachable` (no connection, time-out, 5xx, 429; Fate::retry), `source_refused`
/// (401, 403 and other 4xx; retry too, because the other side's settings change without us), `source_answer_too_large`.
/// Keeps its connection between calls; one thread at a time.
class SignedHttp {
 public:
  SignedHttp(SignedHttpOptions options, Signature signature);
  ~SignedHttp();
  Result<Bytes> get(const std::string& path, const Query& query);
  Result<Bytes> post_json(const std::string& path, const std::string& body);
  const SignedHttpOptions& options() const { return options_; }

 private:
  Result<Bytes> call(const std::string& method, const std::string& url, const std::string& body);
  SignedHttpOptions options_;
  Signature signature_;
  std::unique_ptr<http::HttpClient> client_;
};

}  // namespace zhida::transports
