#include "flow/case_worker.h"

#include <algorithm>
#include <utility>

#include "flow/fresh_look.h"
#include "flow/policy_book.h"
#include "flow/source_door.h"
#include "stages/casework/case_store.h"
#include "stages/matching/policy_store.h"
#include "stages/matching/receipt_store.h"
#include "stages/profile/profile_store.h"

namespace zhida::flow {
namespace {

/// What the firm is called today: the register may have come after the list that made it known.
Result<std::string> name_of(storage::Transaction& transaction, const std::string& uscc) {
  const auto rows = TRY(transaction.query("SELECT name FROM enterprise WHERE uscc = ?", {uscc}, "t"));
  return rows.empty() ? std::string() : rows.front().text_or(0, "");
}

using casework::WorkKind;
constexpr auto kWaitForSeal = 5s;     ///< A department's seal that comes ends this at once.
constexpr auto kWaitForRecord = 30s;  ///< Fresh data left a question open; a record about the firm ends this at once.
constexpr auto kPullHolds = 5min;     ///< What was just fetched is not asked for again before money is.
constexpr auto kSilentFor = 5s;       ///< A source that did not answer is left alone meanwhile.
constexpr int kSilentAfter = 3;       ///< Unanswered in a row: one firm's fault is not the source's.
constexpr auto kLookAgain = 200ms;
constexpr std::int64_t kDueAtOnce = 500;
constexpr std::size_t kChangesAtOnce = 5'000;

}  // namespace

CaseWorker::CaseWorker(const Rooms& rooms, casework::Casework& casework, payment::PaymentStage& payments,
                       const Outgoing& outgoing, PullFresh pull_fresh, std::function<bool()> payments_allowed,
                       SealMissing seal_missing, std::function<void()> something_to_send)
    : rooms_(rooms),
      casework_(casework),
      payments_(payments),
      outgoing_(outgoing),
      pull_fresh_(std::move(pull_fresh)),
      payments_allowed_(std::move(payments_allowed)),
      seal_missing_(std::move(seal_missing)),
      something_to_send_(std::move(something_to_send)),
      worker_("case_worker", rooms.clock, 200ms, [this] { return round(); }) {}

void CaseWorker::book_changed() {
  {
    Lock lock(mutex_);
    waiting_.clear();
  }
  wake();
}

void CaseWorker::office_sealed(const CaseId& id) {
  {
    Lock lock(mutex_);
    waiting_.erase(id);
  }
  wake();
}

Result<bool> CaseWorker::waits_for_seal(storage::Transaction& transaction, const casework::Work& work) {
  const auto missing = TRY(seal_missing_(transaction, TRY(casework::load_case(transaction, work.case_id))));
  if (!missing) return false;
  wait(work, kWaitForSeal);
  log_.debug("A case waits for a department's seal.", {{"case", work.case_id.str()}, {"missing", *missing}});
  return true;
}

bool CaseWorker::waits(const CaseId& id) {
  Lock lock(mutex_);
  const auto it = waiting_.find(id);
  if (it == waiting_.end()) return false;
  if (std::chrono::steady_clock::now() < it->second.until) return true;
  waiting_.erase(it);
  return false;
}

void CaseWorker::wait(const casework::Work& work, std::chrono::milliseconds time, bool for_record) {
  Lock lock(mutex_);
  waiting_[work.case_id] = {std::chrono::steady_clock::now() + time, work, for_record};
}

Result<CaseWorker::Attempts> CaseWorker::woken_by_records() {
  profile::ProfileChanges changes;
  std::int64_t list_rounds = 0;
  CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
    // What came before this process began was looked at by the first re-check.
    if (changes_seen_ < 0) changes_seen_ = TRY(profile::counts(transaction)).last_sequence;
    changes = TRY(profile::changes_since(transaction, changes_seen_, kChangesAtOnce));
    list_rounds = TRY(matching::read_match_cursor(transaction, kRoundsWanted)) +
                  TRY(matching::read_match_cursor(transaction, kItemRoundsWanted));
    return ok();
  }));
  changes_seen_ = changes.through_sequence;
  Attempts woken;
  Lock lock(mutex_);
  // A list that moved, or a new version of an item, may concern every firm.
  if (std::exchange(list_rounds_seen_, list_rounds) != list_rounds) waiting_.clear();
  if (changes.usccs.empty()) return woken;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    const bool concerned =
        it->second.for_record && std::binary_search(changes.usccs.begin(), changes.usccs.end(), it->second.work.uscc);
    if (concerned) woken.push_back(it->second.work);
    it = concerned ? waiting_.erase(it) : std::next(it);
  }
  return woken;
}

Result<bool> CaseWorker::round() {
  if (const Date today = rooms_.clock.today(); today != last_day_) {
    last_day_ = today;
    pulled_.clear();
    Lock lock(mutex_);
    waiting_.clear();
  }
  // Who waited for this very record goes on at once; what else is due is looked at several times a second.
  const auto woken = TRY(woken_by_records());
  if (!woken.empty()) {
    recheck_all(woken);
    something_to_send_();
  }
  const bool just_looked = std::chrono::steady_clock::now() - looked_at_ < kLookAgain;
  if (!case_changed_.exchange(false) && just_looked) return !woken.empty();
  looked_at_ = std::chrono::steady_clock::now();
  // The oldest come first: those that wait must not take the places of those that could go on.
  std::int64_t places = kDueAtOnce;
  {
    Lock lock(mutex_);
    places += std::ssize(waiting_);
  }
  std::vector<casework::Work> due;
  bool refusals = false;
  CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
    due = TRY(casework_.due(transaction, rooms_.clock.now(), places));
    refusals = TRY(casework_.has_refusals_to_note(transaction));
    return ok();
  }));
  if (refusals) {
    CHECK_OK(commit(rooms_.writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
      (void)TRY(casework_.note_refusals(transaction));
      return ok();
    }));
  }
  Attempts simple;
  Attempts rechecks, requests, decisions;
  for (auto& work : due) {
    if (waits(work.case_id)) continue;
    switch (work.kind) {
      case WorkKind::review_overdue:
      case WorkKind::approve:
        break;  // A person's turn.
      case WorkKind::recheck:
        rechecks.push_back(std::move(work));
        break;
      case WorkKind::request_payment:
        requests.push_back(std::move(work));
        break;
      case WorkKind::send_decision:
        decisions.push_back(std::move(work));
        break;
      case WorkKind::notify:
      case WorkKind::grant_relief:
      case WorkKind::lapse:
      case WorkKind::check_payee:
      case WorkKind::end_publicity:
      case WorkKind::start_recheck:
        simple.push_back(std::move(work));
        break;
    }
  }
  bool moved = do_simple(simple);
  moved = request_all(requests) || moved;
  for (const auto& work : decisions) {
    if (worker_.stopping()) return false;
    if (!payments_allowed_()) {  // A fund pays on it: the same as for a request.
      wait(work, kWaitForData);
      continue;
    }
    const auto done = send_decision(work);
    moved = moved || (done && done.value());
    if (!done) try_later(work, done.error());
  }
  moved = recheck_all(rechecks) || moved;
  if (!moved) return !woken.empty();
  something_to_send_();
  case_changed_ = true;
  return true;
}

void CaseWorker::try_later(const casework::Work& work, const Error& error) {
  wait(work, kWaitForData);
  log_.warning("A case could not go on and will be tried again.", {{"case", work.case_id.str()},
                                                                   {"step", casework::to_text(work.kind)},
                                                                   {"code", error.code},
                                                                   {"error", error.message}});
}

bool CaseWorker::do_simple(const Attempts& works) {
  std::vector<Effect> effects;
  for (const auto& work : works)
    effects.emplace_back([this, work](storage::Transaction& transaction) -> Result<void> {
      switch (work.kind) {
        case WorkKind::notify:
          // The gateway finds the telephone number by the firm's code: the hub keeps none.
          (void)TRY(casework_.notify(transaction, work.case_id, work.uscc, outgoing_));
          break;
        case WorkKind::grant_relief:
          if (const auto policy = rooms_.policies.find(work.policy);
              policy != nullptr && (matching::has_relations(matching::relations_of(*policy)) ||
                                    rooms_.policies.unconfirmed().contains(work.policy))) {
            // A rival may have been paid since, or nobody has confirmed the data as they are now.
            const auto look = TRY(look_afresh(transaction, rooms_, work));
            if (look.facts.verdict != Verdict::met) return retry("relief_waits", look.reason);
          }
          (void)TRY(casework_.grant_relief(transaction, work.case_id));
          break;
        case WorkKind::lapse:
          (void)TRY(casework_.lapse(transaction, work.case_id));
          break;
        case WorkKind::check_payee:
          (void)TRY(casework_.check_payee(transaction, work.case_id, TRY(name_of(transaction, work.uscc))));
          break;
        case WorkKind::end_publicity:
          (void)TRY(casework_.end_publicity(transaction, work.case_id));
          break;
        default:
          (void)TRY(casework_.start_recheck(transaction, work.case_id));
          break;
      }
      return ok();
    });
  const auto results = commit_all(rooms_.writer, "desk", std::move(effects));
  bool moved = false;
  for (std::size_t i = 0; i < results.size(); ++i) {
    moved = moved || results[i].has_value();
    if (results[i]) continue;
    try_later(works[i], results[i].error());
  }
  return moved;
}

bool CaseWorker::fetched_lately(const CaseId& id) const {
  const auto known = pulled_.find(id);
  return known != pulled_.end() && std::chrono::steady_clock::now() - known->second.at < kPullHolds;
}

bool CaseWorker::pull_fresh(const casework::Work& work) {
  if (fetched_lately(work.case_id)) return true;
  std::set<std::string> sources;
  const auto read = rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
    sources = TRY(sources_to_ask(transaction, rooms_, work.uscc, work.policy));
    return ok();
  });
  if (!read) {
    try_later(work, read.error());
    return false;
  }
  // A source that is away would keep this thread from everybody's cases, one after the other.
  const auto now = std::chrono::steady_clock::now();
  for (const auto& source : sources) {
    const auto silence = silent_.find(source);
    if (silence == silent_.end() || silence->second.times < kSilentAfter || now >= silence->second.until) continue;
    wait(work, kWaitForData);
    return false;
  }
  const auto pulled = pull_fresh_(work.uscc, sources);
  for (const auto& source : pulled.asked) silent_.erase(source);
  for (const auto& source : pulled.silent) {
    auto& silence = silent_[source];
    ++silence.times;
    silence.until = std::chrono::steady_clock::now() + kSilentFor;
  }
  if (pulled.silent.empty()) {
    const auto unread = unread_of(work, pulled);
    if (!unread) {
      try_later(work, unread.error());
      return false;
    }
    if (unread.value().empty()) {
      pulled_[work.case_id] = {std::chrono::steady_clock::now(), {pulled.asked.begin(), pulled.asked.end()}};
      return true;
    }
    // The source said something of the firm, and what holds is not known until it can be read.
    wait(work, kWaitForRecord, true);
    note_waiting(work, "等待数据：" + unread.value());
    return false;
  }
  // The case stays, and nothing is paid on old data. It lets those go first that were not asked for yet.
  wait(work, 2 * kWaitForData);
  std::string names;
  for (const auto& source : pulled.silent) names += (names.empty() ? "" : "、") + source;
  note_waiting(work, "等待来源应答：" + names);
  return false;
}

Result<std::string> CaseWorker::unread_of(const casework::Work& work, const FreshPull& pulled) const {
  std::string out;
  if (pulled.put_aside.empty()) return out;
  CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
    out = TRY(not_understood(transaction, rooms_, work.policy, pulled.put_aside));
    return ok();
  }));
  return out;
}

void CaseWorker::note_waiting(const casework::Work& work, const std::string& reason) {
  const auto noted = commit(rooms_.writer, "desk", {}, [&](storage::Transaction& transaction) {
    return casework_.note_waiting(transaction, work.case_id, reason);
  });
  if (!noted) log_.warning("Why a case waits was not written down.", {{"case", work.case_id.str()}});
}

CaseWorker::Attempts CaseWorker::fetched(std::span<const casework::Work> works) {
  Attempts out;
  for (const auto& work : works)
    if (!worker_.stopping() && pull_fresh(work)) out.push_back(work);
  return out;
}

bool CaseWorker::recheck_all(const Attempts& works) {
  bool moved = false;
  for (std::size_t from = 0; from < works.size() && !worker_.stopping(); from += kTogether)
    moved = recheck_together(std::span(works).subspan(from, std::min(kTogether, works.size() - from))) || moved;
  return moved;
}

bool CaseWorker::recheck_together(std::span<const casework::Work> works) {
  const Attempts fresh = fetched(works);
  std::vector<casework::RecheckOutcome> outcomes(fresh.size(), casework::RecheckOutcome::wait);
  std::vector<Effect> effects;
  for (std::size_t i = 0; i < fresh.size(); ++i)
    effects.emplace_back([this, &work = fresh[i], &outcome = outcomes[i],
                          asked = pulled_[fresh[i].case_id].asked](storage::Transaction& transaction) -> Result<void> {
      auto look = TRY(look_afresh(transaction, rooms_, work));
      const auto& facts = look.facts;
      outcome = TRY(casework_.apply_recheck(
          transaction, work.case_id,
          {facts.verdict, facts.tranche_amount, facts.profile_sequence, look.reason, facts.policy_version, asked}));
      if (outcome == casework::RecheckOutcome::wait) return ok();
      CHECK_OK(keep(transaction, look.decision, "rechecked"));
      if (outcome != casework::RecheckOutcome::passed || look.claims.empty()) return ok();
      const auto c = TRY(casework::load_case(transaction, work.case_id));
      return matching::claim_persons(transaction, look.claims, c.id.str(),
                                     matching::award_of(c.uscc, c.policy, c.period), rooms_.clock.today());
    });
  const auto results = commit_all(rooms_.writer, "desk", std::move(effects));
  bool moved = false;
  Attempts passed;
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    if (!results[i]) {
      try_later(fresh[i], results[i].error());
    } else if (outcomes[i] == casework::RecheckOutcome::wait) {
      wait(fresh[i], kWaitForRecord, true);
    } else {
      moved = true;
      const auto policy = rooms_.policies.find(fresh[i].policy);
      if (outcomes[i] != casework::RecheckOutcome::passed) pulled_.erase(fresh[i].case_id);
      if (outcomes[i] != casework::RecheckOutcome::passed || policy == nullptr) continue;
      if (policy->handling.channel == Channel::appropriation) passed.push_back(fresh[i]);
    }
  }
  for (auto& work : passed) work.kind = WorkKind::request_payment;
  (void)request_all(passed);
  return moved;
}

}  // namespace zhida::flow
