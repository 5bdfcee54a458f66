#include "adapters/simulator_kit/gateway.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/bytes.h"
#include "platform/crypto/digest.h"

namespace zhida::simulator {

std::string SignatureGuard::check(const http::HttpRequest& request, std::int64_t real_millis) {
  const bool gateway = style_ == HeaderStyle::client_gateway;
  const auto id = request.header(gateway ? "X-Client-Id" : "gjgxjhpt_rid");
  const auto middle = gateway ? std::string() : request.header("gjgxjhpt_sid");
  const auto time = request.header(gateway ? "X-Timestamp" : "gjgxjhpt_rtime");
  const auto nonce = gateway ? request.header("X-Nonce") : std::string();
  const auto signature = request.header(gateway ? "X-Signature" : "gjgxjhpt_sign");

  if (id != client_id_) return "client_unknown";
  if (time.empty() || time.size() > 15 || time.find_first_not_of("0123456789") != std::string::npos)
    return "clock_skew";
  const auto claimed = std::atoll(time.c_str());
  if (std::llabs(claimed - real_millis) > skew_max_.count()) return "clock_skew";
  // Each style signs its parts in the order in which its document lists them.
  const auto wanted = to_base64(crypto::hmac_sha256(secret_.reveal(), id + middle + time + nonce));
  if (!crypto::constant_time_equal(wanted, signature)) return "signature_wrong";
  if (!gateway) return {};

  const Lock lock(mutex_);
  // A nonce has to be remembered only as long as its timestamp would be taken.
  while (!nonces_by_age_.empty() && nonces_by_age_.front().first + 2 * skew_max_.count() < real_millis) {
    nonces_.erase(nonces_by_age_.front().second);
    nonces_by_age_.pop_front();
  }
  if (nonce.empty() || !nonces_.insert(nonce).second) return "nonce_replayed";
  nonces_by_age_.emplace_back(real_millis, nonce);
  return {};
}

Result<Secret<std::string>> load_or_make_secret(const std::string& path) {
  if (!std::filesystem::exists(path)) {
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
    CHECK_OK(write_file_atomically(path, to_hex(crypto::random_bytes(32)) + "\n", 0600));
  }
  auto text = TRY(read_file(path, 4096));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  if (text.empty()) return refuse("secret_empty", "The secret in " + path + " is empty.");
  return Secret<std::string>(std::move(text));
}

std::string secret_path(const Arguments& arguments, const std::string& name) {
  const auto own = arguments.own.find("secret");
  if (own != arguments.own.end()) return own->second;
  return (arguments.certs.empty() ? arguments.state : arguments.certs + "/secrets") + "/" + name;
}

Result<void> serve(Simulation& simulation, const std::string& name, const http::HttpServer::Handler& handler) {
  const auto& arguments = simulation.arguments();
  http::HttpServerOptions options;
  options.host = arguments.listen_host;
  options.port = arguments.listen_port;
  options.threads = 8;
  if (!arguments.certs.empty()) {
    options.certificate_file = arguments.certs + "/tls/" + name + ".crt";
    options.key_file = arguments.certs + "/tls/" + name + ".key";
  }
  const auto in_mood = [&simulation, &handler](const http::HttpRequest& request) {
    auto mood = simulation.mood();
    // Whoever waits is let go with the next mood, or the door would be full of them.
    const auto slow = mood.slow;
    for (const auto end = std::chrono::steady_clock::now() + slow;
         mood.slow == slow && std::chrono::steady_clock::now() < end &&
         !simulation.wait(std::min<std::chrono::milliseconds>(slow, 20ms));)
      mood = simulation.mood();
    return mood.rude ? login_page() : handler(request);
  };
  auto server = TRY(http::HttpServer::start(options, in_mood));
  options.port = server->port();
  simulation.ready(options.port);
  while (!simulation.wait(20ms)) {
    const bool absent = simulation.mood().absent;
    if (absent && server) {
      server.reset();
      simulation.log().info("The door is closed.", {{"simulator", name}});
    } else if (!absent && !server) {
      // The port may be busy for a moment after it was closed.
      auto again = http::HttpServer::start(options, in_mood);
      if (again) {
        server = std::move(again.value());
        simulation.log().info("The door is open again.", {{"simulator", name}});
      }
    }
  }
  if (server) server->stop();
  return ok();
}

std::string json_text(std::string_view text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

http::HttpResponse rows_answer(std::int64_t total, const std::vector<std::string>& rows) {
  std::string body = R"({"code":"00","msg":"成功","total":)" + std::to_string(total) + R"(,"data":[)";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i > 0) body += ',';
    body += rows[i];
  }
  body += "]}";
  http::HttpResponse response;
  response.body = std::move(body);
  return response;
}

http::HttpResponse refusal(const std::string& code, const std::string& message) {
  http::HttpResponse response;
  response.body = R"({"code":)" + json_text(code) + R"(,"msg":)" + json_text(message) + R"(,"total":0,"data":""})";
  return response;
}

http::HttpResponse unauthorized(const std::string& why) {
  auto response = refusal("99", "认证失败: " + why);
  response.status = 401;
  return response;
}

http::HttpResponse login_page() {
  http::HttpResponse response;
  response.content_type = "text/html; charset=utf-8";
  response.body =
      "<!DOCTYPE html><html><head><title>统一身份认证</title></head><body><form action=\"/login\" method=\"post\">"
      "<input name=\"user\"><input name=\"password\" type=\"password\"></form></body></html>";
  return response;
}

std::int64_t number_parameter(const http::HttpRequest& request, const std::string& name, std::int64_t otherwise) {
  const auto text = request.parameter(name);
  if (!text || text->empty() || text->size() > 12 || text->find_first_not_of("0123456789") != std::string::npos)
    return otherwise;
  return std::stoll(*text);
}

std::optional<Instant> read_time(const std::string& text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  const int parts =
      std::sscanf(text.c_str(), "%4d-%2d-%2d%*1[ T]%2d:%2d:%2d", &year, &month, &day, &hour, &minute, &second);
  if (parts < 3) return std::nullopt;
  const auto date = Date::from_ymd(year, month, day);
  if (!date) return std::nullopt;
  return date.value().begins() + std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
}

Result<std::unique_ptr<OnceFaults>> OnceFaults::open(const std::string& path) {
  auto log = TRY(StateLog::open(path));
  return std::unique_ptr<OnceFaults>(new OnceFaults(std::move(log)));
}

OnceFaults::OnceFaults(std::unique_ptr<StateLog> log) : log_(std::move(log)) {
  for (const auto& entry : log_->history()) done_.insert(entry.value("fault", ""));
}

bool OnceFaults::happens_now(const std::string& name) {
  const Lock lock(mutex_);
  if (!done_.insert(name).second) return false;
  // Noted before it happens: a fault that was cut off by a crash does not come again.
  const auto noted = log_->append(Json{{"fault", name}});
  return static_cast<bool>(noted);
}

}  // namespace zhida::simulator
