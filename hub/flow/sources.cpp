#include "flow/sources.h"

#include <atomic>
#include <utility>

#include "adapter_api/transports/rest_upload.h"
#include "flow/stage_times.h"
#include "flow/treasury_door.h"
#include "flow/trust_keeper.h"
#include "stages/intake/intake_store.h"
#include "stages/matching/policy_store.h"

namespace zhida::flow {
namespace {

/// What an adapter is given: the source door behind the adapter's own face of it.
class Context final : public AdapterContext {
 public:
  Context(const Rooms& rooms, SourceDoor& door, const Grants& grants, std::string name)
      : rooms_(rooms), door_(door), grants_(grants), name_(std::move(name)), log_(name_) {}

  const Clock& clock() const override { return rooms_.clock; }
  const Log& log() const override { return log_; }
  Result<std::vector<RecordOutcome>> deliver(SourceBatch batch) override {
    const std::string batch_id = batch.batch_id;
    auto outcomes = TRY(door_.deliver(std::move(batch)));
    if (put_aside_ == nullptr) return outcomes;
    for (const auto& outcome : outcomes)
      if (outcome.kind == RecordOutcome::Kind::quarantined) put_aside_->push_back({name_, batch_id, outcome});
    return outcomes;
  }
  /// Where rows that cannot be understood are noted beside; null: nowhere. Only by who has the adapter's turn.
  void note_in(std::vector<PutAside>* put_aside) { put_aside_ = put_aside; }
  Result<std::optional<std::string>> cursor(const std::string& stream) override {
    std::optional<std::string> position;
    CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
      position = TRY(intake::cursor(transaction, name_, stream));
      return ok();
    }));
    return position;
  }
  bool granted(const std::string& record_type) const override {
    return grants_.granted(name_, record_type, rooms_.clock.today());
  }
  bool column_granted(const std::string& record_type, const std::string& column) const override {
    return grants_.column_granted(name_, record_type, column, rooms_.clock.today());
  }
  bool stopping() const override { return stopping_.load(); }
  void stop() { stopping_.store(true); }

 private:
  const Rooms& rooms_;
  SourceDoor& door_;
  const Grants& grants_;
  const std::string name_;
  const Log log_;
  std::vector<PutAside>* put_aside_ = nullptr;
  std::atomic<bool> stopping_{false};
};

std::string swept_name(const std::string& source) {
  return "swept/" + source;
}

}  // namespace

struct Sources::Source {
  Source(const AdapterSpec& from, const Rooms& rooms, SourceDoor& door, const Grants& grants)
      : spec(from), context(rooms, door, grants, from.name()) {}

  const AdapterSpec spec;
  Context context;
  std::unique_ptr<Adapter> adapter;
  std::mutex one_at_a_time;  // Held while the adapter works.

  mutable Mutex mutex;
  SourceStatus status GUARDED_BY(mutex);
  std::optional<Instant> next_pull GUARDED_BY(mutex);  // Business time; none: at once.
  std::unique_ptr<Worker> worker;
};

Sources::Sources(const Rooms& rooms, SourceDoor& door, const Grants& grants, Settings settings)
    : rooms_(rooms), door_(door), grants_(grants), settings_(std::move(settings)) {}

Sources::~Sources() {
  stop();
}

Result<void> Sources::add(const AdapterSpec& spec, const ConfigSpec& config) {
  auto source = std::make_unique<Source>(spec, rooms_, door_, grants_);
  source->adapter = TRY(spec.make(config, source->context));
  {
    Lock lock(source->mutex);
    source->status.name = spec.name();
    source->status.title = spec.title();
  }
  auto& own = *source;
  source->worker =
      std::make_unique<Worker>("source_" + spec.name(), rooms_.clock, 100ms, [this, &own] { return round(own); });
  sources_.push_back(std::move(source));
  return ok();
}

std::map<std::string, messaging::Door> Sources::doors() {
  std::map<std::string, messaging::Door> doors;
  for (auto& source : sources_)
    for (const auto& address : source->spec.pushed_addresses())
      doors[address] = {"source", [this, &own = *source](const messaging::DoorMessage& message) {
                          return handle_push(own, message);
                        }};
  return doors;
}

Result<messaging::Effect> Sources::handle_push(Source& source, const messaging::DoorMessage& message) {
  const auto& envelope = message.envelope;
  const auto [report, peer, full_seal, seal_proof] = [&] {
    const StageTimes::Timer timer(rooms_.times, "verify");
    return rooms_.trust.verify(message, rooms_.clock.now());
  }();
  if (!report.passed()) {
    const Error why = seal::to_error(report);
    log_.warning("A pushed message's seal does not hold; it changes nothing and is kept.",
                 {{"peer", peer}, {"message", envelope.message_id}, {"code", why.code}});
    record_refused_seal(rooms_, message, why);
    return why;
  }
  PushedMessage pushed;
  pushed.peer = peer;
  pushed.address = message.address;
  pushed.message_id = envelope.message_id;
  pushed.subject = envelope.subject;
  pushed.content_type = envelope.content_type;
  const auto trace = envelope.properties.find("trace-id");
  if (trace != envelope.properties.end()) pushed.trace_id = trace->second;
  pushed.body = envelope.body;
  pushed.seal = full_seal;
  pushed.received_at = rooms_.clock.now();
  SourceBatch batch = TRY(source.adapter->decode(pushed));  // Pure: needs no turn.
  if (!batch.seal.empty()) batch.seal_proof = seal_proof;
  if (batch.trace_id.empty()) batch.trace_id = pushed.trace_id.empty() ? new_trace_id() : TraceId(pushed.trace_id);
  const Instant now = pushed.received_at;
  const auto effect = TRY(door_.effect_of(std::move(batch), [&source, now](const std::vector<RecordOutcome>& outcomes) {
    Lock lock(source.mutex);
    source.status.first_sweep_done = true;
    source.status.last_success = now;
    auto& totals = source.status.totals;
    ++totals.batches;
    for (const auto& outcome : outcomes) {
      ++totals.received;
      if (outcome.kind == RecordOutcome::Kind::accepted) ++totals.accepted;
      if (outcome.kind == RecordOutcome::Kind::duplicate) ++totals.duplicate;
      if (outcome.kind == RecordOutcome::Kind::quarantined) ++totals.quarantined;
    }
  }));
  return messaging::Effect(
      [name = source.spec.name(), run = effect.run()](storage::Transaction& transaction) -> Result<void> {
        CHECK_OK(run(transaction));
        return matching::save_match_cursor(transaction, swept_name(name), 1);
      },
      effect.committed());
}

void Sources::start() {
  for (auto& source : sources_) {
    bool swept = source->spec.record_types().empty();  // Who brings no records has none to wait for.
    (void)rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
      swept = swept || TRY(matching::read_match_cursor(transaction, swept_name(source->spec.name()))) > 0;
      return ok();
    });
    {
      Lock lock(source->mutex);
      source->status.first_sweep_done = swept;
    }
    source->worker->start();
  }
}

void Sources::stop() {
  for (auto& source : sources_) source->context.stop();
  for (auto& source : sources_) source->worker->stop();
}

Sources::Source* Sources::find(const std::string& name) const {
  for (const auto& source : sources_)
    if (source->spec.name() == name) return source.get();
  return nullptr;
}

Result<bool> Sources::round(Source& source) {
  if (source.spec.record_types().empty()) return false;  // Only carries.
  const bool only_pushes = !source.spec.pushed_addresses().empty();
  if (only_pushes) return false;
  const Instant now = rooms_.clock.now();
  {
    Lock lock(source.mutex);
    if (source.status.paused || (source.next_pull && now < *source.next_pull)) return false;
  }
  const auto summary = pull(source, {});
  const auto interval = settings_.intervals.find(source.spec.name());
  const Instant next = now + (interval == settings_.intervals.end() ? settings_.default_interval : interval->second);
  if (!summary) {
    // Trying again follows real time: the business clock of a demo may stand still.
    const auto until = std::chrono::steady_clock::now() + settings_.pause_after_failure;
    while (!source.worker->stopping() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(20ms);
    return true;
  }
  bool first = false;
  {
    Lock lock(source.mutex);
    source.next_pull = next;
    first = !source.status.first_sweep_done;
  }
  if (first) {
    CHECK_OK(commit(rooms_.writer, "source", {}, [&](storage::Transaction& transaction) {
      return matching::save_match_cursor(transaction, swept_name(source.spec.name()), 1);
    }));
  }
  // A firm that another source made known may be what quarantined rows were waiting for.
  if (summary.value().received > 0) (void)TRY(door_.replay_waiting());
  Lock lock(source.mutex);
  source.status.first_sweep_done = true;
  return false;
}

Result<PullSummary> Sources::pull(Source& source, const PullRequest& request, std::vector<PutAside>* put_aside) {
  const std::lock_guard turn(source.one_at_a_time);
  source.context.note_in(put_aside);
  auto summary = source.adapter->pull(request);
  source.context.note_in(nullptr);
  Lock lock(source.mutex);
  auto& status = source.status;
  if (!summary) {
    status.last_error = summary.error().message;
    log_.warning("A source could not be read and will be tried again.",
                 {{"source", source.spec.name()}, {"code", summary.error().code}, {"error", summary.error().message}});
    return summary;
  }
  status.last_error.clear();
  status.last_success = rooms_.clock.now();
  status.totals.received += summary.value().received;
  status.totals.accepted += summary.value().accepted;
  status.totals.duplicate += summary.value().duplicate;
  status.totals.quarantined += summary.value().quarantined;
  status.totals.batches += summary.value().batches;
  return summary;
}

Result<PullSummary> Sources::pull(const std::string& name, const PullRequest& request) {
  auto* source = find(name);
  if (source == nullptr) return refuse("source_unknown", "There is no source \"" + name + "\".");
  return pull(*source, request);
}

FreshPull Sources::pull_fresh(const std::string& uscc, const std::set<std::string>& names) {
  FreshPull out;
  for (const auto& name : names) {
    auto* source = find(name);
    if (source == nullptr || !source->adapter->can_pull_one()) continue;  // Its values are judged by their age alone.
    PullRequest request;
    request.uscc = uscc;
    (pull(*source, request, &out.put_aside) ? out.asked : out.silent).insert(name);
  }
  return out;
}

Result<std::vector<RecordOutcome>> Sources::upload(const std::string& name, const std::string& file_name,
                                                   ByteView content) {
  auto* source = find(name);
  if (source == nullptr || !source->spec.accepts_uploads())
    return refuse("source_unknown", "No source \"" + name + "\" takes files.");
  Context context(rooms_, door_, grants_, name);  // An upload takes no turn: what it brings is nobody's answer.
  transports::Delivery delivery(context);
  return transports::take_upload(
      context, delivery, file_name, content,
      [source](const std::string& name_of_file, ByteView octets) { return source->spec.decode(name_of_file, octets); });
}

Result<void> Sources::test(const std::string& name, const std::function<void(const std::string&)>& report) {
  auto* source = find(name);
  if (source == nullptr) return refuse("source_unknown", "There is no source \"" + name + "\".");
  const std::lock_guard turn(source->one_at_a_time);
  return source->adapter->test(report);
}

Result<void> Sources::set_paused(const std::string& name, bool paused) {
  auto* source = find(name);
  if (source == nullptr) return refuse("source_unknown", "There is no source \"" + name + "\".");
  Lock lock(source->mutex);
  source->status.paused = paused;
  return ok();
}

std::vector<SourceStatus> Sources::status() const {
  std::vector<SourceStatus> all;
  for (const auto& source : sources_) {
    Lock lock(source->mutex);
    all.push_back(source->status);
  }
  return all;
}

bool Sources::busy() const {
  const Instant now = rooms_.clock.now();
  for (const auto& source : sources_) {
    if (source->spec.record_types().empty() || !source->spec.pushed_addresses().empty()) continue;
    {
      Lock lock(source->mutex);
      if (source->status.paused) continue;
      if (!source->next_pull || now >= *source->next_pull) return true;
    }
    if (source->worker->busy()) return true;
  }
  return false;
}

std::map<std::string, std::string> Sources::carried_addresses() const {
  std::map<std::string, std::string> addresses;
  for (const auto& source : sources_)
    if (!source->spec.carried_addresses().empty())
      addresses[source->spec.name()] = source->spec.carried_addresses().front();
  return addresses;
}

Result<void> Sources::send(const std::string& address, const OutgoingMessage& message) {
  for (auto& source : sources_)
    for (const auto& carried : source->spec.carried_addresses()) {
      if (carried != address) continue;
      const std::lock_guard turn(source->one_at_a_time);
      return source->adapter->send(message);
    }
  return refuse("nobody_carries", "No adapter carries messages to \"" + address + "\".");
}

}  // namespace zhida::flow
