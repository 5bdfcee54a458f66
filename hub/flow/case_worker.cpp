#include "flow/case_worker.h"

#include <algorithm>
#include <utility>

#include "flow/policy_book.h"
#include "flow/source_door.h"
#include "flow/stage_times.h"
#include "flow/trust_keeper.h"
#include "seal/sealer.h"
#include "stages/casework/case_store.h"
#include "stages/matching/policy_store.h"
#include "stages/matching/receipt_store.h"
#include "stages/matching/share_store.h"
#include "stages/profile/profile_store.h"

namespace zhida::flow {
namespace {

/// What the firm is called today: the register may have come after the list that made it known.
Result<std::string> name_of(storage::Transaction& transaction, const std::string& uscc) {
  const auto rows = TRY(transaction.query("SELECT name FROM enterprise WHERE uscc = ?", {uscc}, "t"));
  return rows.empty() ? std::string() : rows.front().text_or(0, "");
}

using casework::WorkKind;
constexpr auto kWaitForMoney = 30s;
constexpr auto kWaitForData = 5s;
constexpr auto kWaitForSeal = 5s;     ///< A department's seal that comes ends this at once.
constexpr auto kWaitForRecord = 30s;  ///< Fresh data left a question open; a record about the firm ends this at once.
constexpr auto kPullHolds = 5min;     ///< What was just pulled is not asked for again because a record came.
constexpr auto kLookAgain = 200ms;
constexpr std::int64_t kDueAtOnce = 500;
constexpr std::size_t kTogether = 64;  ///< Cases that share a commit.
constexpr std::size_t kChangesAtOnce = 5'000;

/// Which answer of prepare() means that the money is not there; nullopt: something else is wrong.
std::optional<ledger::ReserveRefusal> money_missing(const Error& error) {
  for (const auto refusal : {ledger::ReserveRefusal::appropriation_not_found,
                             ledger::ReserveRefusal::appropriation_closed, ledger::ReserveRefusal::exceeds_available})
    if (error.code == ledger::to_text(refusal)) return refusal;
  return std::nullopt;
}

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
              policy != nullptr && matching::has_relations(matching::relations_of(*policy))) {
            std::string reason;  // A rival may have been paid since it was matched.
            const auto facts = TRY(fresh_facts(transaction, work, reason));
            if (facts.verdict != Verdict::met) return retry("relief_waits", reason);
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

std::set<std::string> CaseWorker::sources_of(const casework::Work& work) {
  std::set<std::string> sources;
  const auto policy = rooms_.policies.find(work.policy);
  if (policy == nullptr) return sources;
  for (const auto& name : policy->handling.recheck_fields)
    if (const auto* field = rooms_.rules.catalogue.find(name))
      sources.insert(field->precedence.begin(), field->precedence.end());
  return sources;
}

Result<payment::FreshFacts> CaseWorker::fresh_facts(storage::Transaction& transaction, const casework::Work& work,
                                                    std::string& reason, std::vector<matching::PersonClaim>* claims,
                                                    std::optional<matching::Decision>* decision) const {
  payment::FreshFacts facts;
  const auto policy = rooms_.policies.find(work.policy);
  if (policy == nullptr) {
    facts.verdict = Verdict::not_met;
    reason = "事项已不在有效期内";
    return facts;
  }
  auto profile = TRY(profile::load_profile(transaction, work.uscc, rooms_.clock.today(), rooms_.rules));
  const auto& items = rooms_.policies.all();
  auto judged =
      TRY(matching::judge_item(transaction, {items.data(), items.size()}, work.policy, profile, rooms_.clock.today()));
  if (judged.entitlements.empty()) return retry("policy_set_changed", "The items in force changed just now.");
  const auto& entitlement = judged.entitlements.front();
  if (claims != nullptr) *claims = std::move(judged.claims[work.policy]);
  const auto benefit_case = TRY(casework::load_case(transaction, work.case_id));
  facts.verdict = entitlement.verdict;
  facts.profile_sequence = profile.sequence;
  for (const auto& tranche : entitlement.tranches)
    if (tranche.id == benefit_case.tranche) facts.tranche_amount = tranche.amount;
  for (const auto& clause : entitlement.clauses)
    if (clause.verdict != Verdict::met) reason += (reason.empty() ? "" : "；") + clause.text;
  if (decision != nullptr) {
    decision->emplace();
    (*decision)->case_id = work.case_id.str();
    (*decision)->entitlement = entitlement;
    const auto item = std::ranges::find(items, work.policy, &matching::Policy::id);
    (*decision)->facts = matching::facts_text(*item, judged.facts_of(work.policy, profile), entitlement.evaluated_on);
    (*decision)->context = {rooms_.code_lists, rooms_.program};
    (*decision)->trace_id = benefit_case.trace_id;
  }
  return facts;
}

Result<void> CaseWorker::write_shares(storage::Transaction& transaction, const casework::Work& work) const {
  const auto policy = rooms_.policies.find(work.policy);
  if (policy == nullptr || policy->amount.co_funding.empty()) return ok();
  const auto c = TRY(casework::load_case(transaction, work.case_id));
  return matching::save_shares(transaction, c.id, matching::shares_of(*policy, c.amount.value_or(Money{})));
}

Result<void> CaseWorker::keep(storage::Transaction& transaction, std::optional<matching::Decision>& decision,
                              const char* purpose) const {
  if (!decision) return ok();  // The item is not in force any more: nothing was evaluated.
  decision->purpose = purpose;
  decision->at = rooms_.clock.now();
  return matching::append_history(transaction, *decision);
}

bool CaseWorker::pull_fresh(const casework::Work& work) {
  const auto now = std::chrono::steady_clock::now();
  const auto known = pulled_.find(work.case_id);
  if (known != pulled_.end() && now - known->second < kPullHolds) return true;
  if (!pull_fresh_(work.uscc, sources_of(work))) return false;
  pulled_[work.case_id] = now;
  return true;
}

bool CaseWorker::recheck_all(const Attempts& works) {
  bool moved = false;
  for (std::size_t from = 0; from < works.size() && !worker_.stopping(); from += kTogether)
    moved = recheck_together(std::span(works).subspan(from, std::min(kTogether, works.size() - from))) || moved;
  return moved;
}

bool CaseWorker::recheck_together(std::span<const casework::Work> works) {
  Attempts fresh;
  for (const auto& work : works) {
    if (pull_fresh(work))
      fresh.push_back(work);
    else
      wait(work, kWaitForData);  // A source is silent: the case stays, nothing is paid on old data.
  }
  std::vector<casework::RecheckOutcome> outcomes(fresh.size(), casework::RecheckOutcome::wait);
  std::vector<Effect> effects;
  for (std::size_t i = 0; i < fresh.size(); ++i)
    effects.emplace_back(
        [this, &work = fresh[i], &outcome = outcomes[i]](storage::Transaction& transaction) -> Result<void> {
          std::string reason;
          std::vector<matching::PersonClaim> claims;
          std::optional<matching::Decision> decision;
          const auto facts = TRY(fresh_facts(transaction, work, reason, &claims, &decision));
          outcome = TRY(casework_.apply_recheck(transaction, work.case_id,
                                                {facts.verdict, facts.tranche_amount, facts.profile_sequence, reason}));
          if (outcome == casework::RecheckOutcome::wait) return ok();
          CHECK_OK(keep(transaction, decision, "rechecked"));
          if (outcome != casework::RecheckOutcome::passed || claims.empty()) return ok();
          const auto c = TRY(casework::load_case(transaction, work.case_id));
          return matching::claim_persons(transaction, claims, c.id.str(),
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
      pulled_.erase(fresh[i].case_id);
      const auto policy = rooms_.policies.find(fresh[i].policy);
      if (outcomes[i] != casework::RecheckOutcome::passed || policy == nullptr) continue;
      if (policy->handling.channel == Channel::appropriation) passed.push_back(fresh[i]);
    }
  }
  for (auto& work : passed) work.kind = WorkKind::request_payment;
  (void)request_all(passed);
  return moved;
}

bool CaseWorker::request_all(const Attempts& works) {
  bool moved = false;
  for (std::size_t from = 0; from < works.size() && !worker_.stopping(); from += kTogether)
    moved = request_together(std::span(works).subspan(from, std::min(kTogether, works.size() - from))) || moved;
  return moved;
}

/// What there is to do for one case, drawn up outside the transaction that will carry it out.
struct CaseWorker::Drawn {
  casework::Work work;
  payment::PreparedRequest prepared;
  Bytes seal;
  payment::RequestOutcome outcome;
};

bool CaseWorker::request_together(std::span<const casework::Work> works) {
  if (!payments_allowed_()) {  // Without trusted time nobody could prove later when it was asked for.
    for (const auto& work : works) wait(work, kWaitForData);
    return false;
  }
  std::vector<Drawn> drawn;
  Attempts not_confirmed;
  std::vector<std::pair<casework::Work, ledger::ReserveRefusal>> without_money;
  for (const auto& work : works) {
    const auto read = rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
      if (TRY(waits_for_seal(transaction, work))) return ok();
      std::string reason;
      const auto facts = TRY(fresh_facts(transaction, work, reason));
      const auto handling = rooms_.policies.handling(work.policy);
      if (!handling)
        return refuse("policy_not_in_force", "The item " + work.policy.str() + " is not in force any more.");
      auto prepared = payments_.prepare(transaction, work.case_id, facts, *handling);
      if (prepared) {
        drawn.push_back({work, std::move(prepared.value()), {}, {}});
      } else if (const auto refusal = money_missing(prepared.error())) {
        without_money.emplace_back(work, *refusal);
      } else if (prepared.error().code == "facts_not_met" || prepared.error().code == "amount_differs") {
        not_confirmed.push_back(work);  // While it waited, data grew old or changed: what was confirmed holds no more.
      } else {
        return prepared.error();
      }
      return ok();
    });
    if (!read) try_later(work, read.error());
  }
  bool moved = commit_requests(drawn);
  std::vector<Effect> notes;
  for (const auto& one : without_money) {
    wait(one.first, kWaitForMoney);
    notes.emplace_back([this, &one](storage::Transaction& transaction) -> Result<void> {
      if (TRY(casework::load_case(transaction, one.first.case_id)).state != CaseState::rechecking) return ok();
      return payments_.note_waiting(transaction, one.first.case_id, one.second);
    });
  }
  const auto noted = commit_all(rooms_.writer, "desk", std::move(notes));
  for (std::size_t i = 0; i < noted.size(); ++i)
    if (!noted[i]) try_later(without_money[i].first, noted[i].error());
  for (auto& work : not_confirmed) work.kind = WorkKind::recheck;
  return (!not_confirmed.empty() && recheck_all(not_confirmed)) || moved;
}

void CaseWorker::seal_requests(std::vector<Drawn>& drawn) {
  const StageTimes::Timer timer(rooms_.times, "seal");
  const bool together = drawn.size() > 1 && rooms_.trust.forms_for(payments_.address()).batch;
  static_assert(kTogether <= seal::kBatchLeavesMax);
  const std::size_t step = together ? drawn.size() : 1;  // A batch of one is a plain seal.
  for (std::size_t from = 0; from < drawn.size(); from += step) {
    const auto some = std::span(drawn).subspan(from, step);
    std::vector<seal::ToSeal> messages;
    for (const auto& one : some)
      messages.push_back({one.prepared.body, {"application/xml", one.prepared.message_id, one.prepared.trace_id}});
    auto sealed = rooms_.sealer.seal_batch(messages, rooms_.clock.now());
    for (std::size_t i = 0; i < some.size(); ++i) {
      if (!sealed) {
        try_later(some[i].work, sealed.error());
        continue;
      }
      auto& evidence = sealed.value()[i];
      some[i].seal = std::move(evidence.ses);
      if (evidence.proof) some[i].prepared.seal_proof = seal::write_proof_json(*evidence.proof);
    }
  }
  std::erase_if(drawn, [](const Drawn& one) { return one.seal.empty(); });
}

bool CaseWorker::commit_requests(std::vector<Drawn>& drawn) {
  seal_requests(drawn);
  std::vector<Effect> effects;
  for (auto& one : drawn)
    effects.emplace_back([this, &one](storage::Transaction& transaction) -> Result<void> {
      std::string reason;
      std::optional<matching::Decision> decision;
      const auto facts = TRY(fresh_facts(transaction, one.work, reason, nullptr, &decision));
      one.outcome = TRY(payments_.commit_request(
          transaction, one.prepared, one.seal, facts, outgoing_,
          [this](storage::Transaction& inner, const CaseMove& move) { return casework_.move(inner, move); }));
      if (one.outcome.kind != payment::RequestOutcome::Kind::requested) return ok();
      CHECK_OK(keep(transaction, decision, "requested"));
      return write_shares(transaction, one.work);
    });
  const auto results = commit_all(rooms_.writer, "desk", std::move(effects));
  bool moved = false;
  using Kind = payment::RequestOutcome::Kind;
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const auto& [work, prepared, seal, outcome] = drawn[i];
    if (!results[i]) {
      try_later(work, results[i].error());
      continue;
    }
    if (outcome.kind == Kind::waits_for_budget) wait(work, kWaitForMoney);
    if (outcome.kind == Kind::changed) wait(work, 1s);  // Prepared anew from what is true then, without a spin.
    if (outcome.kind == Kind::requested)
      log_.info("Payment request drawn up.",
                {{"case", work.case_id.str()}, {"request", outcome.business_no.str()}, {"trace", prepared.trace_id}});
    moved = moved || outcome.kind == Kind::requested || outcome.kind == Kind::changed;
  }
  return moved;
}

Result<bool> CaseWorker::send_decision(const casework::Work& work) {
  std::optional<casework::PreparedDecision> prepared;
  CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
    if (TRY(waits_for_seal(transaction, work))) return ok();
    prepared = TRY(casework_.prepare_decision(transaction, work.case_id));
    return ok();
  }));
  if (!prepared) return false;
  const Bytes seal = TRY(rooms_.sealer.seal(prepared->body, "application/json", prepared->message_id,
                                            prepared->trace_id, rooms_.clock.now()));
  CHECK_OK(commit(rooms_.writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
    (void)TRY(casework_.commit_decision(transaction, *prepared, seal, outgoing_));
    return write_shares(transaction, work);
  }));
  log_.info("Decision sealed for the fund.", {{"case", work.case_id.str()}, {"trace", prepared->trace_id}});
  return true;
}

}  // namespace zhida::flow
