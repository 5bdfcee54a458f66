// The tax bureau's exchange gateway: seven lists over HTTPS, pulled page by page.
#include "adapter_api/adapter_spec.h"
#include "adapter_api/transports/gateway_config.h"
#include "adapters/tax/client.h"
#include "adapters/tax/decode.h"

namespace zhida::adapters::tax {
namespace {

struct TaxConfig : transports::GatewayConfig {};

class TaxAdapter final : public Adapter {
 public:
  static Result<std::unique_ptr<Adapter>> create(const TaxConfig& config, AdapterContext& context) {
    return std::unique_ptr<Adapter>(new TaxAdapter(config, context));
  }

  Result<PullSummary> pull(const PullRequest& request) override {
    transports::Delivery delivery(context_);
    std::vector<std::string> emitted;
    for (const auto& resource : resources()) emitted.emplace_back(resource.record_type);
    CHECK_OK(transports::sweep_each(context_, emitted, request, [&](const std::string& type) {
      return sweep(*resource_of(type), delivery, request);
    }));
    return delivery.summary();
  }

  bool can_pull_one() const override { return true; }

  Result<void> test(const std::function<void(const std::string&)>& report) override {
    const auto& resource = resources().front();
    report("Asking " + client_.address_of(resource) + " for one row.");
    transports::PageRequest one;
    one.size = 1;
    const auto page = TRY(decode_page(resource, TRY(client_.page(resource, one))));
    report("The gateway took our signature and has " + std::to_string(page.total.value_or(0)) + " registrations.");
    return ok();
  }

 private:
  TaxAdapter(const TaxConfig& config, AdapterContext& context)
      : config_(config), context_(context), client_(config.http_options(), *config.client_id, *config.secret) {}

  Result<void> sweep(const Resource& resource, transports::Delivery& delivery, const PullRequest& request) {
    const auto options = config_.paged_options("tax", resource.record_type, client_.address_of(resource));
    transports::Pager pager;
    pager.fetch = [&](const transports::PageRequest& ask) { return client_.page(resource, ask); };
    pager.decode = [&](ByteView body) { return decode_page(resource, body); };
    pager.resume_from = [&](const std::string& newest, Instant now) { return config_.resume_from(newest, now); };
    return transports::sweep_pages(context_, delivery, options, pager, request);
  }

  const TaxConfig& config_;
  AdapterContext& context_;
  TaxClient client_;
};

}  // namespace

AdapterSpec spec() {
  return AdapterSpec{"tax", "税务"}
      .emits("tax.registration", 1)
      .emits("tax.credit_grade", 1)
      .emits("tax.arrears", 1)
      .emits("tax.sales", 1)
      .emits("tax.paid_year", 1)
      .emits("tax.per_mu", 1)
      .emits("tax.rd_deduction", 1)
      .pulls_one()
      .configured_by<TaxConfig>()
      .made_by(&TaxAdapter::create)
      .decodes(&decode_sample);
}

}  // namespace zhida::adapters::tax
