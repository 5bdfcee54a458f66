#include "flow/hub.h"

#include <atomic>
#include <utility>

#include "audit/audit_trail.h"
#include "audit/head_store.h"
#include "base/bytes.h"
#include "flow/allocation_desk.h"
#include "flow/carrier.h"
#include "flow/case_worker.h"
#include "flow/dead_letters.h"
#include "flow/decisions.h"
#include "flow/desk.h"
#include "flow/hub_files.h"
#include "flow/items_in_force.h"
#include "flow/match_door.h"
#include "flow/office_keeper.h"
#include "flow/overview.h"
#include "flow/policy_book.h"
#include "flow/receipt_keeper.h"
#include "flow/seal_keeper.h"
#include "flow/source_door.h"
#include "flow/stage_times.h"
#include "flow/treasury_door.h"
#include "platform/crypto/digest.h"
#include "platform/messaging/handle_once.h"
#include "platform/messaging/outbox.h"
#include "platform/messaging/outbox_relay.h"
#include "stages/casework/casework.h"
#include "stages/mapping/mapping_set.h"
#include "stages/matching/code_names.h"
#include "stages/matching/policy_store.h"
#include "stages/payment/payment_stage.h"
#include "stages/profile/profile_store.h"

namespace zhida::flow {
namespace {

constexpr const char* kReceipts = "treasury.receipts";

/// A connection for each address: a broker may leave one attach unanswered (RabbitMQ does, for a queue without a
/// leader), and the way to try it again is a new connection; the other addresses go on meanwhile.
std::vector<messaging::DialOptions> dials_of(const messaging::DialOptions& broker,
                                             const std::map<std::string, messaging::Door>& incoming,
                                             const std::set<std::string>& outgoing) {
  std::vector<messaging::DialOptions> dials;
  for (const auto& [address, door] : incoming) {
    dials.push_back(broker);
    dials.back().receive_from = {address};
  }
  for (const auto& address : outgoing) {
    dials.push_back(broker);
    dials.back().send_to = {address};
  }
  return dials;
}

std::set<std::string> names_of(const std::vector<messaging::DialOptions>& brokers) {
  std::set<std::string> names;
  for (const auto& broker : brokers) names.insert(broker.name);
  return names;
}

}  // namespace

/// Each line may use the lines above it, and is gone before they are.
struct Hub::Parts {
  Parts(HubConfig from, std::unique_ptr<Clock> business_clock, Calendar days, std::unique_ptr<storage::Database> store,
        mapping::MappingSet maps, profile::ProfileRules profile_rules, ItemsInForce items, std::int64_t book_round,
        std::string code_files, matching::CodeNames names, Grants legal_grants, PeopleBook persons,
        std::unique_ptr<TrustKeeper> trusted, std::unique_ptr<SealKeeper> seal_of_ours)
      : config(std::move(from)),
        clock(std::move(business_clock)),
        calendar(std::move(days)),
        database(std::move(store)),
        mappings(std::move(maps)),
        rules(std::move(profile_rules)),
        policies(std::move(items), book_round),
        code_lists(std::move(code_files)),
        code_names(std::move(names)),
        grants(std::move(legal_grants)),
        people(std::move(persons)),
        own_seal(std::move(seal_of_ours)),
        sealer(&own_seal->sealer()),
        trust(std::move(trusted)),
        trail(*clock),
        writer(*database, *clock),
        rooms{*clock,
              calendar,
              *database,
              writer,
              trail,
              *sealer,
              *trust,
              mappings,
              rules,
              policies,
              config.city,
              times,
              to_hex(crypto::sha256(code_lists)),
              config.version,
              &code_names},
        casework({trail, *clock, calendar, [this](const PolicyId& id) { return policies.handling(id); },
                  [this](storage::Transaction& transaction, const BenefitCase& now, CaseState before) {
                    return receipts.on_case_moved(transaction, now, before);
                  }}),
        receipts(rooms, config.person_salt),
        payments(trail, *clock),
        source_door(
            rooms, casework, [this] { wake_match(); }, [this] { wake_book(); }),
        sources(rooms, source_door, grants, config.schedule) {}

  void wake_match() {
    if (match_door) match_door->wake();
    if (case_worker) case_worker->profile_changed();
  }
  void wake_book() {
    if (case_worker) case_worker->book_changed();
  }
  void wake_cases() {
    if (case_worker) case_worker->wake();
  }
  void wake_senders() {
    if (relay) relay->wake();
    if (carrier) carrier->wake();
    if (treasury_door) treasury_door->wake();
  }

  const HubConfig config;
  const std::unique_ptr<Clock> clock;
  const Calendar calendar;
  const std::unique_ptr<storage::Database> database;
  const mapping::MappingSet mappings;
  const profile::ProfileRules rules;
  PolicyBook policies;
  const std::string code_lists;  // Canonical JSON.
  const matching::CodeNames code_names;
  const Grants grants;
  const PeopleBook people;
  const std::unique_ptr<SealKeeper> own_seal;
  seal::Sealer* const sealer;  // Its.
  const std::unique_ptr<TrustKeeper> trust;
  audit::AuditTrail trail;
  messaging::Writer writer;
  StageTimes times;
  const Rooms rooms;
  casework::Casework casework;
  ReceiptKeeper receipts;
  AllocationDesk allocations{rooms};
  payment::PaymentStage payments;
  SourceDoor source_door;
  Sources sources;

  // Made once the sources are known; each reads what it has to do from the database.
  std::unique_ptr<Outgoing> outgoing;
  std::unique_ptr<MatchDoor> match_door;
  std::unique_ptr<LogKeeper> log_keeper;
  std::unique_ptr<TimeKeeper> time_keeper;
  std::unique_ptr<OfficeKeeper> offices;
  std::unique_ptr<CaseWorker> case_worker;
  std::unique_ptr<TreasuryDoor> treasury_door;
  std::unique_ptr<Desk> desk;
  std::unique_ptr<PolicyDesk> policy_desk;
  std::unique_ptr<Carrier> carrier;
  std::map<std::string, messaging::Door> doors;  // By address; whole before anything knocks.
  DeadLetters dead_letters{rooms, doors};

  std::unique_ptr<messaging::Node> node;
  std::unique_ptr<messaging::HandleOnce> handle_once;
  std::unique_ptr<messaging::OutboxRelay> relay;
  std::uint16_t amqp_port = 0;
  bool started = false;
  Log log{"hub"};
};

Hub::Hub(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Hub::~Hub() {
  stop();
}

Result<std::unique_ptr<Hub>> Hub::create(HubConfig config, const std::vector<AdapterSpec>& adapters,
                                         const std::map<std::string, AdapterSpec::Configuration>& configurations) {
  auto clock = TRY(make_clock(config));
  auto calendar = TRY(load_calendar(config));
  auto mappings = TRY(load_mappings(config));
  auto rules = TRY(load_rules(config, mappings));
  auto grants = TRY(Grants::load(config.grants_file));
  auto people = TRY(PeopleBook::load(config.people_file));
  auto trust = TRY(TrustKeeper::create({config.peers_file, config.trust}, names_of(config.brokers), *clock,
                                       config.trust_look_every));
  auto sealer = TRY(SealKeeper::create(own_seal_files(config), trust->trust(), config.trust_look_every));
  // Those who read all firms at the start must not keep the others waiting.
  config.database.readers += config.matching.on ? config.matching.threads_or_processors() : 0;
  auto database = TRY(storage::Database::open(config.database));
  const auto migrated = TRY(storage::migrate(*database));
  std::int64_t book_round = 0;
  auto code_lists = TRY(code_lists_of(config.mappings_folder));
  auto code_names = TRY(matching::CodeNames::load(config.mappings_folder + "/codes"));
  ItemsInForce policies;
  CHECK_OK(database->read([&](storage::Transaction& transaction) -> Result<void> {
    book_round = TRY(matching::read_match_cursor(transaction, kBookRound));
    if (config.publishing.by_people)
      policies = TRY(items_in_force(transaction, {rules.catalogue, mappings, code_lists}));
    return ok();
  }));
  if (!config.publishing.by_people) policies.items = TRY(load_items(config, rules.catalogue));
  auto parts = std::make_unique<Parts>(std::move(config), std::move(clock), std::move(calendar), std::move(database),
                                       std::move(mappings), std::move(rules), std::move(policies), book_round,
                                       std::move(code_lists), std::move(code_names), std::move(grants),
                                       std::move(people), std::move(trust), std::move(sealer));
  auto& p = *parts;
  for (const auto& name : migrated) p.log.info("Schema brought forward.", {{"migration", name}});

  for (const auto& spec : adapters) {
    const auto configuration = configurations.find(spec.name());
    if (configuration == configurations.end()) continue;
    CHECK_OK(p.sources.add(spec, *configuration->second));
  }
  p.outgoing = std::make_unique<Outgoing>(
      *p.clock, p.sources.carried_addresses(), [sealer = p.sealer] { return sealer->es_id(); }, *p.trust);
  p.match_door = std::make_unique<MatchDoor>(p.rooms, p.casework, p.config.matching, [&p] { p.wake_cases(); });
  std::shared_ptr<const seal::Trust> authorities;
  if (!p.config.time.url.empty()) authorities = TRY(seal::Trust::load(p.config.time_trust));
  p.time_keeper = std::make_unique<TimeKeeper>(p.rooms, p.config.time, std::move(authorities), [&p] { p.wake_book(); });
  p.log_keeper = std::make_unique<LogKeeper>(p.rooms, [&p] { p.time_keeper->wake(); });
  p.trail.tell_every(1'000, [&p] { p.log_keeper->wake(); });
  p.offices = std::make_unique<OfficeKeeper>(p.rooms, p.config.offices,
                                             [&p](const CaseId& id) { p.case_worker->office_sealed(id); });
  p.case_worker = std::make_unique<CaseWorker>(
      p.rooms, p.casework, p.payments, *p.outgoing,
      [&p](const std::string& uscc, const std::set<std::string>& names) { return p.sources.pull_fresh(uscc, names); },
      [&p] { return p.time_keeper->payments_allowed(); },
      [&p](storage::Transaction& transaction, const BenefitCase& c) { return p.offices->missing(transaction, c); },
      [&p] { p.wake_senders(); });
  treasury::TreasurySettings settings;
  settings.overdue_after = p.config.overdue_after;
  settings.ask_again_after = p.config.overdue_after;
  p.treasury_door = std::make_unique<TreasuryDoor>(
      p.rooms, p.casework, *p.outgoing, [&p] { p.wake_cases(); }, [&p] { p.wake_senders(); }, settings);
  p.desk = std::make_unique<Desk>(p.rooms, p.casework, p.treasury_door->stage(), *p.offices, [&p] {
    p.offices->wake();
    p.wake_cases();
  });
  p.policy_desk = std::make_unique<PolicyDesk>(
      p.rooms, p.policies, p.config.mappings_folder + "/policies", p.code_lists, p.config.publishing, p.casework,
      [&p] { p.wake_match(); }, [&p] { p.wake_cases(); });
  std::vector<std::string> carried;
  for (const auto& [name, address] : p.sources.carried_addresses()) carried.push_back(address);
  p.carrier = std::make_unique<Carrier>(p.rooms, p.sources, std::move(carried));
  p.doors = p.sources.doors();
  p.doors[kReceipts] = p.treasury_door->door();
  return std::unique_ptr<Hub>(new Hub(std::move(parts)));
}

Result<void> Hub::start() {
  auto& p = *parts_;
  CHECK_OK(p.log_keeper->begin());
  CHECK_OK(p.time_keeper->begin());
  CHECK_OK(commit(p.writer, "desk", {}, [&p](storage::Transaction& transaction) -> Result<void> {
    audit::AuditEntry entry;
    entry.kind = "hub_started";
    entry.actor = "system";
    entry.subject_type = "hub";
    entry.subject_id = p.config.version;
    entry.division = p.config.city;
    entry.detail = {{"clock", p.config.clock}, {"policies", p.policies.all().size()}, {"seal", p.sealer->es_id()}};
    (void)TRY(p.trail.append(transaction, entry));
    (void)TRY(matching::save_code_lists(transaction, p.code_lists, p.clock->now()));
    (void)TRY(note_waiting_items(transaction, p.policies));
    return ok();
  }));
  for (const auto& one : troubles(p.policies))
    p.log.error("An item in force waits for a person.", {{"policy", one.at("policy").get<std::string>()},
                                                         {"code", one.at("code").get<std::string>()},
                                                         {"error", one.at("sentence").get<std::string>()},
                                                         {"waits_for", one.at("waits_for").get<std::string>()}});
  // With people, what is in force was put there by them and is in the book already.
  if (!p.config.publishing.by_people) {
    CHECK_OK(p.match_door->publish());
  }

  messaging::NodeOptions options;
  options.container_id = "zhida-" + p.config.city;
  options.limits = p.config.amqp_limits;
  p.node = TRY(messaging::Node::create(options));
  messaging::HandleOnceOptions handling;
  handling.sender_of = p.trust->sender_of();
  p.handle_once = std::make_unique<messaging::HandleOnce>(*p.node, p.writer, handling);
  for (const auto& [address, door] : p.doors) p.handle_once->open_door(address, door);
  p.relay = std::make_unique<messaging::OutboxRelay>(*p.database, p.writer, *p.node, *p.clock);
  if (p.config.brokers.empty()) {
    p.amqp_port = TRY(p.node->listen(p.config.amqp_host, p.config.amqp_port, p.config.amqp_tls, p.trust->rules()));
  }
  for (const auto& broker : p.config.brokers) {
    for (auto& link : dials_of(broker, p.doors, p.trust->outgoing_addresses())) {
      CHECK_OK(p.node->dial(std::move(link)));
    }
  }
  p.started = true;
  p.trust->on_change([&p](const std::shared_ptr<const seal::Trust>& trust) {
    p.sealer->replace_trust(trust);
    p.node->recheck_trust();
  });
  p.trust->start();
  p.own_seal->start();
  p.log_keeper->start();
  p.time_keeper->start();
  p.match_door->start();
  p.receipts.start();
  p.policy_desk->start();
  CHECK_OK(p.offices->start());
  p.case_worker->start();
  p.treasury_door->start();
  p.carrier->start();
  p.sources.start();
  p.log.info("The hub is at work.", {{"amqp_port", std::to_string(p.amqp_port)}, {"city", p.config.city}});
  return ok();
}

void Hub::stop() {
  auto& p = *parts_;
  if (!std::exchange(p.started, false)) return;
  p.trust->stop();
  p.own_seal->stop();
  p.trust->on_change({});
  p.sources.stop();
  p.policy_desk->stop();
  p.match_door->stop();
  p.receipts.stop();
  p.offices->stop();
  p.case_worker->stop();
  p.time_keeper->stop();
  p.treasury_door->stop();
  p.carrier->stop();
  if (p.relay) p.relay->stop();
  if (p.node)
    p.node->shutdown([&p] {
      if (p.handle_once) p.handle_once->drain();
      p.writer.flush();
    });
  (void)commit(p.writer, "desk", {}, [&p](storage::Transaction& transaction) -> Result<void> {
    audit::AuditEntry entry;
    entry.kind = "hub_stopped";
    entry.actor = "system";
    entry.subject_type = "hub";
    entry.subject_id = p.config.version;
    entry.division = p.config.city;
    (void)TRY(p.trail.append(transaction, entry));
    return ok();
  });
  p.log_keeper->stop();
  if (const auto sealed = p.log_keeper->seal_rest(); !sealed)
    p.log.warning("The log's last records were not sealed; the next start does it.", {{"code", sealed.error().code}});
  p.writer.stop();
  p.relay.reset();
  p.handle_once.reset();
  p.node.reset();
  p.log.info("The hub has stopped in good order.");
}

std::uint16_t Hub::amqp_port() const {
  return parts_->amqp_port;
}
const Rooms& Hub::rooms() const {
  return parts_->rooms;
}
const PeopleBook& Hub::people() const {
  return parts_->people;
}
const Grants& Hub::grants() const {
  return parts_->grants;
}
Desk& Hub::desk() {
  return *parts_->desk;
}
PolicyDesk& Hub::policy_desk() {
  return *parts_->policy_desk;
}
Sources& Hub::sources() {
  return parts_->sources;
}
SourceDoor& Hub::source_door() {
  return parts_->source_door;
}
const TrustKeeper& Hub::trust() const {
  return *parts_->trust;
}
Result<void> Hub::reload_trust() {
  const auto trust = parts_->trust->reload();
  const auto own_seal = parts_->own_seal->reload();
  return trust ? own_seal : trust;
}
AllocationDesk& Hub::allocations() {
  return parts_->allocations;
}
ReceiptKeeper& Hub::receipts() {
  return parts_->receipts;
}
DeadLetters& Hub::dead_letters() {
  return parts_->dead_letters;
}
messaging::NodeStats Hub::node_stats() const {
  return parts_->node ? parts_->node->stats() : messaging::NodeStats{};
}
messaging::WriterStats Hub::writer_stats() const {
  return parts_->writer.stats();
}
std::map<std::string, StageTimes::Histogram> Hub::stage_times() const {
  return parts_->times.all();
}
const HubConfig& Hub::config() const {
  return parts_->config;
}

Result<LogKeeper::Numbers> Hub::log_numbers() const {
  return parts_->log_keeper->numbers();
}
MatchIndexState Hub::matching_state() const {
  return parts_->match_door->engine_state();
}
TimeState Hub::time_state() const {
  return parts_->time_keeper->state();
}
Result<void> Hub::stamp_now() {
  return parts_->time_keeper->stamp_now();
}

Result<std::vector<OfficeState>> Hub::office_states() const {
  std::vector<OfficeState> states;
  CHECK_OK(parts_->database->read([&](storage::Transaction& transaction) -> Result<void> {
    states = TRY(parts_->offices->states(transaction));
    return ok();
  }));
  return states;
}

Waiting Hub::waiting() const {
  const auto& p = *parts_;
  const auto writer = p.writer.stats();
  Waiting waiting;
  waiting.writer = static_cast<std::int64_t>(writer.queued + writer.waiting_for_retry);
  waiting.match = p.match_door->busy() || p.policy_desk->busy() ? 1 : 0;
  waiting.cases =
      p.case_worker->busy() || p.treasury_door->busy() || p.time_keeper->busy() || p.offices->busy() ? 1 : 0;
  waiting.sources = p.sources.busy() ? 1 : 0;
  waiting.outbox = p.carrier->busy() ? 1 : 0;
  return waiting;
}

Result<Json> Hub::status() const {
  const auto& p = *parts_;
  Overview overview;
  std::vector<audit::Countersignature> witnesses;
  CHECK_OK(p.database->read([&](storage::Transaction& transaction) -> Result<void> {
    overview = TRY(count_overview(transaction));
    witnesses = TRY(audit::last_countersignatures(transaction));
    return ok();
  }));
  Json status = to_json(overview);
  auto now_waiting = waiting();
  now_waiting.outbox += overview.unsent;
  status["clock"] = to_rfc3339(p.clock->now());
  status["idle"] = now_waiting.idle();
  status["waiting"] = {{"writer", now_waiting.writer},
                       {"match", now_waiting.match},
                       {"outbox", now_waiting.outbox},
                       {"payments", now_waiting.cases},
                       {"sources", now_waiting.sources}};
  const auto numbers = TRY(p.log_keeper->numbers());
  status["log"] = {{"id", numbers.log},
                   {"records", numbers.records},
                   {"sealed", numbers.sealed},
                   {"sealed_at", numbers.sealed_at.empty() ? Json(nullptr) : Json(numbers.sealed_at)}};
  status["log"]["witnesses"] = Json::array();
  for (const auto& one : witnesses)
    status["log"]["witnesses"].push_back({{"peer", one.peer}, {"size", one.size}, {"at", to_rfc3339(one.at)}});
  status["matching"] = to_json(matching_state());
  status["trusted_time"] = to_json(p.time_keeper->state());
  status["items_waiting"] = troubles(p.policies);
  status["offices"] = to_json(TRY(office_states()));
  Json sources = Json::array();
  for (const auto& source : p.sources.status())
    sources.push_back({{"name", source.name},
                       {"title", source.title},
                       {"paused", source.paused},
                       {"first_sweep_done", source.first_sweep_done},
                       {"last_success", source.last_success ? Json(to_rfc3339(*source.last_success)) : Json(nullptr)},
                       {"last_error", source.last_error.empty() ? Json(nullptr) : Json(source.last_error)},
                       {"received", source.totals.received},
                       {"accepted", source.totals.accepted + source.totals.duplicate},
                       {"quarantined", source.totals.quarantined}});
  status["sources"] = std::move(sources);
  status["trust"] = p.trust->to_json();
  return status;
}

}  // namespace zhida::flow
