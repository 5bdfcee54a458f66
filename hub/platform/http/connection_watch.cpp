#include "platform/http/connection_watch.h"

#include <functional>

#include <sys/socket.h>

namespace zhida::http {

using namespace std::chrono_literals;

ConnectionWatch::ConnectionWatch() : thread_([this] { watch(); }) {}

ConnectionWatch::~ConnectionWatch() {
  {
    const Lock lock(mutex_);
    finished_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

bool ConnectionWatch::add(int socket, std::chrono::milliseconds until) {
  const Lock lock(mutex_);
  deadlines_[socket] = Clock::now() + until;
  return !stopping_;
}

void ConnectionWatch::remove(int socket) {
  const Lock lock(mutex_);
  deadlines_.erase(socket);
  changed_.notify_all();
}

void ConnectionWatch::allow(int socket, std::optional<std::chrono::milliseconds> until) {
  const Lock lock(mutex_);
  const auto found = deadlines_.find(socket);
  if (found == deadlines_.end()) return;
  found->second = until ? std::optional(Clock::now() + *until) : std::nullopt;
}

void ConnectionWatch::stop(std::chrono::milliseconds grace) {
  Lock lock(mutex_);
  stopping_ = true;
  end_if([](const auto& deadline) { return deadline.has_value(); });
  const auto latest = Clock::now() + grace;
  while (!deadlines_.empty() && changed_.wait_until(lock, latest) != std::cv_status::timeout) {
  }
  end_if([](const auto&) { return true; });
}

bool ConnectionWatch::stopping() const {
  const Lock lock(mutex_);
  return stopping_;
}

// The socket is still open: its connection removes itself, under the same lock, before it closes.
void ConnectionWatch::end_if(const std::function<bool(const std::optional<Clock::time_point>&)>& late) {
  for (const auto& [socket, deadline] : deadlines_) {
    if (late(deadline)) ::shutdown(socket, SHUT_RDWR);
  }
}

void ConnectionWatch::watch() {
  Lock lock(mutex_);
  while (!finished_) {
    const auto now = Clock::now();
    end_if([now](const auto& deadline) { return deadline && *deadline < now; });
    changed_.wait_for(lock, 100ms);
  }
}

}  // namespace zhida::http
