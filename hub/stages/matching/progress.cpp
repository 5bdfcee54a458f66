#include "stages/matching/progress.h"

#include <algorithm>
#include <iostream>
#include <string>

#include <unistd.h>

namespace zhida::matching {

Progress::Progress(std::ostream& err, std::uint64_t octets)
    : err_(err), octets_(octets), shown_(&err == &std::cerr && ::isatty(STDERR_FILENO) == 1) {}

void Progress::tell(std::uint64_t octets_read, std::int64_t firms) {
  constexpr std::chrono::milliseconds kPause(200);
  constexpr std::uint64_t kWidth = 30;
  const auto now = std::chrono::steady_clock::now();
  if (!shown_ || now - last_ < kPause) return;
  last_ = now;
  std::string line = "\r";
  if (octets_ > 0) {
    const auto read = std::min(octets_read, octets_);
    const auto done = static_cast<std::size_t>(read * kWidth / octets_);
    line += "[" + std::string(done, '#') + std::string(kWidth - done, ' ') + "] " +
            std::to_string(read * 100 / octets_) + " %, ";
  }
  err_ << line << firms << " firms\x1b[K" << std::flush;
  on_screen_ = true;
}

void Progress::clear() {
  if (!on_screen_) return;
  err_ << "\r\x1b[K" << std::flush;
  on_screen_ = false;
}

}  // namespace zhida::matching
