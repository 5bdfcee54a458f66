#include <algorithm>

#include <openssl/sha.h>

#include "platform/crypto/certificate_impl.h"
#include "platform/crypto/timestamp_impl.h"

namespace zhida::crypto {
namespace {

constexpr auto kClockTolerance = std::chrono::minutes(5);

bool is_signer(const Certificate& certificate, const TokenParts& parts) {
  X509* const x509 = certificate.impl().handle.get();
  if (!parts.key_id.empty()) {
    const ASN1_OCTET_STRING* const id = X509_get0_subject_key_id(x509);
    return id != nullptr && ByteView(reinterpret_cast<const char*>(ASN1_STRING_get0_data(id)),
                                     static_cast<std::size_t>(ASN1_STRING_length(id))) == parts.key_id;
  }
  const auto serial = from_hex(certificate.serial());
  return serial && write_number(serial.value()) == parts.serial &&
         encoded_name(X509_get_issuer_name(x509)) == parts.issuer;  // Octet by octet: the sid itself is not signed.
}

Bytes certificate_hash(const TokenParts& parts, ByteView der) {
  if (!parts.signing_certificate_is_sha1) return hash_bytes(parts.certificate_hash, der);
  // The first version of the attribute knows nothing else; the signature itself does not rest on it.
  Bytes out(SHA_DIGEST_LENGTH, '\0');
  unsigned length = 0;
  if (EVP_Digest(der.data(), der.size(), octets(out), &length, EVP_sha1(), nullptr) != 1) return {};
  return out;
}

Result<Certificate> find_authority(const TokenParts& parts, const std::vector<Certificate>& more) {
  const auto fits = [&](const Certificate& one) {
    return is_signer(one, parts) && constant_time_equal(certificate_hash(parts, one.der()), parts.signing_certificate);
  };
  for (const ByteView der : parts.certificates) {
    const auto one = Certificate::parse(der);
    if (one && fits(one.value())) return one.value();
  }
  for (const Certificate& one : more) {
    if (fits(one)) return one;
  }
  return refuse("timestamp_authority_unknown",
                "The certificate that signed the time-stamp is neither in the token nor at hand.");
}

Result<void> check_authority(const Certificate& authority, const TimestampTrust& trust, TimestampToken& token) {
  if (!authority.may_stamp_time()) {
    return refuse("timestamp_authority_not_trusted",
                  "The certificate of " + authority.subject() + " is not for time-stamps alone.");
  }
  const ChainCheck chain = trust.authorities.check(authority, token.time);
  if (chain.verdict == ChainCheck::Verdict::not_trusted) {
    return refuse("timestamp_authority_not_trusted", "The time-stamp authority " + authority.subject() +
                                                         " was not trusted at the time it gives, " +
                                                         to_generalized_time(token.time) + ": " + chain.detail + ".");
  }
  if (chain.verdict == ChainCheck::Verdict::revoked) {
    return refuse("timestamp_authority_revoked",
                  "The time-stamp authority was revoked at the time it gives: " + chain.detail + ".");
  }
  if (!chain.status_until || *chain.status_until < trust.now) {
    const std::string what = "Whether the time-stamp authority " + authority.subject() +
                             " is revoked is not known: no revocation list of its issuer is at hand and in date.";
    if (trust.require_revocation_status) return refuse("timestamp_authority_not_trusted", what);
    token.notes.push_back(what);
  }
  if (chain.revoked_at) {
    token.notes.push_back("The time-stamp authority was revoked at " + to_generalized_time(*chain.revoked_at) +
                          ", after it stamped.");
  }
  if (trust.now > chain.valid_to) {
    token.notes.push_back("The time-stamp authority's chain has expired at " + to_generalized_time(chain.valid_to) +
                          ", after it stamped.");
  }
  return ok();
}

Result<TimestampToken> verify_parts(TokenParts parts, HashKind hash, ByteView imprint, const TimestampTrust& trust) {
  TimestampToken& token = parts.token;
  if (token.hash != hash || !constant_time_equal(token.imprint, imprint)) {
    return refuse("timestamp_imprint_wrong", "The time-stamp is of other octets than these.");
  }
  if (std::find(trust.allowed.begin(), trust.allowed.end(), token.alg) == trust.allowed.end()) {
    return refuse("timestamp_alg_not_allowed", "The time-stamp is signed with " + std::string(name_of(token.alg)) +
                                                   ", which the trust policy does not allow.");
  }
  if (!constant_time_equal(parts.message_digest, hash_bytes(hash_of(token.alg), parts.info))) {
    return refuse("timestamp_signature_wrong", "The signed hash of the time-stamp is not the one of its content.");
  }
  const Certificate authority = TRY(find_authority(parts, trust.certificates));
  if (!authority.verifies(token.alg, der::write(der::kSet, parts.signed_attributes), parts.signature)) {
    return refuse("timestamp_signature_wrong", "The signature of the time-stamp does not fit it.");
  }
  CHECK_OK(check_authority(authority, trust, token));
  if (token.time > trust.now + kClockTolerance) {
    return refuse("timestamp_in_the_future",
                  "The time-stamp gives " + to_generalized_time(token.time) + ", which lies in the future.");
  }
  token.authority = {authority};
  return std::move(token);
}

}  // namespace

Result<TimestampToken> verify_timestamp_token(ByteView token, ByteView stamped, const TimestampTrust& trust) {
  auto parts = TRY(read_token_parts(token));
  const HashKind hash = parts.token.hash;
  return verify_parts(std::move(parts), hash, hash_bytes(hash, stamped), trust);
}

Result<TimestampToken> verify_timestamp_imprint(ByteView token, HashKind hash, ByteView imprint,
                                                const TimestampTrust& trust) {
  return verify_parts(TRY(read_token_parts(token)), hash, imprint, trust);
}

}  // namespace zhida::crypto
