// Time-stamps of RFC 3161 / GB/T 20520: a third party's word that octets existed at a time. Both algorithm families:
// OpenSSL's own functions for tokens do not know SM2, so the SignedData around the token is written and read here.
#pragma once
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "platform/crypto/certificate.h"
#include "platform/crypto/digest.h"
#include "platform/crypto/signer.h"
#include "platform/crypto/trust_store.h"

namespace zhida::crypto {

/// What is asked of an authority (TimeStampReq).
struct TimestampRequest {
  HashKind hash = HashKind::sm3;
  Bytes imprint{};                 ///< The hash of what is to be stamped, 32 octets.
  Bytes nonce{};                   ///< Up to 16 octets, empty for none; the token repeats it.
  std::string policy{};            ///< Dotted OID, empty for the authority's own.
  bool certificate_wanted = true;  ///< Else the token comes without the authority's certificate and is smaller.
};
/// A request for the hash of `data`, with a fresh nonce.
TimestampRequest make_timestamp_request(HashKind hash, ByteView data);
Bytes write_timestamp_request(const TimestampRequest& request);
/// Error `timestamp_request_malformed`; also for hashes other than SM3 and SHA-256.
Result<TimestampRequest> read_timestamp_request(ByteView der);

/// What the authority adds.
struct TimestampSpec {
  Instant time{};        ///< Whole seconds are written.
  Bytes serial{};        ///< Unique for the authority, 1 to 20 octets, read as a positive number.
  std::string policy{};  ///< Dotted OID; must be the request's where that names one.
};
/// The token (CMS ContentInfo, DER), signed by an authority whose certificate is for time-stamps alone. Errors
/// `timestamp_spec_wrong`, `signing_failed`.
Result<Bytes> make_timestamp_token(const TimestampRequest& request, const Signer& authority, const TimestampSpec& spec);
Bytes write_timestamp_response(ByteView token);       ///< TimeStampResp, granted.
Bytes write_timestamp_refusal(std::string_view why);  ///< TimeStampResp, rejected; UTF-8 for people.
/// The token of a response, if it answers what was asked: same imprint, nonce and policy. Nothing is verified yet.
/// Errors `timestamp_refused` (retry), `timestamp_malformed`, `timestamp_of_another_request`.
Result<Bytes> read_timestamp_response(ByteView der, const TimestampRequest& asked);

/// A token's content.
struct TimestampToken {
  HashKind hash = HashKind::sm3;
  Bytes imprint{};
  Instant time{};                        ///< genTime
  Bytes serial{};                        ///< As a positive number, no leading zeros.
  Bytes nonce{};                         ///< Likewise; empty where the token has none.
  std::string policy{};                  ///< Dotted OID.
  Alg alg = Alg::sm2_sm3;                ///< Of the authority's signature.
  std::vector<Certificate> authority{};  ///< After verifying: the one that signed.
  std::vector<std::string> notes{};      ///< From verifying: true but not a failure.
};
/// Form only. Error `timestamp_malformed`.
Result<TimestampToken> read_timestamp_token(ByteView der);

/// Whose word is taken for the time.
struct TimestampTrust {
  const TrustStore& authorities;
  Instant now{};
  std::vector<Alg> allowed = {Alg::sm2_sm3, Alg::ecdsa_p256_sha256};
  bool require_revocation_status = false;   ///< No usable revocation list: refused instead of noted.
  std::vector<Certificate> certificates{};  ///< For tokens that carry none.
};
/// Everything: form, imprint = hash of `stamped`, the messageDigest and signing-certificate attributes, the signature,
/// the authority's purpose (time-stamps alone), chain and revocation at genTime, and genTime not in the future. Errors
/// `timestamp_malformed`, `timestamp_imprint_wrong`, `timestamp_signature_wrong`, `timestamp_alg_not_allowed`,
/// `timestamp_authority_unknown`, `timestamp_authority_not_trusted`, `timestamp_authority_revoked`,
/// `timestamp_in_the_future`.
Result<TimestampToken> verify_timestamp_token(ByteView token, ByteView stamped, const TimestampTrust& trust);
/// Where only the hash is at hand.
Result<TimestampToken> verify_timestamp_imprint(ByteView token, HashKind hash, ByteView imprint,
                                                const TimestampTrust& trust);

}  // namespace zhida::crypto
