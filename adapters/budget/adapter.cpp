// The integrated budget management system (预算管理一体化): appropriations and payments, by their update time.
#include "adapter_api/adapter_spec.h"
#include "adapter_api/transports/gateway_config.h"
#include "adapters/budget/client.h"
#include "adapters/budget/decode.h"

namespace zhida::adapters::budget {
namespace {

struct BudgetConfig : transports::GatewayConfig {
  Field<std::string> service_id{this, "service_id", "The service's number in the exchange platform.", "budget"};
};

class BudgetAdapter final : public Adapter {
 public:
  static Result<std::unique_ptr<Adapter>> create(const BudgetConfig& config, AdapterContext& context) {
    return std::unique_ptr<Adapter>(new BudgetAdapter(config, context));
  }

  Result<PullSummary> pull(const PullRequest& request) override {
    transports::Delivery delivery(context_);
    // Budgets are not kept by firm: for one firm there is nothing to fetch.
    if (!request.uscc.empty()) return delivery.summary();
    std::vector<std::string> emitted;
    for (const auto& resource : resources()) emitted.emplace_back(resource.record_type);
    CHECK_OK(transports::sweep_each(context_, emitted, request, [&](const std::string& type) {
      return sweep(*resource_of(type), delivery, request);
    }));
    return delivery.summary();
  }

  Result<void> test(const std::function<void(const std::string&)>& report) override {
    const auto& resource = resources().front();
    report("Asking " + client_.address_of(resource) + " for one row.");
    transports::PageRequest one;
    one.size = 1;
    const auto page = TRY(decode_page(resource, TRY(client_.page(resource, one))));
    report("The budget system took our signature and has " + std::to_string(page.total.value_or(0)) +
           " appropriations.");
    return ok();
  }

 private:
  BudgetAdapter(const BudgetConfig& config, AdapterContext& context)
      : config_(config),
        context_(context),
        client_(config.http_options(), *config.client_id, *config.service_id, *config.secret) {}

  Result<void> sweep(const Resource& resource, transports::Delivery& delivery, const PullRequest& request) {
    const auto options = config_.paged_options("budget", resource.record_type, client_.address_of(resource));
    transports::Pager pager;
    pager.fetch = [&](const transports::PageRequest& ask) { return client_.page(resource, ask); };
    pager.decode = [&](ByteView body) { return decode_page(resource, body); };
    pager.resume_from = [&](const std::string& newest, Instant now) { return config_.resume_from(newest, now); };
    return transports::sweep_pages(context_, delivery, options, pager, request);
  }

  const BudgetConfig& config_;
  AdapterContext& context_;
  BudgetClient client_;
};

}  // namespace

AdapterSpec spec() {
  return AdapterSpec{"budget", "预算管理一体化"}
      .emits("budget.appropriation", 1)
      .emits("budget.payment", 1)
      .configured_by<BudgetConfig>()
      .made_by(&BudgetAdapter::create)
      .decodes(&decode_sample);
}

}  // namespace zhida::adapters::budget
