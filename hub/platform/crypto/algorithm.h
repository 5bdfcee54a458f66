// The two algorithm families that seals may use: signature, curve and hash always go together.
#pragma once
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace zhida::crypto {

enum class Alg {
  sm2_sm3,            ///< GB/T 32918 with GB/T 32905; signer id 1234567812345678.
  ecdsa_p256_sha256,  ///< FIPS 186 on P-256 with SHA-256.
};

std::string_view name_of(Alg alg);        ///< `sm2-sm3`, `ecdsa-p256-sha256`
std::string_view signature_oid(Alg alg);  ///< Dotted, e.g. `1.2.156.10197.1.501`.
std::string_view digest_name(Alg alg);    ///< `sm3`, `sha256`
std::optional<Alg> alg_of_signature_oid(std::string_view dotted);
Bytes digest(Alg alg, ByteView data);  ///< The family's hash, 32 octets.

}  // namespace zhida::crypto
