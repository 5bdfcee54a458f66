#include "adapters/simulator_kit/scene.h"

namespace zhida::adapters::treasury {
namespace {

using simulator::Spoil;

/// Nothing stands behind it: the adapter only declares the system, and its answers come through a door of their own.
class NoSource final : public simulator::Scene {
 public:
  std::string settings() const override { return "{}\n"; }
  std::string record_type() const override { return ""; }
  void hold(int) override {}
  void spoil(Spoil) override {}
  bool can_be(Spoil how) const override { return how == Spoil::nothing; }
};

}  // namespace

std::unique_ptr<simulator::Scene> make_scene(const std::string&) {
  return std::make_unique<NoSource>();
}

}  // namespace zhida::adapters::treasury
