// What the two doors that are measured share: a store in which each message leaves a row of effect, peers that may do
// everything, and an end at SIGTERM.
#pragma once
#include <csignal>
#include <memory>
#include <string>

#include "platform/messaging/node.h"
#include "platform/storage/database.h"

namespace zhida::bench {

inline constexpr const char* kPeer = "credit";

/// SQLite with synchronous=FULL, as the hub opens it.
inline Result<std::unique_ptr<storage::Database>> open_store(const std::string& path) {
  storage::DatabaseConfig config;
  config.url = "sqlite://" + path;
  auto database = TRY(storage::Database::open(config));
  CHECK_OK(storage::migrate(*database));
  CHECK_OK(database->write([](storage::Transaction& transaction) -> Result<void> {
    CHECK_OK(transaction.execute("CREATE TABLE IF NOT EXISTS effect (message_id TEXT NOT NULL, body BLOB, seal BLOB)"));
    return ok();
  }));
  return database;
}

inline Result<void> keep_effect(storage::Transaction& transaction, const std::string& id, const Bytes& body,
                                const Bytes& seal) {
  CHECK_OK(transaction.execute("INSERT INTO effect (message_id, body, seal) VALUES (?, ?, ?)",
                               {id, storage::Blob{body}, storage::Blob{seal}}));
  return ok();
}

inline messaging::PeerRules everything_allowed() {
  messaging::PeerRules rules;
  rules.peer_of = [](const std::string&) { return std::optional<std::string>(kPeer); };
  rules.may_send = rules.may_receive = [](const std::string&, const std::string&) { return true; };
  return rules;
}

/// Made before any thread is, so that the signal comes to wait() alone.
class Termination {
 public:
  Termination() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }
  void wait() const {
    int signal = 0;
    sigwait(&signals_, &signal);
  }

 private:
  sigset_t signals_;
};

}  // namespace zhida::bench
