// A door of the hub that answers, as a process of its own, for bench_seal: node, workers, writer, SQLite with
// synchronous=FULL, outbox and relay.
//   bench_seal_door DATABASE PORT_FILE none|batch|compact CERTS
// Each message leaves a row of inbox and one of effect; each is answered with 1 KiB through the outbox, many answers a
// commit, as the hub's case worker does it. With seals, what comes in is verified before the transaction as the hub's
// doors do it, and what leaves together is sealed together before its commit. Without, everything else is the same.
#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "bench/door_store.h"
#include "platform/messaging/handle_once.h"
#include "platform/messaging/outbox.h"
#include "platform/messaging/outbox_relay.h"
#include "platform/messaging/writer.h"
#include "seal/sealer.h"
#include "seal/trust.h"

using namespace zhida;
using namespace zhida::messaging;

namespace {

using bench::kPeer;
constexpr std::size_t kAnswerBytes = 1'024;

struct Seals {
  std::unique_ptr<seal::SealVerifier> verifier;
  std::unique_ptr<seal::Sealer> own;
  bool compact = false;
};

Result<Seals> load_seals(const std::string& certs, const std::string& form) {
  Seals seals;
  if (form == "none") return seals;
  seal::TrustFiles files;
  files.roots = {certs + "/seal/ca.crt"};
  files.revocation_lists = {certs + "/seal/ca.crl"};
  const auto trust = TRY(seal::Trust::load(files));
  const Json ids = TRY(parse_json(TRY(read_file(certs + "/seals.json"))));
  seals.verifier = std::make_unique<seal::SealVerifier>(
      trust, seal::SealVerifier::PeerSeals{{kPeer, {TRY(get_string(ids, kPeer))}}});
  CHECK_OK(seals.verifier->store().keep_seal(TRY(read_file(certs + "/seal/credit.esl"))));
  seals.verifier->store().keep_certificate(
      TRY(crypto::Certificate::parse(TRY(read_file(certs + "/seal/credit.crt")))).der());
  seals.own =
      TRY(seal::Sealer::create({certs + "/seal/hub.esl", certs + "/seal/hub.key", certs + "/seal/hub.crt", {}}, trust));
  seals.compact = form == "compact";
  return seals;
}

/// Answers what was committed, as many at once as have come meanwhile.
class Answers {
 public:
  Answers(Writer& writer, const Clock& clock, const Seals& seals, std::function<void()> something_to_send)
      : writer_(writer),
        clock_(clock),
        seals_(seals),
        something_to_send_(std::move(something_to_send)),
        thread_([this] { run(); }) {}
  ~Answers() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    bell_.notify_one();
    thread_.join();
  }
  void add(std::string id) {
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(id));
    }
    bell_.notify_one();
  }

 private:
  void run() {
    for (;;) {
      std::vector<std::string> ids;
      {
        std::unique_lock lock(mutex_);
        bell_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (stopping_) return;
        const auto count = std::min(waiting_.size(), seal::kBatchLeavesMax);
        const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
        ids.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
        waiting_.erase(waiting_.begin(), end);
      }
      if (const auto done = answer(ids); !done) {
        std::fprintf(stderr, "%s\n", done.error().message.c_str());
        std::abort();
      }
    }
  }

  Result<void> answer(const std::vector<std::string>& ids) {
    const auto rows = std::make_shared<std::vector<OutboxMessage>>();
    for (const auto& id : ids) {
      OutboxMessage row;
      row.message_id = "answer-" + id;
      row.address = "out";
      row.content_type = "application/octet-stream";
      row.body = row.message_id;
      row.body.resize(kAnswerBytes, 'y');
      rows->push_back(std::move(row));
    }
    if (seals_.own) {
      std::vector<seal::ToSeal> messages;
      for (const auto& row : *rows) messages.push_back({row.body, {row.content_type, row.message_id, ""}});
      const auto evidences = TRY(seals_.own->seal_batch(messages, clock_.now()));
      for (std::size_t i = 0; i < rows->size(); ++i) {
        auto carriage = seal::pack(evidences[i], seals_.compact);
        (*rows)[i].seal = std::move(carriage.octets);
        (*rows)[i].properties["seal-form"] = seal::name_of(carriage.form);
      }
    }
    Work work;
    work.door = "answers";
    work.effect = [rows, now = clock_.now()](storage::Transaction& transaction) -> Result<void> {
      for (const auto& row : *rows) {
        CHECK_OK(enqueue(transaction, row, now));
      }
      return ok();
    };
    work.done = [this](const Receipt&) { something_to_send_(); };
    if (!writer_.submit(std::move(work))) return refuse("writer_stopped", "The writer stopped first.");
    return ok();
  }

  Writer& writer_;
  const Clock& clock_;
  const Seals& seals_;
  const std::function<void()> something_to_send_;
  std::mutex mutex_;
  std::condition_variable bell_;
  std::vector<std::string> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

Result<void> serve(const std::string& store, const std::string& port_file, const std::string& form,
                   const std::string& certs) {
  const bench::Termination termination;
  const auto database = TRY(bench::open_store(store));
  const Seals seals = TRY(load_seals(certs, form));
  const SystemClock clock;
  const auto node = TRY(Node::create({}));
  Writer writer(*database, clock);
  HandleOnce doors(*node, writer);
  OutboxRelay relay(*database, writer, *node, clock);
  auto answers = std::make_unique<Answers>(writer, clock, seals, [&relay] { relay.wake(); });
  // What was committed before a crash and not answered yet.
  CHECK_OK(database->read([&](storage::Transaction& transaction) -> Result<void> {
    for (const auto& row : TRY(transaction.query(
             "SELECT message_id FROM effect WHERE 'answer-' || message_id NOT IN (SELECT message_id FROM outbox)", {},
             "t")))
      answers->add(row.text(0));
    return ok();
  }));
  doors.open_door(
      "in", Door{"in", [&](const DoorMessage& message) -> Result<Effect> {
                   const auto& envelope = message.envelope;
                   Bytes kept = envelope.seal;
                   if (seals.verifier) {
                     const auto named = envelope.properties.find("seal-form");
                     const auto came = seal::form_of(named == envelope.properties.end() ? "" : named->second);
                     seal::Evidence evidence;
                     const auto report = seals.verifier->verify_from(
                         kPeer, came.value_or(seal::Form::full), envelope.seal, envelope.body, clock.now(), evidence);
                     if (!report.passed()) return seal::to_error(report);
                     kept = std::move(evidence.ses);  // Archives keep the full form, and the proof beside it.
                     if (evidence.proof) kept += seal::write_proof_json(*evidence.proof);
                   }
                   return Effect(
                       [id = envelope.message_id, body = envelope.body,
                        kept = std::move(kept)](storage::Transaction& transaction) -> Result<void> {
                         return bench::keep_effect(transaction, id, body, kept);
                       },
                       [&answers, id = envelope.message_id] { answers->add(id); });
                 }});
  const auto port = TRY(node->listen("127.0.0.1", 0, Plain{}, bench::everything_allowed()));
  CHECK_OK(write_file_atomically(port_file, std::to_string(port)));
  termination.wait();
  relay.stop();
  node->shutdown([&] { doors.drain(); });
  answers.reset();
  writer.stop();
  return ok();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  const auto served = serve(argv[1], argv[2], argv[3], argv[4]);
  if (served) return 0;
  std::fprintf(stderr, "%s\n", served.error().message.c_str());
  return 1;
}
