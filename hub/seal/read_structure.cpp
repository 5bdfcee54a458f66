#include "platform/crypto/der.h"
#include "seal/structure.h"

namespace zhida::seal {
namespace der = crypto::der;

namespace {

constexpr std::size_t kDigestBytes = 32;

Error malformed(std::string message) {
  return refuse("seal_malformed", std::move(message));
}

// ExtensionDatas: read, so that nothing is overlooked, but nothing in them is known here.
Result<std::vector<std::string>> read_extensions(ByteView content) {
  std::vector<std::string> critical;
  der::Reader list(content);
  while (!list.at_end()) {
    der::Reader fields(TRY(list.expect(der::kSequence, "ExtData")).content);
    const auto id = TRY(fields.object_id("ExtData.extnID"));
    if (fields.next_tag() == der::kBoolean) {
      // An explicit FALSE is not DER, but deployed encoders write it.
      if (TRY(fields.any("ExtData.critical")).content != ByteView("\0", 1)) critical.push_back(id);
    }
    TRY(fields.octet_string("ExtData.extnValue"));
    CHECK_OK(fields.end("ExtData"));
  }
  return critical;
}

Result<void> read_certificate_list(ByteView content, SealStructure& seal) {
  der::Reader items(content);
  while (!items.at_end()) {
    if (seal.certificate_list_type == 1) {
      seal.certificate_list.push_back(TRY(items.octet_string("An item of certList (certListType 1)")));
      continue;
    }
    der::Reader fields(TRY(items.expect(der::kSequence, "An item of certList (certListType 2)")).content);
    TRY(fields.expect(der::kPrintableString, "CertDigestObj.type"));  // Free text: nothing is decided by it.
    const ByteView value = TRY(fields.octet_string("CertDigestObj.value"));
    if (value.size() != kDigestBytes) return malformed("CertDigestObj.value is not 32 octets long.");
    seal.certificate_list.push_back(value);
    CHECK_OK(fields.end("CertDigestObj"));
  }
  if (seal.certificate_list.empty()) return malformed("certList is empty.");
  return ok();
}

Result<void> read_header(ByteView content, SealStructure& seal) {
  der::Reader header(content);
  if (TRY(header.ia5("header.ID")) != "ES") return malformed("header.ID is not \"ES\".");
  seal.version = static_cast<int>(TRY(header.integer("header.version")));
  if (seal.version != kVersion4 && seal.version != kVersion5) {
    return malformed("This is structure version " + std::to_string(seal.version) +
                     "; version 4 (GB/T 38540-2020) or 5 (GM/T 0031-2025) is needed.");
  }
  seal.vendor_id = TRY(header.ia5("header.Vid"));
  return header.end("SES_Header");
}

Result<void> read_property(ByteView content, SealStructure& seal) {
  der::Reader property(content);
  seal.type = static_cast<int>(TRY(property.integer("property.type")));
  seal.name = TRY(property.utf8("property.name"));
  seal.certificate_list_type = static_cast<int>(TRY(property.integer("property.certListType")));
  if (seal.certificate_list_type != 1 && seal.certificate_list_type != 2) {
    return malformed("certListType is neither 1 (certificates) nor 2 (digests).");
  }
  CHECK_OK(read_certificate_list(TRY(property.expect(der::kSequence, "property.certList")).content, seal));
  seal.created = TRY(property.time("property.createDate"));
  seal.valid_from = TRY(property.time("property.validStart"));
  seal.valid_to = TRY(property.time("property.validEnd"));
  if (seal.valid_to < seal.valid_from) return malformed("validEnd is before validStart.");
  return property.end("SES_ESPropertyInfo");
}

Result<void> read_picture(ByteView content, SealStructure& seal) {
  der::Reader picture(content);
  seal.picture_type = TRY(picture.ia5("picture.type"));
  seal.picture = TRY(picture.octet_string("picture.data"));
  seal.picture_width_mm = static_cast<int>(TRY(picture.integer("picture.width")));
  seal.picture_height_mm = static_cast<int>(TRY(picture.integer("picture.height")));
  return picture.end("SES_ESPictureInfo");
}

// [0] is explicit: a reader who left it out would take an untagged BIT STRING, which is refused here.
Result<ByteView> read_timestamp(der::Reader& fields, std::string_view what) {
  der::Reader tagged(TRY(fields.expect(der::kExplicit0, what)).content);
  const ByteView token = TRY(tagged.bits(what));
  CHECK_OK(tagged.end(what));
  return token;
}

std::size_t count_elements(ByteView content) {
  der::Reader reader(content);
  std::size_t count = 0;
  while (!reader.at_end() && reader.any("An element")) ++count;
  return count;
}

Result<SealStructure> read_seal_element(const der::Element& element) {
  SealStructure seal;
  seal.whole = element.whole;
  if (count_elements(element.content) == 2) {
    return malformed("This is a seal of structure version 1 (GM/T 0031-2014); version 4 or 5 is needed.");
  }
  der::Reader fields(element.content);
  const auto info = TRY(fields.expect(der::kSequence, "eSealInfo"));
  seal.info = info.whole;
  der::Reader inner(info.content);
  CHECK_OK(read_header(TRY(inner.expect(der::kSequence, "header")).content, seal));
  seal.es_id = TRY(inner.ia5("esID"));
  CHECK_OK(read_property(TRY(inner.expect(der::kSequence, "property")).content, seal));
  CHECK_OK(read_picture(TRY(inner.expect(der::kSequence, "picture")).content, seal));
  if (!inner.at_end()) {
    seal.critical_extensions = TRY(read_extensions(TRY(inner.expect(der::kSequence, "extDatas")).content));
  }
  CHECK_OK(inner.end("SES_SealInfo"));
  seal.maker_certificate = TRY(fields.octet_string("SESeal.cert"));
  seal.alg_oid = TRY(fields.object_id("signAlgID"));
  seal.signed_value = TRY(fields.bits("signedValue"));
  if (fields.at_end()) return seal;
  if (seal.version == kVersion4) {
    return malformed("A seal of version 4 has nothing behind signedValue; a time-stamp there is version 5.");
  }
  seal.timestamp = TRY(read_timestamp(fields, "SESeal.timeStamp"));
  CHECK_OK(fields.end("SESeal"));
  return seal;
}

Result<void> read_to_sign(ByteView content, SignatureStructure& signature) {
  der::Reader fields(content);
  const auto version = TRY(fields.integer("toSign.version"));
  signature.seal = TRY(read_seal_element(TRY(fields.expect(der::kSequence, "toSign.eseal"))));
  if (version != signature.seal.version) return malformed("toSign.version differs from the version of the seal.");
  signature.signed_at = TRY(fields.time("toSign.timeInfo"));
  signature.data_hash = TRY(fields.bits("toSign.dataHash"));
  signature.property_info = TRY(fields.ia5("toSign.propertyInfo"));
  if (!fields.at_end()) {
    signature.has_extensions = true;
    der::Reader tagged(TRY(fields.expect(der::kExplicit0, "toSign.extDatas")).content);
    signature.critical_extensions = TRY(read_extensions(TRY(tagged.expect(der::kSequence, "toSign.extDatas")).content));
    CHECK_OK(tagged.end("toSign.extDatas"));
  }
  return fields.end("TBS_Sign");
}

Result<SignatureStructure> read_signature_fields(ByteView content) {
  if (count_elements(content) == 2) {
    return malformed("This is a signature of structure version 1 (GM/T 0031-2014); version 4 or 5 is needed.");
  }
  SignatureStructure signature;
  der::Reader fields(content);
  const auto to_sign = TRY(fields.expect(der::kSequence, "toSign"));
  signature.to_sign = to_sign.whole;
  CHECK_OK(read_to_sign(to_sign.content, signature));
  signature.certificate = TRY(fields.octet_string("cert"));
  signature.alg_oid = TRY(fields.object_id("signatureAlgID"));
  signature.signature = TRY(fields.bits("signature"));
  if (!fields.at_end()) {
    signature.timestamp = TRY(read_timestamp(fields, "timeStamp"));
  }
  CHECK_OK(fields.end("SES_Signature"));
  return signature;
}

// The content of the outer SEQUENCE, after everything that can be said without knowing the structure.
Result<der::Element> read_outer(ByteView text) {
  if (text.size() > kStructureBytesMax) return malformed("It is larger than 1 MiB.");
  const auto strict = der::check_strict(text);
  if (!strict) return malformed(strict.error().message);
  der::Reader outer(text);
  auto element = outer.expect(der::kSequence, "The outer element");
  if (!element) return malformed(element.error().message);
  return element;
}

}  // namespace

Result<SealStructure> read_seal_structure(ByteView text) {
  auto seal = read_seal_element(TRY(read_outer(text)));
  if (!seal) return malformed(seal.error().message);
  return seal;
}

Result<SignatureStructure> read_signature_structure(ByteView text) {
  auto signature = read_signature_fields(TRY(read_outer(text)).content);
  if (!signature) return malformed(signature.error().message);
  return signature;
}

}  // namespace zhida::seal
