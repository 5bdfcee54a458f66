// Starts a simulator as a process of its own, for tests.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace zhida::simulator {

/// One child process; killed when the object goes.
class Child {
 public:
  /// Starts `program` and waits for the line `ready <port>` on its standard output. Errors `child_failed` (with what it
  /// said), `child_silent` (nothing within the time).
  static Result<Child> start(const std::string& program, const std::vector<std::string>& arguments,
                             std::chrono::milliseconds patience = std::chrono::seconds(20));
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();

  std::uint16_t port() const { return port_; }
  /// SIGTERM, then waits; gives the exit code, or -1 where it had to be killed after `patience`.
  int stop(std::chrono::milliseconds patience = std::chrono::seconds(10));
  void kill();  ///< SIGKILL, as a power cut.

 private:
  Child(int process, int output, std::uint16_t port) : process_(process), output_(output), port_(port) {}
  int process_ = -1;
  int output_ = -1;
  std::uint16_t port_ = 0;
};

/// Runs a program to its end; gives its exit code. Its standard output is thrown away.
Result<int> run_program(const std::string& program, const std::vector<std::string>& arguments);

}  // namespace zhida::simulator
