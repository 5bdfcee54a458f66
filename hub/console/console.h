#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace zhida::flow {
class Hub;
}

namespace zhida::console {

/// Where REST and pages are served. PEM files; without a certificate plain HTTP is spoken, for tests on the loopback.
struct ConsoleOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free one; see Console::port().
  std::string certificate_file{}, key_file{};
  std::string client_ca_file{};  ///< Whose client certificates are believed; without one, people sign in at the pages.
};

/// The window of the hub: REST for programs, pages for people, health and numbers for machines. Reads the store, and
/// changes nothing but through the hub's doors.
class Console {
 public:
  /// Serves when it comes back; `hub` outlives it. Errors as http::HttpServer::start.
  static Result<std::unique_ptr<Console>> start(flow::Hub& hub, const ConsoleOptions& options);
  ~Console();  ///< stop().
  std::uint16_t port() const;
  /// Takes no new requests and lets those under way finish.
  void stop();

 private:
  struct Impl;
  explicit Console(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace zhida::console
