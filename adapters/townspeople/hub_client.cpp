#include "adapters/townspeople/hub_client.h"

#include <thread>
#include <utility>

#include "platform/crypto/digest.h"
#include "platform/http/http_client.h"

namespace zhida::townspeople {

struct HubClient::State {
  std::string base_url;
  std::string certificate, key, ca;
  std::chrono::seconds patience;
  http::HttpClient http;
};

HubClient::HubClient(std::string base_url, const std::string& certs, const std::string& name,
                     std::chrono::seconds patience)
    : state_(std::make_unique<State>()) {
  state_->base_url = std::move(base_url);
  state_->certificate = certs + "/tls/" + name + ".crt";
  state_->key = certs + "/tls/" + name + ".key";
  state_->ca = certs + "/tls/ca.crt";
  state_->patience = patience;
}

HubClient::~HubClient() = default;

Result<Json> HubClient::ask(const char* method, const std::string& path, const std::string& content_type,
                            const Bytes& body) {
  http::HttpCall call;
  call.method = method;
  call.url = state_->base_url + path;
  call.body = body;
  call.timeout = 60s;
  call.connect_timeout = 2s;
  call.reply_bytes_max = 64u << 20;
  call.ca_file = state_->ca;
  call.certificate_file = state_->certificate;
  call.key_file = state_->key;
  if (!content_type.empty()) {
    call.headers.emplace_back("Content-Type", content_type);
    call.headers.emplace_back("Idempotency-Key", to_hex(crypto::sha256(path + "\n" + body)).substr(0, 32));
  }
  const auto deadline = std::chrono::steady_clock::now() + state_->patience;
  auto pause = 50ms;
  for (;;) {
    const auto reply = state_->http.call(call);
    const bool silent = !reply || reply.value().status == 503;
    if (!silent) {
      auto json = parse_json(reply.value().body);
      if (reply.value().status >= 200 && reply.value().status < 300) return json;
      if (!json)
        return refuse("hub_answer_unreadable",
                      path + ": status " + std::to_string(reply.value().status) + " without a readable body.");
      return refuse(TRY(get_string_or(json.value(), "code", "http_" + std::to_string(reply.value().status))),
                    path + ": " + TRY(get_string_or(json.value(), "detail", "no detail")));
    }
    if (std::chrono::steady_clock::now() > deadline)
      return retry("hub_silent", "The hub at " + state_->base_url + " does not answer" +
                                     (reply ? "" : " (" + reply.error().message + ")") + ".");
    std::this_thread::sleep_for(pause);
    pause = std::min<std::chrono::milliseconds>(pause * 2, 500ms);
  }
}

Result<Json> HubClient::get(const std::string& path) {
  return ask("GET", path, {}, {});
}

Result<Json> HubClient::post(const std::string& path, const Json& body) {
  return ask("POST", path, "application/json", TRY(canonical_json(body)));
}

Result<Json> HubClient::post_bytes(const std::string& path, const std::string& content_type, const Bytes& body) {
  return ask("POST", path, content_type, body);
}

Result<void> HubClient::each(const std::string& path, const std::function<Result<void>(const Json&)>& visit) {
  const std::string joint = path.find('?') == std::string::npos ? "?" : "&";
  std::string cursor;
  for (;;) {
    const Json page = TRY(get(path + joint + "limit=200" + (cursor.empty() ? "" : "&cursor=" + cursor)));
    for (const auto& item : page.at("items")) {
      CHECK_OK(visit(item));
    }
    cursor = TRY(get_string_or(page, "next", ""));
    if (cursor.empty()) return ok();
  }
}

}  // namespace zhida::townspeople
