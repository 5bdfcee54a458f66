// What certificates and lists carry inside; for the sources of this folder only.
#pragma once
#include <string>
#include <vector>

#include "platform/crypto/certificate.h"
#include "platform/crypto/openssl_handles_internal.h"
#include "platform/crypto/sm2_key.h"

namespace zhida::crypto {

struct Certificate::Impl {
  CertificateHandle handle;
  Bytes der;
  std::string fingerprint, subject, issuer, common_name, serial;
  Instant not_before{}, not_after{};
  std::optional<Alg> key_alg;
  std::optional<Sm2PublicKey> sm2_key;  // For SM2: verifies without OpenSSL.
};

struct RevocationList::Impl {
  ListHandle handle;
  Bytes der;
  ByteView tbs;        // Inside der: what the issuer signed.
  ByteView signature;  // Inside der.
  std::optional<Alg> alg;
  Instant this_update{}, next_update{};
  bool usable = false;  // It has a nextUpdate and no critical extension that would narrow what it speaks about.
  std::string unusable_because;
};

}  // namespace zhida::crypto
