// A real hub beside a simulated time-stamping authority, a process of its own.
#pragma once
#include <thread>

#include "adapters/simulator_kit/child.h"
#include "audit/head_store.h"
#include "audit/verify_log.h"
#include "flow/time_keeper.h"
#include "scene.h"

namespace zhida::flow::testing {

inline constexpr const char* kStart = "2025-11-03T09:00:00+08:00";

class TimeScene {
 public:
  explicit TimeScene(const std::string& family, const std::function<void(HubConfig&)>& change = {})
      : scene_([&](HubConfig& config) {
          configure(config, family);
          if (change) change(config);
        }) {
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
  static bool until(const std::function<bool()>& condition) {
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

}  // namespace zhida::flow::testing
