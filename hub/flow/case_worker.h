#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "domain/benefit_case.h"
#include "flow/outgoing.h"
#include "flow/rooms.h"
#include "flow/worker.h"
#include "stages/casework/casework.h"
#include "stages/payment/payment_stage.h"

namespace zhida::flow {

/// Fetches a firm's data anew from the sources named; true when every one of them answered. Handed in by the Hub.
using PullFresh = std::function<bool(const std::string& uscc, const std::set<std::string>& sources)>;

/// The part of the desk door that needs no person: deadlines, notices, account checks, the re-check with fresh data,
/// and the payment request or decision that follows. Everything it has to do is read from the database, so that a crash
/// loses nothing.
class CaseWorker {
 public:
  CaseWorker(const Rooms& rooms, casework::Casework& casework, payment::PaymentStage& payments,
             const Outgoing& outgoing, PullFresh pull_fresh, std::function<void()> something_to_send);

  void start() { worker_.start(); }
  void stop() { worker_.stop(); }
  void wake() { worker_.wake(); }  ///< A case changed.
  /// The budget book changed: what waits for money is tried again at once.
  void book_changed();
  bool busy() const { return worker_.busy(); }

 private:
  using Attempts = std::vector<casework::Work>;
  Result<bool> round();
  /// What needs nothing from outside: all of them share commits.
  bool do_simple(const Attempts& works);
  Result<bool> recheck(const casework::Work& work);
  Result<bool> request_payment(const casework::Work& work);
  Result<bool> send_decision(const casework::Work& work);
  Result<payment::FreshFacts> fresh_facts(storage::Transaction& transaction, const casework::Work& work,
                                          std::string& reason) const;
  std::set<std::string> sources_of(const casework::Work& work);
  bool waits(const CaseId& id);
  void wait(const CaseId& id, std::chrono::milliseconds time);

  const Rooms& rooms_;
  casework::Casework& casework_;
  payment::PaymentStage& payments_;
  const Outgoing& outgoing_;
  const PullFresh pull_fresh_;
  const std::function<void()> something_to_send_;
  Log log_{"case_worker"};
  Mutex mutex_;
  /// Cases that could not go on, until when (real time); only to spare work, so it may be forgotten at any time.
  std::map<CaseId, std::chrono::steady_clock::time_point> waiting_ GUARDED_BY(mutex_);
  Date last_day_;  // Worker thread only.
  Worker worker_;
};

}  // namespace zhida::flow
