#include "adapters/simulator_kit/hub_line.h"

#include <thread>

#include "adapters/simulator_kit/child.h"
#include "base/bytes.h"
#include "base/json.h"
#include "platform/crypto/digest.h"

namespace zhida::simulator {

Result<void> issue_certificates(const std::string& programs, const std::string& folder) {
  const auto code = TRY(run_program(programs + "/zhida-certs", {"--out", folder}));
  if (code != 0) return refuse("certificates_missing", "zhida-certs ended with code " + std::to_string(code) + ".");
  return ok();
}

Result<std::unique_ptr<HubLine>> HubLine::open(Options options) {
  std::unique_ptr<HubLine> line(new HubLine(std::move(options)));
  line->clock_.reset(TRY(FileClock::create(line->options_.clock)));
  const auto& certs = line->options_.certs;
  seal::TrustFiles files;
  files.roots = {certs + "/seal/ca.crt"};
  files.revocation_lists = {certs + "/seal/ca.crl"};
  const auto trust = TRY(seal::Trust::load(files));
  line->sealer_ =
      TRY(seal::Sealer::create({certs + "/seal/hub.esl", certs + "/seal/hub.key", certs + "/seal/hub.crt", {}}, trust));
  const Json seals = TRY(parse_json(TRY(read_file(certs + "/seals.json"))));
  const Json fingerprints = TRY(parse_json(TRY(read_file(certs + "/fingerprints.json"))));
  const std::string peer = line->options_.peer;
  const std::string seal_of_peer = TRY(get_string(seals, peer));
  line->verifier_ = std::make_unique<seal::SealVerifier>(trust, seal::SealVerifier::PeerSeals{{peer, {seal_of_peer}}});

  line->node_ = TRY(messaging::Node::create({}));
  line->incoming_ = line->node_->on_incoming([self = line.get()](messaging::Incoming message) {
    Lock lock(self->mutex_);
    self->arrived_.push_back(std::move(message));
  });
  messaging::PeerRules rules;
  rules.peer_of = [peer, known = TRY(get_string(fingerprints, peer))](const std::string& fingerprint) {
    return fingerprint == known ? std::optional(peer) : std::nullopt;
  };
  rules.may_send = [address = line->options_.listen_address](const std::string&, const std::string& wanted) {
    return wanted == address;
  };
  rules.may_receive = [address = line->options_.outgoing_address](const std::string&, const std::string& wanted) {
    return wanted == address;
  };
  line->port_ = TRY(line->node_->listen(
      "127.0.0.1", 0, messaging::TlsFiles{certs + "/tls/hub.crt", certs + "/tls/hub.key", certs + "/tls/ca.crt", {}},
      std::move(rules)));
  return line;
}

void HubLine::take() {
  std::deque<messaging::Incoming> arrived;
  {
    Lock lock(mutex_);
    arrived.swap(arrived_);
  }
  for (const auto& message : arrived) {
    messaging::Settlement settlement{message.token, {}};
    if (const auto envelope = message.envelope()) {
      const auto [known, fresh] = known_.emplace(message.message_id, messaging::sha256(message.message));
      if (!fresh) {
        contradictions_ += known->second != messaging::sha256(message.message);
        node_->settle(std::span(&settlement, 1));
        continue;
      }
      const auto named = envelope.value().properties.find("seal-form");
      const auto form = seal::form_of(named == envelope.value().properties.end() ? "" : named->second);
      seal::Evidence evidence;
      letters_.push_back({envelope.value(),
                          verifier_->verify_from(options_.peer, form.value_or(seal::Form::full), envelope.value().seal,
                                                 envelope.value().body, clock_->now(), evidence)});
    } else {
      settlement.outcome = {messaging::OutcomeKind::rejected, envelope.error().code, envelope.error().message};
    }
    node_->settle(std::span(&settlement, 1));
  }
}

bool HubLine::wait_for(const std::function<bool()>& condition, std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    take();
    if (condition()) return true;
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

Result<messaging::Outcome> HubLine::send(const std::string& message_id, const std::string& subject, const Bytes& body,
                                         bool spoil_seal, bool in_batch) {
  messaging::Envelope envelope;
  envelope.message_id = message_id;
  envelope.subject = subject;
  envelope.content_type = "application/xml; charset=GBK";
  envelope.address = options_.outgoing_address;
  envelope.body = body;
  const std::string trace = to_hex(crypto::sha256(message_id)).substr(0, 32);
  std::vector<seal::ToSeal> together = {{body, {"application/xml", message_id, trace}}};
  const Bytes other = "another message of the batch";
  if (in_batch) together.push_back({other, {"text/plain", message_id + "-other", trace}});
  const auto carriage = seal::pack(TRY(sealer_->seal_batch(together, clock_->now())).front(), false);
  envelope.seal = carriage.octets;
  if (spoil_seal) envelope.seal[envelope.seal.size() - 5] ^= 1;
  envelope.properties = {{"seal-form", std::string(seal::name_of(carriage.form))},
                         {"seal-alg", "sm2-sm3"},
                         {"payload-digest", "sm3:" + to_hex(crypto::sm3(body))},
                         {"trace-id", trace}};
  const auto octets = messaging::encode(envelope);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < end) {
    bool on_its_way = false;
    (void)wait_for([&] {
      if (!on_its_way) {
        on_its_way = node_->send(options_.outgoing_address, "", octets, 0,
                                 [this](messaging::SendToken, const messaging::Outcome& outcome) {
                                   Lock lock(mutex_);
                                   outcomes_.push_back(outcome);
                                 }) == messaging::SendResult::taken;
      }
      Lock lock(mutex_);
      return !outcomes_.empty();
    });
    Lock lock(mutex_);
    if (outcomes_.empty()) break;
    const auto outcome = outcomes_.front();
    outcomes_.pop_front();
    if (outcome.kind == messaging::OutcomeKind::accepted || outcome.kind == messaging::OutcomeKind::rejected)
      return outcome;
  }
  return retry("not_taken", "The peer did not say what became of " + message_id + ".");
}

}  // namespace zhida::simulator
