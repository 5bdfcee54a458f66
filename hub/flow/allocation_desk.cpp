#include "flow/allocation_desk.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "audit/audit_trail.h"
#include "flow/policy_book.h"
#include "platform/crypto/digest.h"
#include "stages/matching/facts.h"
#include "stages/matching/standing_store.h"
#include "stages/matching/together_stage.h"
#include "stages/matching/wanted_store.h"
#include "stages/profile/profile_store.h"

namespace zhida::flow {

using matching::Policy;
using matching::RoundInput;
using matching::RoundLine;
using matching::StoredRound;

namespace {

constexpr std::size_t kFirmsAtOnce = 500;
constexpr std::size_t kChangesAtOnce = 100'000;
constexpr const char* kReviews = "reviewer";  // The hand of a department.
constexpr const char* kReleases = "finance_releaser";

Json to_json(const RoundInput& input) {
  return {{"uscc", input.uscc},
          {"verdict", zhida::to_text(input.verdict)},
          {"by", input.by ? Json(zhida::to_text(*input.by)) : Json(nullptr)},
          {"amount_fen", input.amount.fen()},
          {"kept_fen", input.kept ? Json(input.kept->fen()) : Json(nullptr)}};
}

Json to_json(const RoundLine& line) {
  return {{"uscc", line.uscc},
          {"best", line.best},
          {"worst", line.worst},
          {"outcome", zhida::to_text(line.outcome)},
          {"reason", line.reason},
          {"wanted_fen", line.wanted.fen()},
          {"given_fen", line.given.fen()}};
}

Json inputs_json(const Policy& policy, Date at, const std::vector<RoundInput>& inputs) {
  Json out = {{"policy", policy.id.str()},
              {"policy_version", policy.version},
              {"period", policy.handling.period},
              {"at", at.to_string()},
              {"firms", Json::array()}};
  for (const auto& input : inputs) out["firms"].push_back(to_json(input));
  return out;
}

Result<std::string> digest_of(const Json& inputs) {
  return "sha256:" + to_hex(crypto::sha256(TRY(canonical_json(inputs))));
}

/// Back from its JSON. What is ranked by is a day or a whole number.
Result<RoundInput> input_from(const Json& json) {
  RoundInput out;
  out.uscc = TRY(get_string(json, "uscc"));
  const auto verdict = TRY(get_string(json, "verdict"));
  out.verdict = verdict == "met" ? Verdict::met : verdict == "not_met" ? Verdict::not_met : Verdict::unknown;
  if (const auto by = TRY(get_string_or(json, "by", "")); !by.empty()) {
    const auto day = Date::parse(by);
    out.by = day ? FieldData(day.value()) : TRY(parse_field_data(FieldType::integer, by));
  }
  out.amount = Money::from_fen(TRY(get_int(json, "amount_fen")));
  if (!json.at("kept_fen").is_null()) out.kept = Money::from_fen(TRY(get_int(json, "kept_fen")));
  return out;
}

audit::AuditEntry entry_of(const Rooms& rooms, std::string kind, const StoredRound& round, const std::string& actor) {
  audit::AuditEntry entry;
  entry.kind = std::move(kind);
  entry.actor = actor;
  entry.subject_type = "allocation";
  entry.subject_id = round.id;
  entry.division = rooms.city;
  entry.payload_digest = round.inputs_digest;
  entry.detail = {{"policy", round.policy.str()}, {"period", round.period}, {"at", round.at.to_string()}};
  return entry;
}

}  // namespace

bool needs_rounds(const Policy& policy) {
  return policy.pool.has_value() || (policy.ranking && policy.ranking->quota > 0);
}

struct AllocationDesk::Drawn {
  std::vector<RoundInput> inputs;  // In the order of the firms' codes.
  std::int64_t sequence = 0;       // Of the last profile change that they know.
};

Result<std::optional<RoundInput>> AllocationDesk::input_of(storage::Transaction& transaction, const Policy& policy,
                                                           const EnterpriseProfile& profile, Date at,
                                                           const std::vector<RoundLine>& before) const {
  const auto& items = rooms_.policies.all();
  const auto judged =
      TRY(matching::judge_item(transaction, {items.data(), items.size()}, policy.id, profile, at, &policy));
  if (judged.entitlements.empty()) return retry("policy_set_changed", "The items in force changed just now.");
  const auto& entitlement = judged.entitlements.front();
  RoundInput out;
  out.uscc = profile.uscc;
  out.verdict = entitlement.verdict;
  out.amount = entitlement.amount.value_or(Money{});
  if (policy.ranking) {
    const matching::Facts facts(policy, profile, at);
    const auto* state = facts.find(policy.ranking->by);
    if (state != nullptr && state->value) out.by = state->value->data;
  }
  const auto earlier = std::ranges::find(before, profile.uscc, &RoundLine::uscc);
  if (earlier != before.end() && earlier->outcome == Verdict::met) {
    bool holds = out.verdict != Verdict::not_met;
    if (!holds) {
      const auto standing = TRY(matching::read_standing(transaction, profile.uscc, {items.data(), items.size()}));
      holds = std::ranges::any_of(standing, [&](const matching::Standing& one) {
        return one.item.policy == policy.id && one.item.period == policy.handling.period && one.committed;
      });
    }
    if (holds) out.kept = earlier->given;
  }
  if (out.verdict == Verdict::not_met && !out.kept) return std::optional<RoundInput>();
  return std::optional(std::move(out));
}

Result<AllocationDesk::Drawn> AllocationDesk::gather(storage::Transaction& transaction, const Policy& policy,
                                                     Date at) const {
  Drawn out;
  out.sequence = TRY(profile::counts(transaction)).last_sequence;
  std::vector<RoundLine> before;
  if (const auto round = TRY(matching::decided_round(transaction, policy.id, policy.handling.period)))
    before = TRY(matching::load_lines(transaction, round->id));
  std::string after;
  for (;;) {
    const auto profiles = TRY(profile::load_profiles(transaction, after, kFirmsAtOnce, at, rooms_.rules));
    for (const auto& profile : profiles)
      if (auto input = TRY(input_of(transaction, policy, profile, at, before))) out.inputs.push_back(std::move(*input));
    if (profiles.size() < kFirmsAtOnce) return out;
    after = profiles.back().uscc;
  }
}

Result<std::string> AllocationDesk::draw_up(const PolicyId& id, Date at, const std::string& actor) const {
  const auto policy = rooms_.policies.find(id);
  if (policy == nullptr) return refuse("policy_unknown", "No item " + id.str() + " is in force.");
  if (!needs_rounds(*policy))
    return refuse("policy_without_round", "The item " + id.str() + " limits neither places nor money: nobody waits.");
  Drawn drawn;
  CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
    drawn = TRY(gather(transaction, *policy, at));
    return ok();
  }));
  const auto lines = matching::draw_up_round(*policy, drawn.inputs);
  const auto inputs = inputs_json(*policy, at, drawn.inputs);
  StoredRound round;
  round.id = new_ulid(rooms_.clock.now());
  round.policy = id;
  round.policy_version = policy->version;
  round.period = policy->handling.period;
  round.at = at;
  round.profile_sequence = drawn.sequence;
  round.inputs_digest = TRY(digest_of(inputs));
  Json body = {{"inputs", inputs}, {"lines", Json::array()}};
  for (const auto& line : lines) body["lines"].push_back(to_json(line));
  round.body = TRY(canonical_json(body));
  round.drawn_by = actor;
  round.drawn_at = rooms_.clock.now();
  CHECK_OK(commit(rooms_.writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
    const auto thrown_away = TRY(matching::insert_round(transaction, round, lines));
    if (thrown_away) {
      const auto old = TRY(matching::load_round(transaction, *thrown_away));
      (void)TRY(rooms_.trail.append(transaction, entry_of(rooms_, "allocation_discarded", old, actor)));
    }
    auto entry = entry_of(rooms_, "allocation_drawn_up", round, actor);
    Money given;
    for (const auto& line : lines) given = TRY(given.plus(line.given));
    entry.detail["firms"] = std::ssize(lines);
    entry.detail["given_fen"] = given.fen();
    (void)TRY(rooms_.trail.append(transaction, entry));
    return ok();
  }));
  return round.id;
}

Result<StoredRound> AllocationDesk::open_round(storage::Transaction& transaction, const std::string& id) const {
  auto round = TRY(matching::load_round(transaction, id));
  if (round.state != "draft") return refuse("round_not_open", "Round " + id + " is " + round.state + " already.");
  return round;
}

Result<void> AllocationDesk::unchanged(storage::Transaction& transaction, const Policy& policy,
                                       const StoredRound& round, std::int64_t checked_through) const {
  const auto changes = TRY(profile::changes_since(transaction, checked_through, kChangesAtOnce));
  if (changes.usccs.empty()) return ok();
  std::vector<RoundLine> before;
  if (const auto decided = TRY(matching::decided_round(transaction, policy.id, policy.handling.period)))
    before = TRY(matching::load_lines(transaction, decided->id));
  const auto body = TRY(parse_json(round.body));
  std::map<std::string, Json> known;
  for (const auto& firm : body.at("inputs").at("firms")) known[firm.at("uscc").get<std::string>()] = firm;
  for (const auto& profile : TRY(profile::load_profiles(transaction, changes.usccs, round.at, rooms_.rules))) {
    const auto input = TRY(input_of(transaction, policy, profile, round.at, before));
    const auto was = known.find(profile.uscc);
    const bool same = input ? was != known.end() && was->second == to_json(*input) : was == known.end();
    if (!same) return refuse("round_changed", "What is known of " + profile.uscc + " changed since: draw up anew.");
  }
  return ok();
}

Result<StoredRound> AllocationDesk::confirm(const Person& person, const std::string& id) const {
  StoredRound round;
  Drawn now;
  std::optional<Policy> policy;
  CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
    round = TRY(open_round(transaction, id));
    if (const auto item = rooms_.policies.find(round.policy)) policy = *item;
    if (!policy || policy->version != round.policy_version || policy->handling.period != round.period)
      return refuse("round_changed", "The item " + round.policy.str() + " changed since: draw up anew.");
    now = TRY(gather(transaction, *policy, round.at));
    return ok();
  }));
  if (TRY(digest_of(inputs_json(*policy, round.at, now.inputs))) != round.inputs_digest)
    return refuse("round_changed", "What the round was drawn up from changed since: draw up anew.");
  if (!person.sees(rooms_.city)) return refuse("division_not_yours", "The round is of another division.");
  const auto& departments = policy->handling.review_departments;
  const auto department =
      std::ranges::find_if(departments, [&](const std::string& one) { return person.of_department(one); });
  const bool reviews =
      (person.has_role("reviewer_maker") || person.has_role("reviewer_checker")) && department != departments.end();
  const bool releases = person.has_role(kReleases);
  CHECK_OK(commit(rooms_.writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
    round = TRY(open_round(transaction, id));
    CHECK_OK(unchanged(transaction, *policy, round, now.sequence));
    const auto before = TRY(matching::load_confirmations(transaction, id));
    const auto actor = person.actor();
    if (actor == round.drawn_by || std::ranges::find(before, actor, &matching::Confirmation::actor) != before.end())
      return refuse("four_eyes", "Who drew up a round, or confirmed it already, does not confirm it.");
    const auto taken = [&](const char* role) {
      return std::ranges::find(before, role, &matching::Confirmation::role) != before.end();
    };
    const char* role = nullptr;
    if (reviews && !taken(kReviews))
      role = kReviews;
    else if (releases && !taken(kReleases))
      role = kReleases;
    if (role == nullptr)
      return refuse("role_missing",
                    "A round is confirmed by a reviewer of a department of the item, and by who releases money.");
    const bool of_department = role == std::string(kReviews);
    CHECK_OK(matching::insert_confirmation(
        transaction, id, {actor, role, of_department ? *department : std::string(), rooms_.clock.now()}));
    auto entry = entry_of(rooms_, "allocation_confirmed", round, actor);
    entry.detail["role"] = role;
    (void)TRY(rooms_.trail.append(transaction, entry));
    if (before.empty()) return ok();
    std::set<std::string> firms;
    if (const auto superseded = TRY(matching::decided_round(transaction, round.policy, round.period)))
      for (const auto& line : TRY(matching::load_lines(transaction, superseded->id))) firms.insert(line.uscc);
    CHECK_OK(matching::decide_round(transaction, round, rooms_.clock.now()));
    (void)TRY(rooms_.trail.append(transaction, entry_of(rooms_, "allocation_decided", round, actor)));
    for (const auto& line : TRY(matching::load_lines(transaction, id))) firms.insert(line.uscc);
    for (const auto& uscc : firms) {
      CHECK_OK(matching::ask_for_match(transaction, uscc));
    }
    round = TRY(matching::load_round(transaction, id));
    return ok();
  }));
  return round;
}

Result<void> AllocationDesk::discard(const Person& person, const std::string& id, const std::string& reason) const {
  if (!person.has_role("policy_officer") && !person.has_role(kReleases))
    return refuse("role_missing", "A draft is thrown away by a policy officer, or by who releases money.");
  return commit(rooms_.writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
    const auto round = TRY(open_round(transaction, id));
    CHECK_OK(matching::discard_round(transaction, id));
    auto entry = entry_of(rooms_, "allocation_discarded", round, person.actor());
    entry.detail["reason"] = reason;
    (void)TRY(rooms_.trail.append(transaction, entry));
    return ok();
  });
}

Result<std::optional<FieldData>> ranked_by(storage::Transaction& transaction, const Policy& policy,
                                           const std::string& uscc) {
  const auto round = TRY(matching::decided_round(transaction, policy.id, policy.handling.period));
  if (!round) return std::optional<FieldData>();
  const auto body = TRY(parse_json(round->body));
  for (const auto& firm : body.at("inputs").at("firms"))
    if (firm.at("uscc") == uscc) return TRY(input_from(firm)).by;
  return std::optional<FieldData>();
}

Result<Json> round_view(storage::Transaction& transaction, const Rooms& rooms, const std::string& id) {
  const auto round = TRY(matching::load_round(transaction, id));
  Json out = {{"id", round.id},
              {"policy", round.policy.str()},
              {"policy_version", round.policy_version},
              {"period", round.period},
              {"at", round.at.to_string()},
              {"state", round.state},
              {"inputs_digest", round.inputs_digest},
              {"drawn_by", round.drawn_by},
              {"drawn_at", to_rfc3339(round.drawn_at)},
              {"decided_at", round.decided_at ? Json(to_rfc3339(*round.decided_at)) : Json(nullptr)},
              {"lines", Json::array()},
              {"confirmations", Json::array()}};
  const auto lines = TRY(matching::load_lines(transaction, id));
  Money given;
  for (const auto& line : lines) {
    given = TRY(given.plus(line.given));
    out["lines"].push_back(to_json(line));
  }
  out["given_fen"] = given.fen();
  for (const auto& one : TRY(matching::load_confirmations(transaction, id)))
    out["confirmations"].push_back(
        {{"actor", one.actor}, {"role", one.role}, {"department", one.department}, {"at", to_rfc3339(one.at)}});
  const auto policy = rooms.policies.find(round.policy);
  out["title"] = policy == nullptr ? round.policy.str() : policy->title;
  out["agrees"] = nullptr;
  if (policy == nullptr || policy->version != round.policy_version) return out;
  const auto body = TRY(parse_json(round.body));
  std::vector<RoundInput> inputs;
  for (const auto& firm : body.at("inputs").at("firms")) inputs.push_back(TRY(input_from(firm)));
  std::map<std::string, Json> again;
  for (const auto& line : matching::draw_up_round(*policy, inputs)) again[line.uscc] = to_json(line);
  bool agrees = again.size() == lines.size() && TRY(digest_of(body.at("inputs"))) == round.inputs_digest;
  for (const auto& line : lines) agrees = agrees && again[line.uscc] == to_json(line);
  out["agrees"] = agrees;
  return out;
}

Result<Json> rounds_view(storage::Transaction& transaction, const std::string& policy) {
  Json out = Json::array();
  for (const auto& round : TRY(matching::list_rounds(transaction, policy)))
    out.push_back({{"id", round.id},
                   {"policy", round.policy.str()},
                   {"period", round.period},
                   {"at", round.at.to_string()},
                   {"state", round.state},
                   {"drawn_by", round.drawn_by},
                   {"drawn_at", to_rfc3339(round.drawn_at)}});
  return out;
}

std::string round_to_text(const Json& view) {
  std::string out = view.at("id").get<std::string>() + "  " + view.at("title").get<std::string>() + "  " +
                    view.at("at").get<std::string>() + "  " + view.at("state").get<std::string>() + "\n";
  for (const auto& line : view.at("lines")) {
    const auto best = line.at("best").get<std::int64_t>(), worst = line.at("worst").get<std::int64_t>();
    const auto place = best == 0       ? std::string("-")
                       : best == worst ? std::to_string(best)
                                       : std::to_string(best) + "-" + std::to_string(worst);
    out += place + "\t" + line.at("uscc").get<std::string>() + "\t" + line.at("outcome").get<std::string>() + "\t" +
           line.at("reason").get<std::string>() + "\t" +
           Money::from_fen(line.at("given_fen").get<std::int64_t>()).to_yuan() + "\n";
  }
  for (const auto& one : view.at("confirmations"))
    out += "confirmed by " + one.at("actor").get<std::string>() + " (" + one.at("role").get<std::string>() + ")\n";
  if (view.at("agrees").is_boolean() && !view.at("agrees").get<bool>())
    out += "DRAWN UP AGAIN FROM ITS STORED INPUTS IT IS ANOTHER ROUND\n";
  return out;
}

}  // namespace zhida::flow
