#include <algorithm>

#include "platform/crypto/timestamp_impl.h"

namespace zhida::crypto {
namespace {

constexpr std::size_t kTokenBytesMax = 256u << 10;
constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kSha1Bytes = 20;

Error malformed(std::string message) {
  return refuse("timestamp_malformed", "The time-stamp cannot be read: " + std::move(message));
}

Result<void> read_imprint(der::Reader& from, HashKind& hash, Bytes& imprint) {
  der::Reader fields(TRY(from.expect(der::kSequence, "messageImprint")).content);
  hash = TRY(read_hash_algorithm(fields, "messageImprint.hashAlgorithm"));
  imprint = Bytes(TRY(fields.octet_string("messageImprint.hashedMessage")));
  if (imprint.size() != kHashBytes) return malformed("messageImprint is not 32 octets long.");
  return fields.end("MessageImprint");
}

// Extensions of a token: none are known here, so a critical one means that we would misread it.
Result<void> read_extensions(ByteView content) {
  der::Reader list(content);
  while (!list.at_end()) {
    der::Reader fields(TRY(list.expect(der::kSequence, "Extension")).content);
    const auto id = TRY(fields.object_id("Extension.extnID"));
    if (fields.next_tag() == der::kBoolean) {
      TRY(fields.any("Extension.critical"));
      return malformed("it has the critical extension " + id + ", which is not known here.");
    }
    TRY(fields.octet_string("Extension.extnValue"));
    CHECK_OK(fields.end("Extension"));
  }
  return ok();
}

// TSTInfo, RFC 3161 section 2.4.2.
Result<void> read_token_info(ByteView info, TimestampToken& token) {
  CHECK_OK(der::check_strict(info, der::Times::fractions_too));
  der::Reader outer(info);
  der::Reader fields(TRY(outer.expect(der::kSequence, "TSTInfo")).content);
  if (TRY(fields.integer("TSTInfo.version")) != 1) return malformed("TSTInfo.version is not 1.");
  token.policy = TRY(fields.object_id("TSTInfo.policy"));
  CHECK_OK(read_imprint(fields, token.hash, token.imprint));
  token.serial = TRY(read_number(fields, "TSTInfo.serialNumber"));
  token.time = TRY(fields.time_with_fraction("TSTInfo.genTime"));
  if (fields.next_tag() == der::kSequence) TRY(fields.any("TSTInfo.accuracy"));
  if (fields.next_tag() == der::kBoolean) TRY(fields.any("TSTInfo.ordering"));
  if (fields.next_tag() == der::kInteger) token.nonce = TRY(read_number(fields, "TSTInfo.nonce"));
  if (fields.next_tag() == kImplicit0) TRY(fields.any("TSTInfo.tsa"));
  if (fields.next_tag() == kImplicit1) {
    CHECK_OK(read_extensions(TRY(fields.any("TSTInfo.extensions")).content));
  }
  return fields.end("TSTInfo");
}

// The first of the listed certificates is the one that signed (RFC 5035 section 3).
Result<void> read_signing_certificate(ByteView value, bool second_version, TokenParts& parts) {
  der::Reader outer(value);
  der::Reader fields(TRY(outer.expect(der::kSequence, "SigningCertificate")).content);
  der::Reader list(TRY(fields.expect(der::kSequence, "SigningCertificate.certs")).content);
  der::Reader id(TRY(list.expect(der::kSequence, "ESSCertID")).content);
  parts.signing_certificate_is_sha1 = !second_version;
  if (second_version && id.next_tag() == der::kSequence) {
    parts.certificate_hash = TRY(read_hash_algorithm(id, "ESSCertIDv2.hashAlgorithm"));
  }
  parts.signing_certificate = TRY(id.octet_string("ESSCertID.certHash"));
  if (parts.signing_certificate.size() != (second_version ? kHashBytes : kSha1Bytes)) {
    return malformed("the hash of the signing certificate has a wrong length.");
  }
  return outer.end("The attribute signingCertificate");
}

Result<void> read_attributes(ByteView content, TokenParts& parts) {
  der::Reader list(content);
  bool has_type = false;
  while (!list.at_end()) {
    der::Reader fields(TRY(list.expect(der::kSequence, "Attribute")).content);
    const auto id = TRY(fields.object_id("Attribute.attrType"));
    const ByteView values = TRY(fields.expect(der::kSet, "Attribute.attrValues")).content;
    CHECK_OK(fields.end("Attribute"));
    der::Reader value(values);
    const auto once = [&](bool already) -> Result<void> {
      if (already) return malformed("a signed attribute is there twice.");
      return ok();
    };
    if (id == kContentTypeOid) {
      CHECK_OK(once(has_type));
      has_type = true;
      if (TRY(value.object_id("contentType")) != kTokenInfoOid) return malformed("contentType is not TSTInfo.");
      CHECK_OK(value.end("contentType"));
    } else if (id == kMessageDigestOid) {
      CHECK_OK(once(!parts.message_digest.empty()));
      parts.message_digest = TRY(value.octet_string("messageDigest"));
      CHECK_OK(value.end("messageDigest"));
    } else if (id == kSigningCertificateV2Oid || (id == kSigningCertificateOid && parts.signing_certificate.empty())) {
      // Where both versions are there, the second is the one that counts, in whatever order they come.
      CHECK_OK(once(!parts.signing_certificate.empty() && !parts.signing_certificate_is_sha1));
      CHECK_OK(read_signing_certificate(values, id == kSigningCertificateV2Oid, parts));
    }
  }
  if (!has_type || parts.message_digest.empty()) return malformed("contentType or messageDigest is not signed.");
  if (parts.signing_certificate.empty()) return malformed("no attribute says which certificate signed.");
  return ok();
}

Result<void> read_signer_info(ByteView content, TokenParts& parts) {
  der::Reader fields(content);
  const auto version = TRY(fields.integer("SignerInfo.version"));
  if (fields.next_tag() == kImplicit0Primitive) {
    parts.key_id = TRY(fields.any("SignerInfo.sid")).content;
  } else {
    der::Reader sid(TRY(fields.expect(der::kSequence, "SignerInfo.sid")).content);
    parts.issuer = TRY(sid.expect(der::kSequence, "SignerInfo.sid.issuer")).whole;
    parts.serial = TRY(sid.expect(der::kInteger, "SignerInfo.sid.serialNumber")).whole;
    CHECK_OK(sid.end("IssuerAndSerialNumber"));
  }
  if (version != (parts.key_id.empty() ? 1 : 3)) return malformed("SignerInfo.version does not fit its sid.");
  const HashKind hash = TRY(read_hash_algorithm(fields, "SignerInfo.digestAlgorithm"));
  parts.signed_attributes = TRY(fields.expect(der::kExplicit0, "SignerInfo.signedAttrs")).content;
  der::Reader algorithm(TRY(fields.expect(der::kSequence, "SignerInfo.signatureAlgorithm")).content);
  const auto oid = TRY(algorithm.object_id("SignerInfo.signatureAlgorithm"));
  if (algorithm.next_tag() == der::kNull) TRY(algorithm.any("SignerInfo.signatureAlgorithm"));
  CHECK_OK(algorithm.end("SignerInfo.signatureAlgorithm"));
  const auto alg = alg_of_signature_oid(oid);
  if (!alg) return malformed("the signature algorithm " + oid + " is not known here.");
  if (hash_of(*alg) != hash) return malformed("the hash of the signer is not the one of its signature algorithm.");
  parts.token.alg = *alg;
  parts.signature = TRY(fields.octet_string("SignerInfo.signature"));
  if (fields.next_tag() == kImplicit1) TRY(fields.any("SignerInfo.unsignedAttrs"));
  CHECK_OK(fields.end("SignerInfo"));
  return read_attributes(parts.signed_attributes, parts);
}

Result<void> read_signed_data(ByteView content, TokenParts& parts) {
  der::Reader fields(content);
  if (TRY(fields.integer("SignedData.version")) != 3) return malformed("SignedData.version is not 3.");
  der::Reader hashes(TRY(fields.expect(der::kSet, "SignedData.digestAlgorithms")).content);
  const HashKind listed = TRY(read_hash_algorithm(hashes, "SignedData.digestAlgorithms"));
  CHECK_OK(hashes.end("SignedData.digestAlgorithms"));  // There is one signer.
  der::Reader encapsulated(TRY(fields.expect(der::kSequence, "encapContentInfo")).content);
  if (TRY(encapsulated.object_id("eContentType")) != kTokenInfoOid) return malformed("eContentType is not TSTInfo.");
  der::Reader explicit0(TRY(encapsulated.expect(der::kExplicit0, "eContent")).content);
  parts.info = TRY(explicit0.octet_string("eContent"));
  CHECK_OK(explicit0.end("eContent"));
  CHECK_OK(encapsulated.end("encapContentInfo"));
  if (fields.next_tag() == kImplicit0) {
    der::Reader certificates(TRY(fields.any("SignedData.certificates")).content);
    while (!certificates.at_end()) {
      const auto one = TRY(certificates.any("A certificate"));
      if (one.tag != der::kSequence) continue;  // Another kind of certificate.
      if (std::find(parts.certificates.begin(), parts.certificates.end(), one.whole) != parts.certificates.end()) {
        return malformed("it carries a certificate twice.");
      }
      parts.certificates.push_back(one.whole);
    }
  }
  if (fields.next_tag() == kImplicit1) TRY(fields.any("SignedData.crls"));
  der::Reader signers(TRY(fields.expect(der::kSet, "SignedData.signerInfos")).content);
  CHECK_OK(fields.end("SignedData"));
  const ByteView signer = TRY(signers.expect(der::kSequence, "SignerInfo")).content;
  if (!signers.at_end()) return malformed("it has more than one signer.");
  CHECK_OK(read_signer_info(signer, parts));
  if (listed != hash_of(parts.token.alg)) return malformed("digestAlgorithms is not the signer's hash.");
  return read_token_info(parts.info, parts.token);
}

Result<void> read_content_info(ByteView der, TokenParts& parts) {
  CHECK_OK(der::check_strict(der));
  der::Reader outer(der);
  der::Reader fields(TRY(outer.expect(der::kSequence, "ContentInfo")).content);
  if (TRY(fields.object_id("contentType")) != kSignedDataOid) return malformed("it is not SignedData.");
  der::Reader explicit0(TRY(fields.expect(der::kExplicit0, "content")).content);
  CHECK_OK(fields.end("ContentInfo"));
  const ByteView signed_data = TRY(explicit0.expect(der::kSequence, "SignedData")).content;
  CHECK_OK(explicit0.end("ContentInfo.content"));
  return read_signed_data(signed_data, parts);
}

Result<TimestampRequest> read_request(ByteView der) {
  TimestampRequest request;
  CHECK_OK(der::check_strict(der));
  der::Reader outer(der);
  der::Reader fields(TRY(outer.expect(der::kSequence, "TimeStampReq")).content);
  if (TRY(fields.integer("version")) != 1) return malformed("version is not 1.");
  CHECK_OK(read_imprint(fields, request.hash, request.imprint));
  if (fields.next_tag() == der::kObjectId) request.policy = TRY(fields.object_id("reqPolicy"));
  if (fields.next_tag() == der::kInteger) request.nonce = TRY(read_number(fields, "nonce"));
  request.certificate_wanted = fields.next_tag() == der::kBoolean;
  if (request.certificate_wanted) {
    request.certificate_wanted = TRY(fields.any("certReq")).content == ByteView("\xff");
  }
  if (fields.next_tag() == kImplicit0) {
    // RFC 3161 section 2.4.1: an authority that does not know an extension, critical or not, refuses the request.
    return malformed("the request has extensions, which are not known here.");
  }
  CHECK_OK(fields.end("TimeStampReq"));
  return request;
}

Result<TokenParts> as_parts(ByteView der) {
  if (der.size() > kTokenBytesMax) return malformed("it is larger than 256 KiB.");
  TokenParts parts;
  const auto read = read_content_info(der, parts);
  if (!read) {
    if (read.error().code == "timestamp_malformed") return read.error();
    return malformed(read.error().message);
  }
  return parts;
}

}  // namespace

std::optional<HashKind> hash_of_oid(std::string_view dotted) {
  if (dotted == kSm3Oid) return HashKind::sm3;
  if (dotted == kSha256Oid) return HashKind::sha256;
  return std::nullopt;
}

Result<HashKind> read_hash_algorithm(der::Reader& from, std::string_view what) {
  der::Reader fields(TRY(from.expect(der::kSequence, what)).content);
  const auto oid = TRY(fields.object_id(what));
  if (fields.next_tag() == der::kNull) TRY(fields.any(what));
  CHECK_OK(fields.end(what));
  const auto kind = hash_of_oid(oid);
  if (!kind) return malformed(std::string(what) + " " + oid + " is neither SM3 nor SHA-256.");
  return *kind;
}

Result<Bytes> read_number(der::Reader& from, std::string_view what) {
  ByteView content = TRY(from.expect(der::kInteger, what)).content;
  if (content.empty() || (static_cast<unsigned char>(content[0]) & 0x80) != 0) {
    return malformed(std::string(what) + " is negative.");
  }
  if (content.size() > 1 && content[0] == '\0') content.remove_prefix(1);
  if (content.size() > 20) return malformed(std::string(what) + " is longer than 20 octets.");
  return Bytes(content);
}

Result<TokenParts> read_token_parts(ByteView der) {
  return as_parts(der);
}

Result<TimestampToken> read_timestamp_token(ByteView der) {
  auto parts = TRY(as_parts(der));
  return std::move(parts.token);
}

Result<TimestampRequest> read_timestamp_request(ByteView der) {
  auto request = read_request(der);
  if (!request) return refuse("timestamp_request_malformed", request.error().message);
  return request;
}

Result<Bytes> read_timestamp_response(ByteView der, const TimestampRequest& asked) {
  der::Reader outer(der);
  const auto whole = outer.expect(der::kSequence, "TimeStampResp");
  if (!whole || !outer.at_end()) return malformed("this is not a TimeStampResp.");
  der::Reader fields(whole.value().content);
  const auto status = fields.expect(der::kSequence, "PKIStatusInfo");
  if (!status) return malformed(status.error().message);
  der::Reader info(status.value().content);
  const auto granted = info.integer("PKIStatus");
  if (!granted) return malformed(granted.error().message);
  if (granted.value() > 1) {  // 0 granted, 1 granted with modifications.
    std::string why = "status " + std::to_string(granted.value());
    if (info.next_tag() == der::kSequence) {
      const auto free_text = info.any("PKIFreeText");
      if (!free_text) return malformed(free_text.error().message);
      der::Reader texts(free_text.value().content);
      if (const auto text = texts.utf8("PKIFreeText")) why += ", \"" + text.value() + "\"";
    }
    return retry("timestamp_refused", "The time-stamp authority gave no token: " + why + ".");
  }
  const auto token = fields.expect(der::kSequence, "timeStampToken");
  if (!token || !fields.at_end()) return malformed("the response is granted but holds no token.");
  const auto parts = TRY(as_parts(token.value().whole));
  const bool fits = parts.token.hash == asked.hash && parts.token.imprint == asked.imprint &&
                    parts.token.nonce == asked.nonce && (asked.policy.empty() || parts.token.policy == asked.policy);
  if (!fits) {
    return refuse("timestamp_of_another_request",
                  "The time-stamp authority answered another request: imprint, nonce or policy are not ours.");
  }
  return Bytes(token.value().whole);
}

}  // namespace zhida::crypto
