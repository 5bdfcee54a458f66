#include "seal_world.h"

#include "platform/crypto/der.h"
#include "platform/crypto/timestamp.h"
#include "seal/structure.h"

namespace zhida::test {
namespace der = crypto::der;

namespace {

crypto::CertificateSpec spec_of(const std::string& name, CertificateRole role, Instant from, Instant to) {
  return {.common_name = name,
          .organisation = "试验",
          .role = role,
          .valid_from = from,
          .valid_to = to,
          .alternative_names = {}};
}

// Of whatever is almost a seal too.
int version_of(ByteView seal_der) {
  const auto seal = seal::read_seal_structure(seal_der);
  return seal ? seal.value().version : 4;
}

}  // namespace

SealWorld::SealWorld(Alg family, std::string authority_name)
    : alg(family),
      root(crypto::Issuer::create_root(family, spec_of(authority_name, CertificateRole::root_authority, kFrom, kTo))
               .value()),
      maker(party("制章中心")),
      signer(party("财政局")),
      time_authority(party("时间戳", CertificateRole::timestamping)),
      seal_der(seal_for(signer, maker)) {}

Party SealWorld::party(const std::string& name, CertificateRole role, Instant from, Instant to) const {
  auto made = root.issue(spec_of(name, role, from, to)).value();
  auto created = crypto::FileSigner::create_from(made.key_pem.reveal(), made.certificate, {});
  return Party{std::move(made), std::move(created.value())};
}

Bytes SealWorld::seal_for(const Party& lists, const Party& made_by, bool digests, Instant from, Instant to,
                          const std::string& es_id) const {
  seal::SealSpec spec;
  spec.es_id = es_id;
  spec.vendor_id = "ZHIDA";
  spec.name = "市财政局电子印章";
  spec.signer_certificates = {lists.certificate().der()};
  spec.digests = digests;
  spec.valid_from = from;
  spec.valid_to = to;
  spec.picture = {"SVG", "<svg/>", 40, 40};
  const Bytes info = seal::write_seal_info(spec, alg, from);
  return seal::write_seal(info, made_by.certificate().der(), made_by.signer->alg(), made_by.signer->sign(info).value());
}

Bytes SealWorld::seal_of_version_5(const Party& lists, const Party& made_by, const seal::Timestamper& timestamper,
                                   Instant created) const {
  seal::SealSpec spec;
  spec.es_id = "SEAL-5";
  spec.vendor_id = "ZHIDA";
  spec.name = "市财政局电子印章";
  spec.signer_certificates = {lists.certificate().der()};
  spec.valid_from = kFrom;
  spec.valid_to = kTo;
  spec.picture = {"SVG", "<svg/>", 40, 40};
  spec.version = 5;
  const Bytes info = seal::write_seal_info(spec, alg, created);
  const Bytes value = made_by.signer->sign(info).value();
  const Bytes token = timestamper ? timestamper(crypto::HashKind::sm3, value).value() : Bytes();
  return seal::write_seal(info, made_by.certificate().der(), made_by.signer->alg(), value, token);
}

seal::Timestamper SealWorld::stamps_at(Instant time, const Party& authority) const {
  return [time, &authority](crypto::HashKind hash, ByteView stamped) {
    return crypto::make_timestamp_token(crypto::make_timestamp_request(hash, stamped), *authority.signer,
                                        {time, "\x01", "1.3.6.1.4.1.99999.2"});
  };
}

Bytes SealWorld::sign_unchecked(const Party& by, ByteView seal, ByteView payload, Instant at) const {
  const seal::Properties properties{"application/json", "m-1", "t-1"};
  return sign_unchecked(by, seal, payload, at, seal::write_property_info(properties, by.signer->alg(), payload.size()));
}

Bytes SealWorld::sign_unchecked(const Party& by, ByteView seal, ByteView payload, Instant at,
                                const std::string& property_info) const {
  const Alg family = by.signer->alg();
  const Bytes to_sign = seal::write_to_sign(version_of(seal), seal, at, crypto::digest(family, payload), property_info);
  return seal::write_signature(to_sign, by.certificate().der(), family, by.signer->sign(to_sign).value());
}

std::shared_ptr<const seal::Trust> SealWorld::trust(const std::vector<crypto::Revocation>& revoked,
                                                    std::vector<seal::Trust::RevokedSeal> revoked_seals,
                                                    std::vector<Alg> allowed) const {
  std::vector<crypto::RevocationList> lists{root.revocation_list(revoked, kFrom, kTo).value()};
  return std::make_shared<seal::Trust>(std::vector{root.certificate()}, std::vector<crypto::Certificate>{},
                                       std::move(lists), std::move(revoked_seals), std::move(allowed));
}

Parts::Parts(ByteView ses) {
  const auto read = seal::read_signature_structure(ses).value();
  to_sign = Bytes(read.to_sign);
  certificate = der::write(der::kOctetString, read.certificate);
  alg_oid = der::write_object_id(read.alg_oid);
  signature = der::write_bits(read.signature);
}

Bytes Parts::whole(const Bytes& more) const {
  return der::write(der::kSequence, to_sign + certificate + alg_oid + signature + more);
}

Bytes Parts::with_timestamp(ByteView token) const {
  return whole(der::write(der::kExplicit0, der::write_bits(token)));
}

seal::Policy policy_at(Instant now) {
  return seal::Policy{.now = now};
}

std::string outcome(ByteView ses, ByteView payload, const seal::Trust& trust) {
  return std::string(seal::name_of(seal::verify(ses, payload, trust, policy_at(kNow)).code));
}

}  // namespace zhida::test
