// Social security (社保): XML packages by file drop, feedback files back; sealed decisions for the unemployment
// insurance fund out.
#include <filesystem>

#include "adapter_api/adapter_spec.h"
#include "adapter_api/transports/delivery.h"
#include "adapter_api/transports/file_drop.h"
#include "adapters/social_security/decode.h"
#include "base/bytes.h"
#include "platform/config/config.h"

namespace zhida::adapters::social_security {
namespace {

struct SocialSecurityConfig : ConfigSpec {
  Field<Path> folder{this, "folder",
                     "The exchange folder: inbox/, feedback/, decisions/ and what the hub keeps beside them."};
  Field<Duration> interval{this, "pull_interval", "Pause between two looks into the inbox.", 1h, at_least(1s)};
  Field<Duration> stable_for{
      this, "stable_for",
      "How long a file must stand still before it is taken; 0s where the other side renames into place.", 1s};
  Field<std::int64_t> file_bytes_max{this, "file_bytes_max", "Larger packages are refused.", 67108864, at_least(1024)};
};

class SocialSecurityAdapter final : public Adapter {
 public:
  static Result<std::unique_ptr<Adapter>> create(const SocialSecurityConfig& config, AdapterContext& context) {
    transports::FileDropOptions options;
    options.source = "social_security";
    options.folder = config.folder->path;
    options.endings = {".xml"};
    options.file_bytes_max = static_cast<std::size_t>(*config.file_bytes_max);
    options.stable_for = *config.stable_for;
    std::error_code error;
    std::filesystem::create_directories(config.folder->path + "/decisions", error);
    if (error)
      return refuse("drop_folder_unusable",
                    config.folder->path + "/decisions cannot be made: " + error.message() + ".");
    auto drop = TRY(transports::FileDrop::open(options));
    return std::unique_ptr<Adapter>(new SocialSecurityAdapter(config, context, std::move(drop)));
  }

  Result<PullSummary> pull(const PullRequest& request) override {
    transports::Delivery delivery(context_);
    // Packages come when they come: a single firm cannot be asked for.
    if (!request.uscc.empty()) return delivery.summary();
    if (transports::types_to_pull(context_, {kUnit, kPayment, kDecisionReport}, request).empty())
      return delivery.summary();
    CHECK_OK(drop_.sweep(
        context_, delivery,
        [this](const std::string& name, ByteView content) -> Result<SourceBatch> {
          auto batch = TRY(decode_package(name, content));
          transports::complete_file_batch(batch, name, content, context_.clock().now());
          return batch;
        },
        [this](const transports::FileResult& file) -> Result<void> {
          const Bytes answer =
              file.refused ? TRY(refusal(file.name, *file.refused)) : TRY(feedback(*file.batch, file.outcomes));
          return drop_.write_feedback(file.name + ".fk.xml", answer);
        }));
    return delivery.summary();
  }

  /// The sealed decision as two files, the document last: who sees it finds its seal already there.
  Result<void> send(const OutgoingMessage& message) override {
    CHECK_OK(transports::check_file_name(message.message_id));
    const std::string stem = config_.folder->path + "/decisions/" + message.message_id;
    CHECK_OK(write_file_atomically(stem + ".ses", message.seal));
    return write_file_atomically(stem + ".json", message.body);
  }

  Result<void> test(const std::function<void(const std::string&)>& report) override {
    report("Looking into " + config_.folder->path + "/inbox.");
    report(std::to_string(TRY(drop_.waiting()).size()) + " packages are waiting.");
    return ok();
  }

 private:
  SocialSecurityAdapter(const SocialSecurityConfig& config, AdapterContext& context, transports::FileDrop drop)
      : config_(config), context_(context), drop_(std::move(drop)) {}

  const SocialSecurityConfig& config_;
  AdapterContext& context_;
  transports::FileDrop drop_;
};

}  // namespace

AdapterSpec spec() {
  return AdapterSpec{"social_security", "社保"}
      .emits(kUnit, 1)
      .emits(kPayment, 1)
      .emits(kDecisionReport, 1)
      .carries("social_security")
      .configured_by<SocialSecurityConfig>()
      .made_by(&SocialSecurityAdapter::create)
      .decodes(&decode_sample);
}

}  // namespace zhida::adapters::social_security
