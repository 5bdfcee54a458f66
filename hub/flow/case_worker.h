#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "domain/benefit_case.h"
#include "flow/fresh_pull.h"
#include "flow/outgoing.h"
#include "flow/rooms.h"
#include "flow/worker.h"
#include "stages/casework/casework.h"
#include "stages/matching/decision.h"
#include "stages/payment/payment_stage.h"

namespace zhida::flow {

/// Fetches a firm's data anew from the sources named, as far as they can be asked. Handed in by the Hub.
using PullFresh = std::function<FreshPull(const std::string& uscc, const std::set<std::string>& sources)>;

/// Whether money may be asked for a case; otherwise the sentence that says what is missing. Handed in by the Hub.
using SealMissing =
    std::function<Result<std::optional<std::string>>(storage::Transaction&, const BenefitCase& benefit_case)>;

/// The part of the desk door that needs no person: deadlines, notices, account checks, the re-check with fresh data,
/// and the payment request or decision that follows. Everything it has to do is read from the database, so that a crash
/// loses nothing.
class CaseWorker {
 public:
  CaseWorker(const Rooms& rooms, casework::Casework& casework, payment::PaymentStage& payments,
             const Outgoing& outgoing, PullFresh pull_fresh, std::function<bool()> payments_allowed,
             SealMissing seal_missing, std::function<void()> something_to_send);

  void start() { worker_.start(); }
  void stop() { worker_.stop(); }
  /// A case changed.
  void wake() {
    case_changed_ = true;
    worker_.wake();
  }
  /// A profile changed: only the cases that wait for what it says are looked at.
  void profile_changed() { worker_.wake(); }
  /// The budget book changed, or trusted time is back: what waits for it is tried again at once.
  void book_changed();
  /// A department's seal came: the case need not wait for it any more.
  void office_sealed(const CaseId& id);
  bool busy() const { return worker_.busy(); }

 private:
  static constexpr std::chrono::milliseconds kWaitForData = std::chrono::seconds(5);
  static constexpr std::size_t kTogether = 64;  ///< Cases that share a commit.
  using Attempts = std::vector<casework::Work>;
  struct Drawn;
  Result<bool> round();
  /// Cases that waited for a record, whose firm's profile has changed since.
  Result<Attempts> woken_by_records();
  /// What needs nothing from outside: all of them share commits.
  bool do_simple(const Attempts& works);
  /// These tell whether a case moved. Many share a commit; what befalls one takes no other along.
  bool recheck_all(const Attempts& works);
  bool recheck_together(std::span<const casework::Work> works);
  bool request_all(const Attempts& works);
  bool request_together(std::span<const casework::Work> works);
  bool commit_requests(std::vector<Drawn>& drawn);
  /// What will share a commit shares a seal where the treasury takes that; what cannot be sealed leaves the list.
  void seal_requests(std::vector<Drawn>& drawn);
  /// What can be drawn up goes to `drawn`; what was fetched too long ago to `stale`, unless it was `just_fetched`.
  void draw_up(std::span<const casework::Work> works, bool just_fetched, std::vector<Drawn>& drawn, Attempts& stale,
               Attempts& not_confirmed);
  void note_without_money(const std::vector<std::pair<casework::Work, ledger::ReserveRefusal>>& works);
  Result<bool> send_decision(const casework::Work& work);
  /// Who bears which part of what was just asked for.
  Result<void> write_shares(storage::Transaction& transaction, const casework::Work& work) const;
  Result<void> keep(storage::Transaction& transaction, std::optional<matching::Decision>& decision,
                    const char* purpose) const;
  /// Sees to it that the sources were asked a short while ago; those of the works that may go on. The others wait.
  Attempts fetched(std::span<const casework::Work> works);
  bool pull_fresh(const casework::Work& work);
  /// Why an answer does not let the case go on; empty: it does.
  Result<std::string> unread_of(const casework::Work& work, const FreshPull& pulled) const;
  void note_waiting(const casework::Work& work, const std::string& reason);
  bool fetched_lately(const CaseId& id) const;
  /// True where a department's seal is missing: nothing leaves.
  Result<bool> waits_for_seal(storage::Transaction& transaction, const casework::Work& work);
  bool waits(const CaseId& id);
  /// `for_record`: what the firm's profile says next may end the wait.
  void wait(const casework::Work& work, std::chrono::milliseconds time, bool for_record = false);
  void try_later(const casework::Work& work, const Error& error);

  const Rooms& rooms_;
  casework::Casework& casework_;
  payment::PaymentStage& payments_;
  const Outgoing& outgoing_;
  const PullFresh pull_fresh_;
  const std::function<bool()> payments_allowed_;  // Trusted time can be had.
  const SealMissing seal_missing_;                // Of a department.
  const std::function<void()> something_to_send_;
  Log log_{"case_worker"};
  Mutex mutex_;
  struct Waiting {
    std::chrono::steady_clock::time_point until;  // Real time.
    casework::Work work;
    bool for_record = false;
  };
  /// Cases that could not go on; only to spare work, so it may be forgotten at any time.
  std::map<CaseId, Waiting> waiting_ GUARDED_BY(mutex_);
  std::atomic<bool> case_changed_ = true;
  // Worker thread only, down to the end.
  struct Pulled {
    std::chrono::steady_clock::time_point at;
    std::vector<std::string> asked;
  };
  std::map<CaseId, Pulled> pulled_;  // When every source last answered for the case.
  struct Silence {
    int times = 0;
    std::chrono::steady_clock::time_point until;
  };
  std::map<std::string, Silence> silent_;  // Sources that did not answer the last time.
  std::int64_t changes_seen_ = -1, list_rounds_seen_ = 0;
  std::chrono::steady_clock::time_point looked_at_{};
  Date last_day_;
  Worker worker_;
};

}  // namespace zhida::flow
