#include "platform/crypto/timestamp.h"
#include "seal/seal.h"
#include "seal/structure.h"

namespace zhida::seal {
namespace {

// Readable even where the certificate inside is not: describing is not verifying.
Json certificate_json(ByteView der) {
  const auto certificate = crypto::Certificate::parse(der);
  if (!certificate) return {{"unreadable", certificate.error().message}};
  return {{"subject", certificate.value().subject()},
          {"issuer", certificate.value().issuer()},
          {"serial", certificate.value().serial()},
          {"fingerprint", certificate.value().fingerprint()},
          {"valid_from", to_rfc3339(certificate.value().not_before())},
          {"valid_to", to_rfc3339(certificate.value().not_after())}};
}

std::string alg_text(const std::string& oid) {
  const auto alg = crypto::alg_of_signature_oid(oid);
  return alg ? std::string(crypto::name_of(*alg)) : oid;
}

Json timestamp_json(ByteView token) {
  const auto read = crypto::read_timestamp_token(token);
  if (!read) return {{"unreadable", read.error().message}};
  return {{"time", to_rfc3339(read.value().time)},
          {"serial", to_hex(read.value().serial)},
          {"policy", read.value().policy},
          {"alg", crypto::name_of(read.value().alg)}};
}

Json seal_json(const SealStructure& seal) {
  Json list = Json::array();
  for (const ByteView item : seal.certificate_list) {
    list.push_back(seal.certificate_list_type == 1 ? certificate_json(item) : Json(to_hex(item)));
  }
  return {{"version", seal.version},
          {"vendor_id", seal.vendor_id},
          {"es_id", seal.es_id},
          {"type", seal.type},
          {"name", seal.name},
          {"certificate_list_type", seal.certificate_list_type},
          {"certificate_list", std::move(list)},
          {"created", to_rfc3339(seal.created)},
          {"valid_from", to_rfc3339(seal.valid_from)},
          {"valid_to", to_rfc3339(seal.valid_to)},
          {"picture",
           {{"type", seal.picture_type},
            {"octets", seal.picture.size()},
            {"width_mm", seal.picture_width_mm},
            {"height_mm", seal.picture_height_mm}}},
          {"maker", certificate_json(seal.maker_certificate)},
          {"alg", alg_text(seal.alg_oid)},
          {"timestamp", seal.timestamp ? timestamp_json(*seal.timestamp) : Json()}};
}

}  // namespace

Result<SealSummary> read_seal(ByteView seal_der) {
  const auto seal = TRY(read_seal_structure(seal_der));
  SealSummary summary;
  summary.es_id = seal.es_id;
  summary.vendor_id = seal.vendor_id;
  summary.name = seal.name;
  summary.version = seal.version;
  summary.type = seal.type;
  summary.certificate_list_type = seal.certificate_list_type;
  summary.certificates = seal.certificate_list.size();
  summary.created = seal.created;
  summary.valid_from = seal.valid_from;
  summary.valid_to = seal.valid_to;
  summary.picture_type = seal.picture_type;
  summary.picture_bytes = seal.picture.size();
  summary.has_timestamp = seal.timestamp.has_value();
  const auto maker = TRY(crypto::Certificate::parse(seal.maker_certificate));
  summary.maker_subject = maker.subject();
  return summary;
}

Result<Picture> read_picture_of(ByteView seal_or_signature_der) {
  const auto as_picture = [](const SealStructure& seal) {
    return Picture{.type = seal.picture_type,
                   .data = Bytes(seal.picture),
                   .width_mm = seal.picture_width_mm,
                   .height_mm = seal.picture_height_mm};
  };
  if (const auto seal = read_seal_structure(seal_or_signature_der)) return as_picture(seal.value());
  return as_picture(TRY(read_signature_structure(seal_or_signature_der)).seal);
}

Result<Json> describe(ByteView seal_or_signature_der) {
  if (const auto seal = read_seal_structure(seal_or_signature_der)) {
    Json json = seal_json(seal.value());
    json["kind"] = "seal";
    return json;
  }
  const auto signature = TRY(read_signature_structure(seal_or_signature_der));
  return Json{{"kind", "seal_signature"},
              {"seal", seal_json(signature.seal)},
              {"signed_at", to_rfc3339(signature.signed_at)},
              {"data_hash", to_hex(signature.data_hash)},
              {"property_info", signature.property_info},
              {"signer", certificate_json(signature.certificate)},
              {"alg", alg_text(signature.alg_oid)},
              {"timestamp", signature.timestamp ? timestamp_json(*signature.timestamp) : Json()}};
}

}  // namespace zhida::seal
