#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "platform/http/headers.h"
#include "platform/http/url.h"

namespace zhida::http {

struct HttpRequest {
  std::string method{};  ///< `GET`, `POST` …; a HEAD request comes as GET, and its answer goes without the body.
  std::string path{};    ///< Decoded; see parse_path().
  std::string remote_address{};  ///< `127.0.0.1:50412`
  Query query{};
  Headers headers{};
  Bytes body{};
  std::string client_fingerprint{};  ///< SHA-256 of the peer's certificate (DER), lower-case hex; empty without one.
  std::string client_subject{};  ///< Its subject as RFC 2253 writes it. For people only: identities are fingerprints.

  std::string header(std::string_view name) const { return header_of(headers, name); }
  /// The first value of a query parameter.
  std::optional<std::string> parameter(const std::string& name) const {
    const auto found = query.find(name);
    return found == query.end() ? std::nullopt : std::optional(found->second);
  }
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers{};
  Bytes body{};
};

struct HttpServerOptions {
  enum class ClientCertificate {
    none,      ///< Not asked for.
    optional,  ///< A certificate of another authority is refused; none at all is allowed.
    required,
  };
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free one; see HttpServer::port().
  // PEM files. Without a certificate the server speaks plain HTTP; with one, TLS 1.2 or newer.
  std::string certificate_file{};  ///< The server's certificate, then those between it and its authority.
  std::string key_file{};
  std::string client_ca_file{};  ///< The authorities that client certificates are checked against.
  ClientCertificate client_certificate = ClientCertificate::none;

  std::size_t body_bytes_max = 8u << 20;  ///< Larger requests are answered with 413.
  std::size_t threads = 16;               ///< Each connection keeps one, also while it waits for its next request.
  std::size_t connections_max = 200;      ///< Waiting for a thread; those beyond are closed at once.
  std::chrono::milliseconds request_timeout{15'000};    ///< From the first byte to the last, the handshake included.
  std::chrono::milliseconds reply_timeout{60'000};      ///< For the peer to take the answer.
  std::chrono::milliseconds keep_alive_timeout{5'000};  ///< Between two requests.
};

/// HTTP/1.1 for the console, the REST interface, metrics and simulators. Everything a peer sends is bounded: size,
/// number of header fields, time. Bodies come with a Content-Length (others are answered with 411, because a chunked
/// body that was cut off cannot be told from a whole one here).
class HttpServer {
 public:
  /// Called on many threads at once. Where it throws, the peer gets 500 without a word about why; the log has it.
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  /// Listens when it comes back. Errors `port_busy`, `http_address` (the host is not ours), `http_certificate` (a file
  /// is missing, unreadable or does not fit the others).
  static Result<std::unique_ptr<HttpServer>> start(const HttpServerOptions& options, Handler handler);
  ~HttpServer();
  std::uint16_t port() const;
  /// Takes no new connections, lets running handlers finish (5 s at most), closes. Again: nothing.
  void stop();

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace zhida::http
