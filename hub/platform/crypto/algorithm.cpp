#include "platform/crypto/algorithm.h"

#include "platform/crypto/digest.h"

namespace zhida::crypto {

std::string_view name_of(Alg alg) {
  return alg == Alg::sm2_sm3 ? "sm2-sm3" : "ecdsa-p256-sha256";
}

std::string_view signature_oid(Alg alg) {
  return alg == Alg::sm2_sm3 ? "1.2.156.10197.1.501" : "1.2.840.10045.4.3.2";
}

std::string_view digest_name(Alg alg) {
  return alg == Alg::sm2_sm3 ? "sm3" : "sha256";
}

std::optional<Alg> alg_of_signature_oid(std::string_view dotted) {
  for (const Alg alg : {Alg::sm2_sm3, Alg::ecdsa_p256_sha256}) {
    if (signature_oid(alg) == dotted) return alg;
  }
  return std::nullopt;
}

Bytes digest(Alg alg, ByteView data) {
  return alg == Alg::sm2_sm3 ? sm3(data) : sha256(data);
}

}  // namespace zhida::crypto
