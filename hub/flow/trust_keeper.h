#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "adapter_api/peers.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/result.h"
#include "flow/worker.h"
#include "platform/messaging/handle_once.h"
#include "seal/sealer.h"
#include "seal/trust.h"

namespace zhida::flow {

/// Whom the hub believes: peers.yaml, authorities, revocation lists and the seal status list, as one immutable snapshot
/// that is read anew when a file changes and replaced as a whole. What cannot be read changes nothing: the snapshot
/// before it goes on, and says so. Any thread.
class TrustKeeper {
 public:
  struct Files {
    std::string peers_file;
    seal::TrustFiles trust;
  };
  struct State {
    Instant read_at{};       ///< When what counts now was read.
    std::string last_error;  ///< Of the last reading; empty when it went well.
    std::int64_t reloads = 0, failures = 0;
    std::size_t peers = 0;
  };

  /// `brokers` are the names of connections that only carry other peers' messages. `look_every` is real time. Errors of
  /// reading: at the start there is nothing to go on with.
  static Result<std::unique_ptr<TrustKeeper>> create(Files files, std::set<std::string> brokers, const Clock& clock,
                                                     std::chrono::milliseconds look_every);
  ~TrustKeeper();

  /// Told after each new snapshot, on the thread that read it.
  void on_change(std::function<void(const std::shared_ptr<const seal::Trust>&)> changed);
  void start();  ///< Looks at the files from now on.
  void stop();
  /// Reads everything now, changed or not. The error is also kept in state().
  Result<void> reload();

  struct Checked {
    seal::Report report;
    std::string peer;        ///< Whose seal it is meant to be: the broker's address says so, else who is connected.
    Bytes seal;              ///< SES_Signature, the full form, whatever came; empty unless all is well.
    std::string seal_proof;  ///< proof.json where the seal is over a batch; else empty.
  };
  /// The seal of a message in whichever form it came, held against the seals of the one peer who may send to its
  /// address.
  Checked verify(const messaging::DoorMessage& message, Instant now) const;
  /// Whose message came to `address`: `peer`, or, where that is a broker, the one peer who may send there. With several
  /// of them the broker's own name: only the seal tells then.
  std::function<std::string(const std::string& peer, const std::string& address)> sender_of() const;
  /// What everybody who may read `address` takes besides a full seal for each message; nothing where nobody does.
  struct SealForms {
    bool batch = false, compact = false;
  };
  SealForms forms_for(const std::string& address) const;
  /// Every address that some peer may receive from.
  std::set<std::string> outgoing_addresses() const;
  /// Today's rules for a messaging node; they may be asked after this is gone.
  messaging::PeerRules rules() const;

  std::shared_ptr<const seal::Trust> trust() const;
  State state() const;
  Json to_json() const;  ///< For status: read_at, peers, error, reloads, failures.

 private:
  struct Snapshot;
  struct Cell;
  TrustKeeper(Files files, std::set<std::string> brokers, const Clock& clock, std::chrono::milliseconds look_every);
  Result<void> read() REQUIRES(reading_);
  Result<bool> look();
  std::string looks_like() const;

  const Files files_;
  const Clock& clock_;
  const std::shared_ptr<Cell> cell_;
  Mutex reading_;  // One reading at a time.
  std::string seen_ GUARDED_BY(reading_);
  std::function<void(const std::shared_ptr<const seal::Trust>&)> changed_ GUARDED_BY(reading_);
  Log log_{"trust"};
  Worker worker_;
};

}  // namespace zhida::flow
