#include "platform/crypto/key_agent_server.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "platform/crypto/key_agent_wire_internal.h"

namespace zhida::crypto {
namespace {

using namespace agent_wire;

constexpr std::size_t kConnectionsMax = 32;
// Whoever does not take the answers is not asked for more.
constexpr std::size_t kUnsentMax = 1024 * kAnswerBytes;

struct Connection {
  int socket = -1;
  Bytes in, out;
  bool dead = false;
};

bool connect_to(const sockaddr_un& address) {
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool there = probe >= 0 && ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (probe >= 0) ::close(probe);
  return there;
}

}  // namespace

struct KeyAgentServer::Impl {
  std::unique_ptr<SigningKey> key;
  std::vector<uid_t> others;
  int listener = -1;
  std::string path;
  std::vector<Connection> connections;
  Log log{"keyd"};

  void adopt(int socket) {
    ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
    Connection connection;
    connection.socket = socket;
    connection.out = Bytes(kMagic) + octet_of(key->alg()) + key->public_point();
    connections.push_back(std::move(connection));
  }

  void accept_one() {
    const int socket = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    ucred peer{};
    socklen_t size = sizeof peer;
    const bool known = ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
    bool allowed = known && peer.uid == ::geteuid();
    for (const uid_t other : others) allowed = allowed || (known && peer.uid == other);
    if (!allowed || connections.size() >= kConnectionsMax) {
      log.warning("A process was turned away.", {{"uid", std::to_string(peer.uid)}, {"pid", std::to_string(peer.pid)}});
      ::close(socket);
      return;
    }
    adopt(socket);
  }

  void read_from(Connection& connection) {
    char buffer[256 * kRequestBytes];
    const ssize_t got = ::recv(connection.socket, buffer, sizeof buffer, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) connection.dead = true;
    if (got <= 0) return;
    connection.in.append(buffer, static_cast<std::size_t>(got));
    std::size_t at = 0;
    for (; connection.in.size() - at >= kRequestBytes; at += kRequestBytes) {
      const ByteView request = ByteView(connection.in).substr(at, kRequestBytes);
      const auto signature = key->sign_e(request.substr(4));
      append_number(connection.out, read_number(request));
      connection.out += signature ? '\0' : '\1';
      const RawSignature raw = signature ? signature.value() : RawSignature{};
      connection.out.append(reinterpret_cast<const char*>(raw.data()), raw.size());
    }
    connection.in.erase(0, at);
  }

  void write_to(Connection& connection) {
    const ssize_t sent = ::send(connection.socket, connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) connection.dead = true;
    if (sent > 0) connection.out.erase(0, static_cast<std::size_t>(sent));
  }
};

KeyAgentServer::KeyAgentServer(std::unique_ptr<SigningKey> key, std::vector<uid_t> others)
    : impl_(std::make_unique<Impl>()) {
  impl_->key = std::move(key);
  impl_->others = std::move(others);
}

KeyAgentServer::~KeyAgentServer() {
  for (const auto& connection : impl_->connections) ::close(connection.socket);
  if (impl_->listener >= 0) {
    ::close(impl_->listener);
    ::unlink(impl_->path.c_str());
  }
}

Result<void> KeyAgentServer::listen(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return refuse("socket_unusable", path + " is too long for a socket.");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) return refuse("socket_unusable", path + " is there and is no socket.");
    if (connect_to(address)) return refuse("socket_busy", "Another zhida-keyd listens at " + path + ".");
    ::unlink(path.c_str());
  }
  const mode_t mode = impl_->others.empty() ? 0600 : 0660;
  impl_->listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  // Never open wider than it ends up, not even between bind and chmod.
  const mode_t before = ::umask(0177);
  const bool bound =
      impl_->listener >= 0 && ::bind(impl_->listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int reason = errno;
  ::umask(before);
  if (!bound || ::chmod(path.c_str(), mode) != 0 || ::listen(impl_->listener, 16) != 0) {
    return refuse("socket_unusable", path + " cannot be listened at: " + std::strerror(bound ? errno : reason) + ".");
  }
  impl_->path = path;
  return ok();
}

void KeyAgentServer::adopt(int connection) {
  impl_->adopt(connection);
}

void KeyAgentServer::run(int stop_descriptor) {
  auto& all = impl_->connections;
  while (impl_->listener >= 0 || !all.empty()) {
    std::vector<pollfd> waits{{stop_descriptor, POLLIN, 0}, {impl_->listener, POLLIN, 0}};
    for (const auto& connection : all) {
      short events = 0;
      if (connection.out.size() < kUnsentMax) events = POLLIN;
      if (!connection.out.empty()) events = static_cast<short>(events | POLLOUT);
      waits.push_back({connection.socket, events, 0});
    }
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return;
    if (waits[0].revents != 0) return;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const short events = waits[i + 2].revents;
      if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) impl_->read_from(all[i]);
      // At once, without another round through poll(): the answer is what somebody waits for.
      if (!all[i].dead && !all[i].out.empty()) impl_->write_to(all[i]);
    }
    std::erase_if(all, [](const Connection& connection) {
      if (connection.dead) ::close(connection.socket);
      return connection.dead;
    });
    if ((waits[1].revents & POLLIN) != 0) impl_->accept_one();
  }
}

}  // namespace zhida::crypto
