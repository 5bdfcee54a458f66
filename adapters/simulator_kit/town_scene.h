// One town with one running simulator and the adapter in front of it: what adapter tests begin with.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "adapters/simulator_kit/child.h"
#include "base/result.h"

namespace zhida::simulator {

/// Folder layout as in the demo: <folder>/town/world.db, <folder>/certs/tls/{ca,NAME}.{crt,key}, <folder>/clock,
/// <folder>/sim/NAME. `programs` is the folder of the built programs.
class TownScene {
 public:
  /// Makes a town of `enterprises` firms that opens on 2025-11-03 09:00, and TLS certificates for `name`.
  static Result<TownScene> make(const std::string& folder, const std::string& programs, const std::string& name,
                                int enterprises, bool faults);
  /// Starts (or starts again) the simulator on a fixed port, once it has one.
  Result<void> start(const std::vector<std::string>& more = {});
  Child& child() { return *child_; }
  std::string address() const { return "https://127.0.0.1:" + std::to_string(port_); }
  std::string world() const { return folder_ + "/town/world.db"; }
  std::string ca_file() const { return folder_ + "/certs/tls/ca.crt"; }
  std::string secret_file() const { return folder_ + "/certs/secrets/" + name_; }
  std::string state() const { return folder_ + "/sim/" + name_; }
  Result<void> set_clock(const std::string& rfc3339);
  Result<void> set_mood(const std::string& words);

 private:
  std::string folder_, programs_, name_;
  bool faults_ = false;
  std::uint16_t port_ = 0;
  std::unique_ptr<Child> child_;
};

}  // namespace zhida::simulator
