// Object ids and pieces that the writer and the reader of time-stamps share. For the sources of this folder only.
#pragma once
#include <optional>
#include <string_view>

#include "platform/crypto/der.h"
#include "platform/crypto/openssl_handles_internal.h"
#include "platform/crypto/timestamp.h"

namespace zhida::crypto {

inline constexpr std::string_view kSignedDataOid = "1.2.840.113549.1.7.2";
inline constexpr std::string_view kTokenInfoOid = "1.2.840.113549.1.9.16.1.4";  // id-ct-TSTInfo
inline constexpr std::string_view kContentTypeOid = "1.2.840.113549.1.9.3";
inline constexpr std::string_view kMessageDigestOid = "1.2.840.113549.1.9.4";
inline constexpr std::string_view kSigningCertificateOid = "1.2.840.113549.1.9.16.2.12";
inline constexpr std::string_view kSigningCertificateV2Oid = "1.2.840.113549.1.9.16.2.47";
inline constexpr std::string_view kSm3Oid = "1.2.156.10197.1.401";
inline constexpr std::string_view kSha256Oid = "2.16.840.1.101.3.4.2.1";
inline constexpr std::uint8_t kImplicit0 = 0xa0, kImplicit1 = 0xa1, kImplicit0Primitive = 0x80;

inline HashKind hash_of(Alg alg) {
  return alg == Alg::sm2_sm3 ? HashKind::sm3 : HashKind::sha256;
}
inline std::string_view oid_of(HashKind kind) {
  return kind == HashKind::sm3 ? kSm3Oid : kSha256Oid;
}
std::optional<HashKind> hash_of_oid(std::string_view dotted);
Bytes hash_bytes(HashKind kind, ByteView data);

Bytes encoded_name(const X509_NAME* name);

/// AlgorithmIdentifier with a hash, whose parameters may be absent or NULL.
Result<HashKind> read_hash_algorithm(der::Reader& from, std::string_view what);

/// Octets of a positive INTEGER without leading zeros. Error where it is negative or longer than 20 octets.
Result<Bytes> read_number(der::Reader& from, std::string_view what);
/// The INTEGER of octets read as a positive number.
Bytes write_number(ByteView octets);

/// A signed token taken apart; views into the received octets.
struct TokenParts {
  TimestampToken token;
  ByteView info;                       // eContent: what messageDigest is over.
  std::vector<ByteView> certificates;  // DER, as the token carries them.
  ByteView issuer, serial;             // sid: issuerAndSerialNumber, whole elements …
  ByteView key_id;                     // … or subjectKeyIdentifier.
  ByteView signed_attributes;          // Content of [0]: signed as a SET OF.
  ByteView message_digest;
  HashKind certificate_hash = HashKind::sha256;
  ByteView signing_certificate;  // The hash of the authority's certificate.
  bool signing_certificate_is_sha1 = false;
  ByteView signature;
};
Result<TokenParts> read_token_parts(ByteView der);

}  // namespace zhida::crypto
