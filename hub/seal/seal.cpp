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

Result<Bytes> make_seal(const SealSpec& spec, const Signer& maker, Instant now) {
  if (spec.version != kVersion) {
    return refuse("seal_version_unsupported", "Only structure version 4 (GB/T 38540-2020) is made; version " +
                                                  std::to_string(spec.version) + " was asked for.");
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
  const Bytes info = write_seal_info(spec, maker.alg(), now);
  const Bytes value = TRY(maker.sign(info));
  Bytes made = write_seal(info, maker.certificate().der(), maker.alg(), value);
  if (const auto read = read_seal_structure(made); !read)
    return spec_wrong(read.error().message);  // E.g. a name that is not UTF-8.
  return made;
}

Result<Bytes> seal(ByteView payload, ByteView seal_der, const Signer& signer, const Properties& properties,
                   const Trust& trust, Instant now) {
  // (a1) The seal as it stands now; without knowing its maker's revocation status nothing is sealed.
  const Report seal_report = verify_seal(seal_der, trust, Policy{.now = now, .require_revocation_status = true});
  if (!seal_report.passed()) {
    return refuse("seal_unusable", "Our own seal does not hold (step " + seal_report.step + "): " + seal_report.detail);
  }
  const Bytes& certificate = signer.certificate().der();
  const Bytes to_sign = write_to_sign(seal_der, now, crypto::digest(signer.alg(), payload),
                                      write_property_info(properties, signer.alg(), payload.size()));
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
  const Bytes value = TRY(signer.sign(to_sign));
  return write_signature(to_sign, certificate, signer.alg(), value);
}

}  // namespace zhida::seal
