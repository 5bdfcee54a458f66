// A hub, a network and a treasury, driven at random. The network is a bag of every message ever sent: each may arrive
// any number of times, in any order, or never. The treasury keeps its own count of money out: the oracle.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "support/money_scene.h"

namespace zhida::test {

/// Rules broken on purpose, so that the properties can prove that they would notice.
enum class Mutant {
  none,
  reissue_on_timeout,    ///< The hub asks anew because no answer came.
  release_on_timeout,    ///< The hub frees the money because no answer came.
  release_on_cancel,     ///< The hub frees the money when it asks to cancel, not when that is confirmed.
  not_found_is_no,       ///< The hub takes "unknown here" for a refusal.
  drop_early_return,     ///< The hub drops a return that comes before its receipt.
  peer_forgets_numbers,  ///< The treasury pays a repeated request again.
  peer_forgets_cancels,  ///< The treasury pays a request that it was told to cancel before it came.
};
const char* to_text(Mutant mutant);

class PaymentWorld {
 public:
  PaymentWorld(std::uint64_t seed, Mutant mutant);
  /// Random steps; each is followed by the properties that hold at all times. Gives what was violated, or nothing.
  std::optional<std::string> run(int steps);
  /// Faults stop, every message arrives: everybody agrees and each benefit is paid once (or says why not).
  std::optional<std::string> settle_down();
  /// The same answers in another order, with repetitions, into a hub that has the same requests: the same end.
  std::optional<std::string> replay_permuted();

 private:
  enum class Peer { accepted, settled, rejected, returned, cancelled };
  struct PeerRequest {
    Peer state = Peer::accepted;
    std::int64_t fen = 0;
    CaseId benefit;
    int paid = 0;  // Times that money left; 1 at most where the treasury keeps its promise.
    int back = 0;
  };

  void hub_requests();
  void hub_times_out();
  void hub_asks_to_cancel();
  void treasury_receives();
  void treasury_decides();
  void hub_receives(std::optional<std::size_t> which = {});
  void hub_restarts();
  void quota_changes();
  void pay(const std::string& number);
  void say(const std::string& number, AnswerState state, std::int64_t fen = -1);
  void force_end(const AttemptId& business_no, const char* state, bool release);
  void repair(const CaseId& id);
  std::optional<std::string> check();
  std::size_t pick(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_); }

  MoneyScene scene_;
  std::mt19937_64 random_;
  Mutant mutant_;
  std::vector<CaseId> benefits_;
  std::map<std::string, std::int64_t> award_;    // By case.
  std::vector<std::string> requests_, cancels_;  // Every one ever sent, by business number.
  std::map<std::string, PeerRequest> peer_;      // By business number; the treasury's own store.
  std::vector<Receipt> answers_;                 // Every one ever sent.
  std::set<std::size_t> dropped_;                // By a mutant, for good.
  bool faults_ = true;
  int serial_ = 0;
  std::int64_t quota_fen_ = 0;
};

}  // namespace zhida::test
