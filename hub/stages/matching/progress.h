// Inside stages/matching only: how far a long command is, on a terminal and nowhere else.
#pragma once
#include <chrono>
#include <cstdint>
#include <iosfwd>

namespace zhida::matching {

class Progress {
 public:
  /// `octets` is how much there is to read; 0: nobody knows. Shows nothing unless `err` is the terminal.
  Progress(std::ostream& err, std::uint64_t octets);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// A few times a second at most.
  void tell(std::uint64_t octets_read, std::int64_t firms);
  /// Before anything else is written.
  void clear();

 private:
  std::ostream& err_;
  const std::uint64_t octets_;
  const bool shown_;
  bool on_screen_ = false;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace zhida::matching
