#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapter_api/adapter_spec.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/secret.h"
#include "flow/log_keeper.h"
#include "flow/match_index_state.h"
#include "flow/office_keeper.h"
#include "flow/people.h"
#include "flow/policy_desk.h"
#include "flow/rooms.h"
#include "flow/sources.h"
#include "flow/stage_times.h"
#include "flow/time_keeper.h"
#include "flow/trust_keeper.h"
#include "platform/crypto/key_source.h"
#include "platform/messaging/node.h"
#include "platform/storage/database.h"
#include "seal/sealer.h"
#include "seal/trust.h"

namespace zhida::flow {

class AllocationDesk;
class DeadLetters;
class Desk;
class ReceiptKeeper;

/// All that a hub is made from, read and checked already. zhida.yaml says it (hub/flow/hub_settings.h).
struct HubConfig {
  storage::DatabaseConfig database;
  std::string clock = "system";  ///< `system` or `external`
  std::string clock_file;        ///< For `external`.
  std::string city;              ///< Fiscal division of the hub, 6 digits.
  std::string mappings_folder;   ///< Holds fields.yaml, codes/, policies/, one folder a source.
  std::string grants_file, peers_file, people_file;

  std::string amqp_host = "127.0.0.1";
  std::uint16_t amqp_port = 5671;  ///< 0: any free one.
  messaging::TlsFiles amqp_tls;
  std::vector<messaging::DialOptions> brokers;  ///< Not empty: transport is an existing broker, nothing is listened to.
  messaging::Limits amqp_limits;

  seal::SealerFiles seal;
  std::map<std::string, std::string> certificate_files;  ///< By a name for people and metrics, such as `seal`.
  std::optional<crypto::KeySource> seal_key;  ///< Where the seal's key is; nothing: in this process, from its file.
  seal::TrustFiles trust;
  TimeSettings time;                                                     ///< Where trusted time comes from.
  seal::TrustFiles time_trust;                                           ///< Whose word is taken for it.
  std::vector<OfficeSettings> offices;                                   ///< Departments whose seals are asked for.
  std::chrono::milliseconds trust_look_every = std::chrono::seconds(5);  ///< Real time.
  PublishingSettings publishing;                                         ///< Who says that an item is in force.
  Sources::Settings schedule;
  Secret<std::string> person_salt;  ///< Empty: no lists of persons are taken in.
  MatchIndexSettings matching;
  std::chrono::hours overdue_after = std::chrono::hours(72);
  std::string version;
};

/// What people are shown besides the overview's numbers.
struct Waiting {
  std::int64_t writer = 0, match = 0, outbox = 0, cases = 0, sources = 0;
  bool idle() const { return writer == 0 && match == 0 && outbox == 0 && cases == 0 && sources == 0; }
};

/// The hub at work: composition root of the story. Lifetimes are the order of members in hub.cpp.
class Hub {
 public:
  /// Opens the store, brings its schema up to date, loads mappings, policies, trust, peers, grants and people, makes
  /// the adapters. `adapters` are those of the catalogue, with their configuration by name; an adapter without one is
  /// left out.
  static Result<std::unique_ptr<Hub>> create(HubConfig config, const std::vector<AdapterSpec>& adapters,
                                             const std::map<std::string, AdapterSpec::Configuration>& configurations);
  ~Hub();  ///< stop().

  /// Listens (or dials), and everything begins to move. Errors `listen_failed` …
  Result<void> start();
  /// Reads peers and trust anew; what cannot be read changes nothing. Any thread.
  Result<void> reload_trust();
  /// Takes nothing more in, finishes what is under way, closes.
  void stop();

  std::uint16_t amqp_port() const;
  const Rooms& rooms() const;
  const PeopleBook& people() const;
  const Grants& grants() const;
  Desk& desk();
  PolicyDesk& policy_desk();
  Sources& sources();
  SourceDoor& source_door();
  const TrustKeeper& trust() const;
  DeadLetters& dead_letters();
  ReceiptKeeper& receipts();
  AllocationDesk& allocations();
  /// Numbers, sources, what is waiting: the body of GET /api/v1/status.
  Result<Json> status() const;
  Waiting waiting() const;
  Result<LogKeeper::Numbers> log_numbers() const;
  TimeState time_state() const;
  MatchIndexState matching_state() const;
  /// A time-stamp over the log's newest head, at once: see TimeKeeper::stamp_now().
  Result<void> stamp_now();
  /// Departments' seals: what is there, what is waited for.
  Result<std::vector<OfficeState>> office_states() const;
  messaging::NodeStats node_stats() const;
  messaging::WriterStats writer_stats() const;
  std::map<std::string, StageTimes::Histogram> stage_times() const;
  const HubConfig& config() const;

 private:
  struct Parts;
  explicit Hub(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace zhida::flow
