#include "seal/seal.h"

#include <algorithm>

#include "platform/crypto/digest.h"
#include "seal/structure.h"
#include "seal/trust.h"

namespace zhida::seal {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

Error spec_wrong(std::string message) {
  return refuse("seal_spec_wrong", std::move(message));
}

crypto::HashKind hash_kind(Alg alg) {
  return alg == Alg::sm2_sm3 ? crypto::HashKind::sm3 : crypto::HashKind::sha256;
}

Result<void> check_maker(const crypto::Certificate& maker, const Trust& trust, Instant now) {
  const auto chain = trust.chains().check(maker, now);
  if (chain.verdict != crypto::ChainCheck::Verdict::good) {
    return spec_wrong("The maker's certificate is not good: " + chain.detail + ".");
  }
  if (!chain.status_until || *chain.status_until < now) {
    return spec_wrong("Whether the maker is revoked is not known: there is no revocation list that is in date.");
  }
  return ok();
}

}  // namespace

bool seal_lists(const SealStructure& seal, Alg alg, ByteView certificate) {
  const Bytes wanted = seal.certificate_list_type == 1 ? Bytes(certificate) : crypto::digest(alg, certificate);
  return std::any_of(seal.certificate_list.begin(), seal.certificate_list.end(),
                     [&](ByteView item) { return crypto::constant_time_equal(item, wanted); });
}

Result<void> check_listed(const SealStructure& seal, Alg alg, const crypto::Certificate& certificate) {
  if (seal_lists(seal, alg, certificate.der())) return ok();
  return refuse("signer_not_in_seal", "The seal " + seal.es_id + " does not list the certificate of " +
                                          certificate.subject() +
                                          "; if the certificate was renewed, the seal has to be made again.");
}

Result<Bytes> make_seal(const SealSpec& spec, const Signer& maker, Instant now, const Trust* trust,
                        const Timestamper& timestamper) {
  if (spec.version != kVersion4 && spec.version != kVersion5) {
    return refuse("seal_version_unsupported",
                  "Structure versions 4 and 5 are made; version " + std::to_string(spec.version) + " was asked for.");
  }
  if (spec.es_id.empty() || !is_ascii(spec.es_id)) return spec_wrong("The seal id must be ASCII and not empty.");
  if (!is_ascii(spec.vendor_id)) return spec_wrong("The vendor id must be ASCII.");
  if (spec.name.empty()) return spec_wrong("The seal needs a name.");
  if (spec.type < 0) return spec_wrong("The seal type must not be negative.");
  if (spec.signer_certificates.empty()) return spec_wrong("The seal needs the certificate of at least one signer.");
  if (spec.valid_to < spec.valid_from) return spec_wrong("The seal's validity ends before it begins.");
  if (!is_ascii(spec.picture.type) || spec.picture.width_mm <= 0 || spec.picture.height_mm <= 0) {
    return spec_wrong("The picture needs an ASCII type and a size in millimetres.");
  }
  for (const Bytes& der : spec.signer_certificates) {
    const auto certificate = TRY(crypto::Certificate::parse(der));
    if (certificate.der() != der) return spec_wrong("The signers' certificates must be DER.");
    const auto kind = certificate.key_kind();
    if ((kind == crypto::PublicKeyKind::sm2) != (maker.alg() == Alg::sm2_sm3) || kind == crypto::PublicKeyKind::other) {
      return spec_wrong("The key of " + certificate.subject() + " is not of the maker's algorithm family.");
    }
    if (!certificate.may_sign_seals()) {
      return spec_wrong("The certificate of " + certificate.subject() + " is not meant for signing (key usage).");
    }
  }
  if (!maker.certificate().may_sign_seals() || !maker.certificate().valid_at(now)) {
    return spec_wrong("The maker's certificate is not valid now, or not meant for signing (key usage).");
  }
  if (trust != nullptr) {
    CHECK_OK(check_maker(maker.certificate(), *trust, now));
  }
  const Bytes info = write_seal_info(spec, maker.alg(), now);
  const Bytes value = TRY(maker.sign(info));
  Bytes token;
  if (spec.version == kVersion5 && timestamper) token = TRY(timestamper(hash_kind(maker.alg()), value));
  Bytes made = write_seal(info, maker.certificate().der(), maker.alg(), value, token);
  if (const auto read = read_seal_structure(made); !read)
    return spec_wrong(read.error().message);  // E.g. a name that is not UTF-8.
  return made;
}

Result<Bytes> seal_digest(ByteView data_hash, std::string_view property_info, ByteView seal_der, const Signer& signer,
                          const Trust& trust, Instant now, const Timestamper& timestamper) {
  // (a1) The seal as it stands now; without knowing its maker's revocation status nothing is sealed.
  const Report seal_report = verify_seal(seal_der, trust, Policy{.now = now, .require_revocation_status = true});
  if (!seal_report.passed()) {
    return refuse("seal_unusable", "Our own seal does not hold (step " + seal_report.step + "): " + seal_report.detail);
  }
  // (a2) The signer as it stands now.
  const auto chain = trust.chains().check(signer.certificate(), now);
  if (chain.verdict != crypto::ChainCheck::Verdict::good) {
    return refuse("signer_unusable",
                  "The certificate of " + signer.certificate().subject() + " is not good: " + chain.detail + ".");
  }
  if (!signer.certificate().may_sign_seals()) {
    return refuse("signer_unusable",
                  "The certificate of " + signer.certificate().subject() + " is not meant for signing (key usage).");
  }
  if (!chain.status_until || *chain.status_until < now) {
    return refuse("signer_unusable",
                  "Whether " + signer.certificate().subject() +
                      " is revoked is not known: there is no revocation list of its authority, or it is out of date.");
  }
  // (a3) The seal lists the signer.
  const auto structure = TRY(read_seal_structure(seal_der));
  CHECK_OK(check_listed(structure, signer.alg(), signer.certificate()));
  const Bytes to_sign = write_to_sign(structure.version, seal_der, now, data_hash, property_info);
  const Bytes value = TRY(signer.sign(to_sign));
  const Bytes token = timestamper ? TRY(timestamper(hash_kind(signer.alg()), value)) : Bytes();
  return write_signature(to_sign, signer.certificate().der(), signer.alg(), value, token);
}

Result<Bytes> seal(ByteView payload, ByteView seal_der, const Signer& signer, const Properties& properties,
                   const Trust& trust, Instant now, const Timestamper& timestamper) {
  return seal_digest(crypto::digest(signer.alg(), payload),
                     write_property_info(properties, signer.alg(), payload.size()), seal_der, signer, trust, now,
                     timestamper);
}

Result<Bytes> add_timestamp(ByteView ses, ByteView token) {
  const auto signature = TRY(read_signature_structure(ses));
  if (signature.timestamp) return refuse("timestamp_there_already", "The signature has a time-stamp already.");
  const auto alg = crypto::alg_of_signature_oid(signature.alg_oid);
  if (!alg) return refuse("seal_malformed", "The algorithm " + signature.alg_oid + " is not known here.");
  return write_signature(signature.to_sign, signature.certificate, *alg, signature.signature, token);
}

Result<Bytes> stamped_octets(ByteView ses) {
  return Bytes(TRY(read_signature_structure(ses)).signature);
}

}  // namespace zhida::seal
