#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapter_api/adapter.h"
#include "adapter_api/adapter_spec.h"
#include "adapter_api/grants.h"
#include "flow/fresh_pull.h"
#include "flow/rooms.h"
#include "flow/source_door.h"
#include "flow/worker.h"
#include "platform/messaging/handle_once.h"

namespace zhida::flow {

/// What people see of one source.
struct SourceStatus {
  std::string name, title;
  bool paused = false;
  bool first_sweep_done = false;  ///< Since the hub was first set up, not since this start.
  std::optional<Instant> last_success;
  std::string last_error;  ///< Empty when the last pull went well.
  PullSummary totals;      ///< Since this start.
};

/// The adapters at work: when each is pulled, what was pushed, what is carried out. One thread a source, so that a slow
/// one delays no other; an adapter is called by one thread at a time.
class Sources {
 public:
  struct Settings {
    std::map<std::string, std::chrono::milliseconds> intervals;  ///< Business time between two pulls, by source.
    std::chrono::milliseconds default_interval = std::chrono::hours(1);
    std::chrono::milliseconds pause_after_failure = std::chrono::seconds(2);  ///< Real time.
  };
  Sources(const Rooms& rooms, SourceDoor& door, const Grants& grants, Settings settings);
  ~Sources();

  /// Makes the adapter of `spec` with its configuration. Errors of the adapter's own making.
  Result<void> add(const AdapterSpec& spec, const ConfigSpec& config);
  /// A door for each address that an adapter's system pushes to.
  std::map<std::string, messaging::Door> doors();
  void start();
  void stop();

  /// Errors `source_unknown`, and those of the adapter.
  Result<PullSummary> pull(const std::string& name, const PullRequest& request);
  /// For the re-check before payment: asks every named source that can fetch a single firm.
  FreshPull pull_fresh(const std::string& uscc, const std::set<std::string>& sources);
  /// A file handed in by a person; takes the same way as a dropped one.
  Result<std::vector<RecordOutcome>> upload(const std::string& name, const std::string& file_name, ByteView content);
  Result<void> test(const std::string& name, const std::function<void(const std::string&)>& report);
  Result<void> set_paused(const std::string& name, bool paused);

  std::vector<SourceStatus> status() const;
  bool busy() const;  ///< A pull is due or under way.

  /// Outbox addresses that adapters carry, by adapter name.
  std::map<std::string, std::string> carried_addresses() const;
  /// Hands one message to the adapter that carries `address`. Error `nobody_carries`.
  Result<void> send(const std::string& address, const OutgoingMessage& message);

 private:
  struct Source;
  Source* find(const std::string& name) const;
  Result<bool> round(Source& source);
  /// `put_aside`: where rows of the answer that cannot be understood are noted.
  Result<PullSummary> pull(Source& source, const PullRequest& request, std::vector<PutAside>* put_aside = nullptr);
  Result<messaging::Effect> handle_push(Source& source, const messaging::DoorMessage& message);

  const Rooms& rooms_;
  SourceDoor& door_;
  const Grants& grants_;
  const Settings settings_;
  Log log_{"sources"};
  std::vector<std::unique_ptr<Source>> sources_;
};

}  // namespace zhida::flow
