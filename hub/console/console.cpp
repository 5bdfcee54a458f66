#include "console/console.h"

#include <utility>

#include "console/routes.h"

namespace zhida::console {

struct Console::Impl {
  App app;
  std::unique_ptr<http::HttpServer> server;  // Last: its threads use the app.
};

Console::Console(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Console::~Console() {
  stop();
}

Result<std::unique_ptr<Console>> Console::start(flow::Hub& hub, const ConsoleOptions& options) {
  auto impl = std::unique_ptr<Impl>(
      new Impl{{.hub = hub, .secure = !options.certificate_file.empty(), .certificate_file = options.certificate_file},
               nullptr});
  http::HttpServerOptions server;
  server.host = options.host;
  server.port = options.port;
  server.certificate_file = options.certificate_file;
  server.key_file = options.key_file;
  server.client_ca_file = options.client_ca_file;
  server.client_certificate = options.client_ca_file.empty() ? http::HttpServerOptions::ClientCertificate::none
                                                             : http::HttpServerOptions::ClientCertificate::optional;
  server.body_bytes_max = 32u << 20;  // A department's list; everything else is bounded far lower.
  App& app = impl->app;
  impl->server =
      TRY(http::HttpServer::start(server, [&app](const http::HttpRequest& request) { return serve(app, request); }));
  app.log.info("REST and pages are served.", {{"port", std::to_string(impl->server->port())}});
  return std::unique_ptr<Console>(new Console(std::move(impl)));
}

std::uint16_t Console::port() const {
  return impl_->server->port();
}

void Console::stop() {
  if (impl_ && impl_->server) impl_->server->stop();
}

}  // namespace zhida::console
