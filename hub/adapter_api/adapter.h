#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "domain/source_record.h"

namespace zhida {

/// A message that the hub asks an adapter to carry to its system (a text message, a sealed decision). The bytes are
/// final.
struct OutgoingMessage {
  std::string message_id;  ///< Our idempotency key: the same id is the same message.
  std::string subject;     ///< `notice/1`, `decision/1`
  std::string content_type;
  Bytes body;
  Bytes seal;
  std::string trace_id;
};

/// A sealed or plain message that a peer pushed over AMQP; the peer is known by its certificate and its seal was
/// verified.
struct PushedMessage {
  std::string peer, address, message_id, subject, content_type, trace_id;
  Bytes body, seal;
  Instant received_at{};
};

/// What a pull shall bring.
struct PullRequest {
  std::vector<std::string> record_types;  ///< Empty: all that the adapter emits and the grant covers.
  std::string uscc;                       ///< Not empty: only this firm, now (the re-check before payment).
  bool ignore_cursor = false;             ///< From the beginning (`zhida adapter pull --since`, replay).
};

struct PullSummary {
  std::int64_t received = 0, accepted = 0, duplicate = 0, quarantined = 0, batches = 0;
};

/// What an adapter may use. Handed in by the hub; the conformance suite hands in one of its own.
class AdapterContext {
 public:
  virtual ~AdapterContext() = default;
  virtual const Clock& clock() const = 0;  ///< The business clock.
  virtual const Log& log() const = 0;
  /// Hands a batch to the source door and waits until it is durable (or refused as a whole). The cursors of the batch
  /// are stored in the same transaction. Coming again with the same batch_id gives the same outcomes and changes
  /// nothing.
  virtual Result<std::vector<RecordOutcome>> deliver(SourceBatch batch) = 0;
  /// Where a stream stopped; nullopt at the very beginning.
  virtual Result<std::optional<std::string>> cursor(const std::string& stream) = 0;
  /// Whether grants.yaml lets this source deliver the record type today, and which of its columns. Columns that are not
  /// granted are dropped by the adapter before anything is stored.
  virtual bool granted(const std::string& record_type) const = 0;
  virtual bool column_granted(const std::string& record_type, const std::string& column) const = 0;
  /// True when the hub is going down: leave long work at the next safe place.
  virtual bool stopping() const = 0;
};

/// One connection to one outside system. The hub calls an adapter from one thread at a time.
class Adapter {
 public:
  virtual ~Adapter() = default;
  /// Fetches what is new and delivers it in batches. Errors: `source_unreachable`, `source_refused`, `source_malformed`
  /// …
  virtual Result<PullSummary> pull(const PullRequest& request) = 0;
  /// True when pull() can fetch a single firm on demand.
  virtual bool can_pull_one() const { return false; }
  /// Turns a pushed message into a batch; pure. Only for adapters that declare pushes().
  virtual Result<SourceBatch> decode(const PushedMessage& message);
  /// Carries a message to the system. Success means that the system has it; it may come twice after a crash.
  /// Only for adapters that declare carries().
  virtual Result<void> send(const OutgoingMessage& message);
  /// `zhida adapter test`: tries the connection step by step and reports each step's sentence.
  virtual Result<void> test(const std::function<void(const std::string& step)>& report) = 0;
};

}  // namespace zhida
