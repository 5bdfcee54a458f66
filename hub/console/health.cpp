#include "console/health.h"

#include <limits>
#include <map>
#include <sstream>

#include <prometheus/text_serializer.h>

#include "audit/head_store.h"
#include "flow/overview.h"
#include "flow/policy_book.h"
#include "flow/policy_desk.h"
#include "platform/crypto/certificate.h"

namespace zhida::console::health {
namespace {

using storage::Transaction;

class Numbers {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  /// Begins a family; the values follow.
  Numbers& family(const char* name, const char* help, prometheus::MetricType type) {
    families_.emplace_back();
    families_.back().name = name;
    families_.back().help = help;
    families_.back().type = type;
    return *this;
  }
  Numbers& counter(const char* name, const char* help) { return family(name, help, prometheus::MetricType::Counter); }
  Numbers& gauge(const char* name, const char* help) { return family(name, help, prometheus::MetricType::Gauge); }
  template <class Number>
  Numbers& value(Number number, const Labels& labels = {}) {
    prometheus::ClientMetric metric;
    for (const auto& [name, text] : labels) {
      prometheus::ClientMetric::Label label;
      label.name = name;
      label.value = text;
      metric.label.push_back(std::move(label));
    }
    // Metrics are doubles; money stays out of here.
    metric.gauge.value = metric.counter.value = static_cast<double>(number);
    families_.back().metric.push_back(std::move(metric));
    return *this;
  }
  Numbers& histogram(const flow::StageTimes::Histogram& times, const Labels& labels) {
    value(0, labels);
    auto& out = families_.back().metric.back().histogram;
    out.sample_count = times.count;
    out.sample_sum = times.seconds;
    for (std::size_t i = 0; i < times.within.size(); ++i)
      out.bucket.push_back({times.within[i], flow::StageTimes::kBounds[i]});
    out.bucket.push_back({times.count, std::numeric_limits<double>::infinity()});
    return *this;
  }
  std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return out.str();
  }

 private:
  std::vector<prometheus::MetricFamily> families_;
};

Answer json_answer(int status, const Json& json) {
  Answer answer;
  answer.status = status;
  answer.body = dump(json);
  return answer;
}

}  // namespace

Result<Answer> livez(App&, const Call&) {
  return json_answer(200, {{"status", "ok"}});
}

Result<Answer> readyz(App& app, const Call&) {
  Json checks = Json::object();
  bool ready = true;
  const auto check = [&](const char* name, bool good) {
    checks[name] = good ? "ok" : "failed";
    ready = ready && good;
  };
  check("database", app.hub.rooms()
                        .database
                        .read([](Transaction& transaction) -> Result<void> {
                          // The newest table there is: the schema is as this program wants it.
                          CHECK_OK(transaction.query("SELECT count(*) FROM console_answer WHERE at < 0", {}, "i"));
                          return ok();
                        })
                        .has_value());
  const auto& config = app.hub.config();
  check("messages", app.hub.amqp_port() != 0 || !config.brokers.empty());
  check("policies", !app.hub.rooms().policies.all().empty());
  return json_answer(ready ? 200 : 503, {{"status", ready ? "ok" : "failed"}, {"checks", checks}});
}

Result<Answer> metrics(App& app, const Call&) {
  flow::Overview overview;
  std::vector<audit::Countersignature> witnesses;
  CHECK_OK(app.hub.rooms().database.read([&](Transaction& transaction) -> Result<void> {
    overview = TRY(flow::count_overview(transaction));
    witnesses = TRY(audit::last_countersignatures(transaction));
    return ok();
  }));
  const auto node = app.hub.node_stats();
  const auto writer = app.hub.writer_stats();
  Numbers numbers;
  numbers.gauge("zhida_build_info", "The version that runs.").value(1, {{"version", app.hub.config().version}});
  numbers.counter("zhida_records_total", "Rows of sources, each delivery counted.")
      .value(overview.accepted, {{"result", "accepted"}})
      .value(overview.duplicate, {{"result", "duplicate"}})
      .value(overview.quarantined, {{"result", "quarantined"}});
  numbers.counter("zhida_messages_total", "AMQP messages since the start.")
      .value(node.received, {{"result", "received"}})
      .value(node.accepted, {{"result", "accepted"}})
      .value(node.rejected, {{"result", "rejected"}})
      .value(node.released, {{"result", "released"}})
      .value(node.malformed, {{"result", "malformed"}})
      .value(node.sent, {{"result", "sent"}})
      .value(node.sent_accepted, {{"result", "sent_accepted"}})
      .value(node.sent_rejected, {{"result", "sent_rejected"}});
  numbers.gauge("zhida_connections", "AMQP connections now.").value(node.connections);
  numbers.gauge("zhida_queue_depth", "What waits: for the writer, for a retry, to be sent, for a person.")
      .value(writer.queued, {{"queue", "writer"}})
      .value(writer.waiting_for_retry, {{"queue", "retry"}})
      .value(overview.unsent, {{"queue", "outbox"}})
      .value(overview.quarantine_open, {{"queue", "quarantine"}});
  numbers.gauge("zhida_dead_letters", "Messages that no door could take and nobody has dealt with.")
      .value(overview.dead_letters);
  numbers.gauge("zhida_rejected_messages", "Outbox messages that their receiver refused: `zhida outbox`.")
      .value(overview.rejected);
  numbers.gauge("zhida_profiles", "Firms that the hub knows.").value(overview.profiles);
  numbers.gauge("zhida_entitlements", "Verdicts now.");
  for (const auto& [verdict, count] : overview.verdicts) numbers.value(count, {{"verdict", verdict}});
  numbers.gauge("zhida_cases", "Cases by state.");
  for (const auto& [state, count] : overview.cases) numbers.value(count, {{"state", state}});
  numbers.gauge("zhida_payments", "Payment requests by what became of them.")
      .value(overview.requests, {{"state", "all"}})
      .value(overview.open, {{"state", "open"}})
      .value(overview.settled, {{"state", "settled"}})
      .value(overview.returned, {{"state", "returned"}})
      .value(overview.sent_back, {{"state", "sent_back"}})
      .value(overview.conflicts, {{"state", "conflict"}});
  numbers.counter("zhida_commits_total", "Transactions of the writer.").value(writer.commits);
  numbers.counter("zhida_commit_failures_total", "Transactions that could not be committed.")
      .value(writer.commit_failures);
  numbers.counter("zhida_operations_total", "Works inside those transactions.").value(writer.operations);
  numbers.counter("zhida_commit_micros_total", "Time spent in transactions, effects included.")
      .value(writer.commit_micros_total);
  numbers.gauge("zhida_commit_micros_max", "The longest transaction so far.").value(writer.commit_micros_max);
  numbers.family("zhida_stage_seconds", "How long the stages take.", prometheus::MetricType::Histogram);
  for (const auto& [stage, times] : app.hub.stage_times()) numbers.histogram(times, {{"stage", stage}});
  numbers.gauge("zhida_audit_records", "Rows of the trail.").value(overview.audit_records);
  if (const auto log = app.hub.log_numbers())
    numbers.gauge("zhida_log_unsealed_records", "Records of the log that no sealed head covers yet.")
        .value(log.value().records - log.value().sealed);
  numbers.gauge("zhida_log_witnessed_records", "Records under the newest head that a peer countersigned.");
  for (const auto& witness : witnesses) numbers.value(witness.size, {{"peer", witness.peer}});
  const auto matching = app.hub.matching_state();
  numbers
      .gauge("zhida_matching_engine_ready", "1 while the matching engine says which firms a day or an item concerns.")
      .value(matching.phase == flow::MatchIndexState::Phase::ready ? 1 : 0);
  numbers.gauge("zhida_matching_engine_firms", "Firms that the matching engine holds, or has read so far.")
      .value(matching.firms, {{"state", flow::to_text(matching.phase)}});
  numbers.gauge("zhida_matching_engine_octets", "Memory of their codes and values.").value(matching.octets);
  numbers.gauge("zhida_matching_engine_load_milliseconds", "How long the last reading of all firms took.")
      .value(matching.load_took.count());
  numbers.counter("zhida_matching_engine_loads_total", "Readings of all firms since the start.").value(matching.loads);
  numbers.counter("zhida_matching_engine_firms_found_total", "Firms that a day or an item concerned.")
      .value(matching.firms_looked);
  numbers
      .counter("zhida_matching_engine_disagreements_total",
               "Pairs on which engine and evaluator differed; the evaluator's word stood. Must be 0.")
      .value(matching.disagreements);
  std::map<std::string, std::int64_t> troubles = {{"unreadable", 0}, {"data_unconfirmed", 0}};
  for (const auto& one : flow::troubles(app.hub.rooms().policies))
    ++troubles[one.at("code") == "data_unconfirmed" ? "data_unconfirmed" : "unreadable"];
  auto& waiting_items = numbers.gauge("zhida_items_waiting", "Items in force that nobody meets until a person acts.");
  for (const auto& [why, many] : troubles) waiting_items.value(many, {{"why", why}});
  if (const auto time = app.hub.time_state(); time.configured) {
    numbers.gauge("zhida_trusted_time_age_seconds", "Since trusted time could be had the last time.")
        .value(std::chrono::duration_cast<std::chrono::seconds>(time.age).count());
    numbers.gauge("zhida_trusted_time_failing", "1 when the last question for the time failed.")
        .value(time.error_code.empty() ? 0 : 1);
    numbers
        .gauge("zhida_payments_paused",
               "1 while no payment request and no decision for a fund leaves for lack of trusted time.")
        .value(time.payments_allowed ? 0 : 1);
  }
  if (const auto offices = app.hub.office_states(); offices && !offices.value().empty()) {
    const auto holder = [](const flow::OfficeState& office) { return flow::holder_text(office.holder); };
    numbers.gauge("zhida_office_seals", "Decisions of departments by what became of their seals.");
    for (const auto& office : offices.value())
      numbers
          .value(office.count.asked,
                 {{"department", office.department}, {"holder", holder(office)}, {"state", "asked"}})
          .value(office.count.refused,
                 {{"department", office.department}, {"holder", holder(office)}, {"state", "refused"}})
          .value(office.count.sealed,
                 {{"department", office.department}, {"holder", holder(office)}, {"state", "sealed"}});
    numbers.gauge("zhida_office_seal_wrong_answers",
                  "Answers of a seal platform that are not the seal that was asked for.");
    for (const auto& office : offices.value())
      numbers.value(office.count.wrong, {{"department", office.department}, {"holder", holder(office)}});
    numbers.gauge("zhida_office_seal_waiting_seconds", "Business time since the oldest decision without its seal.");
    for (const auto& office : offices.value())
      numbers.value(std::chrono::duration_cast<std::chrono::seconds>(office.waiting_for).count(),
                    {{"department", office.department}, {"holder", holder(office)}});
    numbers.gauge("zhida_office_seal_late", "1 while a department's seal is waited for longer than it may take.");
    for (const auto& office : offices.value())
      numbers.value(office.late ? 1 : 0, {{"department", office.department}, {"holder", holder(office)}});
  }
  const auto trust = app.hub.trust().state();
  numbers.gauge("zhida_trust_stale", "1 when peers, authorities or lists could not be read: older ones go on.")
      .value(trust.last_error.empty() ? 0 : 1);
  numbers.counter("zhida_trust_reloads_total", "Readings of peers and trust after the first.")
      .value(trust.reloads, {{"result", "done"}})
      .value(trust.failures, {{"result", "failed"}});
  numbers.gauge("zhida_trust_read_timestamp_seconds", "Business time at which what is believed now was read.")
      .value(to_millis(trust.read_at) / 1000);
  const auto sources = app.hub.sources().status();
  numbers.gauge("zhida_source_failing", "1 when the last pull of a source failed.");
  for (const auto& source : sources) numbers.value(source.last_error.empty() ? 0 : 1, {{"adapter", source.name}});
  numbers.gauge("zhida_source_paused", "1 when nothing is pulled from a source.");
  for (const auto& source : sources) numbers.value(source.paused ? 1 : 0, {{"adapter", source.name}});
  numbers.gauge("zhida_certificate_days_left", "Days that each certificate in use is still valid.");
  for (const auto& [name, path] : app.hub.config().certificate_files) {
    const auto certificate = crypto::Certificate::load(path);
    if (!certificate) continue;
    const auto left = certificate.value().not_after() - SystemClock().now();
    numbers.value(std::chrono::floor<std::chrono::days>(left).count(), {{"name", name}});
  }
  if (!app.certificate_file.empty()) {
    const auto certificate = crypto::Certificate::load(app.certificate_file);
    if (certificate) {
      const auto left = certificate.value().not_after() - SystemClock().now();
      numbers.gauge("zhida_cert_expiry_days", "Days that a certificate is still valid.")
          .value(std::chrono::duration_cast<std::chrono::hours>(left).count() / 24, {{"certificate", "http"}});
    }
  }
  Answer answer;
  answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
  answer.body = numbers.text();
  return answer;
}

Result<Answer> openapi(App&, const Call&) {
  return json_answer(200, openapi_document());
}

}  // namespace zhida::console::health
