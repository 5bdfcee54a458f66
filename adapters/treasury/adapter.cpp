// Treasury (国库): sealed payment requests out, sealed answers in, over AMQP 1.0. What is in the messages is the
// business of hub/stages/treasury and hub/stages/payment; docs/treasury_interface.md is what the counterpart reads.
#include "adapter_api/adapter_spec.h"
#include "platform/config/config.h"

namespace zhida::adapters::treasury {
namespace {

/// The treasury dials the hub: who it is and which seals are its own stands in peers.yaml.
struct TreasuryConfig : ConfigSpec {};

class TreasuryAdapter final : public Adapter {
 public:
  static Result<std::unique_ptr<Adapter>> create(const TreasuryConfig&, AdapterContext&) {
    return std::unique_ptr<Adapter>(new TreasuryAdapter());
  }
  /// Answers come through the treasury door by themselves.
  Result<PullSummary> pull(const PullRequest&) override { return PullSummary{}; }
  Result<void> test(const std::function<void(const std::string&)>& report) override {
    report("The treasury dials the hub, receives from treasury.instructions and sends to treasury.receipts.");
    return ok();
  }
};

}  // namespace

AdapterSpec spec() {
  return AdapterSpec{"treasury", "国库"}.configured_by<TreasuryConfig>().made_by(&TreasuryAdapter::create);
}

}  // namespace zhida::adapters::treasury
