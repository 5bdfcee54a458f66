// The hub's end of a line, for tests of simulators that dial the hub: listens with the hub's certificate, keeps what
// arrives with what its seal is worth, and sends with the hub's seal.
#pragma once
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "platform/messaging/node.h"
#include "seal/sealer.h"

namespace zhida::simulator {

/// Runs `<programs>/zhida-certs --out folder`: the whole set that certs/README.md lists.
Result<void> issue_certificates(const std::string& programs, const std::string& folder);

/// All members: the test's thread.
class HubLine {
 public:
  struct Letter {
    messaging::Envelope envelope;
    seal::Report report;  ///< What the seal is worth, as one of the peer's.
  };
  struct Options {
    std::string certs;             ///< Folder of issue_certificates().
    std::string peer;              ///< `treasury`: its certificate and its seal.
    std::string listen_address;    ///< The peer sends to it.
    std::string outgoing_address;  ///< The peer reads it; may be empty.
    std::string clock;             ///< The file with the business time.
  };
  static Result<std::unique_ptr<HubLine>> open(Options options);

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  /// What came so far, in order, each message-id once; every message is accepted, broken seals included (the hub's door
  /// does so too).
  const std::vector<Letter>& letters() const { return letters_; }
  /// Messages that came under a known id with other octets: a peer that keeps its promises has none.
  int contradictions() const { return contradictions_; }
  /// Takes what comes until the condition holds; false when it does not within the time.
  bool wait_for(const std::function<bool()>& condition, std::chrono::milliseconds patience = std::chrono::seconds(20));
  /// Seals (by itself, or with another message in one batch), sends and waits for the peer's word; sends again where
  /// nobody was there to hear it. Errors `not_taken`.
  Result<messaging::Outcome> send(const std::string& message_id, const std::string& subject, const Bytes& body,
                                  bool spoil_seal = false, bool in_batch = false);

 private:
  explicit HubLine(Options options) : options_(std::move(options)) {}
  void take();

  const Options options_;
  std::unique_ptr<Clock> clock_;
  std::unique_ptr<seal::Sealer> sealer_;
  std::unique_ptr<seal::SealVerifier> verifier_;
  std::uint16_t port_ = 0;
  std::vector<Letter> letters_;
  std::map<std::string, Bytes> known_;  // Message-id → its octets, as a digest.
  int contradictions_ = 0;
  Mutex mutex_;
  std::deque<messaging::Incoming> arrived_ GUARDED_BY(mutex_);
  std::deque<messaging::Outcome> outcomes_ GUARDED_BY(mutex_);
  // The node goes first: its thread writes into what stands above.
  std::unique_ptr<messaging::Node> node_;
  messaging::Registration incoming_;
};

}  // namespace zhida::simulator
