#include <algorithm>

#include "platform/crypto/certificate_impl.h"
#include "platform/crypto/timestamp_impl.h"

namespace zhida::crypto {
namespace {

constexpr std::size_t kNonceBytes = 8;

Bytes sequence(const Bytes& content) {
  return der::write(der::kSequence, content);
}

Bytes write_hash_algorithm(HashKind kind) {
  return sequence(der::write_object_id(oid_of(kind)));
}

Bytes write_imprint(const TimestampRequest& request) {
  return sequence(write_hash_algorithm(request.hash) + der::write(der::kOctetString, request.imprint));
}

// DER wants the members of a SET OF in the order of their octets.
Bytes set_of(std::vector<Bytes> members) {
  std::sort(members.begin(), members.end());
  Bytes content;
  for (const Bytes& member : members) content += member;
  return content;
}

Bytes attribute(std::string_view oid, const Bytes& value) {
  return sequence(der::write_object_id(oid) + der::write(der::kSet, value));
}

Bytes write_token_info(const TimestampRequest& request, const TimestampSpec& spec) {
  Bytes content = der::write_integer(1) + der::write_object_id(spec.policy) + write_imprint(request) +
                  write_number(spec.serial) + der::write_time(spec.time);
  if (!request.nonce.empty()) content += write_number(request.nonce);
  return sequence(content);
}

// SigningCertificateV2 (RFC 5035): SHA-256 is its default and is therefore not written.
Bytes write_signing_certificate(HashKind kind, const Certificate& certificate) {
  const Bytes algorithm = kind == HashKind::sha256 ? Bytes() : write_hash_algorithm(kind);
  return sequence(sequence(sequence(algorithm + der::write(der::kOctetString, hash_bytes(kind, certificate.der())))));
}

bool sound_oid(std::string_view dotted) {
  if (dotted.size() < 3 || dotted.size() > 100 || dotted.find('.') == std::string_view::npos) return false;
  if (dotted[0] < '0' || dotted[0] > '2' || dotted[1] != '.' || dotted.back() == '.') return false;
  std::size_t digits = 0;
  for (const char c : dotted) {
    if (c != '.' && (c < '0' || c > '9')) return false;
    digits = c == '.' ? 0 : digits + 1;
    if (digits > 18) return false;
  }
  return dotted.find("..") == std::string_view::npos;
}

Error spec_wrong(std::string message) {
  return refuse("timestamp_spec_wrong", std::move(message));
}

}  // namespace

Bytes encoded_name(const X509_NAME* name) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_NAME(name, &der);
  const Bytes out(reinterpret_cast<char*>(der), static_cast<std::size_t>(std::max(size, 0)));
  OPENSSL_free(der);
  return out;
}

Bytes hash_bytes(HashKind kind, ByteView data) {
  return kind == HashKind::sm3 ? sm3(data) : sha256(data);
}

Bytes write_number(ByteView octets) {
  while (octets.size() > 1 && octets[0] == '\0') octets.remove_prefix(1);
  Bytes content(octets);
  if (content.empty() || (static_cast<unsigned char>(content[0]) & 0x80) != 0) content.insert(content.begin(), '\0');
  return der::write(der::kInteger, content);
}

TimestampRequest make_timestamp_request(HashKind hash, ByteView data) {
  TimestampRequest request;
  request.hash = hash;
  request.imprint = hash_bytes(hash, data);
  request.nonce = random_bytes(kNonceBytes);
  if (request.nonce[0] == '\0') request.nonce[0] = '\x01';  // A number has no leading zeros, and the answer repeats it.
  return request;
}

Bytes write_timestamp_request(const TimestampRequest& request) {
  Bytes content = der::write_integer(1) + write_imprint(request);
  if (!request.policy.empty()) content += der::write_object_id(request.policy);
  if (!request.nonce.empty()) content += write_number(request.nonce);
  if (request.certificate_wanted) content += der::write(der::kBoolean, "\xff");
  return sequence(content);
}

Result<Bytes> make_timestamp_token(const TimestampRequest& request, const Signer& authority,
                                   const TimestampSpec& spec) {
  if (request.imprint.size() != 32) return spec_wrong("What is stamped is a hash of 32 octets.");
  if (spec.serial.empty() || spec.serial.size() > 20 || (static_cast<unsigned char>(spec.serial[0]) & 0x80) != 0) {
    return spec_wrong("The serial number is a positive number of at most 20 octets.");
  }
  if (!sound_oid(spec.policy)) return spec_wrong("The policy " + spec.policy + " is not a dotted object id.");
  if (!request.policy.empty() && request.policy != spec.policy) {
    return spec_wrong("The policy " + request.policy + " was asked for, " + spec.policy + " is given.");
  }
  const Certificate& certificate = authority.certificate();
  if (!certificate.may_stamp_time()) {
    return spec_wrong("The certificate of " + certificate.subject() + " is not for time-stamps alone.");
  }
  const Alg alg = authority.alg();
  const HashKind hash = hash_of(alg);
  const Bytes info = write_token_info(request, spec);
  const Bytes attributes = set_of({
      attribute(kContentTypeOid, der::write_object_id(kTokenInfoOid)),
      attribute(kMessageDigestOid, der::write(der::kOctetString, hash_bytes(hash, info))),
      attribute(kSigningCertificateV2Oid, write_signing_certificate(hash, certificate)),
  });
  // RFC 5652 section 5.4: what is signed has the tag of a SET, what is sent has [0].
  const Bytes value = TRY(authority.sign(der::write(der::kSet, attributes)));
  X509* const x509 = certificate.impl().handle.get();
  const Bytes serial = from_hex(certificate.serial()).value();
  const Bytes signer_info =
      sequence(der::write_integer(1) + sequence(encoded_name(X509_get_issuer_name(x509)) + write_number(serial)) +
               write_hash_algorithm(hash) + der::write(kImplicit0, attributes) +
               sequence(der::write_object_id(signature_oid(alg))) + der::write(der::kOctetString, value));
  const Bytes content_info =
      sequence(der::write_object_id(kTokenInfoOid) + der::write(der::kExplicit0, der::write(der::kOctetString, info)));
  const Bytes certificates = request.certificate_wanted ? der::write(kImplicit0, certificate.der()) : Bytes();
  const Bytes signed_data = sequence(der::write_integer(3) + der::write(der::kSet, write_hash_algorithm(hash)) +
                                     content_info + certificates + der::write(der::kSet, signer_info));
  return sequence(der::write_object_id(kSignedDataOid) + der::write(der::kExplicit0, signed_data));
}

Bytes write_timestamp_response(ByteView token) {
  return sequence(sequence(der::write_integer(0)) + Bytes(token));
}

Bytes write_timestamp_refusal(std::string_view why) {
  constexpr int kRejection = 2;
  return sequence(sequence(der::write_integer(kRejection) + sequence(der::write(der::kUtf8String, why))));
}

}  // namespace zhida::crypto
