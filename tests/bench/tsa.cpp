// bench_tsa SIM_TSA CERTS [rounds] [seconds] [rate]: what an ailing time-stamping authority costs everybody else.
//
// A hub (SQLite synchronous=FULL, its own threads, a head sealed each second) beside the simulated authority, a process
// of its own. `rate` rows a second come through the source door on an open-loop schedule: each is mapped, merged into a
// profile, matched and written into the log; a reader asks for the status of the hub twenty times a second. Meanwhile
// three hours of business time go by. In each round the authority is healthy, away, too slow to answer
// within the time-out, and stamps with a stranger's certificate, in changing order; it is healthy twice, so that the
// second time shows what the machine alone makes of the figures. After each outage the clock passes the limit: payments
// must stop, and go on once the authority is back.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "adapters/simulator_kit/child.h"
#include "adapters/town/numbers.h"
#include "bench/figures.h"
#include "flow/hub.h"
#include "flow/source_door.h"
#include "platform/http/http_client.h"

namespace {

using namespace zhida;
using namespace std::chrono_literals;
using Moment = std::chrono::steady_clock::time_point;

constexpr const char* kBegin = "2025-11-03T09:00:00+08:00";
constexpr std::size_t kFirms = 500;
constexpr int kSenders = 4;
constexpr auto kPeriod = std::chrono::minutes(30);   // Between two tokens: about a second, as the clock goes here.
constexpr auto kOutage = std::chrono::minutes(180);  // Of business time; payments stop after four hours.
constexpr auto kTick = 100ms;

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "bench_tsa: %s\n", why.c_str());
  std::exit(1);
}
template <class T>
T must(Result<T> result) {
  if (!result) fail(result.error().code + ": " + result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

bool comes(const std::function<bool()>& condition, std::chrono::seconds patience = 60s) {
  for (const Moment end = std::chrono::steady_clock::now() + patience; !condition();) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

struct Kind {
  const char* name;
  const char* mood;
};
constexpr Kind kKinds[] = {{"healthy", ""},
                           {"down", "absent"},
                           {"slow", "slow=600000"},
                           {"wrong_certificate", "wrong-certificate"},
                           {"healthy_again", ""}};

struct Phase {
  std::vector<double> rows, reads;  // Milliseconds.
};

class Bench {
 public:
  Bench(const std::string& sim_tsa, const std::string& certs, const std::string& folder, double rate)
      : folder_(folder), rate_(rate), now_(must(parse_rfc3339(kBegin))) {
    set_clock();
    std::filesystem::create_directories(folder + "/tsa");
    authority_.emplace(must(simulator::Child::start(
        sim_tsa, {"--state", folder + "/tsa", "--clock", folder + "/clock", "--listen", "127.0.0.1:0"})));
    flow::HubConfig config;
    config.database.url = "sqlite://" + folder + "/hub.db";
    config.clock = "external";
    config.clock_file = folder + "/clock";
    config.city = "330500";
    config.publishing.by_people = false;
    config.mappings_folder = "mappings";
    config.grants_file = write("grants.yaml", "grants: []\n");
    config.peers_file = write("peers.yaml", "peers: []\n");
    config.people_file = write("people.yaml", "people: []\n");
    config.amqp_port = 0;
    config.amqp_tls = {certs + "/tls/hub.crt", certs + "/tls/hub.key", certs + "/tls/ca.crt", {}};
    config.seal = {certs + "/seal/hub.esl", certs + "/seal/hub.key", certs + "/seal/hub.crt", {}};
    config.trust.roots = {certs + "/seal/ca.crt"};
    config.trust.revocation_lists = {certs + "/seal/ca.crl"};
    config.time.url = "http://127.0.0.1:" + std::to_string(authority_->port()) + "/";
    config.time.period = kPeriod;
    config.time.timeout = 3s;
    config.time_trust.roots = {folder + "/tsa/root.crt"};
    config.version = "bench";
    hub_ = must(flow::Hub::create(config, {}, {}));
    must(hub_->start());
    for (std::size_t i = 0; i < kFirms; ++i) {
      firms_.push_back(town::make_uscc("91", "330502", "MA" + town::padded(static_cast<std::int64_t>(i), 6)));
      deliver(i, "202501", "1.00");
    }
    if (!comes([&] { return hub_->time_state().last.has_value(); })) fail("the authority gave no time");
  }
  ~Bench() { hub_->stop(); }

  Phase phase(const Kind& kind, int seconds) {
    must(write_file_atomically(folder_ + "/tsa/mood", std::string(kind.mood) + "\n"));
    const bool ailing = *kind.mood != '\0';
    // A question that slipped through before the door closed would be answered, and the next one comes a period later.
    if (std::string(kind.mood) == "absent" && !comes([&] { return !answers(); })) fail("the authority did not go away");
    now_ += kPeriod;  // The authority is asked.
    set_clock();
    if (!comes([&] { return hub_->time_state().error_code.empty() != ailing; })) {
      fail(std::string("the hub did not notice: ") + kind.name);
    }
    Phase phase;
    std::mutex mutex;
    const Moment begin = std::chrono::steady_clock::now() + 50ms;
    const Moment end = begin + std::chrono::seconds(seconds);
    const auto count = static_cast<std::size_t>(rate_ * seconds);
    std::atomic<std::size_t> next = 0;
    std::vector<std::thread> threads;
    for (int sender = 0; sender < kSenders; ++sender)
      threads.emplace_back([&] {
        std::vector<double> mine;
        for (std::size_t i = next++; i < count; i = next++) {
          const Moment due =
              begin + std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 * static_cast<double>(i) / rate_));
          std::this_thread::sleep_until(due);
          deliver(i % kFirms, "202510", std::to_string(++number_) + ".00");
          mine.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - due).count());
        }
        const std::lock_guard lock(mutex);
        phase.rows.insert(phase.rows.end(), mine.begin(), mine.end());
      });
    threads.emplace_back([&] {
      for (Moment due = begin; due < end; due += 50ms) {
        std::this_thread::sleep_until(due);
        (void)must(hub_->status());
        phase.reads.push_back(
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - due).count());
      }
    });
    const auto ticks = std::chrono::seconds(seconds) / kTick;
    for (long tick = 0; tick < ticks; ++tick) {
      std::this_thread::sleep_until(begin + tick * kTick);
      now_ += kOutage / ticks;
      set_clock();
    }
    for (auto& thread : threads) thread.join();
    if (!hub_->time_state().payments_allowed) fail(std::string("payments stopped within the limit: ") + kind.name);
    if (ailing) pass_the_limit(kind);
    return phase;
  }

 private:
  /// Payments stop, say so, and go on by themselves.
  void pass_the_limit(const Kind& kind) {
    if (hub_->time_state().error_code.empty()) fail(std::string("the authority was believed: ") + kind.name);
    now_ += std::chrono::hours(1);
    set_clock();
    if (!comes([&] { return hub_->time_state().alarm && !hub_->time_state().payments_allowed; }))
      fail(std::string("payments did not stop: ") + kind.name);
    must(write_file_atomically(folder_ + "/tsa/mood", "\n"));
    if (!comes([&] { return !hub_->time_state().alarm && hub_->time_state().payments_allowed; }, 120s))
      fail(std::string("payments did not go on: ") + kind.name);
  }

  bool answers() const {
    http::HttpCall call;
    call.url = "http://127.0.0.1:" + std::to_string(authority_->port()) + "/";
    call.timeout = 1s;
    return http::HttpClient().call(call) ? true : false;
  }
  void set_clock() { must(write_file_atomically(folder_ + "/clock", to_rfc3339(now_) + "\n")); }
  std::string write(const std::string& name, const std::string& text) {
    must(write_file_atomically(folder_ + "/" + name, text));
    return folder_ + "/" + name;
  }
  void deliver(std::size_t firm, const std::string& month, const std::string& amount) {
    SourceRecord record;
    record.source = "tax";
    record.record_type = "tax.sales";
    record.key = firms_[firm] + month;
    record.columns = {{"tax_no", firms_[firm]}, {"ssq", month}, {"ysxse", amount}};
    record.body = record.key + amount;
    SourceBatch batch;
    batch.source = "tax";
    batch.batch_id = "bench-" + std::to_string(++batches_);
    batch.origin = "bench";
    batch.records.push_back(std::move(record));
    const auto outcomes = must(hub_->source_door().deliver(std::move(batch)));
    if (outcomes.front().kind != RecordOutcome::Kind::accepted) fail(outcomes.front().message);
  }

  const std::string folder_;
  const double rate_;
  Instant now_;
  std::optional<simulator::Child> authority_;
  std::unique_ptr<flow::Hub> hub_;
  std::vector<std::string> firms_;
  std::atomic<std::int64_t> number_ = 0, batches_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: bench_tsa SIM_TSA CERTS [rounds] [seconds] [rate]\n");
    return 2;
  }
  Log::set_level(LogLevel::error);
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 15;
  const int seconds = argc > 4 ? std::atoi(argv[4]) : 4;
  const double rate = argc > 5 ? std::atof(argv[5]) : 200;
  const std::string folder = std::filesystem::temp_directory_path() / ("zhida_bench_tsa_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  constexpr std::size_t kCount = std::size(kKinds);
  std::map<std::string, std::vector<double>> rows, reads, halves;  // p99, p99, median of each round.
  {
    Bench bench(argv[1], argv[2], folder, rate);
    (void)bench.phase(kKinds[0], 2);  // Warm.
    for (int round = 0; round < rounds; ++round) {
      for (std::size_t i = 0; i < kCount; ++i) {
        const Kind& kind = kKinds[(i + static_cast<std::size_t>(round) * 2) % kCount];
        const auto phase = bench.phase(kind, seconds);
        rows[kind.name].push_back(bench::percentile(phase.rows, 0.99));
        reads[kind.name].push_back(bench::percentile(phase.reads, 0.99));
        halves[kind.name].push_back(bench::percentile(phase.rows, 0.5));
      }
      std::printf("round %d: p99 of a row in ms:", round + 1);
      for (const auto& kind : kKinds) std::printf(" %s %.1f", kind.name, rows[kind.name].back());
      std::printf("\n");
      std::fflush(stdout);
    }
  }
  std::filesystem::remove_all(folder);
  for (const auto& kind : kKinds)
    std::printf("%-18s rows: median %.1f ms, p99 %.1f ms; status read: p99 %.1f ms (medians of %d rounds)\n", kind.name,
                bench::median(halves[kind.name]), bench::median(rows[kind.name]), bench::median(reads[kind.name]),
                rounds);
  std::printf("the machine alone: p99 of healthy against healthy %.2f\n",
              bench::median(rows["healthy_again"]) / bench::median(rows["healthy"]));
  for (const auto& kind : kKinds) {
    if (*kind.mood == '\0') continue;
    // Both healthy phases of a round are the measure: one alone has as much luck as what is held against it.
    std::vector<double> healthy = rows["healthy"];
    healthy.insert(healthy.end(), rows["healthy_again"].begin(), rows["healthy_again"].end());
    const double ratio = bench::median(rows[kind.name]) / bench::median(healthy);
    bench::goal((std::string("tsa_") + kind.name + "_p99_ratio").c_str(), ratio, 1.10, ratio <= 1.10);
  }
  return 0;
}
