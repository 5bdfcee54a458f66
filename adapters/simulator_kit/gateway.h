// An HTTPS gateway as offices run them: signed headers, a clock that must agree, nonces that work once, bad moods.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>

#include "adapters/simulator_kit/simulator.h"
#include "base/secret.h"
#include "platform/http/http_server.h"

namespace zhida::simulator {

/// How callers prove who they are. Written here anew, without the hub's signer: it is the other side.
enum class HeaderStyle {
  client_gateway,     ///< X-Client-Id, X-Timestamp, X-Nonce, X-Signature over id + timestamp + nonce.
  national_platform,  ///< gjgxjhpt_rid, _sid, _rtime, _sign over rid + sid + rtime.
};

/// Any thread.
class SignatureGuard {
 public:
  SignatureGuard(HeaderStyle style, std::string client_id, Secret<std::string> secret,
                 std::chrono::milliseconds skew_max = std::chrono::minutes(10))
      : style_(style), client_id_(std::move(client_id)), secret_(std::move(secret)), skew_max_(skew_max) {}

  /// Empty when the caller may go on; else why not: `client_unknown`, `clock_skew`, `signature_wrong`,
  /// `nonce_replayed` (only where the style has nonces).
  std::string check(const http::HttpRequest& request, std::int64_t real_millis);

 private:
  const HeaderStyle style_;
  const std::string client_id_;
  const Secret<std::string> secret_;
  const std::chrono::milliseconds skew_max_;
  Mutex mutex_;
  std::set<std::string> nonces_ GUARDED_BY(mutex_);
  std::deque<std::pair<std::int64_t, std::string>> nonces_by_age_ GUARDED_BY(mutex_);
};

/// The shared secret in `path`; where there is none yet, a fresh one is made (64 hexadecimal digits, mode 0600). The
/// hub's settings point at the same file.
Result<Secret<std::string>> load_or_make_secret(const std::string& path);
/// `--secret FILE`, or `<certs>/secrets/<name>`.
std::string secret_path(const Arguments& arguments, const std::string& name);

/// Serves with `<certs>/tls/<name>.{crt,key}` until the simulation stops, in the mood of the moment: slow waits, rude
/// answers with a log-in page, absent closes the door until the mood changes. Without --certs: plain HTTP (tests).
Result<void> serve(Simulation& simulation, const std::string& name, const http::HttpServer::Handler& handler);

/// `{"code":"00","msg":"成功","total":N,"data":[…]}`, with rows that are JSON already.
http::HttpResponse rows_answer(std::int64_t total, const std::vector<std::string>& rows);
/// A refusal inside HTTP 200, with `data` a text.
http::HttpResponse refusal(const std::string& code, const std::string& message);
http::HttpResponse unauthorized(const std::string& why);
http::HttpResponse login_page();
/// `"…"` with what JSON wants escaped.
std::string json_text(std::string_view text);
/// A whole number parameter, or `otherwise` where it is absent or no number.
std::int64_t number_parameter(const http::HttpRequest& request, const std::string& name, std::int64_t otherwise);
/// `2025-11-03 09:00:00` in China; nothing where it is none.
std::optional<Instant> read_time(const std::string& text);

/// A fault that happens once in the life of a simulator, restarts included. Any thread.
class OnceFaults {
 public:
  static Result<std::unique_ptr<OnceFaults>> open(const std::string& path);
  /// True the first time it is asked about `name`.
  bool happens_now(const std::string& name);

 private:
  explicit OnceFaults(std::unique_ptr<StateLog> log);
  std::unique_ptr<StateLog> log_;
  Mutex mutex_;
  std::set<std::string> done_ GUARDED_BY(mutex_);
};

}  // namespace zhida::simulator
