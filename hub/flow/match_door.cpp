#include "flow/match_door.h"

#include <algorithm>
#include <utility>

#include "audit/audit_trail.h"
#include "flow/policy_book.h"
#include "flow/source_door.h"
#include "flow/stage_times.h"
#include "stages/casework/casework.h"
#include "stages/matching/policy_store.h"
#include "stages/matching/receipt_store.h"
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
  std::int64_t matched_day = 0;
  bool day_passed = false;
  std::vector<matching::WantedMatch> wanted;  ///< Their profiles did not change, but something else about them did.
  bool window_moves = false;
  std::int64_t book_round = 0;  ///< Of the items in force, as the store knows them.
  std::int64_t rounds_wanted = 0, rounds_done = 0, item_rounds_wanted = 0, item_rounds_done = 0,
               item_rounds_written = 0;

  bool lists_moved() const { return rounds_wanted > rounds_done; }
  bool items_new() const { return item_rounds_wanted > item_rounds_done; }
  /// Every firm, where nobody says whom it concerns.
  bool concerns_everybody() const { return lists_moved() || items_new() || window_moves; }
};

MatchDoor::MatchDoor(const Rooms& rooms, casework::Casework& casework, const MatchIndexSettings& engine,
                     std::function<void()> cases_changed)
    : rooms_(rooms),
      casework_(casework),
      cases_changed_(std::move(cases_changed)),
      matching_(rooms.clock, rooms.trail, {rooms.code_lists, rooms.program}),
      index_(rooms.database, rooms.rules, engine, [this] { worker_.wake(); }),
      worker_("match_door", rooms.clock, 200ms, [this] { return round(); }) {}

Result<void> MatchDoor::publish() {
  return commit(rooms_.writer, "match", {}, [this](storage::Transaction& transaction) -> Result<void> {
    const auto outcome = TRY(matching_.publish(transaction, rooms_.policies.all(), "system"));
    if (!outcome.published.empty()) {
      const auto wanted = TRY(matching::read_match_cursor(transaction, kItemRoundsWanted));
      CHECK_OK(matching::save_match_cursor(transaction, kItemRoundsWanted, wanted + 1));
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
    agenda.matched_day = TRY(matching::read_match_cursor(transaction, kMatchedDay));
    agenda.day_passed = agenda.matched_day < to_number(agenda.today);
    if (agenda.day_passed && agenda.matched_day > 0)
      for (const auto& policy : rooms_.policies.all())
        agenda.window_moves = agenda.window_moves || window_moves(policy, to_date(agenda.matched_day), agenda.today);
    agenda.book_round = TRY(matching::read_match_cursor(transaction, kBookRound));
    agenda.rounds_wanted = TRY(matching::read_match_cursor(transaction, kRoundsWanted));
    agenda.wanted = TRY(matching::wanted_matches(transaction, std::int64_t{kLogRows}));
    agenda.rounds_done = TRY(matching::read_match_cursor(transaction, kRoundsDone));
    agenda.item_rounds_wanted = TRY(matching::read_match_cursor(transaction, kItemRoundsWanted));
    agenda.item_rounds_done = TRY(matching::read_match_cursor(transaction, kItemRoundsDone));
    agenda.item_rounds_written = TRY(matching::read_match_cursor(transaction, kItemRoundsWritten));
    return ok();
  }));
  return agenda;
}

Result<bool> MatchDoor::round() {
  const Agenda agenda = TRY(read_agenda());
  // Another set of items is in force by now and will be in the book in a moment; who puts it there wakes this door.
  if (rooms_.policies.round() < agenda.book_round) return false;
  CHECK_OK(index_.settle(rooms_.policies.all(), agenda.today, agenda.cursor, agenda.rounds_wanted));
  auto* const firms = index_.firms();
  if (firms != nullptr && firms->day() < agenda.today) {
    survey_owed_ = true;
    index_.move_to(agenda.today);
  }
  const auto remember_changes = [&](storage::Transaction& transaction) -> Result<void> {
    CHECK_OK(matching::matched_as_wanted(transaction, agenda.wanted));
    return matching::save_match_cursor(transaction, kCursor, agenda.through);
  };
  // Whatever is asked for while this runs has a higher number and is done in the next round.
  const auto remember = [&](storage::Transaction& transaction) -> Result<void> {
    CHECK_OK(remember_changes(transaction));
    CHECK_OK(matching::save_match_cursor(transaction, kMatchedDay, to_number(agenda.today)));
    CHECK_OK(matching::save_match_cursor(transaction, kItemRoundsDone,
                                         std::max(agenda.item_rounds_wanted, agenda.item_rounds_done)));
    return matching::save_match_cursor(transaction, kRoundsDone, std::max(agenda.rounds_wanted, agenda.rounds_done));
  };
  const bool any_firm = agenda.day_passed || agenda.items_new() || survey_owed_;
  deferred_ = false;
  if (agenda.lists_moved() || (agenda.concerns_everybody() && firms == nullptr && !index_.loading())) {
    CHECK_OK(match_everybody(agenda.today));
    CHECK_OK(commit(rooms_.writer, "match", {}, remember));
    if (firms != nullptr) firms->publish();
    survey_owed_ = false;
    return true;
  }
  if (any_firm && firms != nullptr) {
    CHECK_OK(match_differing(agenda, remember));
    survey_owed_ = false;
    return true;
  }
  if (any_firm && index_.loading()) {
    // Soon the engine says whom it concerns; the changes of single firms go on meanwhile.
    deferred_ = true;
    const auto usccs = changed(agenda);
    if (usccs.empty()) return false;
    CHECK_OK(match_firms({usccs.begin(), usccs.end()}, agenda.today, remember_changes));
    return true;
  }
  if (changed(agenda).empty() && !agenda.day_passed) return write_down_the_rest(agenda);
  const auto usccs = TRY(changed_or_stale(agenda));
  CHECK_OK(match_firms({usccs.begin(), usccs.end()}, agenda.today, remember));
  if (firms != nullptr) firms->publish();
  return true;
}

std::set<std::string> MatchDoor::changed(const Agenda& agenda) {
  std::set<std::string> usccs(agenda.changed.begin(), agenda.changed.end());
  for (const auto& one : agenda.wanted) usccs.insert(one.uscc);
  return usccs;
}

Result<std::set<std::string>> MatchDoor::changed_or_stale(const Agenda& agenda) {
  auto usccs = changed(agenda);
  if (!agenda.day_passed || agenda.matched_day == 0) return usccs;
  CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
    for (auto& uscc :
         TRY(profile::becoming_stale(transaction, to_date(agenda.matched_day), agenda.today, rooms_.rules)))
      usccs.insert(std::move(uscc));
    return ok();
  }));
  return usccs;
}

Result<void> MatchDoor::match_differing(const Agenda& agenda,
                                        const std::function<Result<void>(storage::Transaction&)>& and_then) {
  // First those that the engine must hear of anew, then those whom it finds.
  auto first = TRY(changed_or_stale(agenda));
  first.insert(index_.due().begin(), index_.due().end());
  if (!first.empty()) {
    CHECK_OK(match_firms({first.begin(), first.end()}, agenda.today, [](auto&) -> Result<void> { return ok(); }));
  }
  auto differing = TRY(index_.differing(agenda.day_passed || survey_owed_, agenda.items_new()));
  for (const auto& uscc : first) differing.erase(uscc);
  log_.info("All firms were matched by the engine.", {{"day", agenda.today.to_string()},
                                                      {"firms", std::to_string(index_.firms()->size())},
                                                      {"told_anew", std::to_string(first.size())},
                                                      {"found", std::to_string(differing.size())}});
  return match_firms({differing.begin(), differing.end()}, agenda.today, and_then);
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
    if (to < usccs.size() && worker_.stopping())
      return retry("hub_stopping", "The firms that are left are matched at the next start.");
  }
  return ok();
}

Result<bool> MatchDoor::write_down_the_rest(const Agenda& agenda) {
  if (agenda.items_new() || agenda.item_rounds_written >= agenda.item_rounds_done) return false;
  if (rest_round_ != agenda.item_rounds_done) {
    rest_round_ = agenda.item_rounds_done;
    rest_after_.clear();
  }
  std::vector<std::string> portion, missing;
  CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
    portion = TRY(profile::firms_after(transaction, rest_after_, kFirmsPerCommit));
    missing = TRY(matching::not_judged(transaction, portion, rooms_.policies.all().size()));
    return ok();
  }));
  const bool last = portion.size() < kFirmsPerCommit;
  if (last || !missing.empty()) {
    CHECK_OK(match_firms(missing, agenda.today, [&](storage::Transaction& transaction) -> Result<void> {
      if (!last) return ok();
      return matching::save_match_cursor(transaction, kItemRoundsWritten, agenda.item_rounds_done);
    }));
  }
  if (!portion.empty()) rest_after_ = portion.back();
  return true;
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
    if (index_.loading()) index_.note(profile.uscc);
    if (index_.firms() != nullptr) {
      // A copy: the stage itself sees to which receipts count for which item.
      auto with_receipts = profile;
      CHECK_OK(matching::add_receipts(transaction, rooms_.policies.all(), std::span(&with_receipts, 1)));
      index_.put(with_receipts);
    }
    const auto latest = TRY(profile::history(transaction, profile.uscc, 1));
    const std::string trace_id = latest.empty() ? std::string() : latest.front().trace_id;
    const auto outcome = TRY([&] {
      const StageTimes::Timer timer(rooms_.times, "matching");
      return matching_.on_profiles_changed(transaction, std::span(&profile, 1), rooms_.policies.all(), day, trace_id,
                                           rooms_.policies.unconfirmed());
    }());
    if (index_.firms() != nullptr) index_.check(profile.uscc, outcome.verdicts);
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
