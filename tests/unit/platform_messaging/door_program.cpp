// A small hub for the kill tests: one door over SQLite, and an outbox. Killed with -9 again and again while others
// send.
//   door_program DATABASE PORT_FILE [PORT]
// Every message at `in` becomes a row of `effect`, and an outbox row for `out` under the id `re-` + message-id.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "platform/messaging/handle_once.h"
#include "platform/messaging/node.h"
#include "platform/messaging/outbox.h"
#include "platform/messaging/outbox_relay.h"
#include "platform/messaging/writer.h"
#include "platform/storage/database.h"
#include "scene.h"

using namespace zhida;
using namespace zhida::messaging;

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  storage::DatabaseConfig config;
  config.url = std::string("sqlite://") + argv[1];
  auto database = std::move(storage::Database::open(config).value());
  if (!storage::migrate(*database)) return 3;
  const auto made = database->write([](storage::Transaction& transaction) -> Result<void> {
    CHECK_OK(transaction.execute("CREATE TABLE IF NOT EXISTS effect (message_id TEXT NOT NULL, body BLOB NOT NULL)"));
    return ok();
  });
  if (!made) return 3;

  const SystemClock clock;
  auto node = std::move(Node::create({}).value());
  Writer writer(*database, clock);
  OutboxRelay relay(*database, writer, *node, clock);
  HandleOnce doors(*node, writer);
  doors.open_door("in", Door{"in", [&](const DoorMessage& message) -> Result<Effect> {
                               return Effect([&, id = message.envelope.message_id, body = message.envelope.body](
                                                 storage::Transaction& transaction) -> Result<void> {
                                 CHECK_OK(transaction.execute("INSERT INTO effect (message_id, body) VALUES (?, ?)",
                                                              {id, storage::Blob{body}}));
                                 if (body.size() > 500) return ok();  // The benchmark wants no answers.
                                 OutboxMessage answer;
                                 answer.message_id = "re-" + id;
                                 answer.address = "out";
                                 answer.subject = "answer/1";
                                 answer.body = "answer to " + id;
                                 CHECK_OK(enqueue(transaction, answer, clock.now()));
                                 relay.wake();
                                 return ok();
                               });
                             }});
  const auto wanted = static_cast<std::uint16_t>(argc > 3 ? std::atoi(argv[3]) : 0);
  const auto port = node->listen("127.0.0.1", wanted, Plain{}, messaging::testing::everybody_is("client"));
  if (!port) {
    std::fprintf(stderr, "%s\n", port.error().message.c_str());
    return 4;
  }
  if (!write_file_atomically(argv[2], std::to_string(port.value()))) return 4;
  int signal = 0;
  sigwait(&signals, &signal);
  node->shutdown([&] { doors.drain(); });
  relay.stop();
  writer.stop();
  return 0;
}
