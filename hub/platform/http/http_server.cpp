// HTTP over Poco. One thread a connection, as Poco has it; ConnectionWatch bounds what each step may take.
#include "platform/http/http_server.h"

#include <array>
#include <atomic>
#include <charconv>

#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServerConnection.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SSLException.h>
#include <Poco/Net/SSLManager.h>
#include <Poco/Net/SecureServerSocket.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/TCPServer.h>
#include <Poco/ThreadPool.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include "base/json.h"
#include "base/log.h"
#include "platform/http/connection_watch.h"

namespace zhida::http {
namespace {

namespace net = Poco::Net;

/// An answer of our own to a request that never reached the handler (RFC 9457).
HttpResponse problem(int status, const std::string& title) {
  const Json body{{"type", "about:blank"}, {"status", status}, {"title", title}};
  return {.status = status, .content_type = "application/problem+json", .headers = {}, .body = body.dump()};
}

/// How long a refused peer may go on sending before it is cut off.
constexpr std::chrono::milliseconds kDrainTimeout{1000};

struct Refused {
  HttpResponse response;
};

void read_certificate(const net::StreamSocket& socket, HttpRequest& request) {
  if (!socket.secure()) return;
  const net::SecureStreamSocket secure(socket);
  if (!secure.havePeerCertificate()) return;
  const net::X509Certificate certificate = secure.peerCertificate();
  const X509* const x509 = certificate.certificate();
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (X509_digest(x509, EVP_sha256(), digest, &size) != 1)
    throw std::runtime_error("The peer's certificate has no digest.");
  request.client_fingerprint = to_hex({reinterpret_cast<const char*>(digest), size});
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), &BIO_free_all);
  X509_NAME_print_ex(out.get(), X509_get_subject_name(x509), 0,
                     XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  char* text = nullptr;
  const auto length = BIO_get_mem_data(out.get(), &text);
  request.client_subject.assign(text, static_cast<std::size_t>(length));
}

/// How long the body is. Two lengths, or a length that is not digits, is how one request is smuggled inside another.
std::size_t body_size(const net::HTTPServerRequest& request, std::size_t bytes_max) {
  std::optional<std::size_t> size;
  for (const auto& [name, value] : request) {
    if (!HeaderNameLess{}(name, "Transfer-Encoding") && !HeaderNameLess{}("Transfer-Encoding", name)) {
      throw Refused{problem(411, "Send the body with a Content-Length; chunked bodies are not taken.")};
    }
    if (HeaderNameLess{}(name, "Content-Length") || HeaderNameLess{}("Content-Length", name)) continue;
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error == std::errc::result_out_of_range) throw Refused{problem(413, "The body is too large.")};
    if (error != std::errc() || end != value.data() + value.size() || value.empty() || size) {
      throw Refused{problem(400, "The Content-Length is malformed.")};
    }
    size = number;
  }
  if (size.value_or(0) > bytes_max) {
    throw Refused{problem(413, fmt::format("The body is too large: at most {} bytes are taken.", bytes_max))};
  }
  const auto& method = request.getMethod();
  if (!size && (method == "POST" || method == "PUT" || method == "PATCH")) {
    throw Refused{problem(411, "Send the body with a Content-Length.")};
  }
  return size.value_or(0);
}

Bytes read_body(net::HTTPServerRequest& request, std::size_t bytes_max) {
  const auto size = body_size(request, bytes_max);
  Bytes body(size, '\0');
  request.stream().read(body.data(), static_cast<std::streamsize>(size));
  if (static_cast<std::size_t>(request.stream().gcount()) != size) {
    throw Refused{problem(400, "The body ended before its Content-Length.")};
  }
  return body;
}

template <class T>
T or_400(Result<T> result) {
  if (!result) throw Refused{problem(400, result.error().message)};
  return std::move(result).value();
}

HttpRequest read_request(net::HTTPServerRequest& from, std::size_t bytes_max) {
  HttpRequest request;
  request.method = from.getMethod() == "HEAD" ? "GET" : from.getMethod();
  request.remote_address = from.clientAddress().toString();
  for (const auto& [name, value] : from) request.headers.emplace(name, value);
  const std::string_view uri = from.getURI();
  const auto mark = uri.find('?');
  request.path = or_400(parse_path(uri.substr(0, mark)));
  if (mark != std::string_view::npos) request.query = or_400(parse_query(uri.substr(mark + 1)));
  read_certificate(static_cast<net::HTTPServerRequestImpl&>(from).socket(), request);
  request.body = read_body(from, bytes_max);
  return request;
}

bool is_header_text(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

void send(const HttpResponse& from, net::HTTPServerResponse& to) {
  to.setStatusAndReason(static_cast<net::HTTPResponse::HTTPStatus>(from.status));
  if (!from.content_type.empty() && !from.body.empty()) to.setContentType(from.content_type);
  for (const auto& [name, value] : from.headers) {
    if (!is_header_text(name) || !is_header_text(value))
      throw std::runtime_error("A header of the answer holds a line end.");
    to.add(name, value);
  }
  if (from.status != 204 && from.status != 304) to.setContentLength64(static_cast<Poco::Int64>(from.body.size()));
  // Sent now, while the watch allows for it; sendBuffer() would send when the response is destroyed. After a HEAD
  // request Poco's stream ends behind the header.
  auto& out = to.send();
  out.write(from.body.data(), static_cast<std::streamsize>(from.body.size()));
  out.flush();
}

}  // namespace

struct HttpServer::Impl {
  /// Runs one request. Nothing leaves it but what the connection itself throws.
  class RequestHandler final : public net::HTTPRequestHandler {
   public:
    explicit RequestHandler(Impl& impl) : impl_(impl) {}

    void handleRequest(net::HTTPServerRequest& request, net::HTTPServerResponse& response) override {
      const int socket = static_cast<net::HTTPServerRequestImpl&>(request).socket().impl()->sockfd();
      bool whole = true;
      const auto answer = [&]() -> HttpResponse {
        try {
          impl_.watch.allow(socket, impl_.options.request_timeout);
          const auto read = read_request(request, impl_.options.body_bytes_max);
          impl_.watch.allow(socket, std::nullopt);
          return impl_.handled(read);
        } catch (const Refused& refused) {
          whole = false;
          return refused.response;
        }
      }();
      impl_.watch.allow(socket, impl_.options.reply_timeout);
      // After a request that was not read to its end, nobody knows where the next one begins.
      if (!whole || impl_.watch.stopping()) response.setKeepAlive(false);
      send(answer, response);
      if (!whole) drain(request, socket);
      impl_.watch.allow(socket, impl_.options.keep_alive_timeout + impl_.options.request_timeout);
    }

   private:
    /// A connection that is closed on a peer who still sends is reset, and the peer never reads our answer.
    void drain(net::HTTPServerRequest& request, int socket) {
      constexpr std::size_t kBytesMax = 64u << 20;
      impl_.watch.allow(socket, kDrainTimeout);
      static_cast<net::HTTPServerRequestImpl&>(request).socket().shutdownSend();
      std::array<char, 65536> ignored;
      for (std::size_t total = 0; total < kBytesMax && request.stream().read(ignored.data(), ignored.size());) {
        total += ignored.size();
      }
    }

    Impl& impl_;
  };

  class RequestHandlers final : public net::HTTPRequestHandlerFactory {
   public:
    explicit RequestHandlers(Impl& impl) : impl_(impl) {}
    net::HTTPRequestHandler* createRequestHandler(const net::HTTPServerRequest&) override {
      return new RequestHandler(impl_);
    }

   private:
    Impl& impl_;
  };

  class Connection final : public net::HTTPServerConnection {
   public:
    Connection(const net::StreamSocket& socket, Impl& impl)
        : HTTPServerConnection(socket, impl.params, impl.request_handlers), impl_(impl) {}

    void run() override {
      const int handle = socket().impl()->sockfd();
      struct Leave {
        ConnectionWatch& watch;
        int handle;
        ~Leave() { watch.remove(handle); }
      } leave{impl_.watch, handle};
      if (!impl_.watch.add(handle, impl_.options.request_timeout)) return;
      const Poco::Timespan longest(std::chrono::microseconds(impl_.options.request_timeout).count());
      socket().setReceiveTimeout(longest);
      socket().setSendTimeout(Poco::Timespan(std::chrono::microseconds(impl_.options.reply_timeout).count()));
      if (shake_hands(handle)) HTTPServerConnection::run();
    }

   private:
    /// Before Poco would do it, at the first read: a peer whose certificate is refused must be able to read why, and it
    /// cannot where we close while its request is on the way.
    bool shake_hands(int handle) {
      if (!socket().secure()) return true;
      try {
        return net::SecureStreamSocket(socket()).completeHandshake() == 1;
      } catch (const Poco::Exception&) {
        impl_.watch.allow(handle, kDrainTimeout);
        ::shutdown(handle, SHUT_WR);
        std::array<char, 16384> ignored;
        while (::recv(handle, ignored.data(), ignored.size(), 0) > 0) {
        }
        return false;
      }
    }

    Impl& impl_;
  };

  class Connections final : public net::TCPServerConnectionFactory {
   public:
    explicit Connections(Impl& impl) : impl_(impl) {}
    net::TCPServerConnection* createConnection(const net::StreamSocket& socket) override {
      return new Connection(socket, impl_);
    }

   private:
    Impl& impl_;
  };

  Impl(const HttpServerOptions& given, Handler function)
      : options(given),
        handler(std::move(function)),
        params(new net::HTTPServerParams),
        pool(2, static_cast<int>(std::max<std::size_t>(given.threads, 2)) + 1) {
    net::initializeSSL();
    params->setKeepAlive(true);
    params->setTimeout(Poco::Timespan(std::chrono::microseconds(options.request_timeout).count()));
    params->setKeepAliveTimeout(Poco::Timespan(std::chrono::microseconds(options.keep_alive_timeout).count()));
    params->setMaxThreads(static_cast<int>(std::max<std::size_t>(options.threads, 1)));
    params->setMaxQueued(static_cast<int>(std::max<std::size_t>(options.connections_max, 1)));
    request_handlers = new RequestHandlers(*this);
  }
  ~Impl() {
    stop();
    net::uninitializeSSL();
  }

  HttpResponse handled(const HttpRequest& request) const {
    try {
      auto response = handler(request);
      const bool sendable = response.status >= 200 && response.status <= 599 && is_header_text(response.content_type) &&
                            std::ranges::all_of(response.headers, [](const auto& header) {
                              return is_header_text(header.first) && is_header_text(header.second);
                            });
      if (sendable) return response;
      log.error("A handler gave an answer that cannot be sent.", {{"method", request.method}, {"path", request.path}});
    } catch (const std::exception& error) {
      log.error("A handler failed.", {{"method", request.method}, {"path", request.path}, {"error", error.what()}});
    } catch (...) {
      log.error("A handler failed.", {{"method", request.method}, {"path", request.path}, {"error", "unknown"}});
    }
    return problem(500, "The server failed.");
  }

  void stop() {
    if (stopped.exchange(true)) return;
    if (server) server->stop();
    watch.stop(std::chrono::seconds(5));
    pool.joinAll();
    server.reset();  // Closes the port.
  }

  const HttpServerOptions options;
  const Handler handler;
  const Log log{"http"};
  ConnectionWatch watch;
  net::HTTPServerParams::Ptr params;
  net::HTTPRequestHandlerFactory::Ptr request_handlers;
  Poco::ThreadPool pool;
  std::unique_ptr<net::TCPServer> server;
  std::uint16_t port = 0;
  std::atomic<bool> stopped{false};
};

namespace {

net::Context::Ptr tls_context(const HttpServerOptions& options) {
  using ClientCertificate = HttpServerOptions::ClientCertificate;
  const bool asks = options.client_certificate != ClientCertificate::none;
  net::Context::Params params;
  params.certificateFile = options.certificate_file;
  params.privateKeyFile = options.key_file;
  params.caLocation = asks ? options.client_ca_file : std::string();
  params.loadDefaultCAs = false;
  params.cipherList = "HIGH:!aNULL:!MD5:!3DES";
  params.verificationMode = net::Context::VERIFY_NONE;
  net::Context::Ptr context = new net::Context(net::Context::TLS_SERVER_USE, params);
  SSL_CTX* const handle = context->sslContext();
  SSL_CTX_set_min_proto_version(handle, TLS1_2_VERSION);
  // Each connection shows its certificate anew: a resumed session would outlive a certificate that is no longer
  // trusted.
  SSL_CTX_set_session_cache_mode(handle, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(handle, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_num_tickets(handle, 0);
  if (SSL_CTX_check_private_key(handle) != 1) throw std::runtime_error("the key does not belong to the certificate");
  if (asks) {
    if (options.client_ca_file.empty()) throw std::runtime_error("client certificates need a client_ca_file");
    // OpenSSL's own check, not Poco's, which asks a process-wide manager.
    SSL_CTX_set_verify(handle,
                       options.client_certificate == ClientCertificate::required
                           ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                           : SSL_VERIFY_PEER,
                       nullptr);
    STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(options.client_ca_file.c_str());
    if (names != nullptr) SSL_CTX_set_client_CA_list(handle, names);
  }
  return context;
}

Result<void> listen(const HttpServerOptions& options, net::ServerSocket& socket) {
  try {
    const net::SocketAddress address(options.host, options.port);
    // Never SO_REUSEPORT: a second program on the same port must hear that the port is taken.
    socket.bind(address, true, false);
    socket.listen(static_cast<int>(std::max<std::size_t>(options.connections_max, 16)));
    return ok();
  } catch (const Poco::Exception& error) {
    if (error.code() == EADDRINUSE) {
      return refuse("port_busy",
                    fmt::format("Port {} on {} is used by another program: stop it, or choose another port.",
                                options.port, options.host));
    }
    return refuse("http_address",
                  fmt::format("{}:{} cannot be listened on: {}.", options.host, options.port, error.displayText()));
  }
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(const HttpServerOptions& options, Handler handler) {
  auto impl = std::make_unique<Impl>(options, std::move(handler));
  std::unique_ptr<net::ServerSocket> socket;
  try {
    if (options.certificate_file.empty())
      socket = std::make_unique<net::ServerSocket>();
    else
      socket = std::make_unique<net::SecureServerSocket>(tls_context(options));
  } catch (const Poco::Exception& error) {
    return refuse("http_certificate", fmt::format("{} and {} cannot be used for TLS: {}.", options.certificate_file,
                                                  options.key_file, error.displayText()));
  } catch (const std::exception& error) {
    return refuse("http_certificate", fmt::format("{} and {} cannot be used for TLS: {}.", options.certificate_file,
                                                  options.key_file, error.what()));
  }
  CHECK_OK(listen(options, *socket));
  impl->server = std::make_unique<net::TCPServer>(new Impl::Connections(*impl), impl->pool, *socket, impl->params);
  impl->port = impl->server->port();
  impl->server->start();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;
std::uint16_t HttpServer::port() const {
  return impl_->port;
}
void HttpServer::stop() {
  impl_->stop();
}

}  // namespace zhida::http
