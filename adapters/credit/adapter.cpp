// Credit information centre (信用): pushes sealed JSON messages over AMQP 1.0.
#include "adapter_api/adapter_spec.h"
#include "adapter_api/transports/delivery.h"
#include "adapters/credit/decode.h"
#include "platform/config/config.h"

namespace zhida::adapters::credit {
namespace {

constexpr const char* kAddress = "credit.records";

/// Everything about the connection is in peers.yaml and in the hub's own AMQP settings.
struct CreditConfig : ConfigSpec {
  Field<bool> enabled{this, "enabled", "Whether messages of this system are taken.", true};
};

class CreditAdapter final : public Adapter {
 public:
  static Result<std::unique_ptr<Adapter>> create(const CreditConfig& config, AdapterContext& context) {
    return std::unique_ptr<Adapter>(new CreditAdapter(config, context));
  }

  /// There is nothing to fetch: the centre sends when it has something to say.
  Result<PullSummary> pull(const PullRequest&) override { return PullSummary{}; }

  Result<SourceBatch> decode(const PushedMessage& message) override {
    if (!*config_.enabled)
      return refuse("source_disabled", "Messages of the credit centre are switched off in zhida.yaml.");
    auto batch = TRY(decode_message(message));
    transports::keep_granted(context_, batch);
    return batch;
  }

  Result<void> test(const std::function<void(const std::string&)>& report) override {
    report(std::string("The credit centre dials the hub and sends to ") + kAddress +
           "; whether it is connected is shown by the hub's own metrics.");
    return ok();
  }

 private:
  CreditAdapter(const CreditConfig& config, AdapterContext& context) : config_(config), context_(context) {}

  const CreditConfig& config_;
  AdapterContext& context_;
};

}  // namespace

AdapterSpec spec() {
  return AdapterSpec{"credit", "信用"}
      .emits("credit.rating", 1)
      .emits("credit.punishment", 1)
      .emits("credit.list_entry", 1)
      .emits("credit.list_coverage", 1)
      .pushes(kAddress)
      .configured_by<CreditConfig>()
      .made_by(&CreditAdapter::create)
      .decodes(&decode_sample);
}

}  // namespace zhida::adapters::credit
