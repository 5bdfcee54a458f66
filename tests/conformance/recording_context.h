// An AdapterContext of the suite's own: a source door in memory that is as strict as the hub's and can fail on purpose.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapter_api/adapter.h"
#include "base/json.h"

namespace zhida::conformance {

class RecordingContext final : public AdapterContext {
 public:
  enum class Failure {
    none,
    before_commit,  ///< The hub dies before the batch is durable.
    after_commit,   ///< The hub dies after that, before the adapter hears of it.
  };

  RecordingContext();

  // What the suite sets.
  bool grant_nothing = false;
  std::string column_withheld;  ///< `tax.arrears/djxh`
  bool stop = false;
  int fail_at_batch = 0;  ///< From 1; 0: never. Every later delivery fails too, as for a hub that is down.
  Failure failure = Failure::none;

  // What was delivered and is durable.
  std::map<std::pair<std::string, std::string>, SourceRecord> rows;  ///< (type, key) → the latest version.
  std::vector<SourceBatch> batches;                                  ///< In order, each once.
  std::set<std::string> withdrawn;                                   ///< Keys that are gone.
  std::int64_t unreadable = 0;
  std::map<std::string, std::string> cursors;
  std::vector<std::string> complaints;  ///< Broken promises of the adapter.
  int deliveries = 0;                   ///< Attempts, failed ones included.

  std::set<std::string> keys(const std::string& record_type) const;
  /// The hub starts again: what is durable stays.
  void restart();

  const Clock& clock() const override { return clock_; }
  const Log& log() const override { return log_; }
  Result<std::vector<RecordOutcome>> deliver(SourceBatch batch) override;
  Result<std::optional<std::string>> cursor(const std::string& stream) override;
  bool granted(const std::string& record_type) const override;
  bool column_granted(const std::string& record_type, const std::string& column) const override;
  bool stopping() const override { return stop; }
  ManualClock& manual_clock() { return clock_; }

 private:
  void inspect(const SourceBatch& batch);

  ManualClock clock_;
  Log log_{"conformance"};
  std::map<std::string, std::string> digest_of_batch_;
};

/// What a batch says, without ids and times that differ from run to run.
Json to_json(const SourceBatch& batch);

/// What stands in only one of two sets, for messages: `-lost +unexpected`; empty where they are the same.
std::string difference(const std::set<std::string>& expected, const std::set<std::string>& found);

/// The error's sentence, for messages of failed tests; empty where all is well.
template <class R>
std::string why(const R& result) {
  return result ? std::string() : result.error().code + ": " + result.error().message;
}

}  // namespace zhida::conformance
