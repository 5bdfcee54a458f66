#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adapters/town/world.h"
#include "base/result.h"

namespace zhida::town {

/// Writes world.db. Rows may come in any order of time; finish() brings them into the order in which they appear and
/// numbers them. The first error of SQLite is kept and given back by finish().
class WorldWriter {
 public:
  /// Replaces a file that is there. Errors `world_unwritable`.
  static Result<WorldWriter> create(const std::string& path);
  WorldWriter(WorldWriter&&) noexcept;
  WorldWriter& operator=(WorldWriter&&) = delete;
  ~WorldWriter();

  void add_row(const std::string& record_type, const Row& row);  ///< row.sequence is not used.
  void add_delivery(const Delivery& delivery);                   ///< In the order of sending; numbered in that order.
  void add_fault(const Fault& fault);
  void add_person(const Person& person);
  void set(const std::string& name, const std::string& value);
  Result<void> finish();

 private:
  struct State;
  explicit WorldWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace zhida::town
