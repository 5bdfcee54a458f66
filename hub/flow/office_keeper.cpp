#include "flow/office_keeper.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <utility>

#include "audit/audit_trail.h"
#include "base/log.h"
#include "flow/people.h"
#include "flow/policy_book.h"
#include "flow/remote_seal.h"
#include "flow/trust_keeper.h"
#include "flow/worker.h"
#include "platform/crypto/digest.h"
#include "stages/casework/case_store.h"

namespace zhida::flow {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kTick{200};
constexpr milliseconds kFirstPause{500};
constexpr milliseconds kPauseMax = std::chrono::minutes(5);
constexpr milliseconds kLookAnyway = std::chrono::seconds(30);  ///< A row may have come from elsewhere.
constexpr std::int64_t kAtOnce = 200;

/// Doubles with each failure: half a second, one, two … five minutes.
milliseconds pause_after(std::int64_t failures) {
  milliseconds pause = kFirstPause;
  for (std::int64_t i = 1; i < failures && pause < kPauseMax; ++i) pause *= 2;
  return std::min(pause, kPauseMax);
}

audit::AuditEntry entry_of(const OfficeDecision& decision, const BenefitCase& c, const char* kind) {
  audit::AuditEntry entry;
  entry.kind = kind;
  entry.actor = "system";
  entry.subject_type = "case";
  entry.subject_id = entry.case_id = c.id.str();
  entry.uscc = c.uscc;
  entry.division = c.division;
  entry.trace_id = c.trace_id;
  entry.payload_digest = decision.digest;
  entry.detail = {{"department", decision.department},
                  {"message_id", decision.message_id},
                  {"round", decision.round},
                  {"step", decision.step}};
  if (!decision.holder.empty()) entry.detail["holder"] = decision.holder;
  return entry;
}

/// Whether the sealed decision is about the money that the case is about now.
Result<bool> agrees_with(const Bytes& body, const BenefitCase& c) {
  const auto document = TRY(parse_json(body));
  return document.value("amount_fen", Json()) == (c.amount ? Json(c.amount->fen()) : Json(nullptr)) &&
         document.value("payee_sm3", Json()) == (c.payee ? Json(TRY(payee_digest(*c.payee))) : Json(nullptr));
}

/// Who seals, in sentences that a firm may see: no name of a person.
std::string whose(const OfficeDecision& decision) {
  return decision.holder.empty() ? decision.department : "the person who decided for " + decision.department;
}

}  // namespace

/// One holder of a seal: its own thread and connection, so that a slow platform holds up nobody else's seals.
class OfficeKeeper::Office {
 public:
  Office(const Rooms& rooms, const OfficeSettings& settings, const std::function<void(const CaseId&)>& sealed)
      : rooms_(rooms),
        settings_(settings),
        sealed_(sealed),
        sealer_({settings.url, settings.ca_file, settings.certificate_file, settings.key_file, settings.timeout}),
        worker_("office_keeper", rooms.clock, kTick, [this] { return round(); }) {}

  void start() { worker_.start(); }
  void stop() { worker_.stop(); }
  void wake() {
    changed_ = true;
    worker_.wake();
  }
  bool busy() const { return worker_.busy(); }

 private:
  /// What the worker remembers to spare the platform; it may be forgotten at any time.
  struct Later {
    std::int64_t failures = 0;
    Steady::time_point until{};
  };

  Result<bool> round() {
    const auto now = Steady::now();
    const bool due =
        std::any_of(later_.begin(), later_.end(), [&](const auto& one) { return one.second.until <= now; });
    if (!changed_.exchange(false) && !due && now < look_at_) return false;
    look_at_ = now + kLookAnyway;
    std::vector<OfficeDecision> waiting;
    CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
      // The oldest come first: those that wait must not take the places of those that could go on.
      waiting = TRY(unsealed(transaction, settings_.department, settings_.holder(), kAtOnce + std::ssize(later_)));
      return ok();
    }));
    std::erase_if(later_, [&](const auto& one) {
      return std::ranges::none_of(waiting, [&](const auto& decision) { return decision.id == one.first; });
    });
    bool sealed = false;
    for (const auto& decision : waiting) {
      if (worker_.stopping()) return false;
      CHECK_OK(note_late(decision));
      auto& later = later_[decision.id];
      if (Steady::now() < std::max(later.until, away_until_)) continue;
      sealed = TRY(ask_for(decision, later)) || sealed;
    }
    return sealed && std::ssize(waiting) >= kAtOnce;
  }

  /// True when a seal was kept.
  Result<bool> ask_for(const OfficeDecision& decision, Later& later) {
    BenefitCase c;
    CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
      c = TRY(casework::load_case(transaction, decision.case_id));
      return ok();
    }));
    const RemoteSealer::Request request{settings_.es_id,
                                        kOfficeDocumentKind,
                                        settings_.authorisation,
                                        {kOfficeDocumentMedia, decision.message_id, c.trace_id},
                                        decision.asked_at};
    const auto trust = rooms_.trust.trust();
    auto answer = sealer_.ask(decision.body, request, *trust, rooms_.clock);
    if (answer.error) {
      CHECK_OK(failed(decision, c, answer, later));
      return false;
    }
    away_failures_ = 0;
    away_until_ = {};
    bool kept = false;
    CHECK_OK(commit(rooms_.writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
      kept = TRY(keep_seal(transaction, decision.id, answer.given, answer.report.es_id, answer.report.signed_at,
                           rooms_.clock.now()));
      if (!kept) return ok();
      auto entry = entry_of(decision, c, "office_seal_received");
      entry.detail["seal_id"] = answer.report.es_id;
      entry.detail["signed_at"] = to_rfc3339(answer.report.signed_at);
      entry.detail["seal_sm3"] = to_hex(crypto::sm3(answer.given));
      (void)TRY(rooms_.trail.append(transaction, entry));
      return ok();
    }));
    later_.erase(decision.id);
    if (kept) sealed_(decision.case_id);
    return kept;
  }

  Result<void> failed(const OfficeDecision& decision, const BenefitCase& c, const RemoteSealer::Answer& answer,
                      Later& later) {
    const Error& error = *answer.error;
    const bool away = error.code == "seal_platform_away";
    const bool refused = error.fate == Fate::refuse;
    // Told once for each reason, however often it is asked again.
    const bool news = decision.code != error.code || decision.error != error.message;
    CHECK_OK(commit(rooms_.writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
      const Instant now = rooms_.clock.now();
      CHECK_OK(note_failure(transaction, decision.id, refused, error.code, error.message, now));
      const bool kept =
          answer.wrong && TRY(keep_wrong(transaction, decision.id, error.code, error.message, answer.given, now));
      if (!refused || (!news && !kept)) return ok();
      auto entry = entry_of(decision, c, answer.wrong ? "office_seal_wrong" : "office_seal_refused");
      entry.detail["code"] = error.code;
      entry.detail["seal_id"] = settings_.es_id;
      if (answer.wrong) entry.detail["answer_sm3"] = to_hex(crypto::sm3(answer.given));
      (void)TRY(rooms_.trail.append(transaction, entry));
      return ok();
    }));
    if (answer.wrong) {
      log_.error("The seal platform gave what is not the office's seal; it is kept and not used.",
                 {{"department", decision.department},
                  {"holder", holder_text(decision.holder)},
                  {"case", decision.case_id.str()},
                  {"code", error.code},
                  {"error", error.message}});
    } else if (news) {
      log_.warning("An office's seal could not be had and will be asked for again.",
                   {{"department", decision.department},
                    {"holder", holder_text(decision.holder)},
                    {"case", decision.case_id.str()},
                    {"code", error.code},
                    {"error", error.message}});
    }
    ++later.failures;
    later.until = Steady::now() + pause_after(std::max(later.failures, decision.attempts + 1));
    // Where nobody answers, one question is enough for all.
    if (away) away_until_ = Steady::now() + pause_after(++away_failures_);
    return ok();
  }

  Result<void> note_late(const OfficeDecision& decision) {
    if (decision.late || rooms_.clock.now() - decision.asked_at < settings_.late_after) return ok();
    CHECK_OK(commit(rooms_.writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
      CHECK_OK(mark_late(transaction, decision.id));
      const auto c = TRY(casework::load_case(transaction, decision.case_id));
      auto entry = entry_of(decision, c, "office_seal_late");
      entry.detail["code"] = decision.code;
      (void)TRY(rooms_.trail.append(transaction, entry));
      return ok();
    }));
    log_.error("An office's seal has been waited for too long.", {{"department", decision.department},
                                                                  {"holder", holder_text(decision.holder)},
                                                                  {"case", decision.case_id.str()},
                                                                  {"code", decision.code},
                                                                  {"error", decision.error}});
    return ok();
  }

  const Rooms& rooms_;
  const OfficeSettings& settings_;
  const std::function<void(const CaseId&)> sealed_;
  RemoteSealer sealer_;
  Log log_{"office_keeper"};
  std::atomic<bool> changed_ = true;
  // Worker thread only; real time.
  std::map<std::int64_t, Later> later_;
  std::int64_t away_failures_ = 0;
  Steady::time_point away_until_{}, look_at_{};
  Worker worker_;
};

OfficeKeeper::OfficeKeeper(const Rooms& rooms, std::vector<OfficeSettings> offices,
                           std::function<void(const CaseId&)> sealed)
    : rooms_(rooms), settings_(std::move(offices)) {
  for (const auto& settings : settings_) offices_.push_back(std::make_unique<Office>(rooms_, settings, sealed));
}

OfficeKeeper::~OfficeKeeper() {
  stop();
}

Result<void> OfficeKeeper::start() {
  std::vector<CaseId> cases;
  if (!settings_.empty()) {
    CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
      cases = TRY(reviewed_and_unpaid(transaction));
      return ok();
    }));
  }
  for (const auto& id : cases) {
    CHECK_OK(commit(rooms_.writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
      return write_down(transaction, TRY(casework::load_case(transaction, id)));
    }));
  }
  for (const auto& office : offices_) office->start();
  return ok();
}
void OfficeKeeper::stop() {
  for (const auto& office : offices_) office->stop();
}
void OfficeKeeper::wake() {
  for (const auto& office : offices_) office->wake();
}
bool OfficeKeeper::busy() const {
  return std::any_of(offices_.begin(), offices_.end(), [](const auto& office) { return office->busy(); });
}

const OfficeSettings* OfficeKeeper::find(const std::string& department, const std::string& holder) const {
  const auto found = std::find_if(settings_.begin(), settings_.end(), [&](const auto& settings) {
    return settings.department == department && settings.holder() == holder;
  });
  return found == settings_.end() ? nullptr : &*found;
}

Result<void> OfficeKeeper::write_down(storage::Transaction& transaction, const BenefitCase& c) const {
  for (const auto& office : settings_) {
    // A person seals what that person decided, and nothing of a colleague's.
    for (const auto& step : TRY(steps_without(transaction, c.id, office.department, office.holder()))) {
      CHECK_OK(insert(transaction, c, office, step));
    }
  }
  return ok();
}

Result<void> OfficeKeeper::write_down_beside(storage::Transaction& transaction, const BenefitCase& c,
                                             OfficeStep step) const {
  step.round = c.review_round;
  step.step = TRY(next_step_beside(transaction, c.id, step.round));
  for (const auto& office : settings_) {
    const std::string holder = office.holder();
    if (office.department != step.department || (!holder.empty() && holder != step.actor)) continue;
    CHECK_OK(insert(transaction, c, office, step));
  }
  return ok();
}

Result<void> OfficeKeeper::insert(storage::Transaction& transaction, const BenefitCase& c, const OfficeSettings& office,
                                  const OfficeStep& step) const {
  OfficeDecision decision;
  decision.case_id = c.id;
  decision.round = step.round;
  decision.step = step.step;
  decision.department = step.department;
  decision.holder = office.holder();
  decision.hand = step.hand;
  decision.decision = step.decision;
  decision.message_id = office_message_id(c.id, step, decision.holder);
  decision.required = office.required;
  decision.body = TRY(office_document(c, step));
  decision.digest = "sm3:" + to_hex(crypto::sm3(decision.body));
  decision.asked_at = rooms_.clock.now();
  CHECK_OK(insert_decision(transaction, decision));
  auto entry = entry_of(decision, c, "office_seal_asked");
  entry.detail["seal_id"] = office.es_id;
  (void)TRY(rooms_.trail.append(transaction, entry));
  return ok();
}

Result<std::optional<std::string>> OfficeKeeper::missing(storage::Transaction& transaction,
                                                         const BenefitCase& c) const {
  for (const auto& decision : TRY(decisions_of(transaction, c.id))) {
    if (decision.round != c.review_round) continue;
    // The settings of today count, and where they do not know the department any more, those of then.
    const auto* office = find(decision.department, decision.holder);
    if (!(office != nullptr ? office->required : decision.required)) continue;
    if (decision.state != "sealed")
      return std::optional("The seal of " + whose(decision) + " over the decision is waited for" +
                           (decision.code.empty() ? "." : " (" + decision.code + ")."));
    // A new amount or account begins a new round; what is paid is what was sealed, whatever happened.
    if (!TRY(agrees_with(decision.body, c)))
      return std::optional("What " + whose(decision) + " sealed is another amount or account than the case has.");
  }
  return std::optional<std::string>();
}

Result<std::vector<OfficeState>> OfficeKeeper::states(storage::Transaction& transaction) const {
  std::vector<OfficeState> states;
  const Instant now = rooms_.clock.now();
  for (const auto& settings : settings_) {
    OfficeState state;
    state.department = settings.department;
    state.holder = settings.holder();
    state.es_id = settings.es_id;
    state.configured = true;
    state.required = settings.required;
    states.push_back(std::move(state));
  }
  for (auto& count : TRY(count_offices(transaction))) {
    auto found = std::find_if(states.begin(), states.end(), [&](const auto& state) {
      return state.department == count.department && state.holder == count.holder;
    });
    if (found == states.end()) {
      // Decided while it was among the settings; nobody asks any more.
      found = states.emplace(states.end());
      found->department = count.department;
      found->holder = count.holder;
    }
    if (count.oldest) found->waiting_for = now - *count.oldest;
    const auto* office = find(count.department, count.holder);
    found->late = count.oldest && (office == nullptr || found->waiting_for >= office->late_after);
    found->count = std::move(count);
  }
  return states;
}

std::vector<std::string> departments_without_items(const PolicyBook& policies,
                                                   const std::vector<OfficeSettings>& offices) {
  std::set<std::string> reviewing;
  for (const auto& policy : policies.all())
    if (const auto handling = policies.handling(policy.id))
      for (const auto& step : handling->reviews) reviewing.insert(step.department);
  std::vector<std::string> idle;
  for (const auto& office : offices)
    if (!reviewing.contains(office.department) && std::ranges::find(idle, office.department) == idle.end())
      idle.push_back(office.department);
  return idle;
}

std::vector<std::string> persons_without_decisions(const PeopleBook& people,
                                                   const std::vector<OfficeSettings>& offices) {
  std::vector<std::string> sentences;
  for (const auto& office : offices) {
    if (office.person.empty()) continue;
    const auto* person = people.by_id(office.person);
    if (person == nullptr) {
      sentences.push_back(office.person + " (for " + office.department + ") is not in people.yaml.");
    } else if (!person->of_department(office.department)) {
      sentences.push_back(office.person + " does not act for " + office.department + " in people.yaml.");
    }
  }
  return sentences;
}

Json to_json(const std::vector<OfficeState>& states) {
  Json list = Json::array();
  for (const auto& state : states)
    list.push_back({{"department", state.department},
                    {"holder", holder_text(state.holder)},
                    {"seal_id", state.es_id.empty() ? Json(nullptr) : Json(state.es_id)},
                    {"required", state.required},
                    {"asked", state.count.asked},
                    {"refused", state.count.refused},
                    {"sealed", state.count.sealed},
                    {"wrong_answers", state.count.wrong},
                    {"late", state.late},
                    {"waiting_seconds", std::chrono::duration_cast<std::chrono::seconds>(state.waiting_for).count()},
                    {"code", state.count.code.empty() ? Json(nullptr) : Json(state.count.code)},
                    {"error", state.count.error.empty() ? Json(nullptr) : Json(state.count.error)}});
  return list;
}

}  // namespace zhida::flow
