#include "raw_peer.h"

#include <algorithm>
#include <csignal>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace zhida::messaging::testing {
namespace amqp {
namespace {

Bytes number(std::uint64_t value, int width) {
  Bytes out;
  for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift & 0xff));
  return out;
}

}  // namespace

Bytes null() {
  return "\x40";
}
Bytes boolean(bool value) {
  return value ? "\x41" : "\x42";
}
Bytes uint(std::uint32_t value) {
  return "\x70" + number(value, 4);
}
Bytes ushort(std::uint16_t value) {
  return "\x60" + number(value, 2);
}
Bytes ubyte(std::uint8_t value) {
  return "\x50" + number(value, 1);
}
Bytes string(ByteView text) {
  return "\xb1" + number(text.size(), 4) + Bytes(text);
}
Bytes symbol(ByteView text) {
  return "\xb3" + number(text.size(), 4) + Bytes(text);
}
Bytes binary(ByteView octets) {
  return "\xb0" + number(octets.size(), 4) + Bytes(octets);
}
Bytes described(std::uint8_t descriptor, std::uint32_t count, ByteView items) {
  return Bytes("\0\x53", 2) + static_cast<char>(descriptor) + "\xd0" + number(items.size() + 4, 4) + number(count, 4) +
         Bytes(items);
}

}  // namespace amqp

struct RawPeer::Tls {
  SSL_CTX* context = nullptr;
  SSL* session = nullptr;
  ~Tls() {
    SSL_free(session);
    SSL_CTX_free(context);
  }
};

namespace {

/// Small frames at once, and no call that hangs for ever.
void make_patient(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval patience{10, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

}  // namespace

RawPeer::RawPeer(Taken call) : socket_(call.socket) {
  make_patient(socket_);
}

RawPeer::RawPeer(std::uint16_t port, const std::optional<RawTls>& tls) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) throw std::runtime_error("connect");
  make_patient(socket_);
  if (!tls) return;
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL.
  tls_ = new Tls;
  tls_->context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_security_level(tls_->context, 0);  // Else OpenSSL itself would not offer the old versions.
  SSL_CTX_set_min_proto_version(tls_->context, TLS1_VERSION);
  if (tls->version != 0) SSL_CTX_set_max_proto_version(tls_->context, tls->version);
  if (!tls->files.certificate_file.empty()) {
    SSL_CTX_use_certificate_file(tls_->context, tls->files.certificate_file.c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(tls_->context, tls->files.key_file.c_str(), SSL_FILETYPE_PEM);
  }
  tls_->session = SSL_new(tls_->context);
  SSL_set_fd(tls_->session, socket_);
  handshake_failed_ = SSL_connect(tls_->session) != 1;
}

RawPeer::~RawPeer() {
  delete tls_;
  ::close(socket_);
}

bool RawPeer::write(ByteView octets) {
  while (!octets.empty()) {
    const auto done = tls_ != nullptr ? SSL_write(tls_->session, octets.data(), static_cast<int>(octets.size()))
                                      : ::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (done <= 0) return false;
    octets.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

bool RawPeer::frame(ByteView performative, ByteView payload, std::uint8_t type, std::uint16_t channel) {
  Bytes out = amqp::number(8 + performative.size() + payload.size(), 4);
  out += '\x02';
  out += static_cast<char>(type);
  out += amqp::number(channel, 2);
  out += performative;
  out += payload;
  return write(out);
}

bool RawPeer::sign_in(const std::string& mechanism, ByteView initial_response) {
  if (!write(ByteView("AMQP\3\1\0\0", 8))) return false;
  if (!frame(amqp::described(0x41, 2, amqp::symbol(mechanism) + amqp::binary(initial_response)), {}, 1)) return false;
  const auto outcome = read_until(0x44);
  if (!outcome || outcome->payload.find(Bytes("\x50\x00", 2)) == Bytes::npos) return false;
  return write(ByteView("AMQP\0\1\0\0", 8)) && open() && read_until(0x10).has_value();
}

bool RawPeer::open() {
  return frame(amqp::described(0x10, 2, amqp::string("raw") + amqp::string("localhost")));
}

bool RawPeer::begin(std::uint16_t channel) {
  return frame(amqp::described(0x11, 4, amqp::null() + amqp::uint(0) + amqp::uint(100'000) + amqp::uint(100'000)), {},
               0, channel);
}

bool RawPeer::welcome() {
  const bool let_in = write(ByteView("AMQP\3\1\0\0", 8)) &&
                      frame(amqp::described(0x40, 1, amqp::symbol("ANONYMOUS")), {}, 1) &&
                      read_until(0x41).has_value() && frame(amqp::described(0x44, 1, amqp::ubyte(0)), {}, 1);
  return let_in && write(ByteView("AMQP\0\1\0\0", 8)) && read_until(0x10).has_value() && open();
}

bool RawPeer::answer_begin(std::uint16_t channel) {
  if (!read_until(0x11)) return false;
  return frame(
      amqp::described(0x11, 4, amqp::ushort(channel) + amqp::uint(0) + amqp::uint(100'000) + amqp::uint(100'000)), {},
      0, channel);
}

namespace {

Bytes attach(std::uint32_t handle, const std::string& address, bool receiver) {
  const Bytes terminus = amqp::string(address);
  const Bytes items = amqp::string("link-" + std::to_string(handle)) + amqp::uint(handle) + amqp::boolean(receiver) +
                      amqp::ubyte(0) + amqp::ubyte(0) + amqp::described(0x28, 1, terminus) +
                      amqp::described(0x29, 1, terminus) + amqp::null() + amqp::null() + amqp::uint(0);
  return amqp::described(0x12, 10, items);
}

}  // namespace

bool RawPeer::attach_sender(std::uint32_t handle, const std::string& address, std::uint16_t channel) {
  return frame(attach(handle, address, false), {}, 0, channel);
}
bool RawPeer::attach_receiver(std::uint32_t handle, const std::string& address, std::uint16_t channel) {
  return frame(attach(handle, address, true), {}, 0, channel);
}

bool RawPeer::flow(std::uint32_t handle, std::uint32_t credit, std::uint16_t channel) {
  const Bytes items = amqp::uint(0) + amqp::uint(100'000) + amqp::uint(0) + amqp::uint(100'000) + amqp::uint(handle) +
                      amqp::uint(0) + amqp::uint(credit);
  return frame(amqp::described(0x13, 7, items), {}, 0, channel);
}

bool RawPeer::transfer(std::uint32_t handle, std::uint32_t id, ByteView payload, bool more, bool aborted,
                       std::uint16_t channel) {
  const Bytes items = amqp::uint(handle) + amqp::uint(id) + amqp::binary(amqp::number(id, 4)) + amqp::uint(0) +
                      amqp::boolean(false) + amqp::boolean(more) + amqp::null() + amqp::null() + amqp::null() +
                      amqp::boolean(aborted);
  return frame(amqp::described(0x14, 10, items), payload, 0, channel);
}

bool RawPeer::more(std::chrono::steady_clock::time_point until) {
  if (closed_) return false;
  if (tls_ == nullptr || SSL_pending(tls_->session) == 0) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    pollfd one{socket_, POLLIN, 0};
    if (::poll(&one, 1, static_cast<int>(std::max<std::int64_t>(left, 0))) <= 0) return false;
  }
  char piece[65'536];
  const auto got =
      tls_ != nullptr ? SSL_read(tls_->session, piece, sizeof piece) : ::recv(socket_, piece, sizeof piece, 0);
  if (got <= 0) {
    closed_ = true;
    return false;
  }
  buffer_.append(piece, static_cast<std::size_t>(got));
  seen_.append(piece, static_cast<std::size_t>(got));
  return true;
}

std::optional<RawFrame> RawPeer::read(std::chrono::milliseconds within) {
  const auto until = std::chrono::steady_clock::now() + within;
  for (;;) {
    if (buffer_.size() >= 8 && buffer_.starts_with("AMQP")) {  // A protocol header.
      buffer_.erase(0, 8);
      continue;
    }
    if (buffer_.size() >= 8) {
      std::size_t size = 0;
      for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<std::uint8_t>(buffer_[static_cast<std::size_t>(i)]);
      if (size >= 8 && buffer_.size() >= size) {
        RawFrame frame;
        frame.type = static_cast<std::uint8_t>(buffer_[5]);
        if (size >= 11) {
          frame.performative = static_cast<std::uint8_t>(buffer_[10]);
          frame.payload = buffer_.substr(11, size - 11);
        }
        buffer_.erase(0, size);
        if (frame.performative == 0) continue;  // A heartbeat.
        return frame;
      }
    }
    if (!more(until)) return std::nullopt;
  }
}

std::optional<RawFrame> RawPeer::read_until(std::uint8_t performative, std::chrono::milliseconds within) {
  const auto until = std::chrono::steady_clock::now() + within;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    auto frame = read(std::max(left, 0ms));
    if (!frame || frame->performative == performative) return frame;
  }
}

bool RawPeer::is_closed_within(std::chrono::milliseconds within) {
  const auto until = std::chrono::steady_clock::now() + within;
  while (!closed_ && std::chrono::steady_clock::now() < until) more(until);
  return closed_;
}

RawListener::RawListener() {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof here;
  if (::bind(socket_, reinterpret_cast<sockaddr*>(&here), sizeof here) != 0 || ::listen(socket_, 8) != 0 ||
      ::getsockname(socket_, reinterpret_cast<sockaddr*>(&here), &length) != 0)
    throw std::runtime_error("listen");
  port_ = ntohs(here.sin_port);
}

RawListener::~RawListener() {
  ::close(socket_);
}

RawPeer RawListener::take() {
  pollfd one{socket_, POLLIN, 0};
  if (::poll(&one, 1, 20'000) != 1) throw std::runtime_error("Nobody called.");
  return RawPeer(RawPeer::Taken{::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC)});
}

}  // namespace zhida::messaging::testing
