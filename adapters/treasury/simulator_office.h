// The invented treasury itself: what it took, what it paid, what it answered. Everything is on disk before it counts.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "adapters/simulator_kit/simulator.h"
#include "adapters/treasury/simulator_plan.h"
#include "platform/messaging/envelope.h"
#include "seal/sealer.h"

namespace zhida::treasury_simulator {

/// An answer with its final octets: sealed once, sent until the hub has it.
struct Answer {
  std::string message_id, correlation_id, trace_id, group_id;
  Bytes body, seal;    ///< The seal as it travels.
  std::string form;    ///< Which form that is: `seal-form`.
  bool taken = false;  ///< The hub accepted (or refused) it.
};

/// Single-threaded: the program's main loop calls it.
class Office {
 public:
  struct Seals {
    std::unique_ptr<seal::Sealer> own;
    std::unique_ptr<seal::Sealer> stranger;
    std::unique_ptr<seal::SealVerifier> verifier;  ///< Knows the hub's seal.
  };
  /// Reads what an earlier life left in `folder`.
  static Result<std::unique_ptr<Office>> open(const std::string& folder, const simulator::Simulation& simulation,
                                              Calendar calendar, Seals seals);

  /// A message from the hub. Success: it is on disk, accept it. An error refuses it.
  Result<void> receive(const messaging::Envelope& envelope);
  /// Does what is due by now; gives how many steps that were.
  Result<int> work();
  /// Answers that the hub does not have yet, in order.
  std::vector<const Answer*> unsent() const;
  Result<void> taken(const std::string& message_id);

  /// `summary.json`: what the treasury itself counts.
  Result<void> write_summary();

 private:
  Office(const simulator::Simulation& simulation, Calendar calendar, Seals seals)
      : simulation_(simulation), calendar_(std::move(calendar)), seals_(std::move(seals)) {}
  Result<void> replay(const Json& entry);
  Result<void> take_request(const messaging::Envelope& envelope);
  Result<void> take_query(const messaging::Envelope& envelope);
  Result<void> take_cancel(const messaging::Envelope& envelope);
  Result<void> perform(const Order& order, const Step& step);
  Result<void> answer(const Order& order, const std::string& name, const std::string& state, const std::string& reason,
                      Step::Wrong wrong, Instant at);
  /// Draws up and seals together what the steps will answer under our own seal; answer() finds it in `sealed_`.
  Result<void> seal_together(const std::vector<std::pair<const Order*, const Step*>>& steps);
  Result<void> note(Json entry);
  void apply(const Json& entry);
  std::string standing(const std::string& business_no) const;

  const simulator::Simulation& simulation_;
  const Calendar calendar_;
  const Seals seals_;
  std::string folder_;
  std::unique_ptr<simulator::StateLog> log_, payments_;
  std::map<std::string, Order> orders_;  // By business number.
  std::map<std::string, std::vector<Step>> plans_;
  std::map<std::string, std::set<int>> performed_;
  std::set<std::string> cancelled_;              // Also numbers that were never seen: tombstones.
  std::map<std::string, std::int64_t> paid_;     // Business number → fen out now.
  std::map<std::string, std::string> standing_;  // The last word on each number.
  std::vector<std::string> order_of_answers_;
  std::map<std::string, Answer> answers_;         // By message-id.
  std::map<std::string, seal::Evidence> sealed_;  // By message-id; only for the round under way.
  std::int64_t requests_seen_ = 0, repeats_ = 0, contradictions_ = 0, wrong_seals_ = 0, returned_fen_ = 0;
  Instant clock_seen_{};
};

}  // namespace zhida::treasury_simulator
