// What a certificate authority is sent when a key is to be replaced.
#pragma once
#include "base/result.h"
#include "base/secret.h"
#include "platform/crypto/certificate.h"

namespace zhida::crypto {

struct KeyAndRequest {
  Secret<Bytes> key_pem;  ///< PKCS#8, encrypted.
  Bytes request_pem;      ///< PKCS#10, signed with the new key.
};

/// A new key of the certificate's kind, encrypted under the passphrase, and a request for a certificate with the same
/// subject. Errors `key_kind_unsupported`, `issuing_failed`, `key_unwritable`.
Result<KeyAndRequest> renew_request(const Certificate& before, const Secret<std::string>& passphrase);

}  // namespace zhida::crypto
