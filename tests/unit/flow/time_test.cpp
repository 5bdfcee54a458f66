// Trusted time in a real hub beside a simulated authority: what is kept, and what happens when none can be had for
// hours.
#include <thread>

#include "adapters/simulator_kit/child.h"
#include "audit/head_store.h"
#include "audit/verify_log.h"
#include "flow/time_keeper.h"
#include "scene.h"

using namespace zhida;
using namespace zhida::flow;
using namespace zhida::flow::testing;

namespace {

constexpr const char* kStart = "2025-11-03T09:00:00+08:00";

class TimeScene {
 public:
  explicit TimeScene(const std::string& family) : scene_([&](HubConfig& config) { configure(config, family); }) {
    value_of(hub().start());
  }
  ~TimeScene() { hub().stop(); }

  Hub& hub() { return *scene_.hub; }
  Scene& scene() { return scene_; }
  TimeState state() { return hub().time_state(); }
  void clock_at(std::chrono::minutes after_start) {
    value_of(write_file_atomically(scene_.folder.file("clock"),
                                   to_rfc3339(value_of(parse_rfc3339(kStart)) + after_start) + "\n"));
  }
  void mood(const std::string& words) { authority_folder_.write("state/mood", words + "\n"); }
  std::int64_t tokens() { return scene_.number("SELECT count(*) FROM audit_time"); }
  std::int64_t records(const std::string& kind) {
    return scene_.number("SELECT count(*) FROM audit_record WHERE kind = '" + kind + "'");
  }
  /// Something happened: one more record.
  void happen() {
    value_of(commit(hub().rooms().writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
      audit::AuditEntry entry;
      entry.kind = "person_decided";
      entry.actor = "test";
      (void)TRY(hub().rooms().trail.append(transaction, entry));
      return ok();
    }));
  }
  bool until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 40s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(10ms);
    }
    return true;
  }
  audit::LogReport verify() {
    const auto& rooms = hub().rooms();
    const auto authorities = value_of(seal::Trust::load(hub().config().time_trust));
    const auto trust = rooms.trust.trust();
    audit::LogReport report;
    value_of(rooms.database.read([&](storage::Transaction& transaction) -> Result<void> {
      report = TRY(audit::verify_log(
          transaction, {.trust = trust.get(), .authorities = &authorities->chains(), .now = rooms.clock.now()}));
      return ok();
    }));
    return report;
  }

 private:
  void configure(HubConfig& config, const std::string& family) {
    const std::string state = authority_folder_.file("state");
    authority_.emplace(value_of(simulator::Child::start(
        std::string(ZHIDA_BINARY_DIR) + "/bin/sim_tsa",
        {"--state", state, "--clock", config.clock_file, "--listen", "127.0.0.1:0", "--family", family})));
    config.time.url = "http://127.0.0.1:" + std::to_string(authority_->port()) + "/";
    config.time.period = 1s;
    config.time.timeout = 2s;
    config.time_trust.roots = {state + "/root.crt"};
  }

  test::TempFolder authority_folder_;
  std::optional<simulator::Child> authority_;
  Scene scene_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(trusted_time)

BOOST_AUTO_TEST_CASE(heads_are_stamped_by_authorities_of_both_families) {
  for (const std::string family : {"sm2", "p256"}) {
    BOOST_TEST_CONTEXT(family) {
      TimeScene scene(family);
      BOOST_REQUIRE(scene.until([&] { return scene.tokens() >= 1; }));
      scene.happen();
      scene.clock_at(2min);
      BOOST_REQUIRE(scene.until([&] { return scene.tokens() >= 2; }));
      BOOST_TEST(scene.state().payments_allowed);
      const auto report = scene.verify();
      BOOST_TEST(report.holds(), report.detail);
      BOOST_TEST(report.tokens >= 2);
      BOOST_TEST(report.tokens_judged);
      BOOST_TEST(value_of(scene.hub().status()).at("trusted_time").at("payments_allowed") == true);
      scene.hub().stop();  // What was written last is sealed, too.
      BOOST_TEST(scene.verify().sealed_records == scene.scene().number("SELECT max(seq) FROM audit_record"));
    }
  }
}

BOOST_AUTO_TEST_CASE(without_trusted_time_for_too_long_payments_stop_and_resume_by_themselves) {
  struct Outage {
    const char* mood;
    const char* code;
  };
  TimeScene scene("sm2");
  BOOST_REQUIRE(scene.until([&] { return scene.tokens() >= 1; }));
  std::chrono::hours now{0};
  std::int64_t times = 0;
  for (const Outage& outage :
       {Outage{"absent", "http_unreachable"}, Outage{"slow=60000", "http_timeout"},
        Outage{"wrong-certificate", "timestamp_authority_not_trusted"}, Outage{"clock=7200", "timestamp_"},
        Outage{"refuse", "timestamp_refused"}, Outage{"rude", "timestamp_malformed"}}) {
    BOOST_TEST_CONTEXT(outage.mood) {
      scene.mood(outage.mood);
      BOOST_REQUIRE(scene.until([&] { return !scene.state().error_code.empty(); }));
      BOOST_TEST(scene.state().error_code.starts_with(outage.code), scene.state().error_code);
      now += 3h;  // Within the limit of four.
      scene.clock_at(now);
      BOOST_TEST(scene.state().payments_allowed);
      BOOST_TEST(!scene.state().alarm);
      now += 2h;
      scene.clock_at(now);
      BOOST_REQUIRE(scene.until([&] { return scene.state().alarm; }));
      BOOST_TEST(!scene.state().payments_allowed);
      ++times;
      BOOST_REQUIRE(scene.until([&] { return scene.records("payments_paused") == times; }));
      // All else goes on, and is sealed.
      scene.happen();
      const auto size = scene.scene().number("SELECT max(seq) FROM audit_record");
      BOOST_REQUIRE(scene.until([&] { return scene.scene().number("SELECT max(size) FROM audit_head") >= size; }));
      scene.mood("");
      BOOST_REQUIRE(scene.until([&] { return scene.state().payments_allowed; }));
      BOOST_REQUIRE(scene.until([&] { return scene.records("payments_resumed") == times; }));
      BOOST_TEST(scene.state().error_code.empty());
    }
  }
  const auto report = scene.verify();
  BOOST_TEST(report.holds(), report.detail);
}

BOOST_AUTO_TEST_SUITE_END()
