// How the matching benchmark measures: time, what memory does at best, straight lines.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "stages/matching/engine/table.h"

namespace zhida::bench {

/// On one thread: processor time, so that others who want the processor are not counted.
double seconds_of(const std::function<void()>& work);
/// On several: by the clock on the wall.
double seconds_of(unsigned threads, const std::function<void()>& work);

/// What memory does at best: read as the engine's codes are read, write as its results are written.
class Memory {
 public:
  Memory() : words_(kWords, 1) {}
  double read_rate(unsigned threads);  ///< Octets a second.
  double write_rate(unsigned threads);

 private:
  static constexpr std::size_t kWords = std::size_t{1} << 26;  // 512 MB.
  std::vector<std::uint64_t> words_;
  volatile std::uint64_t sink_ = 0;
};

/// How long one line of the cache takes to come from somewhere in so many octets, where nothing else is to be done
/// until it has come.
class Latency {
 public:
  explicit Latency(std::size_t bytes);
  double nanoseconds();

 private:
  static constexpr std::size_t kLine = 8;  // Words.
  std::shared_ptr<std::byte> bytes_;
  std::size_t lines_ = 0;
  volatile std::uint64_t at_ = 0;
};

/// Copying the octets of a table's values.
double copy_seconds(const matching::engine::Table& table, unsigned threads);

/// y = a + b x by least squares, and how much of what y does the line says (R²).
struct Line {
  double start = 0, slope = 0, r_squared = 0;
  Line(const std::vector<double>& x, const std::vector<double>& y);
};

/// A line of the report.
void line(const char* what, double milliseconds, const std::string& remark = "");
std::string number(const char* format, double value);

}  // namespace zhida::bench
