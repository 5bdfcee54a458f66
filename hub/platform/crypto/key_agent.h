// A private key in a process of its own: the hub asks it for signatures and never sees the key.
#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "platform/crypto/signing_key.h"

namespace zhida::crypto {

struct KeyAgentOptions {
  std::string socket{};    ///< Of a zhida-keyd that runs already; or empty, and:
  std::string program{};   ///< Path of zhida-keyd, started by us and again whenever it dies.
  std::string key_file{};  ///< For that program.
  Secret<std::string> passphrase{};
  /// How long a signature may wait while the process is away.
  std::chrono::milliseconds patience = std::chrono::seconds(30);
};

/// Starts or finds the process and learns its public key. The key given back may be used by many threads at once: what
/// they ask goes out without waiting for each other. Where the process dies, it is started (or looked for) again, and
/// what was asked is asked again; sign_e() gives `key_away` (retry) once patience is over. Errors of the first try:
/// `key_agent_missing`, `key_agent_refused` (it ended at once: its words are on standard error), `key_agent_strange`.
Result<std::unique_ptr<SigningKey>> connect_key_agent(const KeyAgentOptions& options);

}  // namespace zhida::crypto
