// bench_record_to_request FOLDER ZHIDA [rounds] [rate] [seconds] [every]: the time from a record at the hub's door
// until the sealed payment request that it causes is in the treasury's hands.
//
// Released cases of IN-012 wait in `rechecking`, because the word of the credit bureau about their firms has gone
// stale. `rate` times a second the bureau pushes one sealed message with one row (AMQP 1.0, mutual TLS); every
// `every`-th row is about such a firm and is the word that its case waits for, the others are ratings of other firms.
// The hub (`zhida serve`, a process of its own, SQLite synchronous=FULL) verifies the seal, takes the row in, maps it,
// merges the profile, matches the firm, re-checks the case, reserves the money, draws the request up, seals it,
// commits, and sends it to the treasury, which receives it here. The schedule is open-loop: a message that could not
// leave in time still counts from the moment when it should have left. FOLDER holds latency.yaml, clock and certs
// (tests/bench/run).
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>

#include "adapter_api/catalogue.h"
#include "adapters/town/numbers.h"
#include "base/json.h"
#include "bench/figures.h"
#include "flow/desk.h"
#include "flow/hub.h"
#include "flow/hub_settings.h"
#include "flow/policy_book.h"
#include "flow/source_door.h"
#include "platform/crypto/digest.h"
#include "platform/messaging/node.h"
#include "seal/sealer.h"
#include "seal/trust.h"
#include "support/in012_rows.h"

namespace {

using namespace zhida;
using namespace std::chrono_literals;
using Moment = std::chrono::steady_clock::time_point;

constexpr const char* kPolicy = "IN-012";
constexpr const char* kFirstDay = "2025-11-03T09:00:00.000+08:00";
constexpr const char* kLastDay = "2025-11-12T09:00:00.000+08:00";  // Publicity is over; the debtors' list is stale.

std::atomic<pid_t> hub_at_work = -1;

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "bench_record_to_request: %s\n", why.c_str());
  if (hub_at_work > 0) ::kill(hub_at_work, SIGKILL);
  std::_Exit(1);
}

template <typename T>
T must(Result<T> result) {
  if (!result) fail(result.error().code + ": " + result.error().message);
  return std::move(result.value());
}
void must(const Result<void>& result) {
  if (!result) fail(result.error().code + ": " + result.error().message);
}

void until(const char* what, const std::function<bool()>& condition, std::chrono::seconds patience = 180s) {
  const Moment end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) fail(std::string("waited in vain until ") + what);
    std::this_thread::sleep_for(20ms);
  }
}

// ---- the firms and their cases
// ---------------------------------------------------------------------------------------

void deliver(flow::Hub& hub, const std::string& source, std::vector<SourceRecord> rows) {
  static int number = 0;
  for (std::size_t from = 0; from < rows.size(); from += 500) {
    SourceBatch batch;
    batch.source = source;
    batch.batch_id = "bench-" + std::to_string(++number);
    batch.origin = "bench";
    const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(from);
    batch.records.assign(begin, begin + static_cast<std::ptrdiff_t>(std::min<std::size_t>(500, rows.size() - from)));
    for (const auto& outcome : must(hub.source_door().deliver(std::move(batch))))
      if (outcome.kind != RecordOutcome::Kind::accepted) fail(outcome.key + " was not accepted: " + outcome.message);
  }
}

std::string name_of(std::size_t firm) {
  return "样例企业" + std::to_string(firm) + "有限公司";
}

/// What the sources say: all firms are registered, the first `cases` of them meet IN-012.
void tell_everything(flow::Hub& hub, const std::vector<std::string>& firms, std::size_t cases) {
  const Date today = must(Date::parse("2025-11-03"));
  std::vector<SourceRecord> registrations, listed;
  for (std::size_t i = 0; i < firms.size(); ++i) {
    const std::string key = std::to_string(i);
    registrations.push_back(test::source_row("market_supervision", "registration", key,
                                             test::registration_columns(key, firms[i], name_of(i)), today));
    if (i >= cases) continue;
    listed.push_back(test::source_row("department_lists", "new_above_scale", key,
                                      test::new_above_scale_columns(firms[i], name_of(i)), today));
  }
  const auto coverage = [&](const std::string& source, const std::string& list, const char* as_of) {
    deliver(hub, source,
            {test::source_row(source, "list_coverage", list, {{"list_id", list}, {"as_of", as_of}},
                              must(Date::parse(as_of)))});
  };
  coverage("market_supervision", "abnormal_operation", "2025-11-03");
  coverage("credit", "safety_blacklist", "2025-11-03");
  coverage("credit", "dishonest_debtor", "2025-10-06");  // Fresh for 30 days: known now, stale when the money is due.
  deliver(hub, "budget",
          {test::source_row("budget", "appropriation", "B1", test::appropriation_columns("9000000"), today)});
  deliver(hub, "market_supervision", std::move(registrations));
  deliver(hub, "department_lists", std::move(listed));
}

std::int64_t count(flow::Hub& hub, const std::string& condition) {
  std::int64_t number = 0;
  must(hub.rooms().database.read([&](storage::Transaction& transaction) -> Result<void> {
    const auto rows = TRY(transaction.query("SELECT count(*) FROM benefit_case WHERE " + condition, {}, "i"));
    number = rows.front().integer(0);
    return ok();
  }));
  return number;
}

/// Everybody at once, so that their decisions share commits.
void for_each_case(const std::vector<BenefitCase>& cases, const std::function<void(const BenefitCase&)>& act) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::thread> hands;
  for (int i = 0; i < 32; ++i)
    hands.emplace_back([&] {
      for (std::size_t mine = next++; mine < cases.size(); mine = next++) act(cases[mine]);
    });
  for (auto& hand : hands) hand.join();
}

flow::Person person(const std::string& id) {
  flow::Person someone;
  someone.id = someone.name = id;
  someone.roles = {"portal", "reviewer_maker", "reviewer_checker", "finance_releaser"};
  someone.departments = {"*"};
  someone.divisions = {"330500"};
  return someone;
}

/// Leaves a store in which `cases` released cases wait for fresh data.
void prepare(flow::HubConfig config, const std::string& clock_file, const std::vector<std::string>& firms,
             std::size_t cases) {
  const auto set_clock = [&](const char* now) { must(write_file_atomically(clock_file, std::string(now) + "\n")); };
  set_clock(kFirstDay);
  auto hub = must(flow::Hub::create(std::move(config), {}, {}));
  must(hub->start());
  tell_everything(*hub, firms, cases);
  const auto wanted = static_cast<std::int64_t>(cases);
  until("every firm was told", [&] { return count(*hub, "state = 'notified'") == wanted; });
  std::vector<BenefitCase> all;
  must(hub->rooms().database.read([&](storage::Transaction& transaction) -> Result<void> {
    for (const auto& row : TRY(transaction.query("SELECT id, enterprise_name FROM benefit_case", {}, "tt"))) {
      BenefitCase one;
      one.id = CaseId(row.text(0));
      one.enterprise_name = row.text(1);
      all.push_back(std::move(one));
    }
    return ok();
  }));
  auto& desk = hub->desk();
  const std::string bank_no = town::make_bank_number("102", "3300", 1);
  for_each_case(all, [&](const BenefitCase& one) {
    (void)must(
        desk.confirm(person("portal"), one.id, {one.enterprise_name, "6222021205001234567", "工商银行", bank_no}));
  });
  until("every account was checked", [&] { return count(*hub, "state = 'in_review'") == wanted; });
  const auto handling = hub->rooms().policies.handling(PolicyId(kPolicy));
  if (!handling) fail("the item is not in force");
  for (std::size_t step = 0; step < handling->reviews.size(); ++step)
    for_each_case(all, [&](const BenefitCase& one) {
      const auto& look = handling->reviews[step];
      (void)must(desk.review(person("reviewer" + std::to_string(step)), one.id, look.department,
                             look.hand == Hand::maker ? "make" : "check", "approve", ""));
    });
  set_clock(kLastDay);
  until("the publicity was over", [&] { return count(*hub, "publicity_ended = 1") == wanted; });
  for_each_case(all, [&](const BenefitCase& one) { (void)must(desk.release(person("releaser"), one.id)); });
  until("every case waits for fresh data",
        [&] { return count(*hub, "state = 'rechecking' AND recheck_passed = 0") == wanted; });
  hub->stop();
}

// ---- the hub as a process
// ----------------------------------------------------------------------------------------------

class HubProcess {
 public:
  HubProcess(const std::string& program, const std::string& settings, const std::string& out, const std::string& log) {
    std::filesystem::remove(out);  // What an earlier hub said is not this one's port.
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
      ::dup2(::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
      ::close_range(3, ~0u, 0);
      ::execl(program.c_str(), program.c_str(), "serve", "--config", settings.c_str(), nullptr);
      ::_exit(127);
    }
    hub_at_work = pid_;
    until("the hub was ready", [&] {
      const auto said = read_file(out);
      unsigned http = 0, amqp = 0;
      if (!said || std::sscanf(said.value().c_str(), "ready http=%u amqp=%u", &http, &amqp) != 2) return false;
      port_ = static_cast<std::uint16_t>(amqp);
      return true;
    });
  }
  ~HubProcess() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    hub_at_work = -1;
  }
  HubProcess(const HubProcess&) = delete;
  HubProcess& operator=(const HubProcess&) = delete;
  pid_t pid() const { return pid_; }
  std::uint16_t port() const { return port_; }
  /// Until it only looks at what is due now and then: less than a quarter of a processor for a second.
  void wait_until_idle() const {
    until("the hub had nothing to do", [&] {
      const double before = bench::cpu_of(pid_);
      std::this_thread::sleep_for(1s);
      return bench::cpu_of(pid_) - before < 0.25;
    });
  }

 private:
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
};

// ---- the bureau and the treasury
// -----------------------------------------------------------------------------------------

struct Partner {
  std::unique_ptr<messaging::Node> node = must(messaging::Node::create({}));
  messaging::Registration incoming;
  Partner(const std::string& certs, const std::string& name, std::uint16_t port, std::vector<std::string> send_to,
          std::vector<std::string> receive_from, std::function<void(messaging::Incoming)> handler) {
    if (handler) incoming = node->on_incoming(std::move(handler));
    messaging::DialOptions dial;
    dial.name = "hub";
    dial.host = "127.0.0.1";
    dial.port = port;
    dial.security = messaging::TlsFiles{
        certs + "/tls/" + name + ".crt", certs + "/tls/" + name + ".key", certs + "/tls/ca.crt", {}};
    const Json fingerprints = must(parse_json(must(read_file(certs + "/fingerprints.json"))));
    dial.server_fingerprints = {must(get_string(fingerprints, "hub"))};
    dial.send_to = std::move(send_to);
    dial.receive_from = std::move(receive_from);
    must(node->dial(dial));
  }
  ~Partner() { node->shutdown(); }
};

Bytes letter(const seal::Sealer& sealer, std::size_t number, const std::string& uscc, bool deciding, Instant now) {
  const std::string id = "L" + std::to_string(number);
  messaging::Envelope envelope;
  envelope.message_id = "credit-bench-" + std::to_string(number);
  envelope.subject = "credit_records/1";
  envelope.content_type = "application/json";
  envelope.address = "credit.records";
  const Json row = deciding ? Json{{"type", "list_entry"},          {"id", id},
                                   {"list_id", "dishonest_debtor"}, {"uni_social_crd_cd", uscc},
                                   {"executed_nature", "法人"},     {"in_date", "2023-05-01"},
                                   {"out_date", "2025-11-10"},      {"repair_date", nullptr}}
                            : Json{{"type", "rating"},          {"id", id},
                                   {"uni_social_crd_cd", uscc}, {"cred_scard", "81.25"},
                                   {"credit_level", "A"},       {"evalu_dt", "2025-11-11"}};
  envelope.body = Json{{"records", Json::array({row})}}.dump();
  const std::string trace = to_hex(crypto::sha256(envelope.message_id)).substr(0, 32);
  envelope.seal = must(sealer.seal(envelope.body, envelope.content_type, envelope.message_id, trace, now));
  envelope.properties = {{"seal-form", "ses4"},
                         {"seal-alg", "sm2-sm3"},
                         {"payload-digest", "sm3:" + to_hex(crypto::sm3(envelope.body))},
                         {"trace-id", trace}};
  return messaging::encode(envelope);
}

struct Round {
  std::vector<double> latencies;  ///< Milliseconds, one a request.
  double cpu_micros = 0;          ///< Of the hub, a record.
  double late_millis = 0;         ///< The latest that a message left after its scheduled moment.
};

struct Scenario {
  std::string folder;
  double rate = 500;
  std::size_t records = 0, every = 1;
  std::vector<std::string> firms;  ///< Those with a case first.
  std::vector<Bytes> letters;
};

Round measure(const Scenario& scenario, const HubProcess& hub, const seal::SealVerifier& verifier, Instant now) {
  const std::string certs = scenario.folder + "/certs";
  const std::size_t cases = (scenario.records + scenario.every - 1) / scenario.every;
  std::map<std::string, std::size_t> case_of;  // By USCC.
  for (std::size_t i = 0; i < cases; ++i) case_of[scenario.firms[i]] = i;
  std::mutex mutex;
  std::vector<Moment> arrived(cases);
  std::vector<messaging::Incoming> requests;
  std::atomic<std::size_t> seen = 0, accepted = 0, refused = 0;

  messaging::Node* treasury_node = nullptr;
  Partner treasury(certs, "treasury", hub.port(), {}, {"treasury.instructions"}, [&](messaging::Incoming message) {
    const Moment moment = std::chrono::steady_clock::now();
    const messaging::Settlement settlement{message.token, {}};
    const std::lock_guard lock(mutex);
    treasury_node->settle({&settlement, 1});
    const auto found = case_of.find(message.group_id);
    if (found == case_of.end() || arrived[found->second] != Moment{}) fail("a request came that nobody waited for");
    arrived[found->second] = moment;
    requests.push_back(std::move(message));
    ++seen;
  });
  {
    const std::lock_guard lock(mutex);
    treasury_node = treasury.node.get();
  }
  Partner bureau(certs, "credit", hub.port(), {"credit.records"}, {}, {});
  until("the bureau was connected", [&] { return bureau.node->has_receiver("credit.records"); });
  std::this_thread::sleep_for(500ms);

  Round round;
  const double cpu_before = bench::cpu_of(hub.pid());
  const Moment began = std::chrono::steady_clock::now() + 100ms;
  const auto scheduled = [&](std::size_t i) {
    return began + std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / scenario.rate * static_cast<double>(i)));
  };
  for (std::size_t i = 0; i < scenario.records;) {
    std::this_thread::sleep_until(scheduled(i));
    const auto sent = bureau.node->send("credit.records", "", scenario.letters[i], static_cast<std::int64_t>(i),
                                        [&](messaging::SendToken, const messaging::Outcome& outcome) {
                                          ++(outcome.kind == messaging::OutcomeKind::accepted ? accepted : refused);
                                        });
    if (sent != messaging::SendResult::taken) {
      std::this_thread::sleep_for(1ms);
      continue;
    }
    round.late_millis =
        std::max(round.late_millis,
                 std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - scheduled(i)).count());
    ++i;
  }
  until(
      "every request had come", [&] { return seen == cases; }, 120s);
  until("every message was accepted", [&] { return accepted + refused == scenario.records; });
  if (refused > 0) fail(std::to_string(refused) + " messages were not accepted");
  round.cpu_micros = (bench::cpu_of(hub.pid()) - cpu_before) * 1e6 / static_cast<double>(scenario.records);
  for (std::size_t i = 0; i < cases; ++i)
    round.latencies.push_back(
        std::chrono::duration<double, std::milli>(arrived[i] - scheduled(i * scenario.every)).count());
  for (const auto& request : requests) {
    const auto envelope = must(request.envelope());
    const auto named = envelope.properties.find("seal-form");
    const auto form = seal::form_of(named == envelope.properties.end() ? "" : named->second);
    seal::Evidence evidence;
    if (!verifier.verify_from("hub", form.value_or(seal::Form::full), envelope.seal, envelope.body, now, evidence)
             .passed())
      fail("a request's seal does not hold");
  }
  return round;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) fail("usage: bench_record_to_request FOLDER ZHIDA [rounds] [rate] [seconds] [every]");
  Log::set_level(LogLevel::error);
  Scenario scenario;
  scenario.folder = argv[1];
  const std::string program = argv[2], settings = scenario.folder + "/hub/latency.yaml";
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 3;
  scenario.rate = argc > 4 ? std::atof(argv[4]) : 500;
  scenario.records = static_cast<std::size_t>(scenario.rate * (argc > 5 ? std::atof(argv[5]) : 5));
  scenario.every = static_cast<std::size_t>(argc > 6 ? std::max(1, std::atoi(argv[6])) : 1);
  const std::size_t cases = (scenario.records + scenario.every - 1) / scenario.every;

  for (std::size_t i = 0; i < scenario.records; ++i)
    scenario.firms.push_back(
        town::make_uscc("91", "330502", "M" + town::padded(static_cast<std::int64_t>(1'000'000 + 7 * i), 7)));
  const std::string certs = scenario.folder + "/certs";
  seal::TrustFiles trust_files;
  trust_files.roots = {certs + "/seal/ca.crt"};
  trust_files.revocation_lists = {certs + "/seal/ca.crl"};
  const auto trust = must(seal::Trust::load(trust_files));
  const auto sealer = must(seal::Sealer::create(
      {certs + "/seal/credit.esl", certs + "/seal/credit.key", certs + "/seal/credit.crt", {}}, trust));
  const Json seals = must(parse_json(must(read_file(certs + "/seals.json"))));
  const seal::SealVerifier verifier(trust, {{"hub", {must(get_string(seals, "hub"))}}});
  const Instant now = must(Date::parse("2025-11-12")).begins() + 9h;
  std::size_t ordinary = cases;
  for (std::size_t i = 0; i < scenario.records; ++i) {
    const bool deciding = i % scenario.every == 0;
    const auto& firm = scenario.firms[deciding ? i / scenario.every : ordinary++];
    scenario.letters.push_back(letter(*sealer, i, firm, deciding, now));
  }

  const std::string prepared = scenario.folder + "/prepared.db", store = scenario.folder + "/latency.db";
  const auto remove_store = [](const std::string& name) {
    for (const char* part : {"", "-wal", "-shm"}) std::filesystem::remove(name + part);
  };
  remove_store(prepared);
  {
    auto loaded = must(flow::load_settings(settings, all_adapters()));
    auto config = loaded.hub_config();
    config.database.url = "sqlite://" + prepared;
    prepare(std::move(config), scenario.folder + "/clock", scenario.firms, cases);
  }
  std::printf("%zu released cases wait for one record each; %.0f records/s for %.1f s, %zu of them deciding\n", cases,
              scenario.rate, static_cast<double>(scenario.records) / scenario.rate, cases);
  std::vector<double> p50, p99, cpu;
  for (int n = 1; n <= rounds; ++n) {
    remove_store(store);
    std::filesystem::copy_file(prepared, store);
    const HubProcess hub(program, settings, scenario.folder + "/latency.out", scenario.folder + "/latency.log");
    hub.wait_until_idle();
    const auto round = measure(scenario, hub, verifier, now);
    p50.push_back(bench::percentile(round.latencies, 0.5));
    p99.push_back(bench::percentile(round.latencies, 0.99));
    cpu.push_back(round.cpu_micros);
    std::printf(
        "round %d: p50 %.1f ms, p99 %.1f ms, slowest %.1f ms; hub %.0f us of processor a record; sender at most "
        "%.1f ms late\n",
        n, p50.back(), p99.back(), bench::percentile(round.latencies, 1), cpu.back(), round.late_millis);
    std::fflush(stdout);
  }
  const double median_p99 = bench::median(p99);
  std::printf("median: record to sealed request p50 %.1f ms, p99 %.1f ms; hub %.0f us of processor a record\n",
              bench::median(p50), median_p99, bench::median(cpu));
  bench::goal("story.record_to_sealed_request_p99_ms", median_p99, 200, median_p99 < 200);
  return 0;
}
