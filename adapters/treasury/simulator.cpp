// sim_treasury: an invented treasury. It dials the hub, takes sealed payment requests, pays, returns, sends back, says
// things late, twice and out of order, and counts for itself what left the bank.
#include "adapters/simulator_kit/simulator.h"

#include <atomic>
#include <deque>
#include <thread>

#include "adapters/simulator_kit/line.h"
#include "adapters/treasury/simulator_office.h"
#include "adapters/treasury/simulator_witness.h"
#include "base/bytes.h"
#include "base/mutex.h"
#include "platform/crypto/digest.h"
#include "platform/messaging/node.h"

namespace {

using namespace zhida;
using namespace zhida::treasury_simulator;

constexpr const char* kInstructions = "treasury.instructions";
constexpr const char* kReceipts = "treasury.receipts";

/// What the node's thread leaves for the main loop.
class Mail {
 public:
  void incoming(messaging::Incoming message) {
    Lock lock(mutex_);
    received_.push_back(std::move(message));
    bell_.notify_one();
  }
  void outcome(const std::string& message_id, const messaging::Outcome& outcome) {
    Lock lock(mutex_);
    under_way_.erase(message_id);
    // What the hub refused for good it will not take on a second try either.
    if (outcome.kind == messaging::OutcomeKind::accepted || outcome.kind == messaging::OutcomeKind::rejected)
      taken_.push_back(message_id);
    bell_.notify_one();
  }
  bool begin(const std::string& message_id) {
    Lock lock(mutex_);
    return under_way_.insert(message_id).second;
  }
  void forget(const std::string& message_id) {
    Lock lock(mutex_);
    under_way_.erase(message_id);
  }
  void wait(std::deque<messaging::Incoming>& received, std::vector<std::string>& taken) {
    Lock lock(mutex_);
    if (received_.empty() && taken_.empty()) bell_.wait_for(lock, 20ms);
    received.swap(received_);
    taken.swap(taken_);
  }

 private:
  Mutex mutex_;
  Condition bell_;
  std::deque<messaging::Incoming> received_ GUARDED_BY(mutex_);
  std::vector<std::string> taken_ GUARDED_BY(mutex_);
  std::set<std::string> under_way_ GUARDED_BY(mutex_);
};

Result<std::unique_ptr<seal::Sealer>> load_sealer(const std::string& certs, const std::string& name,
                                                  const std::string& authority) {
  seal::TrustFiles files;
  files.roots = {certs + "/seal/" + authority + ".crt"};
  files.revocation_lists = {certs + "/seal/" + authority + ".crl"};
  const auto trust = TRY(seal::Trust::load(files));
  return seal::Sealer::create(
      {certs + "/seal/" + name + ".esl", certs + "/seal/" + name + ".key", certs + "/seal/" + name + ".crt", {}},
      trust);
}

/// Knows the hub by its seal.
Result<std::unique_ptr<seal::SealVerifier>> load_verifier(const std::string& certs) {
  seal::TrustFiles files;
  files.roots = {certs + "/seal/ca.crt"};
  files.revocation_lists = {certs + "/seal/ca.crl"};
  const Json ids = TRY(parse_json(TRY(read_file(certs + "/seals.json"))));
  const std::string seal_of_hub = TRY(get_string(ids, "hub"));
  return std::make_unique<seal::SealVerifier>(TRY(seal::Trust::load(files)),
                                              seal::SealVerifier::PeerSeals{{"hub", {seal_of_hub}}});
}

Result<Office::Seals> load_seals(const std::string& certs) {
  Office::Seals seals;
  seals.own = TRY(load_sealer(certs, "treasury", "ca"));
  seals.stranger = TRY(load_sealer(certs, "stranger", "stranger_ca"));
  seals.verifier = TRY(load_verifier(certs));
  return seals;
}

/// `--log URL`: the witness looks at the hub's log on a thread of its own, so that a slow line holds up no payment.
class WitnessThread {
 public:
  static Result<std::unique_ptr<WitnessThread>> start(const simulator::Simulation& simulation) {
    const auto& arguments = simulation.arguments();
    std::unique_ptr<WitnessThread> made(new WitnessThread());
    const auto url = arguments.own.find("log");
    if (url == arguments.own.end()) return made;
    const std::string tls = arguments.certs + "/tls/";
    auto sealer = TRY(load_sealer(arguments.certs, "treasury", "ca"));
    auto verifier = TRY(load_verifier(arguments.certs));
    Witness::Seals seals{std::move(sealer), std::move(verifier)};
    made->witness_ =
        TRY(Witness::open(arguments.state, {url->second, tls + "ca.crt", tls + "treasury.crt", tls + "treasury.key"},
                          std::move(seals), simulation.clock()));
    made->thread_ = std::thread([&simulation, witness = made->witness_.get(), &over = made->over_] {
      std::string last_error;
      do {
        const auto done = witness->round();
        const std::string error = done ? "" : done.error().code;
        if (error != last_error && !error.empty())
          simulation.log().warning("The hub's log could not be looked at.",
                                   {{"code", error}, {"error", done.error().message}});
        last_error = error;
      } while (!over && !simulation.wait(std::chrono::seconds(1)));
    });
    return made;
  }
  ~WitnessThread() {
    over_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  WitnessThread() = default;
  std::unique_ptr<Witness> witness_;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

messaging::Envelope envelope_of(const Answer& answer) {
  messaging::Envelope envelope;
  envelope.message_id = answer.message_id;
  envelope.correlation_id = answer.correlation_id;
  envelope.subject = "payment_answer/1";
  envelope.content_type = "application/xml; charset=GBK";
  envelope.address = kReceipts;
  envelope.group_id = answer.group_id;
  envelope.properties = {{"seal-form", answer.form},
                         {"seal-alg", "sm2-sm3"},
                         {"payload-digest", "sm3:" + to_hex(crypto::sm3(answer.body))},
                         {"trace-id", answer.trace_id}};
  envelope.seal = answer.seal;
  envelope.body = answer.body;
  return envelope;
}

Result<void> serve(simulator::Simulation& simulation) {
  const auto& arguments = simulation.arguments();
  const std::string world_folder = arguments.world.substr(0, arguments.world.rfind('/'));
  auto calendar = TRY(Calendar::parse(TRY(read_file(world_folder + "/workdays.csv"))));
  const auto office =
      TRY(Office::open(arguments.state, simulation, std::move(calendar), TRY(load_seals(arguments.certs))));

  Mail mail;
  const auto node = TRY(messaging::Node::create({}));
  const auto incoming = node->on_incoming([&](messaging::Incoming message) { mail.incoming(std::move(message)); });
  auto dial = TRY(simulator::line_of(arguments, "treasury"));
  dial.receive_from = {kInstructions};
  dial.send_to = {kReceipts};
  CHECK_OK(node->dial(dial));
  const auto witness = TRY(WitnessThread::start(simulation));
  simulation.ready(0);

  Instant last_summary{};
  bool changed = true;
  while (!simulation.stopping()) {
    std::deque<messaging::Incoming> received;
    std::vector<std::string> taken;
    mail.wait(received, taken);
    if (simulation.mood().absent) {
      std::vector<messaging::Settlement> back;
      for (const auto& message : received) back.push_back({message.token, {messaging::OutcomeKind::released, {}, {}}});
      node->settle(back);
      continue;
    }
    for (const auto& message : received) {
      const auto envelope = message.envelope();
      const auto done = envelope ? office->receive(envelope.value()) : Result<void>(envelope.error());
      messaging::Settlement settlement{message.token, {}};
      if (!done) settlement.outcome = {messaging::OutcomeKind::rejected, done.error().code, done.error().message};
      node->settle(std::span(&settlement, 1));
      changed = true;
    }
    for (const auto& id : taken) {
      CHECK_OK(office->taken(id));
      changed = true;
    }
    // Read before the work: should the day turn meanwhile, the next round writes down that it was seen.
    const Instant now = simulation.clock().now();
    changed = TRY(office->work()) > 0 || changed;
    for (const auto* answer : office->unsent()) {
      if (!mail.begin(answer->message_id)) continue;
      const auto sent =
          node->send(kReceipts, answer->group_id, messaging::encode(envelope_of(*answer)), 0,
                     [&mail, id = answer->message_id](messaging::SendToken, const messaging::Outcome& outcome) {
                       mail.outcome(id, outcome);
                     });
      if (sent != messaging::SendResult::taken) {
        mail.forget(answer->message_id);
        break;
      }
    }
    if (changed || now != last_summary) {
      CHECK_OK(office->write_summary());
      last_summary = now;
      changed = false;
    }
  }
  node->shutdown();
  return office->write_summary();
}

}  // namespace

int main(int argc, char** argv) {
  return zhida::simulator::run(argc, argv, "sim_treasury", {"log"}, serve);
}
