#include "flow/policy_desk.h"

#include <algorithm>
#include <utility>

#include "audit/audit_trail.h"
#include "base/bytes.h"
#include "flow/back_test.h"
#include "flow/items_in_force.h"
#include "flow/proposal_checks.h"
#include "flow/source_door.h"
#include "platform/crypto/digest.h"
#include "stages/casework/casework.h"
#include "stages/matching/policy_store.h"
#include "stages/profile/profile_store.h"

namespace zhida::flow {
namespace {

using storage::Transaction;

constexpr const char* kOfficer = "policy_officer";
constexpr const char* kDataOfficer = "data_officer";

bool has_hand(const std::vector<PolicyHand>& hands, const char* hand, const std::string& role = {}) {
  return std::ranges::any_of(
      hands, [&](const PolicyHand& one) { return one.hand == hand && (role.empty() || one.role == role); });
}

bool did(const std::vector<PolicyHand>& hands, const char* hand, const std::string& actor) {
  return std::ranges::any_of(hands, [&](const PolicyHand& one) { return one.hand == hand && one.actor == actor; });
}

/// Stored beside the form, so that it is known of an item that cannot be read, too.
Result<std::string> title_in_force(Transaction& transaction, const PolicyId& id) {
  for (const auto& stored : TRY(matching::list_policies(transaction)))
    if (stored.id == id && stored.state == "in_force") return stored.title;
  return std::string();
}

/// What stands for an item that this program cannot read: of it nothing is known of anybody.
matching::Policy stand_in(const PolicyId& id, const std::string& version, std::string title) {
  matching::Policy out;
  out.id = id;
  out.version = version;
  out.title = std::move(title);
  out.kind = matching::ItemKind::reminder;
  out.when = matching::always();
  out.amount.rule = matching::NoAmount{};
  return out;
}

Error four_eyes(const std::string& sentence) {
  return refuse("four_eyes", sentence);
}

}  // namespace

PolicyDesk::PolicyDesk(const Rooms& rooms, PolicyBook& book, std::string folder, const std::string& code_files,
                       PublishingSettings settings, casework::Casework& casework, std::function<void()> items_changed,
                       std::function<void()> cases_changed)
    : rooms_(rooms),
      book_(book),
      folder_(std::move(folder)),
      code_files_(code_files),
      settings_(std::move(settings)),
      casework_(casework),
      items_changed_(std::move(items_changed)),
      cases_changed_(std::move(cases_changed)),
      matching_(rooms.clock, rooms.trail, {rooms.code_lists, rooms.program}),
      worker_("policy_desk", rooms.clock, 500ms, [this] { return round(); }) {}

Result<void> PolicyDesk::needs(const Person& person, const std::string& role) const {
  if (!settings_.by_people)
    return refuse("step_out_of_turn", "This hub's items are published at its start (policies.approval: at_start).");
  if (!person.has_role(role))
    return refuse("role_missing", "This needs the role " + role + ", which " + person.id + " does not have.");
  if (!person.sees(rooms_.city))
    return refuse("role_missing", "Items are the whole hub's; " + person.id + " acts for a part of it.");
  return ok();
}

Result<void> PolicyDesk::tell(Transaction& transaction, const Person& person, const Proposal& proposal,
                              const char* kind, Json detail) const {
  audit::AuditEntry entry;
  entry.kind = kind;
  entry.actor = person.actor();
  entry.subject_type = "policy";
  entry.subject_id = proposal.policy.str();
  entry.division = rooms_.city;
  entry.detail = std::move(detail);
  entry.detail["proposal"] = proposal.id;
  entry.detail["what"] = proposal.kind;
  entry.detail["version"] = proposal.version;
  (void)TRY(rooms_.trail.append(transaction, entry));
  return ok();
}

Result<Json> PolicyDesk::propose(const Person& person, const PolicyId& id, const std::string& version,
                                 const std::string& reason) {
  CHECK_OK(needs(person, kOfficer));
  // Files are read and tried before the transaction; what is proposed is their content, not their name.
  const auto ready = TRY(check_item(folder_, id, rooms_.rules.catalogue));
  const auto checks = TRY(canonical_json(ready.checks)),
             data = TRY(canonical_json(data_of(ready.policy, data_rules())));
  if (!version.empty() && version != ready.policy.version)
    return refuse("version_differs",
                  "The folder holds version " + ready.policy.version + " of " + id.str() + ", not " + version + ".");
  CHECK_OK(commit(rooms_.writer, "desk", {}, [&](Transaction& transaction) -> Result<void> {
    const auto now = rooms_.clock.now();
    const auto base = TRY(version_in_force(transaction, id));
    if (base == ready.policy.version)
      return refuse("step_out_of_turn", "This version of " + id.str() + " is in force already.");
    const Proposal proposal{.id = new_ulid(now),
                            .kind = "publish",
                            .policy = id,
                            .version = ready.policy.version,
                            .base_version = base,
                            .title = ready.policy.title,
                            .body = ready.body,
                            .checks = checks,
                            .data = data,
                            .state = "proposed",
                            .proposed_at = now,
                            .ended_at = std::nullopt};
    CHECK_OK(add_proposal(transaction, proposal));
    CHECK_OK(add_hand(transaction, proposal.id, {"propose", kOfficer, person.actor(), reason, 0, now}));
    return tell(transaction, person, proposal, "policy_proposed", {{"base_version", base}, {"checks", ready.checks}});
  }));
  worker_.wake();
  return shown(id);
}

Result<Json> PolicyDesk::propose_repeal(const Person& person, const PolicyId& id, const std::string& reason) {
  CHECK_OK(needs(person, kOfficer));
  CHECK_OK(commit(rooms_.writer, "desk", {}, [&](Transaction& transaction) -> Result<void> {
    const auto now = rooms_.clock.now();
    const auto version = TRY(version_in_force(transaction, id));
    const auto body = TRY(matching::read_policy_body(transaction, id, version));
    if (version.empty() || !body) return refuse("policy_unknown", "No item " + id.str() + " is in force.");
    const auto title = TRY(title_in_force(transaction, id));
    const Proposal proposal{.id = new_ulid(now),
                            .kind = "repeal",
                            .policy = id,
                            .version = version,
                            .base_version = version,
                            .title = title,
                            .body = *body,
                            .checks = "{}",
                            .data = "[]",
                            .state = "proposed",
                            .proposed_at = now,
                            .ended_at = std::nullopt};
    CHECK_OK(add_proposal(transaction, proposal));
    CHECK_OK(add_hand(transaction, proposal.id, {"propose", kOfficer, person.actor(), reason, 0, now}));
    return tell(transaction, person, proposal, "policy_proposed", Json::object());
  }));
  worker_.wake();
  return shown(id);
}

Result<Proposal> PolicyDesk::open_proposal(Transaction& transaction, const PolicyId& id,
                                           const std::string& version) const {
  auto proposal = TRY(newest_proposal(transaction, id));
  if (!proposal || proposal->state == "done" || proposal->state == "withdrawn")
    return refuse("proposal_missing", "Nothing is proposed for " + id.str() + ".");
  if (!version.empty() && proposal->version != version)
    return refuse("version_differs",
                  "What is proposed for " + id.str() + " is version " + proposal->version + ", not " + version + ".");
  return std::move(*proposal);
}

Result<Json> PolicyDesk::act(const Person& person, const PolicyId& id, const std::string& version, const Step& step) {
  bool others = false, cases = false;
  CHECK_OK(commit(rooms_.writer, "desk", {}, [&](Transaction& transaction) -> Result<void> {
    others = cases = false;
    const auto proposal = TRY(open_proposal(transaction, id, version));
    CHECK_OK(step(transaction, proposal));
    const auto now = TRY(find_proposal(transaction, proposal.id));
    if (now->state == "withdrawn" || !TRY(missing(transaction, *now)).empty()) return ok();
    others = TRY(finish(transaction, person, *now));
    cases = others && now->kind == "repeal";
    return ok();
  }));
  if (others) {
    CHECK_OK(refresh());
    items_changed_();
    if (cases) cases_changed_();
  }
  return shown(id);
}

Result<Json> PolicyDesk::try_again(const Person& person, const PolicyId& id) {
  CHECK_OK(needs(person, kOfficer));
  std::string proposal;
  CHECK_OK(rooms_.database.read([&](Transaction& transaction) -> Result<void> {
    proposal = TRY(open_proposal(transaction, id, {})).id;
    return ok();
  }));
  CHECK_OK(draw_up(proposal));
  return shown(id);
}

Result<Json> PolicyDesk::approve(const Person& person, const PolicyId& id, const std::string& version,
                                 const std::string& reason) {
  std::vector<std::string> able;
  for (const auto& role : settings_.approvers)
    if (person.has_role(role)) able.push_back(role);
  if (able.empty()) {
    CHECK_OK(needs(person, settings_.approvers.front()));
  }
  CHECK_OK(needs(person, able.front()));
  return act(person, id, version, [&](Transaction& transaction, const Proposal& proposal) -> Result<void> {
    const auto hands = TRY(hands_of(transaction, proposal.id));
    if (did(hands, "propose", person.actor()))
      return four_eyes("Who proposed an item does not approve it; this needs another person.");
    if (did(hands, "approve", person.actor())) return four_eyes(person.id + " has approved it already.");
    const auto role =
        std::ranges::find_if(able, [&](const std::string& one) { return !has_hand(hands, "approve", one); });
    if (role == able.end()) return refuse("step_out_of_turn", "This approval is there already.");
    const auto test = TRY(newest_back_test(transaction, proposal.id));
    if (!test || test->base_version != TRY(version_in_force(transaction, id)))
      return refuse("back_test_missing", "There is no back-test against the item that is in force now; ask for one.");
    CHECK_OK(
        add_hand(transaction, proposal.id, {"approve", *role, person.actor(), reason, test->id, rooms_.clock.now()}));
    const bool all = std::ranges::all_of(settings_.approvers, [&](const std::string& wanted) {
      return wanted == *role || has_hand(hands, "approve", wanted);
    });
    if (all) {
      CHECK_OK(set_state(transaction, proposal.id, "approved", std::nullopt));
    }
    return tell(
        transaction, person, proposal, "policy_approved",
        {{"role", *role}, {"back_test", test->inputs_digest}, {"report", to_hex(crypto::sha256(test->report))}});
  });
}

Result<Json> PolicyDesk::confirm(const Person& person, const PolicyId& id, const std::string& version,
                                 const std::string& what) {
  if (what != "conditions" && what != "data")
    return refuse("step_unknown", "What is confirmed is `conditions` or `data`, not \"" + what + "\".");
  const bool data = what == "data";
  const char* role = data ? kDataOfficer : kOfficer;
  CHECK_OK(needs(person, role));
  if (data && waits_for_data(id, version)) return confirm_anew(person, id, version);
  return act(person, id, version, [&](Transaction& transaction, const Proposal& proposal) -> Result<void> {
    if (proposal.kind != "publish" || proposal.state != "approved")
      return refuse("step_out_of_turn", "Conditions and data are confirmed after the approval.");
    const auto policy = TRY(policy_of(proposal.version, proposal.body));
    const auto& departments = policy.handling.review_departments;
    if (!data && !departments.empty() &&
        std::ranges::none_of(departments, [&](const std::string& one) { return person.of_department(one); }))
      return refuse("role_missing",
                    "The conditions of " + id.str() + " are confirmed by a department that reviews it.");
    const auto hands = TRY(hands_of(transaction, proposal.id));
    if (did(hands, data ? "confirm_conditions" : "confirm_data", person.actor()))
      return four_eyes("Conditions and data are confirmed by two people.");
    const char* hand = data ? "confirm_data" : "confirm_conditions";
    if (has_hand(hands, hand)) return refuse("step_out_of_turn", "This is confirmed already.");
    CHECK_OK(add_hand(transaction, proposal.id, {hand, role, person.actor(), {}, 0, rooms_.clock.now()}));
    return tell(transaction, person, proposal, "policy_confirmed",
                {{"confirmed", what}, {"data", to_hex(crypto::sha256(proposal.data))}});
  });
}

DataRules PolicyDesk::data_rules() const {
  return {rooms_.rules.catalogue, rooms_.mappings, code_files_};
}

bool PolicyDesk::waits_for_data(const PolicyId& id, const std::string& version) const {
  const auto policy = book_.find(id);
  return policy != nullptr && book_.unconfirmed().contains(id) && (version.empty() || policy->version == version);
}

Result<Json> PolicyDesk::confirm_anew(const Person& person, const PolicyId& id, const std::string& version) {
  CHECK_OK(commit(rooms_.writer, "desk", {}, [&](Transaction& transaction) -> Result<void> {
    const auto in_force = TRY(stored_version(transaction, id, TRY(version_in_force(transaction, id))));
    if (!in_force || (!version.empty() && in_force->version != version))
      return refuse("version_differs", "Another version of " + id.str() + " is in force by now.");
    const auto differences = TRY(unconfirmed_data(transaction, *in_force, data_rules()));
    if (differences.empty()) return refuse("step_out_of_turn", "This is confirmed already.");
    const auto now = rooms_.clock.now();
    const auto data = TRY(canonical_json(data_of(*in_force, data_rules())));
    CHECK_OK(add_data_confirmation(transaction, id, in_force->version, {data, person.actor(), now}));
    Proposal of_data;
    of_data.kind = "data";
    of_data.policy = id;
    of_data.version = in_force->version;
    CHECK_OK(tell(transaction, person, of_data, "policy_confirmed",
                  {{"confirmed", "data"}, {"data", to_hex(crypto::sha256(data))}, {"changed", differences}}));
    // All firms are matched with it: until now nobody met it.
    CHECK_OK(matching::save_match_cursor(transaction, "waits_for_data/" + id.str(), 0));
    const auto wanted = TRY(matching::read_match_cursor(transaction, kRoundsWanted));
    CHECK_OK(matching::save_match_cursor(transaction, kRoundsWanted, wanted + 1));
    return bump_round(transaction);
  }));
  CHECK_OK(refresh());
  items_changed_();
  return shown(id);
}

Result<Json> PolicyDesk::withdraw(const Person& person, const PolicyId& id, const std::string& reason) {
  const bool approver =
      std::ranges::any_of(settings_.approvers, [&](const std::string& one) { return person.has_role(one); });
  CHECK_OK(needs(person, approver ? *std::ranges::find_if(settings_.approvers,
                                                          [&](const std::string& one) { return person.has_role(one); })
                                  : kOfficer));
  return act(person, id, {}, [&](Transaction& transaction, const Proposal& proposal) -> Result<void> {
    const auto now = rooms_.clock.now();
    CHECK_OK(add_hand(transaction, proposal.id,
                      {"withdraw", approver ? "approver" : kOfficer, person.actor(), reason, 0, now}));
    CHECK_OK(set_state(transaction, proposal.id, "withdrawn", now));
    return tell(transaction, person, proposal, "policy_proposal_withdrawn", {{"reason", reason}});
  });
}

Result<std::vector<std::string>> PolicyDesk::missing(Transaction& transaction, const Proposal& proposal) const {
  std::vector<std::string> out;
  const auto hands = TRY(hands_of(transaction, proposal.id));
  const auto test = TRY(newest_back_test(transaction, proposal.id));
  if (!test) out.emplace_back("back_test");
  for (const auto& role : settings_.approvers)
    if (!has_hand(hands, "approve", role)) out.push_back("approve:" + role);
  if (proposal.kind != "publish") return out;
  if (!has_hand(hands, "confirm_conditions")) out.emplace_back("confirm:conditions");
  if (!has_hand(hands, "confirm_data")) out.emplace_back("confirm:data");
  return out;
}

Result<void> PolicyDesk::bump_round(Transaction& transaction) const {
  const auto wanted = TRY(matching::read_match_cursor(transaction, kItemRoundsWanted)) + 1;
  CHECK_OK(matching::save_match_cursor(transaction, kItemRoundsWanted, wanted));
  return matching::save_match_cursor(transaction, kBookRound, wanted);
}

Result<bool> PolicyDesk::finish(Transaction& transaction, const Person& person, const Proposal& proposal) {
  // Nobody approved what it would do in place of another version than the one they were shown.
  const auto test = TRY(newest_back_test(transaction, proposal.id));
  if (test->base_version != TRY(version_in_force(transaction, proposal.policy)))
    return refuse("back_test_missing", "Another version of " + proposal.policy.str() +
                                           " came in force since the approval; withdraw this and propose anew.");
  CHECK_OK(set_state(transaction, proposal.id, "done", rooms_.clock.now()));
  matching::PublishOutcome outcome;
  if (proposal.kind == "publish") {
    CHECK_OK(
        matching_.put_in_force(transaction, TRY(policy_of(proposal.version, proposal.body)), person.actor(), outcome));
  } else {
    CHECK_OK(matching_.withdraw(transaction, proposal.policy, proposal.version, person.actor(), outcome));
    std::vector<Entitlement> gone;
    for (const auto& change : outcome.changed) gone.push_back(change.now);
    if (!gone.empty()) (void)TRY(casework_.open_or_update_cases(transaction, gone, {}, ""));
  }
  CHECK_OK(bump_round(transaction));
  return true;
}

Result<void> PolicyDesk::refresh() {
  ItemsInForce items;
  std::int64_t round = 0;
  CHECK_OK(rooms_.database.read([&](Transaction& transaction) -> Result<void> {
    items = TRY(items_in_force(transaction, data_rules()));
    round = TRY(matching::read_match_cursor(transaction, kBookRound));
    return ok();
  }));
  const auto many = items.items.size();
  book_.replace(std::move(items), round);
  log_.info("Another set of items is in force.", {{"items", std::to_string(many)}});
  return ok();
}

Result<bool> PolicyDesk::round() {
  // A refresh that failed after its commit is made up for here.
  std::int64_t round = 0;
  std::vector<std::string> waiting;
  CHECK_OK(rooms_.database.read([&](Transaction& transaction) -> Result<void> {
    round = TRY(matching::read_match_cursor(transaction, kBookRound));
    waiting = TRY(without_back_test(transaction));
    return ok();
  }));
  if (settings_.by_people && book_.round() < round) {
    CHECK_OK(refresh());
    items_changed_();
  }
  for (const auto& proposal : waiting) {
    if (worker_.stopping()) return false;
    CHECK_OK(draw_up(proposal));
  }
  return false;
}

Result<void> PolicyDesk::draw_up(const std::string& id) {
  BackTest test;
  std::optional<Proposal> proposal;
  CHECK_OK(rooms_.database.read([&](Transaction& transaction) -> Result<void> {
    proposal = TRY(find_proposal(transaction, id));
    if (!proposal) return refuse("proposal_missing", "There is no such proposal.");
    test.base_version = TRY(version_in_force(transaction, proposal->policy));
    auto read = stored_version(transaction, proposal->policy, test.base_version);
    std::string unreadable;
    if (!read) {
      if (read.error().code != "policy_body_malformed" && read.error().code != "policy_version_wrong")
        return read.error();
      unreadable = read.error().message;
    }
    const auto title = TRY(title_in_force(transaction, proposal->policy));
    const auto before = read ? std::move(read.value())
                             : std::optional<matching::Policy>(stand_in(proposal->policy, test.base_version, title));
    std::optional<matching::Policy> after;
    if (proposal->kind == "publish") after = TRY(policy_of(proposal->version, proposal->body));
    if (!before && !after) return refuse("policy_unknown", "The item is not in force any more.");
    auto report = TRY(back_test(transaction, rooms_, before, after));
    if (!unreadable.empty()) report.report["base_unreadable"] = unreadable;
    test.inputs_digest = std::move(report.inputs_digest);
    test.report = TRY(canonical_json(report.report));
    return ok();
  }));
  test.proposal = id;
  test.day = rooms_.clock.today();
  test.at = rooms_.clock.now();
  return commit(rooms_.writer, "desk", {}, [&](Transaction& transaction) -> Result<void> {
    (void)TRY(add_back_test(transaction, test));
    audit::AuditEntry entry;
    entry.kind = "policy_back_tested";
    entry.actor = "system";
    entry.subject_type = "policy";
    entry.subject_id = proposal->policy.str();
    entry.division = rooms_.city;
    entry.detail = {{"proposal", id},
                    {"version", proposal->version},
                    {"inputs", test.inputs_digest},
                    {"report", to_hex(crypto::sha256(test.report))}};
    (void)TRY(rooms_.trail.append(transaction, entry));
    return ok();
  });
}

}  // namespace zhida::flow
