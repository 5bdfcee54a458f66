// A hub beside a simulated seal platform that is a process of its own, and holds the seals of two departments and of
// one person.
#pragma once
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>

#include "adapters/simulator_kit/child.h"
#include "flow/evidence.h"
#include "flow/office_view.h"
#include "released_case.h"

namespace zhida::flow::testing {

inline const std::string kFirmOfTests = kFirm;
inline const std::string kPersonSeal = "甲经办";  // What the person's seal says.

inline bool until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 40s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

/// The two departments that review IN-012, and a platform that holds their seals.
class OfficeScene {
 public:
  /// `sealing_person`: who seals with a seal of their own for the first department; always required.
  /// `from_start`: the first hub knows the departments' seals; else only those that come after restart() do.
  explicit OfficeScene(bool required, std::chrono::milliseconds timeout = 5s, const std::string& sealing_person = "",
                       bool from_start = true)
      : scene_([&](HubConfig& config) {
          configure(config, required, timeout, sealing_person);
          if (!from_start) config.offices.clear();
        }) {
    value_of(hub().start());
  }
  ~OfficeScene() {
    if (scene_.hub) hub().stop();
  }

  Hub& hub() { return *scene_.hub; }
  Scene& scene() { return scene_; }
  void clock_at(std::chrono::hours after_start) {
    const auto start = value_of(parse_rfc3339("2025-11-03T09:00:00+08:00"));
    value_of(write_file_atomically(scene_.folder.file("clock"), to_rfc3339(start + after_start) + "\n"));
  }
  void mood(const std::string& words) { folder_.write("state/mood", words + "\n"); }
  void fault(const std::string& word) { folder_.write("state/fault", word + "\n"); }
  std::int64_t records(const std::string& kind) {
    return scene_.number("SELECT count(*) FROM audit_record WHERE kind = '" + kind + "'");
  }
  std::int64_t sealed() { return scene_.number("SELECT count(*) FROM office_decision WHERE state = 'sealed'"); }
  std::string codes() {
    return scene_.text("SELECT DISTINCT code FROM office_decision WHERE state <> 'sealed' AND code <> ''");
  }
  /// How many seals the platform made.
  std::size_t made() {
    const auto log = read_file(folder_.file("state/sealed.jsonl"));
    return log ? static_cast<std::size_t>(std::count(log.value().begin(), log.value().end(), '\n')) : 0;
  }
  /// A case that both departments agreed to.
  CaseId reviewed_case() {
    tell_everything(hub(), {kFirmOfTests});
    BOOST_REQUIRE(
        until([&] { return scene_.number("SELECT count(*) FROM benefit_case WHERE state = 'notified'") == 1; }));
    const CaseId id = case_of(scene_, kFirmOfTests);
    confirm_and_review(scene_, id, until);
    return id;
  }
  void release(const CaseId& id) {
    clock_at(std::chrono::hours(24 * 9));
    BOOST_REQUIRE(
        until([&] { return scene_.number("SELECT count(*) FROM benefit_case WHERE publicity_ended = 1") == 1; }));
    (void)value_of(hub().desk().release(person("releaser"), id));
    BOOST_REQUIRE(until([&] {
      return scene_.number("SELECT count(*) FROM benefit_case WHERE recheck_passed = 1") == 1 || requests() == 1;
    }));
  }
  std::int64_t requests() { return scene_.number("SELECT count(*) FROM payment_attempt"); }
  /// The hub as it was, once more on the same store.
  void restart() {
    scene_.hub = value_of(Hub::create(config_, {}, {}));
    value_of(hub().start());
  }
  void close() {
    hub().stop();
    scene_.hub.reset();
  }

 private:
  void configure(HubConfig& config, bool required, std::chrono::milliseconds timeout, const std::string& person) {
    const std::string& certs = certificates().folder;
    const std::map<std::string, std::string> titles{
        {"jingxin", "经信局"}, {"caizheng", "财政局"}, {"jingban", kPersonSeal}};
    for (const auto& [name, title] : titles)
      if (!std::filesystem::exists(certs + "/seal/" + name + ".esl"))
        value_of(seal_tools::add_seal(certificates(), name, title));
    std::filesystem::create_directories(folder_.file("state"));
    platform_.emplace(value_of(simulator::Child::start(std::string(ZHIDA_BINARY_DIR) + "/bin/sim_seal_platform",
                                                       {"--certs", certs, "--state", folder_.file("state"), "--clock",
                                                        config.clock_file, "--office", "jingxin,caizheng,jingban"})));
    for (const std::string office : {"jingxin", "caizheng", "jingban"}) {
      if (office == "jingban" && person.empty()) continue;
      OfficeSettings settings;
      settings.department = office == "caizheng" ? "财政局" : "经信局";
      if (office == "jingban") settings.person = person;
      settings.es_id = Scene::seal_id(office);
      settings.url = "https://127.0.0.1:" + std::to_string(platform_->port()) + "/v1/seals";
      settings.ca_file = certs + "/tls/ca.crt";
      settings.authorisation =
          Secret<std::string>(value_of(read_file(folder_.file("state/authorisation." + office))).substr(0, 64));
      settings.required = required || !settings.person.empty();
      settings.timeout = timeout;
      settings.late_after = 4h;
      config.offices.push_back(std::move(settings));
    }
    config_ = config;
  }

  test::TempFolder folder_;
  std::optional<simulator::Child> platform_;
  HubConfig config_;
  Scene scene_;
};

inline Json states_of(OfficeScene& offices) {
  return to_json(value_of(offices.hub().office_states()));
}

inline Json seals_shown(OfficeScene& offices, const CaseId& id) {
  Json shown;
  const auto& rooms = offices.hub().rooms();
  value_of(rooms.database.read([&](storage::Transaction& transaction) -> Result<void> {
    shown = TRY(office_seals_of(transaction, rooms, id));
    return ok();
  }));
  return shown;
}

}  // namespace zhida::flow::testing
