// A hub's money rooms around a scratch database: cases, requests, answers, in one line each. What the flow does (seal,
// outbox, moving the case) is done here in the smallest honest way.
#pragma once
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "ledger/ledger.h"
#include "stages/casework/casework.h"
#include "stages/payment/payment_stage.h"
#include "stages/treasury/commands.h"
#include "stages/treasury/treasury_stage.h"
#include "support/scratch_database.h"

namespace zhida::test {

/// The value, or an exception with the error's code and sentence: a test that goes on after an error shows nothing.
template <class T>
T value_of(Result<T> result, const std::string& what = {}) {
  if (!result) throw std::runtime_error(what + " " + result.error().code + ": " + result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

class MoneyScene {
 public:
  MoneyScene();
  explicit MoneyScene(ScratchServer& server);

  /// Runs work in one transaction and gives what it gives.
  template <class Work>
  auto write(const Work& work) -> decltype(work(std::declval<storage::Transaction&>())) {
    using Outcome = decltype(work(std::declval<storage::Transaction&>()));
    std::optional<Outcome> outcome;
    auto done = (*database)->write([&](storage::Transaction& transaction) -> Result<void> {
      outcome.emplace(work(transaction));
      if (!*outcome) return outcome->error();
      return ok();
    });
    if (!done && outcome && *outcome) return std::move(done).error();
    return std::move(*outcome);
  }
  template <class Work>
  auto must(const Work& work) {
    return value_of(write(work));
  }
  /// One number from the store.
  std::int64_t number(const std::string& sql, const storage::Values& values = {});
  std::string text(const std::string& sql, const storage::Values& values = {});
  Result<std::int64_t> run(const std::string& sql, const storage::Values& values = {});

  ledger::ReportOutcome appropriate(const std::string& id, std::int64_t fen, std::int64_t cut_fen = 0);
  ledger::Balance balance(const std::string& id);
  Entitlement entitlement(const std::string& uscc, std::int64_t fen, Verdict verdict = Verdict::met);
  /// A case that was confirmed, reviewed, published and approved.
  CaseId approved_case(const std::string& uscc, std::int64_t fen);
  void approve(const CaseId& id);
  BenefitCase load(const CaseId& id);
  std::string state(const CaseId& id) { return to_text(load(id).state); }
  payment::FreshFacts facts(const CaseId& id);
  /// Re-check, draw up, seal (a stand-in), commit.
  Result<payment::RequestOutcome> request(const CaseId& id);
  /// Re-check only.
  casework::RecheckOutcome recheck(const CaseId& id);
  Result<treasury::Applied> answer(const Receipt& receipt, const std::string& message_id = {});
  /// An answer of the treasury to an attempt, as a peer would write it.
  static Receipt receipt(const AttemptId& business_no, AnswerState state, std::int64_t fen = -1,
                         const std::string& serial = {}, const std::string& day = "2025-11-20");
  static Bytes answer_xml(const std::vector<Receipt>& receipts);

  payment::SendMessage send();
  payment::MoveCase move();
  std::vector<std::string> problems();  ///< Of the book; empty is right.

  ManualClock clock{value_of(parse_rfc3339("2025-11-03T09:00:00+08:00"))};
  Calendar calendar;
  std::unique_ptr<ScratchDatabase> database;
  audit::AuditTrail trail{clock};
  std::map<std::string, HandlingSettings> book;  ///< IN-006 by default.
  std::vector<OutgoingEnvelope> sent;            ///< Everything handed to the outbox; also rows of `outbox`.
  std::unique_ptr<casework::Casework> cases;
  payment::PaymentStage payments{trail, clock};
  treasury::TreasuryStage treasury_room{trail, clock};

 private:
  void prepare();
  int messages_ = 0;
};

inline const casework::Actor kFirm{"firm:portal", casework::Role::enterprise, {}};
inline const casework::Actor kMaker{"user:zhang", casework::Role::maker, "经信局"};
inline const casework::Actor kChecker{"user:li", casework::Role::checker, "财政局"};
inline const casework::Actor kReleaser{"user:wang", casework::Role::releaser, "财政局"};
inline const casework::Actor kOfficer{"user:zhao", casework::Role::officer, "经信局"};

}  // namespace zhida::test
