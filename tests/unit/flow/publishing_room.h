// A hub whose items people put in force, and whose files of mappings are its own.
#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <thread>

#include "flow/decisions.h"
#include "flow/policy_desk.h"
#include "released_case.h"
#include "stages/profile/profile_store.h"

namespace zhida::flow::testing {

inline bool until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

inline Person officer(const std::string& id, std::set<std::string> roles) {
  Person someone;
  someone.id = someone.name = id;
  someone.roles = std::move(roles);
  someone.departments = {"*"};
  someone.divisions = {"330500"};
  return someone;
}

inline const Person& zhang() {
  static const Person person = officer("zhang", {"policy_officer"});
  return person;
}
inline const Person& li() {
  static const Person person = officer("li", {"policy_approver", "data_officer"});
  return person;
}

/// A hub whose folder of mappings is its own, so that files can change while it runs.
class Room {
 public:
  Room()
      : scene_([&](HubConfig& config) {
          mappings_ = folder_.file("mappings");
          std::filesystem::copy(config.mappings_folder, mappings_, std::filesystem::copy_options::recursive);
          config.mappings_folder = mappings_;
          config.publishing.by_people = true;
        }) {
    value_of(hub().start());
  }
  ~Room() { hub().stop(); }

  Hub& hub() { return *scene_.hub; }
  Scene& scene() { return scene_; }
  PolicyDesk& desk() { return hub().policy_desk(); }
  std::size_t in_force() { return hub().rooms().policies.all().size(); }
  std::string code_of(const Result<Json>& answer) { return answer ? "" : answer.error().code; }
  const std::string& mappings() const { return mappings_; }

  void change(const std::string& file, const std::string& from, const std::string& to) {
    auto text = value_of(read_file(mappings_ + "/" + file));
    const auto at = text.find(from);
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, from << " in " << file);
    value_of(write_file_atomically(mappings_ + "/" + file, text.replace(at, from.size(), to)));
  }
  /// Another hub on the same store, after files changed.
  void restart() {
    hub().stop();
    scene_.restart();
    value_of(hub().start());
  }
  void execute(const std::string& sql, const storage::Values& values = {}) {
    value_of(hub().rooms().database.write([&](storage::Transaction& transaction) -> Result<void> {
      CHECK_OK(transaction.execute(sql, values));
      return ok();
    }));
  }
  Json trouble() {
    const auto status = value_of(hub().status());
    return status.at("items_waiting");
  }
  std::string verdict_of(const std::string& uscc) {
    return scene_.text("SELECT verdict FROM entitlement WHERE policy_id = 'IN-012' AND uscc = '" + uscc + "'");
  }
  bool rests() {
    const auto waiting = hub().waiting();
    return waiting.match == 0 && waiting.cases == 0 && waiting.writer == 0;
  }

  std::string proposed(const std::string& id) {
    BOOST_REQUIRE(until([&] {
      return scene_.number(
                 "SELECT count(*) FROM policy_back_test b JOIN policy_proposal p ON p.id = b.proposal_id WHERE "
                 "p.policy_id = '" +
                 id + "' AND p.state = 'proposed'") > 0;
    }));
    return scene_.text("SELECT version FROM policy_proposal WHERE policy_id = '" + id + "' AND state = 'proposed'");
  }
  std::string publish(const std::string& id) {
    value_of(desk().propose(zhang(), PolicyId(id), {}, "试点"));
    const auto version = proposed(id);
    value_of(desk().approve(li(), PolicyId(id), version, ""));
    value_of(desk().confirm(zhang(), PolicyId(id), version, "conditions"));
    value_of(desk().confirm(li(), PolicyId(id), version, "data"));
    return version;
  }
  Json explained(const std::string& asked) {
    Json answer;
    Today today;
    today.fields = &hub().rooms().rules.catalogue;
    today.code_lists = value_of(code_lists_of(mappings_));
    value_of(hub().rooms().database.read([&](storage::Transaction& transaction) -> Result<void> {
      answer = TRY(explain_decision(transaction, asked, today));
      return ok();
    }));
    return answer;
  }

 private:
  test::TempFolder folder_;
  std::string mappings_;
  Scene scene_;
};

}  // namespace zhida::flow::testing
