// A server and what the tests say to it.
#pragma once
#include <stdexcept>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/http/http_client.h"
#include "platform/http/http_server.h"

namespace zhida::test {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().code + ": " + result.error().message);
  return std::move(result).value();
}

/// Answers with what it was asked, one fact a line.
inline http::HttpResponse echo(const http::HttpRequest& request) {
  std::string said = request.method + " " + request.path + "\n";
  for (const auto& [name, value] : request.query) said += "?" + name + "=" + value + "\n";
  if (!request.header("x-test").empty()) said += "x-test: " + request.header("x-test") + "\n";
  if (!request.client_fingerprint.empty()) said += request.client_fingerprint + " " + request.client_subject + "\n";
  said += request.body;
  return {.status = 200, .content_type = "text/plain; charset=utf-8", .headers = {{"X-Reply", "yes"}}, .body = said};
}

inline std::string url_of(const http::HttpServer& server, const std::string& path, const std::string& scheme = "http") {
  return scheme + "://127.0.0.1:" + std::to_string(server.port()) + path;
}

/// A bare connection, for what no decent client would send.
class RawPeer {
 public:
  explicit RawPeer(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval limit{20, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("connect");
  }
  ~RawPeer() { ::close(socket_); }
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  bool send(std::string_view text) const { return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) >= 0; }
  /// All that comes until the server closes.
  std::string rest() const {
    std::string all;
    char buffer[4096];
    for (ssize_t size = 0; (size = ::recv(socket_, buffer, sizeof buffer, 0)) > 0;)
      all.append(buffer, static_cast<std::size_t>(size));
    return all;
  }

 private:
  int socket_;
};

}  // namespace zhida::test
