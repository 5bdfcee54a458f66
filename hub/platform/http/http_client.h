#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "platform/http/headers.h"

namespace zhida::http {

struct HttpCall {
  std::string method = "GET";
  std::string url{};  ///< `http://` or `https://`
  std::vector<std::pair<std::string, std::string>> headers{};
  Bytes body{};
  std::chrono::milliseconds timeout{30'000};  ///< For the whole call.
  std::chrono::milliseconds connect_timeout{5'000};
  std::size_t reply_bytes_max = 16u << 20;
  // PEM files.
  std::string ca_file{};           ///< The authorities the server is checked against; empty: those of the system.
  std::string certificate_file{};  ///< Ours, where the server asks for one.
  std::string key_file{};
};

struct HttpReply {
  int status = 0;
  Headers headers{};
  Bytes body{};
  std::string header(std::string_view name) const { return header_of(headers, name); }
};

/// HTTP/1.1 over libcurl, with the connection kept between calls. TLS 1.2 or newer, the peer's name and certificate
/// always checked; no redirects, no proxies from the environment. One thread at a time; give each thread its own.
class HttpClient {
 public:
  HttpClient();
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  /// Any status is a reply. Errors: `http_unreachable`, `http_timeout`, `http_malformed` (no HTTP came back; all three
  /// Fate::retry), `http_tls`, `http_too_large`, `http_url`, `http_header` (Fate::refuse). Sentences name the address
  /// without its query, which may hold what is not for logs.
  Result<HttpReply> call(const HttpCall& call);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zhida::http
