// Market supervision (市场监管): a front-end database (库表交换) into which the bureau writes whole rows.
#include <algorithm>

#include "adapter_api/adapter_spec.h"
#include "adapter_api/transports/delivery.h"
#include "adapters/market_supervision/tables.h"
#include "platform/config/config.h"

namespace zhida::adapters::market_supervision {
namespace {

struct MarketSupervisionConfig : ConfigSpec {
  Field<std::string> database{this, "database",
                              "The front-end database: sqlite:///path/front.db or postgresql://user@host:port/name.",
                              required, not_empty()};
  Field<Secret<std::string>> password{this, "password", "Password of the PostgreSQL user, as a reference.",
                                      Secret<std::string>{}};
  Field<Duration> interval{this, "pull_interval", "Pause between two pulls.", 1h, at_least(1s)};
  Field<std::int64_t> batch_rows{this, "batch_rows", "Rows that are committed together.",
                                 1000, at_least(1),  at_most(20000)};
};

class MarketSupervisionAdapter final : public Adapter {
 public:
  static Result<std::unique_ptr<Adapter>> create(const MarketSupervisionConfig& config, AdapterContext& context) {
    return std::unique_ptr<Adapter>(new MarketSupervisionAdapter(config, context));
  }

  bool can_pull_one() const override { return true; }

  Result<PullSummary> pull(const PullRequest& request) override {
    transports::Delivery delivery(context_);
    std::vector<std::string> emitted;
    for (const auto& table : exchange_tables()) emitted.push_back(table.record_type);
    const auto wanted = transports::types_to_pull(context_, emitted, request);
    if (wanted.empty()) return delivery.summary();
    // Opened anew each time: a file that the bureau replaced would else be read as it was.
    const auto exchange = TRY(transports::TableExchange::open(*config_.database, *config_.password));
    std::optional<Error> first;
    for (const auto& table : exchange_tables()) {
      if (context_.stopping()) break;
      if (std::find(wanted.begin(), wanted.end(), table.record_type) == wanted.end()) continue;
      const auto done = exchange->pull(context_, delivery, "market_supervision", table, request,
                                       static_cast<int>(*config_.batch_rows));
      if (!done && !first) first = done.error();  // One table in trouble does not hold up the others.
    }
    if (first) return *first;
    return delivery.summary();
  }

  Result<void> test(const std::function<void(const std::string&)>& report) override {
    report("Opening the front-end database.");
    const auto exchange = TRY(transports::TableExchange::open(*config_.database, *config_.password));
    for (const auto& table : exchange_tables())
      report("Table " + table.table + " has " + std::to_string(TRY(exchange->count(table.table))) + " rows.");
    return ok();
  }

 private:
  MarketSupervisionAdapter(const MarketSupervisionConfig& config, AdapterContext& context)
      : config_(config), context_(context) {}

  const MarketSupervisionConfig& config_;
  AdapterContext& context_;
};

}  // namespace

AdapterSpec spec() {
  return AdapterSpec{"market_supervision", "市场监管"}
      .emits("market_supervision.registration", 1)
      .emits("market_supervision.annual_report", 1)
      .emits("market_supervision.abnormal_list", 1)
      .emits("market_supervision.serious_list", 1)
      .emits("market_supervision.list_coverage", 1)
      .pulls_one()
      .configured_by<MarketSupervisionConfig>()
      .made_by(&MarketSupervisionAdapter::create);
}

}  // namespace zhida::adapters::market_supervision
