// Lists of departments (部门名单): CSV files, dropped into a folder or handed in through REST.
#include "adapter_api/adapter_spec.h"
#include "adapter_api/transports/delivery.h"
#include "adapter_api/transports/file_drop.h"
#include "adapters/department_lists/decode.h"
#include "platform/config/config.h"

namespace zhida::adapters::department_lists {
namespace {

struct DepartmentListsConfig : ConfigSpec {
  Field<Path> folder{this, "folder", "The exchange folder: inbox/ and what the hub keeps beside it."};
  Field<Duration> interval{this, "pull_interval", "Pause between two looks into the inbox.", 1h, at_least(1s)};
  Field<Duration> stable_for{
      this, "stable_for",
      "How long a file must stand still before it is taken; 0s where the other side renames into place.", 1s};
  Field<std::int64_t> file_bytes_max{this, "file_bytes_max", "Larger files are refused.", 67108864, at_least(1024)};
};

class DepartmentListsAdapter final : public Adapter {
 public:
  static Result<std::unique_ptr<Adapter>> create(const DepartmentListsConfig& config, AdapterContext& context) {
    transports::FileDropOptions options;
    options.source = "department_lists";
    options.folder = config.folder->path;
    options.endings = {".csv"};
    options.file_bytes_max = static_cast<std::size_t>(*config.file_bytes_max);
    options.stable_for = *config.stable_for;
    auto drop = TRY(transports::FileDrop::open(options));
    return std::unique_ptr<Adapter>(new DepartmentListsAdapter(config, context, std::move(drop)));
  }

  Result<PullSummary> pull(const PullRequest& request) override {
    transports::Delivery delivery(context_);
    if (!request.uscc.empty()) return delivery.summary();  // Lists come when they come.
    std::vector<std::string> emitted;
    for (const auto& list : lists()) emitted.emplace_back(list.record_type);
    if (transports::types_to_pull(context_, emitted, request).empty()) return delivery.summary();
    CHECK_OK(drop_.sweep(context_, delivery, [this](const std::string& name, ByteView content) -> Result<SourceBatch> {
      auto batch = TRY(decode_list(name, content));
      transports::complete_file_batch(batch, name, content, context_.clock().now());
      return batch;
    }));
    return delivery.summary();
  }

  Result<void> test(const std::function<void(const std::string&)>& report) override {
    report("Looking into " + config_.folder->path + "/inbox.");
    report(std::to_string(TRY(drop_.waiting()).size()) + " files are waiting.");
    return ok();
  }

 private:
  DepartmentListsAdapter(const DepartmentListsConfig& config, AdapterContext& context, transports::FileDrop drop)
      : config_(config), context_(context), drop_(std::move(drop)) {}

  const DepartmentListsConfig& config_;
  AdapterContext& context_;
  transports::FileDrop drop_;
};

}  // namespace

AdapterSpec spec() {
  AdapterSpec spec{"department_lists", "部门名单"};
  for (const auto& list : lists()) spec.emits(list.record_type, 1);
  return spec.emits(kCoverage, 1)
      .takes_uploads()
      .configured_by<DepartmentListsConfig>()
      .made_by(&DepartmentListsAdapter::create)
      .decodes(&decode_sample);
}

}  // namespace zhida::adapters::department_lists
