#include "flow/match_door.h"

#include <algorithm>
#include <utility>

#include "audit/audit_trail.h"
#include "flow/policy_book.h"
#include "flow/source_door.h"
#include "flow/stage_times.h"
#include "stages/casework/casework.h"
#include "stages/matching/policy_store.h"
#include "stages/matching/wanted_store.h"
#include "stages/profile/profile_store.h"

namespace zhida::flow {
namespace {

constexpr const char* kCursor = "profiles";  // The last profile change that was matched.
constexpr const char* kMatchedDay =
    "matched_day";  // Days since 1970 of the last day whose calendar events were matched.
constexpr std::size_t kLogRows = 5'000;
constexpr std::size_t kFirmsPerCommit = 200;

std::int64_t to_number(Date day) {
  return day.days().time_since_epoch().count();
}
Date to_date(std::int64_t number) {
  return Date(std::chrono::sys_days(std::chrono::days(number)));
}

/// True when an item begins or ends between the two days, or looks back from the day: its verdict may then change for
/// everybody.
bool window_moves(const matching::Policy& policy, Date after, Date through) {
  const auto crossed = [&](const std::optional<Date>& first_other_day) {
    return first_other_day && *first_other_day > after && *first_other_day <= through;
  };
  const auto ended = policy.valid_to ? std::optional<Date>(policy.valid_to->plus_days(1)) : std::nullopt;
  return crossed(policy.valid_from) || crossed(ended) || (through > after && matching::depends_on_day(policy));
}

}  // namespace

/// What there is to do, as one consistent view of the database shows it.
struct MatchDoor::Agenda {
  Date today;
  std::int64_t cursor = 0, through = 0;
  std::vector<std::string> changed;
  bool day_passed = false;
  std::vector<std::string> becoming_stale;
  std::vector<matching::WantedMatch> wanted;  ///< Their profiles did not change, but something else about them did.
  std::int64_t rounds_wanted = 0, rounds_done = 0;
  bool everybody = false;
};

MatchDoor::MatchDoor(const Rooms& rooms, casework::Casework& casework, std::function<void()> cases_changed)
    : rooms_(rooms),
      casework_(casework),
      cases_changed_(std::move(cases_changed)),
      matching_(rooms.clock, rooms.trail),
      worker_("match_door", rooms.clock, 200ms, [this] { return round(); }) {}

Result<void> MatchDoor::publish() {
  return commit(rooms_.writer, "match", {}, [this](storage::Transaction& transaction) -> Result<void> {
    const auto outcome = TRY(matching_.publish(transaction, rooms_.policies.all(), "system"));
    if (!outcome.published.empty()) {
      const auto wanted = TRY(matching::read_match_cursor(transaction, kRoundsWanted));
      CHECK_OK(matching::save_match_cursor(transaction, kRoundsWanted, wanted + 1));
    }
    std::vector<Entitlement> gone;
    for (const auto& change : outcome.changed) gone.push_back(change.now);
    if (!gone.empty()) (void)TRY(casework_.open_or_update_cases(transaction, gone, {}, ""));
    return ok();
  });
}

Result<MatchDoor::Agenda> MatchDoor::read_agenda() {
  Agenda agenda;
  agenda.today = rooms_.clock.today();
  CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
    agenda.cursor = TRY(matching::read_match_cursor(transaction, kCursor));
    auto changes = TRY(profile::changes_since(transaction, agenda.cursor, kLogRows));
    agenda.changed = std::move(changes.usccs);
    agenda.through = changes.through_sequence;
    const auto matched_day = TRY(matching::read_match_cursor(transaction, kMatchedDay));
    agenda.day_passed = matched_day < to_number(agenda.today);
    if (agenda.day_passed && matched_day > 0) {
      const Date before = to_date(matched_day);
      agenda.becoming_stale = TRY(profile::becoming_stale(transaction, before, agenda.today, rooms_.rules));
      for (const auto& policy : rooms_.policies.all())
        agenda.everybody = agenda.everybody || window_moves(policy, before, agenda.today);
    }
    agenda.rounds_wanted = TRY(matching::read_match_cursor(transaction, kRoundsWanted));
    agenda.wanted = TRY(matching::wanted_matches(transaction, std::int64_t{kLogRows}));
    agenda.rounds_done = TRY(matching::read_match_cursor(transaction, kRoundsDone));
    agenda.everybody = agenda.everybody || agenda.rounds_wanted > agenda.rounds_done;
    return ok();
  }));
  return agenda;
}

Result<bool> MatchDoor::round() {
  const Agenda agenda = TRY(read_agenda());
  if (agenda.changed.empty() && agenda.wanted.empty() && !agenda.day_passed && !agenda.everybody) return false;
  // Whatever is asked for while this runs has a higher number and is done in the next round.
  const auto remember = [&](storage::Transaction& transaction) -> Result<void> {
    CHECK_OK(matching::save_match_cursor(transaction, kCursor, agenda.through));
    CHECK_OK(matching::matched_as_wanted(transaction, agenda.wanted));
    CHECK_OK(matching::save_match_cursor(transaction, kMatchedDay, to_number(agenda.today)));
    return matching::save_match_cursor(transaction, kRoundsDone, std::max(agenda.rounds_wanted, agenda.rounds_done));
  };
  if (agenda.everybody) {
    CHECK_OK(match_everybody(agenda.today));
    CHECK_OK(commit(rooms_.writer, "match", {}, remember));
    return true;
  }
  std::vector<std::string> usccs = agenda.changed;
  usccs.insert(usccs.end(), agenda.becoming_stale.begin(), agenda.becoming_stale.end());
  for (const auto& one : agenda.wanted) usccs.push_back(one.uscc);
  std::sort(usccs.begin(), usccs.end());
  usccs.erase(std::unique(usccs.begin(), usccs.end()), usccs.end());
  CHECK_OK(match_firms(usccs, agenda.today, remember));
  return true;
}

Result<void> MatchDoor::match_firms(const std::vector<std::string>& usccs, Date day,
                                    const std::function<Result<void>(storage::Transaction&)>& and_then) {
  for (std::size_t from = 0; from < usccs.size() || from == 0; from += kFirmsPerCommit) {
    const std::size_t to = std::min(usccs.size(), from + kFirmsPerCommit);
    const std::vector<std::string> portion(usccs.begin() + static_cast<std::ptrdiff_t>(from),
                                           usccs.begin() + static_cast<std::ptrdiff_t>(to));
    bool cases = false;
    CHECK_OK(commit(rooms_.writer, "match", {}, [&](storage::Transaction& transaction) -> Result<void> {
      if (!portion.empty()) {
        const auto profiles = TRY(profile::load_profiles(transaction, portion, day, rooms_.rules));
        CHECK_OK(match(transaction, profiles, day, cases));
      }
      return to == usccs.size() ? and_then(transaction) : Result<void>(ok());
    }));
    if (cases) cases_changed_();
  }
  return ok();
}

Result<void> MatchDoor::match_everybody(Date day) {
  std::string after;
  for (;;) {
    bool cases = false;
    std::size_t firms = 0;
    std::string last;
    CHECK_OK(commit(rooms_.writer, "match", {}, [&](storage::Transaction& transaction) -> Result<void> {
      const auto profiles = TRY(profile::load_profiles(transaction, after, kFirmsPerCommit, day, rooms_.rules));
      firms = profiles.size();
      if (profiles.empty()) return ok();
      last = profiles.back().uscc;
      return match(transaction, profiles, day, cases);
    }));
    after = last;
    if (cases) cases_changed_();
    if (firms < kFirmsPerCommit || worker_.stopping()) break;
  }
  if (worker_.stopping()) return retry("hub_stopping", "The round over all firms goes on at the next start.");
  return ok();
}

Result<void> MatchDoor::match(storage::Transaction& transaction, const std::vector<EnterpriseProfile>& profiles,
                              Date day, bool& cases) {
  // One firm at a time, so that the trace of the record that moved it goes on into its cases.
  const auto match_one = [&](const EnterpriseProfile& profile) -> Result<void> {
    const auto latest = TRY(profile::history(transaction, profile.uscc, 1));
    const std::string trace_id = latest.empty() ? std::string() : latest.front().trace_id;
    const auto outcome = TRY([&] {
      const StageTimes::Timer timer(rooms_.times, "matching");
      return matching_.on_profiles_changed(transaction, std::span(&profile, 1), rooms_.policies.all(), day, trace_id);
    }());
    if (outcome.changed.empty()) return ok();
    std::vector<Entitlement> changed;
    for (const auto& change : outcome.changed) changed.push_back(change.now);
    const StageTimes::Timer timer(rooms_.times, "casework");
    const auto touched =
        TRY(casework_.open_or_update_cases(transaction, changed, {{profile.uscc, profile.name}}, trace_id));
    cases = cases || !touched.opened.empty() || !touched.changed.empty() || !touched.voided.empty();
    return ok();
  };
  for (const auto& profile : profiles) {
    const auto done = transaction.savepoint([&] { return match_one(profile); });
    if (done) continue;
    if (done.error().fate != Fate::refuse) return done;
    // One firm whose cases cannot follow must not keep all the others from theirs: a person looks at it.
    log_.error("A firm could not be matched and waits for a person.",
               {{"uscc", profile.uscc}, {"code", done.error().code}, {"error", done.error().message}});
    audit::AuditEntry entry;
    entry.kind = "person_asked";
    entry.actor = "system";
    entry.subject_type = "enterprise";
    entry.subject_id = entry.uscc = profile.uscc;
    entry.division = profile.division;
    entry.detail = {{"code", done.error().code}};
    (void)TRY(rooms_.trail.append(transaction, entry));
  }
  return ok();
}

}  // namespace zhida::flow
