// The case worker's last step: requests to the treasury, decisions for a fund.
#include <algorithm>
#include <utility>

#include "flow/case_worker.h"
#include "flow/fresh_look.h"
#include "flow/policy_book.h"
#include "flow/stage_times.h"
#include "flow/trust_keeper.h"
#include "seal/sealer.h"
#include "stages/casework/case_store.h"
#include "stages/matching/policy_store.h"
#include "stages/matching/share_store.h"

namespace zhida::flow {
namespace {

using casework::WorkKind;
constexpr auto kWaitForMoney = 30s;

/// Which answer of prepare() means that the money is not there; nullopt: something else is wrong.
std::optional<ledger::ReserveRefusal> money_missing(const Error& error) {
  for (const auto refusal : {ledger::ReserveRefusal::appropriation_not_found,
                             ledger::ReserveRefusal::appropriation_closed, ledger::ReserveRefusal::exceeds_available})
    if (error.code == ledger::to_text(refusal)) return refusal;
  return std::nullopt;
}

}  // namespace

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
  Attempts stale, not_confirmed;
  draw_up(works, false, drawn, stale, not_confirmed);
  // It waited for money, a seal or trusted time: what was fetched for its re-check is not fresh any more.
  draw_up(fetched(stale), true, drawn, stale, not_confirmed);
  const bool moved = commit_requests(drawn);
  for (auto& work : not_confirmed) work.kind = WorkKind::recheck;
  return (!not_confirmed.empty() && recheck_all(not_confirmed)) || moved;
}

void CaseWorker::draw_up(std::span<const casework::Work> works, bool just_fetched, std::vector<Drawn>& drawn,
                         Attempts& stale, Attempts& not_confirmed) {
  std::vector<std::pair<casework::Work, ledger::ReserveRefusal>> without_money;
  for (const auto& work : works) {
    const auto read = rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
      if (TRY(waits_for_seal(transaction, work))) return ok();
      const auto look = TRY(look_afresh(transaction, rooms_, work));
      if (look.facts.verdict != Verdict::met) {
        not_confirmed.push_back(work);
        return ok();
      }
      const auto handling = rooms_.policies.handling(work.policy);
      if (!handling)
        return refuse("policy_not_in_force", "The item " + work.policy.str() + " is not in force any more.");
      auto prepared = payments_.prepare(transaction, work.case_id, look.facts, *handling);
      if (prepared && !just_fetched && !fetched_lately(work.case_id)) {
        stale.push_back(work);
      } else if (prepared) {
        drawn.push_back({work, std::move(prepared.value()), {}, {}});
      } else if (const auto refusal = money_missing(prepared.error())) {
        without_money.emplace_back(work, *refusal);
      } else if (const auto& code = prepared.error().code;
                 code == "facts_not_met" || code == "amount_differs" || code == "policy_differs") {
        not_confirmed.push_back(work);  // While it waited, data grew old or changed: what was confirmed holds no more.
      } else {
        return prepared.error();
      }
      return ok();
    });
    if (!read) try_later(work, read.error());
  }
  note_without_money(without_money);
}

void CaseWorker::note_without_money(const std::vector<std::pair<casework::Work, ledger::ReserveRefusal>>& works) {
  std::vector<Effect> notes;
  for (const auto& one : works) {
    wait(one.first, kWaitForMoney);
    notes.emplace_back([this, &one](storage::Transaction& transaction) -> Result<void> {
      if (TRY(casework::load_case(transaction, one.first.case_id)).state != CaseState::rechecking) return ok();
      return payments_.note_waiting(transaction, one.first.case_id, one.second);
    });
  }
  const auto noted = commit_all(rooms_.writer, "desk", std::move(notes));
  for (std::size_t i = 0; i < noted.size(); ++i)
    if (!noted[i]) try_later(works[i].first, noted[i].error());
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
      auto look = TRY(look_afresh(transaction, rooms_, one.work));
      one.outcome = TRY(payments_.commit_request(
          transaction, one.prepared, one.seal, look.facts, outgoing_,
          [this](storage::Transaction& inner, const CaseMove& move) { return casework_.move(inner, move); }));
      if (one.outcome.kind != payment::RequestOutcome::Kind::requested) return ok();
      CHECK_OK(keep(transaction, look.decision, "requested"));
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
    if (outcome.kind == Kind::requested) {
      pulled_.erase(work.case_id);
      log_.info("Payment request drawn up.",
                {{"case", work.case_id.str()}, {"request", outcome.business_no.str()}, {"trace", prepared.trace_id}});
    }
    moved = moved || outcome.kind == Kind::requested || outcome.kind == Kind::changed;
  }
  return moved;
}

Result<bool> CaseWorker::send_decision(const casework::Work& work) {
  std::optional<casework::PreparedDecision> prepared;
  bool for_seal = false, holds = false;
  const auto as_approved = [&](const FreshLook& look, const BenefitCase& c) {
    return look.facts.verdict == Verdict::met && look.facts.tranche_amount == c.amount &&
           look.facts.policy_version == c.policy_version;
  };
  CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
    for_seal = TRY(waits_for_seal(transaction, work));
    if (for_seal) return ok();
    const auto look = TRY(look_afresh(transaction, rooms_, work));
    holds = as_approved(look, TRY(casework::load_case(transaction, work.case_id)));
    if (holds) prepared = TRY(casework_.prepare_decision(transaction, work.case_id));
    return ok();
  }));
  if (for_seal) return false;
  // A fund pays on it: it stands on data as fresh as a request's.
  if (holds && !fetched_lately(work.case_id) && !pull_fresh(work)) return false;
  if (!holds) {
    auto again = work;
    again.kind = WorkKind::recheck;
    return recheck_all({again});
  }
  const Bytes seal = TRY(rooms_.sealer.seal(prepared->body, "application/json", prepared->message_id,
                                            prepared->trace_id, rooms_.clock.now()));
  CHECK_OK(commit(rooms_.writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
    auto look = TRY(look_afresh(transaction, rooms_, work));
    if (!as_approved(look, TRY(casework::load_case(transaction, work.case_id))))
      return retry("facts_not_met", "Fresh data do not say the same any more; the case is re-checked.");
    (void)TRY(casework_.commit_decision(transaction, *prepared, seal, outgoing_));
    CHECK_OK(keep(transaction, look.decision, "requested"));
    return write_shares(transaction, work);
  }));
  pulled_.erase(work.case_id);
  log_.info("Decision sealed for the fund.", {{"case", work.case_id.str()}, {"trace", prepared->trace_id}});
  return true;
}

}  // namespace zhida::flow
