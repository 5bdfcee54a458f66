// A command line, run to its end as a person would type it.
#pragma once
#include <cstdio>
#include <string>

#include <sys/wait.h>

namespace zhida::test {

struct Ended {
  int status = -1;  ///< -1: the shell itself could not be started.
  std::string out;  ///< What it wrote to stdout; stderr is dropped.
};

inline Ended run_shell(const std::string& command) {
  Ended ended;
  std::FILE* const pipe = ::popen((command + " 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return ended;
  char buffer[4096];
  while (const std::size_t size = std::fread(buffer, 1, sizeof buffer, pipe)) ended.out.append(buffer, size);
  ended.status = WEXITSTATUS(::pclose(pipe));
  return ended;
}

}  // namespace zhida::test
