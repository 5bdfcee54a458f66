#include "platform/crypto/der.h"
#include "seal/structure.h"

namespace zhida::seal {
namespace der = crypto::der;

namespace {

Bytes ia5(std::string_view text) {
  return der::write(der::kIa5String, text);
}

Bytes certificate_list(const SealSpec& spec, Alg alg) {
  Bytes items;
  for (const Bytes& certificate : spec.signer_certificates) {
    if (!spec.digests) {
      items += der::write(der::kOctetString, certificate);
      continue;
    }
    const std::string_view label = alg == Alg::sm2_sm3 ? "SM3" : "SHA256";
    items += der::write(der::kSequence, der::write(der::kPrintableString, label) +
                                            der::write(der::kOctetString, crypto::digest(alg, certificate)));
  }
  return der::write(der::kSequence, items);
}

Bytes tagged_timestamp(ByteView token) {
  return token.empty() ? Bytes() : der::write(der::kExplicit0, der::write_bits(token));
}

}  // namespace

Bytes write_seal_info(const SealSpec& spec, Alg alg, Instant created) {
  const Bytes header = ia5("ES") + der::write_integer(spec.version) + ia5(spec.vendor_id);
  const Bytes property = der::write_integer(spec.type) + der::write(der::kUtf8String, spec.name) +
                         der::write_integer(spec.digests ? 2 : 1) + certificate_list(spec, alg) +
                         der::write_time(created) + der::write_time(spec.valid_from) + der::write_time(spec.valid_to);
  const Bytes picture = ia5(spec.picture.type) + der::write(der::kOctetString, spec.picture.data) +
                        der::write_integer(spec.picture.width_mm) + der::write_integer(spec.picture.height_mm);
  return der::write(der::kSequence, der::write(der::kSequence, header) + ia5(spec.es_id) +
                                        der::write(der::kSequence, property) + der::write(der::kSequence, picture));
}

Bytes write_seal(ByteView info, ByteView maker_certificate, Alg alg, ByteView signed_value, ByteView timestamp) {
  return der::write(der::kSequence, Bytes(info) + der::write(der::kOctetString, maker_certificate) +
                                        der::write_object_id(crypto::signature_oid(alg)) +
                                        der::write_bits(signed_value) + tagged_timestamp(timestamp));
}

Bytes write_to_sign(int version, ByteView seal_der, Instant signed_at, ByteView data_hash,
                    std::string_view property_info) {
  return der::write(der::kSequence, der::write_integer(version) + Bytes(seal_der) + der::write_time(signed_at) +
                                        der::write_bits(data_hash) + ia5(property_info));
}

Bytes write_signature(ByteView to_sign, ByteView certificate, Alg alg, ByteView signature, ByteView timestamp) {
  return der::write(der::kSequence, Bytes(to_sign) + der::write(der::kOctetString, certificate) +
                                        der::write_object_id(crypto::signature_oid(alg)) + der::write_bits(signature) +
                                        tagged_timestamp(timestamp));
}

}  // namespace zhida::seal
