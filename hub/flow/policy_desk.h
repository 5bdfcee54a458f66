#pragma once
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "flow/confirmed_data.h"
#include "flow/people.h"
#include "flow/policy_book.h"
#include "flow/proposal_store.h"
#include "flow/rooms.h"
#include "flow/worker.h"
#include "stages/matching/matching_stage.h"

namespace zhida::casework {
class Casework;
}

namespace zhida::flow {

/// Who says that an item is in force.
struct PublishingSettings {
  /// True: two or more people, item by item (PolicyDesk). False: whoever installs the hub; the items that
  /// parameters.yaml publishes are in force from its start.
  bool by_people = true;
  /// Each of these roles must have approved, each by another person.
  std::vector<std::string> approvers = {"policy_approver"};
};

/// Items in force that wait for people: `policy`, `title`, `version`, `code` (`policy_body_malformed`,
/// `policy_version_wrong`, `data_unconfirmed`), `sentence`, `fields` (titles of the data that nobody confirmed),
/// `waits_for` (a role).
std::vector<Json> troubles(const PolicyBook& book);

/// How an item gets in force, and out of it: proposed by one person as it stands in the folder (checked, its examples
/// run), tried against the stored profiles, approved by another, its conditions confirmed by a department that reviews
/// it and its data by the data department. With the last of these it is in force, without a restart. Out of force:
/// proposed and approved. Each step is one transaction with its entry in the trail. Errors: `role_missing`,
/// `policy_not_ready`, `proposal_open`, `proposal_missing`, `version_differs`, `back_test_missing`, `four_eyes`,
/// `step_out_of_turn`. Any thread but the writer's.
class PolicyDesk {
 public:
  /// `code_files`: see DataRules. `items_changed` is told when another set of items is in the book; `cases_changed`
  /// when cases moved with them.
  PolicyDesk(const Rooms& rooms, PolicyBook& book, std::string folder, const std::string& code_files,
             PublishingSettings settings, casework::Casework& casework, std::function<void()> items_changed,
             std::function<void()> cases_changed);

  void start() { worker_.start(); }
  void stop() { worker_.stop(); }
  bool busy() const { return worker_.busy(); }

  /// Makes the item as it stands in the folder a proposal. `version`, where it is given, must be what is found there.
  Result<Json> propose(const Person& person, const PolicyId& id, const std::string& version, const std::string& reason);
  /// That the item goes out of force.
  Result<Json> propose_repeal(const Person& person, const PolicyId& id, const std::string& reason);
  /// Draws up another back-test, at once.
  Result<Json> try_again(const Person& person, const PolicyId& id);
  Result<Json> approve(const Person& person, const PolicyId& id, const std::string& version, const std::string& reason);
  /// `what`: `conditions` or `data`; `data` also of an item in force whose data are not what was confirmed.
  Result<Json> confirm(const Person& person, const PolicyId& id, const std::string& version, const std::string& what);
  Result<Json> withdraw(const Person& person, const PolicyId& id, const std::string& reason);

  /// Where an item stands: what is in force and by whom, what is proposed, what is still missing.
  Result<Json> status(storage::Transaction& transaction, const PolicyId& id) const;
  /// The same of every item that is in force or was proposed, without the back-tests.
  Result<Json> status_of_all(storage::Transaction& transaction) const;

  const PublishingSettings& settings() const { return settings_; }

 private:
  Result<bool> round();
  Result<void> draw_up(const std::string& proposal);
  Result<Json> shown(const PolicyId& id) const;
  Result<void> needs(const Person& person, const std::string& role) const;
  Result<Proposal> open_proposal(storage::Transaction& transaction, const PolicyId& id,
                                 const std::string& version) const;
  Result<void> tell(storage::Transaction& transaction, const Person& person, const Proposal& proposal, const char* kind,
                    Json detail) const;
  /// Ends a proposal that has all it needs. True when the items in force are others now.
  Result<bool> finish(storage::Transaction& transaction, const Person& person, const Proposal& proposal);
  DataRules data_rules() const;
  /// Whether the item is in force and waits for a confirmation of its data.
  bool waits_for_data(const PolicyId& id, const std::string& version) const;
  Result<Json> confirm_anew(const Person& person, const PolicyId& id, const std::string& version);
  Result<void> bump_round(storage::Transaction& transaction) const;
  /// One step of a person on the proposal under way.
  using Step = std::function<Result<void>(storage::Transaction&, const Proposal&)>;
  Result<Json> act(const Person& person, const PolicyId& id, const std::string& version, const Step& step);
  /// Puts what the store has in force into the book.
  Result<void> refresh();
  Result<std::vector<std::string>> missing(storage::Transaction& transaction, const Proposal& proposal) const;
  Json proposal_json(const Proposal& proposal, const std::vector<PolicyHand>& hands) const;

  const Rooms& rooms_;
  PolicyBook& book_;
  const std::string folder_;
  const std::string& code_files_;
  const PublishingSettings settings_;
  casework::Casework& casework_;
  const std::function<void()> items_changed_, cases_changed_;
  matching::MatchingStage matching_;
  Log log_{"policy_desk"};
  Worker worker_;
};

}  // namespace zhida::flow
