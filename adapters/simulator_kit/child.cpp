#include "adapters/simulator_kit/child.h"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace zhida::simulator {
namespace {

using namespace std::chrono_literals;

std::vector<char*> argument_list(const std::string& program, const std::vector<std::string>& arguments) {
  std::vector<char*> list{const_cast<char*>(program.c_str())};
  for (const auto& argument : arguments) list.push_back(const_cast<char*>(argument.c_str()));
  list.push_back(nullptr);
  return list;
}

int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

Result<Child> Child::start(const std::string& program, const std::vector<std::string>& arguments,
                           std::chrono::milliseconds patience) {
  auto list = argument_list(program, arguments);
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return refuse("child_failed", std::string("No pipe: ") + std::strerror(errno) + ".");
  const int process = ::fork();
  if (process < 0) return refuse("child_failed", std::string("No process: ") + std::strerror(errno) + ".");
  if (process == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::execv(program.c_str(), list.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  Child child(process, ends[0], 0);
  std::string said;
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto end = said.find('\n');
    if (end != std::string::npos && said.starts_with("ready ")) {
      child.port_ = static_cast<std::uint16_t>(std::atoi(said.c_str() + 6));
      return child;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return refuse("child_silent", program + " did not say that it is ready; it said: " + said);
    pollfd wait{child.output_, POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(left.count())) <= 0) continue;
    char buffer[512];
    const auto count = ::read(child.output_, buffer, sizeof buffer);
    if (count <= 0) return refuse("child_failed", program + " ended before it was ready; it said: " + said);
    said.append(buffer, static_cast<std::size_t>(count));
  }
}

Child::Child(Child&& other) noexcept
    : process_(std::exchange(other.process_, -1)), output_(std::exchange(other.output_, -1)), port_(other.port_) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(process_, other.process_);
  std::swap(output_, other.output_);
  std::swap(port_, other.port_);
  return *this;
}

Child::~Child() {
  kill();
  if (output_ >= 0) ::close(output_);
}

int Child::stop(std::chrono::milliseconds patience) {
  if (process_ < 0) return -1;
  ::kill(process_, SIGTERM);
  const auto until = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < until) {
    int status = 0;
    if (::waitpid(process_, &status, WNOHANG) == process_) {
      process_ = -1;
      return exit_code(status);
    }
    std::this_thread::sleep_for(10ms);
  }
  kill();
  return -1;
}

void Child::kill() {
  if (process_ < 0) return;
  ::kill(process_, SIGKILL);
  int status = 0;
  ::waitpid(process_, &status, 0);
  process_ = -1;
}

Result<int> run_program(const std::string& program, const std::vector<std::string>& arguments) {
  auto list = argument_list(program, arguments);
  const int process = ::fork();
  if (process < 0) return refuse("child_failed", std::string("No process: ") + std::strerror(errno) + ".");
  if (process == 0) {
    const int nowhere = ::open("/dev/null", O_WRONLY);
    if (nowhere >= 0) ::dup2(nowhere, STDOUT_FILENO);
    ::execv(program.c_str(), list.data());
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return exit_code(status);
}

}  // namespace zhida::simulator
