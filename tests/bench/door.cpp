// A door of the hub as a process of its own, for bench_amqp_door: node, workers, writer, SQLite with synchronous=FULL.
//   bench_door DATABASE PORT_FILE [CERTS]
// Every message leaves a row of inbox and a row of effect. With CERTS the door takes only what the peer sealed: the
// seal is verified as the hub's own doors verify it (seal::SealVerifier, with the trust's cache), before the
// transaction, and kept in the row.
#include <cstdio>
#include <memory>

#include "base/clock.h"
#include "base/json.h"
#include "bench/door_store.h"
#include "platform/messaging/handle_once.h"
#include "platform/messaging/writer.h"
#include "seal/sealer.h"
#include "seal/trust.h"

using namespace zhida;
using namespace zhida::messaging;

namespace {

using bench::kPeer;

Result<std::unique_ptr<seal::SealVerifier>> make_verifier(const std::string& certs) {
  seal::TrustFiles files;
  files.roots = {certs + "/seal/ca.crt"};
  files.revocation_lists = {certs + "/seal/ca.crl"};
  const Json seals = TRY(parse_json(TRY(read_file(certs + "/seals.json"))));
  return std::make_unique<seal::SealVerifier>(TRY(seal::Trust::load(files)),
                                              seal::SealVerifier::PeerSeals{{kPeer, {TRY(get_string(seals, kPeer))}}});
}

Result<void> serve(const std::string& store, const std::string& port_file, const std::string& certs) {
  const bench::Termination termination;
  const auto database = TRY(bench::open_store(store));
  std::unique_ptr<seal::SealVerifier> verifier;
  if (!certs.empty()) verifier = TRY(make_verifier(certs));

  const SystemClock clock;
  const auto node = TRY(Node::create({}));
  Writer writer(*database, clock);
  HandleOnce doors(*node, writer);
  doors.open_door("in", Door{"in", [&](const DoorMessage& message) -> Result<Effect> {
                               const auto& envelope = message.envelope;
                               if (verifier) {
                                 const auto report =
                                     verifier->verify_from(kPeer, envelope.seal, envelope.body, clock.now());
                                 if (!report.passed()) return seal::to_error(report);
                               }
                               return Effect([id = envelope.message_id, body = envelope.body,
                                              seal = envelope.seal](storage::Transaction& transaction) -> Result<void> {
                                 return bench::keep_effect(transaction, id, body, seal);
                               });
                             }});
  const auto port = TRY(node->listen("127.0.0.1", 0, Plain{}, bench::everything_allowed()));
  CHECK_OK(write_file_atomically(port_file, std::to_string(port)));
  termination.wait();
  node->shutdown([&] { doors.drain(); });
  writer.stop();
  return ok();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto served = serve(argv[1], argv[2], argc > 3 ? argv[3] : "");
  if (served) return 0;
  std::fprintf(stderr, "%s\n", served.error().message.c_str());
  return 1;
}
