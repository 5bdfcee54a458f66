// sim_credit: the credit information centre. Dials the hub and pushes sealed messages when their time comes; one of
// them with a broken seal.
#include "adapters/simulator_kit/simulator.h"

#include <algorithm>
#include <deque>
#include <set>

#include "adapters/simulator_kit/gateway.h"
#include "adapters/simulator_kit/line.h"
#include "adapters/town/world.h"
#include "base/bytes.h"
#include "base/mutex.h"
#include "platform/crypto/digest.h"
#include "platform/messaging/envelope.h"
#include "platform/messaging/node.h"
#include "seal/sealer.h"

namespace {

using namespace zhida;

constexpr const char* kAddress = "credit.records";

std::string type_of(const std::string& record_type) {
  return record_type.substr(record_type.find('.') + 1);
}

Result<Bytes> body_of(const town::World& world, const town::Delivery& delivery, Instant now) {
  std::string rows;
  for (const auto& type : delivery.record_types) {
    town::RowQuery query;
    query.record_type = type;
    query.as_of = now;
    query.batch = delivery.id;
    query.all_versions = true;
    query.limit = 1'000'000;
    for (const auto& row : TRY(world.rows(query))) {
      std::string text = "{\"type\":" + simulator::json_text(type_of(type));
      for (const auto& [name, cell] : row.columns)
        text += "," + simulator::json_text(name) + ":" + (cell ? simulator::json_text(*cell) : "null");
      if (row.withdrawn) text += ",\"withdrawn\":true";
      rows += (rows.empty() ? "" : ",") + text + "}";
    }
  }
  return "{\"records\":[" + rows + "]}";
}

/// A message with its final octets, kept until the hub has it.
struct Letter {
  std::int64_t delivery = 0;
  std::string message_id;
  Bytes encoded;
};

class Centre {
 public:
  Centre(simulator::Simulation& simulation, town::World world, std::unique_ptr<simulator::StateLog> log,
         std::unique_ptr<seal::Sealer> sealer, messaging::Node& node)
      : simulation_(simulation),
        world_(std::move(world)),
        log_(std::move(log)),
        sealer_(std::move(sealer)),
        node_(node) {
    for (const auto& entry : log_->history()) remember(entry);
  }

  Result<void> work() {
    const Instant now = simulation_.clock().now();
    CHECK_OK(write_all(TRY(world_.deliveries("credit", now, written_)), now));
    seen_ = now;
    std::vector<std::string> taken;
    {
      Lock lock(mutex_);
      taken.swap(taken_);
    }
    for (const auto& id : taken) {
      CHECK_OK(note({{"kind", "taken"}, {"message_id", id}}));
    }
    for (const auto& letter : letters_) {
      {
        Lock lock(mutex_);
        if (!under_way_.insert(letter.message_id).second) continue;
      }
      const auto sent = node_.send(
          kAddress, "", letter.encoded, 0,
          [this, id = letter.message_id](messaging::SendToken, const messaging::Outcome& outcome) {
            Lock lock(mutex_);
            under_way_.erase(id);
            if (outcome.kind == messaging::OutcomeKind::accepted || outcome.kind == messaging::OutcomeKind::rejected)
              taken_.push_back(id);
          });
      if (sent == messaging::SendResult::taken) continue;
      Lock lock(mutex_);
      under_way_.erase(letter.message_id);
      break;
    }
    return ok();
  }

  Json summary() const {
    return {{"messages", written_}, {"clock_seen", to_rfc3339(seen_)}, {"due_now", letters_.size()}, {"due_later", 0}};
  }

 private:
  Result<void> note(const Json& entry) {
    CHECK_OK(log_->append(entry));
    remember(entry);
    return ok();
  }

  void remember(const Json& entry) {
    const std::string id = entry.value("message_id", std::string());
    if (entry.value("kind", std::string()) == "letter") {
      written_ = std::max(written_, entry.value("delivery", std::int64_t{0}));
      letters_.push_back(
          {entry.value("delivery", std::int64_t{0}), id, from_base64(entry.value("encoded", std::string())).value()});
    } else {
      std::erase_if(letters_, [&](const Letter& letter) { return letter.message_id == id; });
    }
  }

  /// What is due together is sealed together; what shall arrive broken has a seal of its own.
  Result<void> write_all(const std::vector<town::Delivery>& deliveries, Instant now) {
    std::vector<messaging::Envelope> envelopes;
    for (const auto& delivery : deliveries) envelopes.push_back(TRY(draw_up(delivery, now)));
    const auto broken = [&](std::size_t i) {
      return simulation_.demo_faults() && deliveries[i].fault == "broken_seal";
    };
    std::size_t next = 0;
    while (next < envelopes.size()) {
      std::size_t end = next + 1;
      while (!broken(next) && end < envelopes.size() && !broken(end) && end - next < seal::kBatchLeavesMax) ++end;
      std::vector<seal::ToSeal> messages;
      for (std::size_t i = next; i < end; ++i) {
        const auto& envelope = envelopes[i];
        messages.push_back(
            {envelope.body, {envelope.content_type, envelope.message_id, envelope.properties.at("trace-id")}});
      }
      const auto evidences = TRY(sealer_->seal_batch(messages, now));
      for (std::size_t i = next; i < end; ++i) {
        const auto carriage = seal::pack(evidences[i - next], false);
        envelopes[i].seal = carriage.octets;
        envelopes[i].properties["seal-form"] = seal::name_of(carriage.form);
        if (broken(i)) envelopes[i].seal[envelopes[i].seal.size() - 5] ^= 1;
        CHECK_OK(post(deliveries[i], envelopes[i]));
      }
      next = end;
    }
    return ok();
  }

  Result<messaging::Envelope> draw_up(const town::Delivery& delivery, Instant now) {
    messaging::Envelope envelope;
    envelope.message_id = "credit-" + delivery.id;
    envelope.subject = "credit_records/1";
    envelope.content_type = "application/json";
    envelope.address = kAddress;
    envelope.body = TRY(body_of(world_, delivery, now));
    envelope.properties = {{"seal-alg", "sm2-sm3"},
                           {"payload-digest", "sm3:" + to_hex(crypto::sm3(envelope.body))},
                           {"trace-id", to_hex(crypto::sha256(envelope.message_id)).substr(0, 32)}};
    return envelope;
  }

  Result<void> post(const town::Delivery& delivery, messaging::Envelope envelope) {
    CHECK_OK(note({{"kind", "letter"},
                   {"delivery", delivery.sequence},
                   {"message_id", envelope.message_id},
                   {"encoded", to_base64(messaging::encode(envelope))}}));
    // The same message once more under an id of its own: the hub must find that its rows say nothing new.
    if (simulation_.demo_faults() && delivery.fault == "sent_twice") {
      envelope.message_id += "-again";
      CHECK_OK(note({{"kind", "letter"},
                     {"delivery", delivery.sequence},
                     {"message_id", envelope.message_id},
                     {"encoded", to_base64(messaging::encode(envelope))}}));
    }
    return ok();
  }

  simulator::Simulation& simulation_;
  town::World world_;
  std::unique_ptr<simulator::StateLog> log_;
  std::unique_ptr<seal::Sealer> sealer_;
  messaging::Node& node_;
  std::int64_t written_ = 0;
  std::deque<Letter> letters_;
  Instant seen_{};
  Mutex mutex_;
  std::set<std::string> under_way_ GUARDED_BY(mutex_);
  std::vector<std::string> taken_ GUARDED_BY(mutex_);
};

Result<void> serve(simulator::Simulation& simulation) {
  const auto& arguments = simulation.arguments();
  seal::TrustFiles files;
  files.roots = {arguments.certs + "/seal/ca.crt"};
  files.revocation_lists = {arguments.certs + "/seal/ca.crl"};
  auto sealer = TRY(seal::Sealer::create({arguments.certs + "/seal/credit.esl",
                                          arguments.certs + "/seal/credit.key",
                                          arguments.certs + "/seal/credit.crt",
                                          {}},
                                         TRY(seal::Trust::load(files))));
  const auto node = TRY(messaging::Node::create({}));
  Centre centre(simulation, TRY(town::World::open(arguments.world)),
                TRY(simulator::StateLog::open(arguments.state + "/state.jsonl")), std::move(sealer), *node);
  auto dial = TRY(simulator::line_of(arguments, "credit"));
  dial.send_to = {kAddress};
  CHECK_OK(node->dial(dial));
  std::string last;
  bool told = false;
  do {
    if (!simulation.mood().absent) {
      CHECK_OK(centre.work());
    }
    const auto summary = centre.summary().dump(1) + "\n";
    if (summary != last) {
      CHECK_OK(write_file_atomically(arguments.state + "/summary.json", summary));
    }
    last = summary;
    if (!told) simulation.ready(0);
    told = true;
  } while (!simulation.wait(30ms));
  node->shutdown();
  return ok();
}

}  // namespace

int main(int argc, char** argv) {
  return zhida::simulator::run(argc, argv, "sim_credit", {}, serve);
}
