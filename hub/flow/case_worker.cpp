#include "flow/case_worker.h"

#include <utility>

#include "flow/policy_book.h"
#include "seal/sealer.h"
#include "stages/casework/case_store.h"
#include "stages/matching/evaluate.h"
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
constexpr std::int64_t kDueAtOnce = 500;

/// Which answer of prepare() means that the money is not there; nullopt: something else is wrong.
std::optional<ledger::ReserveRefusal> money_missing(const Error& error) {
  for (const auto refusal : {ledger::ReserveRefusal::appropriation_not_found,
                             ledger::ReserveRefusal::appropriation_closed, ledger::ReserveRefusal::exceeds_available})
    if (error.code == ledger::to_text(refusal)) return refusal;
  return std::nullopt;
}

}  // namespace

CaseWorker::CaseWorker(const Rooms& rooms, casework::Casework& casework, payment::PaymentStage& payments,
                       const Outgoing& outgoing, PullFresh pull_fresh, std::function<void()> something_to_send)
    : rooms_(rooms),
      casework_(casework),
      payments_(payments),
      outgoing_(outgoing),
      pull_fresh_(std::move(pull_fresh)),
      something_to_send_(std::move(something_to_send)),
      worker_("case_worker", rooms.clock, 200ms, [this] { return round(); }) {}

void CaseWorker::book_changed() {
  {
    Lock lock(mutex_);
    waiting_.clear();
  }
  worker_.wake();
}

bool CaseWorker::waits(const CaseId& id) {
  Lock lock(mutex_);
  const auto it = waiting_.find(id);
  if (it == waiting_.end()) return false;
  if (std::chrono::steady_clock::now() < it->second) return true;
  waiting_.erase(it);
  return false;
}

void CaseWorker::wait(const CaseId& id, std::chrono::milliseconds time) {
  Lock lock(mutex_);
  waiting_[id] = std::chrono::steady_clock::now() + time;
}

Result<bool> CaseWorker::round() {
  if (const Date today = rooms_.clock.today(); today != last_day_) {
    last_day_ = today;
    Lock lock(mutex_);
    waiting_.clear();
  }
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
  std::vector<casework::Work> outside;
  for (auto& work : due) {
    if (waits(work.case_id)) continue;
    switch (work.kind) {
      case WorkKind::review_overdue:
      case WorkKind::approve:
        break;  // A person's turn.
      case WorkKind::recheck:
      case WorkKind::request_payment:
      case WorkKind::send_decision:
        outside.push_back(std::move(work));
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
  for (const auto& work : outside) {
    if (worker_.stopping()) return false;
    const auto done = work.kind == WorkKind::recheck           ? recheck(work)
                      : work.kind == WorkKind::request_payment ? request_payment(work)
                                                               : send_decision(work);
    if (done) {
      moved = moved || done.value();
      continue;
    }
    wait(work.case_id, kWaitForData);
    log_.warning("A case could not go on and will be tried again.", {{"case", work.case_id.str()},
                                                                     {"step", casework::to_text(work.kind)},
                                                                     {"code", done.error().code},
                                                                     {"error", done.error().message}});
  }
  if (moved) something_to_send_();
  return moved;
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
    wait(works[i].case_id, kWaitForData);
    log_.warning("A case could not go on and will be tried again.", {{"case", works[i].case_id.str()},
                                                                     {"step", casework::to_text(works[i].kind)},
                                                                     {"code", results[i].error().code},
                                                                     {"error", results[i].error().message}});
  }
  return moved;
}

std::set<std::string> CaseWorker::sources_of(const casework::Work& work) {
  std::set<std::string> sources;
  const auto* policy = rooms_.policies.find(work.policy);
  if (policy == nullptr) return sources;
  for (const auto& name : policy->handling.recheck_fields)
    if (const auto* field = rooms_.rules.catalogue.find(name))
      sources.insert(field->precedence.begin(), field->precedence.end());
  return sources;
}

Result<payment::FreshFacts> CaseWorker::fresh_facts(storage::Transaction& transaction, const casework::Work& work,
                                                    std::string& reason) const {
  payment::FreshFacts facts;
  const auto* policy = rooms_.policies.find(work.policy);
  if (policy == nullptr) {
    facts.verdict = Verdict::not_met;
    reason = "事项已不在有效期内";
    return facts;
  }
  const auto profile = TRY(profile::load_profile(transaction, work.uscc, rooms_.clock.today(), rooms_.rules));
  const auto entitlement = matching::evaluate(*policy, profile, rooms_.clock.today());
  const auto benefit_case = TRY(casework::load_case(transaction, work.case_id));
  facts.verdict = entitlement.verdict;
  facts.profile_sequence = profile.sequence;
  for (const auto& tranche : entitlement.tranches)
    if (tranche.id == benefit_case.tranche) facts.tranche_amount = tranche.amount;
  for (const auto& clause : entitlement.clauses)
    if (clause.verdict != Verdict::met) reason += (reason.empty() ? "" : "；") + clause.text;
  return facts;
}

Result<bool> CaseWorker::recheck(const casework::Work& work) {
  if (!pull_fresh_(work.uscc, sources_of(work))) {
    wait(work.case_id, kWaitForData);  // A source is silent: the case stays, nothing is paid on old data.
    return false;
  }
  auto outcome = casework::RecheckOutcome::wait;
  CHECK_OK(commit(rooms_.writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
    std::string reason;
    const auto facts = TRY(fresh_facts(transaction, work, reason));
    outcome = TRY(casework_.apply_recheck(transaction, work.case_id,
                                          {facts.verdict, facts.tranche_amount, facts.profile_sequence, reason}));
    return ok();
  }));
  if (outcome == casework::RecheckOutcome::wait) wait(work.case_id, kWaitForData);
  return outcome != casework::RecheckOutcome::wait;
}

Result<bool> CaseWorker::request_payment(const casework::Work& work) {
  std::optional<payment::PreparedRequest> prepared;
  std::optional<ledger::ReserveRefusal> waits_for_money;
  bool not_confirmed = false;
  CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
    std::string reason;
    const auto facts = TRY(fresh_facts(transaction, work, reason));
    const auto handling = rooms_.policies.handling(work.policy);
    if (!handling) return refuse("policy_not_in_force", "The item " + work.policy.str() + " is not in force any more.");
    auto drawn = payments_.prepare(transaction, work.case_id, facts, *handling);
    if (!drawn) waits_for_money = money_missing(drawn.error());
    if (waits_for_money) return ok();
    // What was confirmed holds no more: while it waited, data grew old or changed.
    not_confirmed = !drawn && (drawn.error().code == "facts_not_met" || drawn.error().code == "amount_differs");
    if (not_confirmed) return ok();
    prepared = TRY(std::move(drawn));
    return ok();
  }));
  if (not_confirmed) return recheck(work);
  if (waits_for_money) {
    wait(work.case_id, kWaitForMoney);
    CHECK_OK(commit(rooms_.writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
      if (TRY(casework::load_case(transaction, work.case_id)).state != CaseState::rechecking) return ok();
      return payments_.note_waiting(transaction, work.case_id, *waits_for_money);
    }));
    return false;
  }
  const Bytes seal = TRY(rooms_.sealer.seal(prepared->body, "application/xml", prepared->message_id, prepared->trace_id,
                                            rooms_.clock.now()));
  payment::RequestOutcome outcome;
  CHECK_OK(commit(rooms_.writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
    std::string reason;
    const auto facts = TRY(fresh_facts(transaction, work, reason));
    outcome = TRY(payments_.commit_request(
        transaction, *prepared, seal, facts, outgoing_,
        [this](storage::Transaction& inner, const CaseMove& move) { return casework_.move(inner, move); }));
    return ok();
  }));
  using Kind = payment::RequestOutcome::Kind;
  if (outcome.kind == Kind::waits_for_budget) wait(work.case_id, kWaitForMoney);
  if (outcome.kind == Kind::changed) wait(work.case_id, 1s);  // Prepared anew from what is true then, without a spin.
  if (outcome.kind == Kind::requested)
    log_.info("Payment request drawn up.",
              {{"case", work.case_id.str()}, {"request", outcome.business_no.str()}, {"trace", prepared->trace_id}});
  return outcome.kind == Kind::requested || outcome.kind == Kind::changed;
}

Result<bool> CaseWorker::send_decision(const casework::Work& work) {
  std::optional<casework::PreparedDecision> prepared;
  CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
    prepared = TRY(casework_.prepare_decision(transaction, work.case_id));
    return ok();
  }));
  const Bytes seal = TRY(rooms_.sealer.seal(prepared->body, "application/json", prepared->message_id,
                                            prepared->trace_id, rooms_.clock.now()));
  CHECK_OK(commit(rooms_.writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
    (void)TRY(casework_.commit_decision(transaction, *prepared, seal, outgoing_));
    return ok();
  }));
  log_.info("Decision sealed for the fund.", {{"case", work.case_id.str()}, {"trace", prepared->trace_id}});
  return true;
}

}  // namespace zhida::flow
