// A real hub of one process for the tests of the flow: SQLite, the repository's mappings, throw-away certificates, and
// a source "tax" that pushes rows of tax.sales to the address tax.push.
#pragma once
#include <boost/test/unit_test.hpp>
#include <functional>
#include <memory>
#include <string>

#include "adapter_api/adapter_spec.h"
#include "base/bytes.h"
#include "flow/dead_letters.h"
#include "flow/hub.h"
#include "flow/source_door.h"
#include "platform/config/config.h"
#include "seal/sealer.h"
#include "seal_tools/dev_certificates.h"
#include "support/temp_folder.h"

namespace zhida::flow::testing {

template <class T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().code + ": " + result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

inline constexpr const char* kFirm = "91330502MA0000A19K";
inline constexpr const char* kAddress = "tax.push";

/// Keys take seconds to make: one set for all tests of the program.
inline const seal_tools::DevCertificates& certificates() {
  static const test::TempFolder folder;
  static const seal_tools::DevCertificates made = [] {
    seal_tools::DevCertificates what;
    what.folder = folder.file("certs");
    what.valid_from = value_of(parse_rfc3339("2025-01-01T00:00:00+08:00"));
    what.valid_to = SystemClock().now() + std::chrono::hours(24 * 365);
    value_of(seal_tools::issue_all(what));
    return what;
  }();
  return made;
}

/// What the pushing source's adapter makes of a message: `uscc,month,amount`, a row a line.
inline Result<SourceBatch> batch_of(const PushedMessage& message) {
  SourceBatch batch;
  batch.source = "tax";
  batch.batch_id = "message:" + message.message_id;
  batch.origin = message.address;
  batch.received_at = message.received_at;
  batch.payload = message.body;
  batch.seal = message.seal;
  std::size_t at = 0;
  while (at < message.body.size()) {
    const auto end = std::min(message.body.find('\n', at), message.body.size());
    const std::string line = message.body.substr(at, end - at);
    at = end + 1;
    const auto first = line.find(','), second = line.find(',', first + 1);
    if (first == std::string::npos || second == std::string::npos)
      return refuse("line_malformed", "A line wants three cells: " + line + ".");
    SourceRecord record;
    record.source = "tax";
    record.record_type = "tax.sales";
    record.key = line.substr(0, second);
    record.columns = {{"tax_no", line.substr(0, first)},
                      {"ssq", line.substr(first + 1, second - first - 1)},
                      {"ysxse", line.substr(second + 1)}};
    record.body = line;
    record.position = static_cast<std::int64_t>(batch.records.size()) + 1;
    batch.records.push_back(std::move(record));
  }
  return batch;
}

struct PushConfig : ConfigSpec {
  Field<bool> enabled{this, "enabled", "Whether messages are taken.", true};
};

class PushAdapter final : public Adapter {
 public:
  /// Switched off: every message is refused for good.
  inline static std::atomic<bool> away = false;

  static Result<std::unique_ptr<Adapter>> create(const PushConfig&, AdapterContext&) {
    return std::unique_ptr<Adapter>(new PushAdapter());
  }
  Result<PullSummary> pull(const PullRequest&) override { return PullSummary{}; }
  Result<SourceBatch> decode(const PushedMessage& message) override {
    if (away) return refuse("source_disabled", "Messages of this source are switched off.");
    return batch_of(message);
  }
  Result<void> test(const std::function<void(const std::string&)>&) override { return ok(); }
};

inline AdapterSpec push_spec() {
  AdapterSpec spec{"tax", "税务"};
  return spec.emits("tax.sales", 1).pushes(kAddress).configured_by<PushConfig>().made_by(&PushAdapter::create);
}

class Scene {
 public:
  /// `more`: other sources beside the pushing one, each as it comes without settings.
  explicit Scene(const std::function<void(HubConfig&)>& change = {}, const std::vector<AdapterSpec>& more = {}) {
    const std::string& certs = certificates().folder;
    HubConfig config;
    config.database.url = "sqlite://" + folder.file("hub.db");
    config.clock = "external";
    config.clock_file = folder.write("clock", "2025-11-03T09:00:00+08:00\n");
    config.city = "330500";
    config.publishing.by_people = false;
    config.mappings_folder = std::string(ZHIDA_SOURCE_DIR) + "/mappings";
    config.grants_file = folder.write("grants.yaml", "grants: []\n");
    config.peers_file = folder.write("peers.yaml", peers());
    config.people_file = folder.write("people.yaml", "people: []\n");
    config.amqp_port = 0;
    config.amqp_tls = {certs + "/tls/hub.crt", certs + "/tls/hub.key", certs + "/tls/ca.crt", {}};
    config.seal = {certs + "/seal/hub.esl", certs + "/seal/hub.key", certs + "/seal/hub.crt", {}};
    config.trust.roots = {certs + "/seal/ca.crt"};
    config.trust.revocation_lists = {folder.write("ca.crl", value_of(read_file(certs + "/seal/ca.crl")))};
    config.version = "test";
    if (change) change(config);
    adapters_ = {push_spec()};
    adapters_.insert(adapters_.end(), more.begin(), more.end());
    config_ = std::move(config);
    restart();
  }
  ~Scene() { PushAdapter::away = false; }

  /// Another hub on the same files; not started yet.
  void restart() {
    hub.reset();
    std::map<std::string, AdapterSpec::Configuration> configurations;
    for (const auto& spec : adapters_) configurations[spec.name()] = spec.new_configuration();
    hub = value_of(Hub::create(config_, adapters_, configurations));
  }

  /// Two peers with their development seals: `credit` (here: the pushing source) and the treasury.
  static std::string peers() {
    return "peers:\n"
           "  - {name: credit, certificates: [], seals: [" +
           seal_id("credit") +
           "], may_send: [tax.push]}\n"
           "  - {name: treasury, certificates: [], seals: [" +
           seal_id("treasury") + "], may_send: [treasury.receipts]}\n";
  }
  static std::unique_ptr<seal::Sealer> sealer_of(const std::string& name) {
    const std::string base = certificates().folder + "/seal/";
    seal::TrustFiles trust;
    trust.roots = {base + "ca.crt"};
    trust.revocation_lists = {base + "ca.crl"};
    return value_of(seal::Sealer::create({base + name + ".esl", base + name + ".key", base + name + ".crt", {}},
                                         value_of(seal::Trust::load(trust))));
  }
  static std::string seal_id(const std::string& name) { return sealer_of(name)->es_id(); }

  messaging::Envelope sealed(const std::string& message_id, const Bytes& body, const std::string& by = "credit",
                             const std::string& address = kAddress) const {
    messaging::Envelope envelope;
    envelope.message_id = message_id;
    envelope.subject = "records/1";
    envelope.content_type = "text/csv";
    envelope.address = address;
    envelope.body = body;
    envelope.seal = value_of(sealer_of(by)->seal(body, "text/csv", message_id, "", hub->rooms().clock.now()));
    return envelope;
  }

  std::int64_t number(const std::string& sql) const {
    std::int64_t number = -1;
    value_of(hub->rooms().database.read([&](storage::Transaction& transaction) -> Result<void> {
      number = TRY(transaction.query(sql, {}, "i"))[0].integer(0);
      return ok();
    }));
    return number;
  }
  std::string text(const std::string& sql) const {
    std::string text;
    value_of(hub->rooms().database.read([&](storage::Transaction& transaction) -> Result<void> {
      for (const auto& row : TRY(transaction.query(sql, {}, "t"))) text += (text.empty() ? "" : ",") + row.text(0);
      return ok();
    }));
    return text;
  }

  test::TempFolder folder;
  std::unique_ptr<Hub> hub;

 private:
  HubConfig config_;
  std::vector<AdapterSpec> adapters_;
};

}  // namespace zhida::flow::testing
