#include "adapter_api/transports/signed_http.h"

#include "base/clock.h"
#include "base/ids.h"
#include "platform/crypto/digest.h"
#include "platform/http/http_client.h"
#include "platform/http/url.h"

namespace zhida::transports {

Signature client_gateway_signature(std::string client_id, Secret<std::string> secret) {
  return [client_id = std::move(client_id), secret = std::move(secret)](std::int64_t real_millis,
                                                                        const std::string& nonce) -> Headers {
    const auto timestamp = std::to_string(real_millis);
    return {{"X-Client-Id", client_id},
            {"X-Timestamp", timestamp},
            {"X-Nonce", nonce},
            {"X-Signature", to_base64(crypto::hmac_sha256(secret.reveal(), client_id + timestamp + nonce))}};
  };
}

Signature national_platform_signature(std::string requester_id, std::string service_id, Secret<std::string> secret) {
  return [requester_id = std::move(requester_id), service_id = std::move(service_id), secret = std::move(secret)](
             std::int64_t real_millis, const std::string&) -> Headers {
    const auto time = std::to_string(real_millis);
    return {{"gjgxjhpt_rid", requester_id},
            {"gjgxjhpt_sid", service_id},
            {"gjgxjhpt_rtime", time},
            {"gjgxjhpt_sign", to_base64(crypto::hmac_sha256(secret.reveal(), requester_id + service_id + time))}};
  };
}

SignedHttp::SignedHttp(SignedHttpOptions options, Signature signature)
    : options_(std::move(options)), signature_(std::move(signature)), client_(std::make_unique<http::HttpClient>()) {}

SignedHttp::~SignedHttp() = default;

Result<Bytes> SignedHttp::get(const std::string& path, const Query& query) {
  auto url = options_.base_url + path;
  if (!query.empty()) url += "?" + http::build_query(query);
  return call("GET", url, {});
}

Result<Bytes> SignedHttp::post_json(const std::string& path, const std::string& body) {
  return call("POST", options_.base_url + path, body);
}

Result<Bytes> SignedHttp::call(const std::string& method, const std::string& url, const std::string& body) {
  http::HttpCall call;
  call.method = method;
  call.url = url;
  call.body = body;
  call.timeout = options_.timeout;
  call.reply_bytes_max = options_.answer_bytes_max;
  call.ca_file = options_.ca_file;
  call.certificate_file = options_.certificate_file;
  call.key_file = options_.key_file;
  call.headers.emplace_back("Accept", "application/json");
  if (!body.empty()) call.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  if (signature_) {
    // Gateways compare with their own clock, whatever the business day is.
    for (auto& header : signature_(to_millis(SystemClock().now()), new_uuid())) call.headers.push_back(header);
  }
  auto reply = client_->call(call);
  // The query may hold the number of a firm; sentences name the address only.
  const auto address = url.substr(0, url.find('?'));
  if (!reply) {
    if (reply.error().code == "http_too_large") return refuse("source_answer_too_large", reply.error().message);
    return retry("source_unreachable", reply.error().message);
  }
  const int status = reply.value().status;
  if (status >= 200 && status < 300) return std::move(reply.value().body);
  const auto sentence = address + " answered with status " + std::to_string(status) + ".";
  if (status == 429 || status >= 500) return retry("source_unreachable", sentence);
  return retry("source_refused", sentence);
}

}  // namespace zhida::transports
