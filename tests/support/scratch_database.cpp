#include "support/scratch_database.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace zhida::test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// The newest installed version's programs; Debian keeps each version in a folder of its own.
fs::path programs() {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    if (fs::exists(version.path() / "bin/postgres", ignored) && fs::exists(version.path() / "bin/initdb", ignored)) {
      found.push_back(version.path() / "bin");
    }
  }
  return found.empty() ? fs::path() : *std::ranges::max_element(found);
}

const passwd* unprivileged_user() {
  if (::geteuid() != 0) return nullptr;
  const passwd* user = ::getpwnam("postgres");
  return user != nullptr ? user : ::getpwnam("nobody");
}

std::uint16_t free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(probe, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(probe);
  return ntohs(address.sin_port);
}

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

pid_t spawn(const std::vector<std::string>& command, const std::string& folder, const std::string& log) {
  const passwd* const user = unprivileged_user();
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child != 0) return child;
  // Between fork and exec only calls that are safe there. A group of its own, so that kill() reaches the server's
  // children.
  ::setpgid(0, 0);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  ::dup2(out, 1);
  ::dup2(out, 2);
  if (user != nullptr && (::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0)) ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);  // After setuid(), which resets it.
  if (::getppid() != parent || ::chdir(folder.c_str()) != 0) ::_exit(126);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace

bool ScratchServer::available() {
  return !programs().empty();
}

std::string ScratchServer::program(const std::string& name) {
  return (programs() / name).string();
}

ScratchServer::ScratchServer() {
  const auto data = folder_.file("data");
  fs::create_directory(data);
  fs::permissions(folder_.path(), fs::perms(0755));
  fs::permissions(data, fs::perms(0700));
  if (const passwd* const user = unprivileged_user()) {
    if (::chown(data.c_str(), user->pw_uid, user->pw_gid) != 0) throw std::runtime_error("chown failed: " + data);
  }
  const auto log = folder_.file("initdb.log");
  const pid_t initdb = spawn({(programs() / "initdb").string(), "-D", data, "-U", "zhida", "-A", "trust", "-E", "UTF8",
                              "--locale=C.UTF-8", "--no-sync"},
                             data, log);
  int status = 0;
  if (::waitpid(initdb, &status, 0) != initdb || status != 0)
    throw std::runtime_error("initdb failed: " + text_of(log));
  start();
}

ScratchServer::~ScratchServer() {
  stop(SIGINT);
}

void ScratchServer::kill() {
  stop(SIGKILL);
}

void ScratchServer::start() {
  const auto data = folder_.file("data");
  const auto log = folder_.file("server.log");
  const bool port_is_free_to_choose = port_ == 0;
  for (int attempt = 0; attempt < 5; ++attempt) {  // Somebody else may take the port before the server does.
    if (port_is_free_to_choose) port_ = free_port();
    server_ = spawn({(programs() / "postgres").string(), "-D", data, "-p", std::to_string(port_), "-c",
                     "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + data, "-c", "shared_buffers=32MB",
                     "-c", "fsync=off", "-c", "max_connections=60"},
                    data, log);
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    bool gone = false;
    while (!gone && std::chrono::steady_clock::now() < deadline) {
      if (storage::Database::open({.url = address("postgres"), .readers = 1})) return;
      std::this_thread::sleep_for(20ms);
      gone = ::waitpid(server_, nullptr, WNOHANG) != 0;
    }
    if (gone) server_ = -1;
    stop(SIGKILL);
  }
  throw std::runtime_error("PostgreSQL does not start: " + text_of(log));
}

void ScratchServer::stop(int signal) {
  if (server_ <= 0) return;
  ::kill(signal == SIGKILL ? -server_ : server_, signal);
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (::waitpid(server_, nullptr, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > deadline) ::kill(-server_, SIGKILL);
    std::this_thread::sleep_for(5ms);
  }
  server_ = -1;
}

std::string ScratchServer::address(const std::string& database) const {
  return "postgresql://zhida@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string ScratchServer::new_database() {
  const auto name = "scratch_" + std::to_string(++databases_);
  // CREATE DATABASE wants to be outside a transaction, so it goes past Database, through PostgreSQL's own program.
  const auto log = folder_.file("createdb.log");
  const pid_t createdb = spawn({(programs() / "psql").string(), "-h", "127.0.0.1", "-p", std::to_string(port_), "-U",
                                "zhida", "-d", "postgres", "-qc", "CREATE DATABASE " + name},
                               "/", log);
  int status = 0;
  if (::waitpid(createdb, &status, 0) != createdb || status != 0)
    throw std::runtime_error("No database: " + text_of(log));
  return address(name);
}

ScratchDatabase::ScratchDatabase() {
  config_.url = "sqlite://" + folder_.file("scratch.db");
  auto opened = storage::Database::open(config_);
  if (!opened) throw std::runtime_error(opened.error().message);
  database_ = std::move(opened).value();
}

ScratchDatabase::ScratchDatabase(ScratchServer& server) {
  config_.url = server.new_database();
  auto opened = storage::Database::open(config_);
  if (!opened) throw std::runtime_error(opened.error().message);
  database_ = std::move(opened).value();
}

ScratchDatabase& ScratchDatabase::migrated() {
  if (auto ran = storage::migrate(*database_); !ran) throw std::runtime_error(ran.error().message);
  return *this;
}

}  // namespace zhida::test
