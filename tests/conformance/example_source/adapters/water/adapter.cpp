// The water works: one CSV file a month in an exchange folder.
#include "adapter_api/adapter_spec.h"
#include "adapter_api/transports/file_drop.h"
#include "adapters/water/decode.h"

namespace zhida::adapters::water {
namespace {

struct WaterConfig : ConfigSpec {
  Field<Path> folder{this, "folder", "The exchange folder; files are taken from inbox/ below it."};
  Field<Duration> interval{this, "pull_interval", "Pause between two looks into the folder.", 1h, at_least(1s)};
  Field<Duration> stable_for{this, "stable_for", "A file that has not changed for this long is complete.", 2s};
};

class WaterAdapter final : public Adapter {
 public:
  static Result<std::unique_ptr<Adapter>> create(const WaterConfig& config, AdapterContext& context) {
    transports::FileDropOptions options;
    options.source = "water";
    options.folder = config.folder->path;
    options.endings = {".csv"};
    options.stable_for = *config.stable_for;
    auto drop = TRY(transports::FileDrop::open(std::move(options)));
    return std::unique_ptr<Adapter>(new WaterAdapter(std::move(drop), context));
  }

  Result<PullSummary> pull(const PullRequest& request) override {
    transports::Delivery delivery(context_);
    if (!request.uscc.empty() || transports::types_to_pull(context_, {"water.usage"}, request).empty())
      return delivery.summary();
    CHECK_OK(drop_.sweep(context_, delivery, decode_file));
    return delivery.summary();
  }

  Result<void> test(const std::function<void(const std::string&)>& report) override {
    const auto names = TRY(drop_.waiting());
    report(std::to_string(names.size()) + " files wait in " + drop_.options().folder + "/inbox.");
    return ok();
  }

 private:
  WaterAdapter(transports::FileDrop drop, AdapterContext& context) : drop_(std::move(drop)), context_(context) {}

  transports::FileDrop drop_;
  AdapterContext& context_;
};

}  // namespace

AdapterSpec spec() {
  return AdapterSpec{"water", "水务"}
      .emits("water.usage", 1)
      .takes_uploads()
      .configured_by<WaterConfig>()
      .made_by(&WaterAdapter::create)
      .decodes(&decode_file);
}

}  // namespace zhida::adapters::water
