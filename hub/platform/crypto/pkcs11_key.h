// A P-256 key in a token behind PKCS#11 (v2.40): the module is loaded, the key never leaves it. There is no SM2 here:
// PKCS#11 defines none, and ECDSA on that curve would not be an SM2 signature; for SM2 devices see signing_key.h.
#pragma once
#include <memory>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "platform/crypto/signing_key.h"

namespace zhida::crypto {

struct Pkcs11Options {
  std::string module{};  ///< Path of the vendor's library.
  std::string token{};   ///< Its label.
  std::string key{};     ///< Label of the key pair.
  Secret<std::string> pin{};
};

/// Errors `pkcs11_module_unusable`, `pkcs11_token_missing`, `pkcs11_pin_wrong`, `pkcs11_key_missing`,
/// `key_kind_unsupported`. Signatures are made one at a time; a session that was lost is opened again.
Result<std::unique_ptr<SigningKey>> open_pkcs11_key(const Pkcs11Options& options);

}  // namespace zhida::crypto
