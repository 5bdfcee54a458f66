// Credit information centre (信用): pushes sealed JSON messages over AMQP 1.0.
#include <algorithm>
#include <array>
#include <iterator>

#include "adapter_api/adapter_spec.h"
#include "adapter_api/transports/delivery.h"
#include "adapters/credit/decode.h"
#include "platform/config/config.h"

namespace zhida::adapters::credit {
namespace {

constexpr const char* kAddress = "credit.records";
constexpr std::array kRecordTypes{"credit.rating", "credit.punishment", "credit.list_entry", "credit.list_coverage"};

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
    // Rows that do not say of which type they are fall under no grant; people shall still see them.
    std::vector<SourceBatch::Unreadable> nameless;
    for (auto& row : batch.unreadable)
      if (row.record_type.empty()) nameless.push_back(std::move(row));
    transports::keep_granted(context_, batch);
    std::erase_if(batch.unreadable, [](const SourceBatch::Unreadable& row) { return row.record_type.empty(); });
    const bool anything =
        std::any_of(kRecordTypes.begin(), kRecordTypes.end(), [&](const char* type) { return context_.granted(type); });
    if (anything) std::move(nameless.begin(), nameless.end(), std::back_inserter(batch.unreadable));
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
  AdapterSpec spec{"credit", "信用"};
  for (const char* type : kRecordTypes) spec.emits(type, 1);
  return spec.pushes(kAddress).configured_by<CreditConfig>().made_by(&CreditAdapter::create).decodes(&decode_sample);
}

}  // namespace zhida::adapters::credit
