// Where a signing key is, as settings say it, and how to open it.
#pragma once
#include <memory>
#include <string>
#include <variant>

#include "base/result.h"
#include "base/secret.h"
#include "platform/crypto/key_agent.h"
#include "platform/crypto/pkcs11_key.h"
#include "platform/crypto/signer.h"

namespace zhida::crypto {

/// A file that this process itself reads.
struct KeyFile {
  std::string path{};
  Secret<std::string> passphrase{};
};
using KeySource = std::variant<KeyFile, KeyAgentOptions, Pkcs11Options>;

Result<std::unique_ptr<SigningKey>> open_key(const KeySource& source);
/// The key with its certificate. Errors: of opening it, of the certificate, `certificate_not_of_key`.
Result<std::unique_ptr<Signer>> open_signer(const KeySource& source, const std::string& certificate_file);

/// zhida-keyd beside the program that runs.
std::string key_agent_program();

}  // namespace zhida::crypto
