// The short message gateway: carries notices out, fetches the reports about them.
#include "adapter_api/adapter_spec.h"
#include "adapter_api/transports/delivery.h"
#include "adapter_api/transports/gateway_config.h"
#include "adapters/sms_gateway/decode.h"

namespace zhida::adapters::sms_gateway {
namespace {

constexpr const char* kReport = "sms_gateway.report";

struct SmsGatewayConfig : transports::GatewayConfig {};

class SmsGatewayAdapter final : public Adapter {
 public:
  static Result<std::unique_ptr<Adapter>> create(const SmsGatewayConfig& config, AdapterContext& context) {
    return std::unique_ptr<Adapter>(new SmsGatewayAdapter(config, context));
  }

  Result<PullSummary> pull(const PullRequest& request) override {
    transports::Delivery delivery(context_);
    // Reports are about notices, not about firms: for one firm there is nothing to fetch.
    if (!request.uscc.empty() || transports::types_to_pull(context_, {kReport}, request).empty())
      return delivery.summary();
    std::string after;
    if (!request.ignore_cursor) after = TRY(context_.cursor(kReport)).value_or("");
    while (!context_.stopping()) {
      transports::Query query;
      if (!after.empty()) query.emplace_back("after", after);
      auto reports = TRY(decode_reports(TRY(http_.get("/reports", query))));
      // The place to go on moves with the reports, so that each answer is one step.
      if (reports.next.empty() || reports.next == after || (reports.records.empty() && reports.unreadable.empty()))
        break;
      SourceBatch batch;
      batch.source = "sms_gateway";
      batch.origin = http_.options().base_url + "/reports";
      batch.trace_id = new_trace_id();
      batch.received_at = context_.clock().now();
      batch.records = std::move(reports.records);
      batch.unreadable = std::move(reports.unreadable);
      batch.cursors[kReport] = reports.next;
      batch.batch_id = transports::digest_batch_id("reports", batch, context_.clock().today()) + ">" + reports.next;
      CHECK_OK(delivery.hand_over(std::move(batch)));
      after = reports.next;
    }
    return delivery.summary();
  }

  Result<void> send(const OutgoingMessage& message) override {
    const auto notice = TRY(read_notice(message.body));
    // The gateway drops repetitions by this id; a crash between its answer and our note of it sends twice.
    const auto body = TRY(canonical_json(Json{{"id", notice.notice_id}, {"to", notice.to}, {"text", notice.text}}));
    const auto answer = parse_json(TRY(http_.post_json("/messages", body)));
    if (!answer) return retry("source_malformed", "The short message gateway sent no JSON: " + answer.error().message);
    const auto accepted = get_bool(answer.value(), "accepted");
    if (accepted && accepted.value()) return ok();
    // Its word about this one notice, not about the line: the others go on.
    return refuse("source_refused", "The short message gateway did not take notice " + notice.notice_id + ".");
  }

  Result<void> test(const std::function<void(const std::string&)>& report) override {
    report("Asking " + http_.options().base_url + "/reports for new reports.");
    CHECK_OK(decode_reports(TRY(http_.get("/reports", {{"after", "999999999"}}))));
    report("The gateway took our signature.");
    return ok();
  }

 private:
  SmsGatewayAdapter(const SmsGatewayConfig& config, AdapterContext& context)
      : context_(context),
        http_(config.http_options(), transports::client_gateway_signature(*config.client_id, *config.secret)) {}

  AdapterContext& context_;
  transports::SignedHttp http_;
};

}  // namespace

AdapterSpec spec() {
  return AdapterSpec{"sms_gateway", "短信网关"}
      .emits(kReport, 1)
      .carries("sms_gateway")
      .configured_by<SmsGatewayConfig>()
      .made_by(&SmsGatewayAdapter::create)
      .decodes(&decode_sample);
}

}  // namespace zhida::adapters::sms_gateway
