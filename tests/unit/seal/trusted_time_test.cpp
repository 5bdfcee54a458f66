// Structure version 5, time-stamps in seals and signatures, and verifying at a time that the signer could not choose.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "platform/crypto/der.h"
#include "platform/crypto/timestamp.h"
#include "seal/structure.h"
#include "seal_world.h"

using namespace zhida;
using namespace zhida::test;
namespace der = zhida::crypto::der;

namespace zhida::crypto {
static std::ostream& operator<<(std::ostream& out, Alg alg) {
  return out << name_of(alg);
}
}  // namespace zhida::crypto

namespace {

const Alg kAlgs[] = {Alg::sm2_sm3, Alg::ecdsa_p256_sha256};

Bytes stamped(const Bytes& ses, const seal::Timestamper& timestamper) {
  const Bytes value = seal::stamped_octets(ses).value();
  return seal::add_timestamp(ses, timestamper(crypto::HashKind::sm3, value).value()).value();
}

std::string strict_outcome(ByteView ses, const seal::Trust& trust, std::optional<Instant> trusted = std::nullopt) {
  auto policy = policy_at(kNow);
  policy.require_trusted_time = true;
  policy.trusted_time = trusted;
  return std::string(seal::name_of(seal::verify(ses, kPayload, trust, policy).code));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trusted_time)

BOOST_DATA_TEST_CASE(a_seal_of_version_5_is_made_time_stamped_and_verified, kAlgs, alg) {
  const SealWorld world(alg);
  const auto trust = world.trust();
  seal::SealSpec spec;
  spec.es_id = "SEAL-5";
  spec.vendor_id = "ZHIDA";
  spec.name = "系统印章";
  spec.version = 5;
  spec.signer_certificates = {world.signer.certificate().der()};
  spec.valid_from = kFrom;
  spec.valid_to = kTo;
  spec.picture = {"SVG", "<svg/>", 40, 40};
  const auto make = [&](const seal::Trust* checked, const seal::Timestamper& timestamper) {
    return seal::make_seal(spec, *world.maker.signer, kSealed, checked, timestamper);
  };
  const Bytes seal_der = make(trust.get(), world.stamps_at(kSealed)).value();
  BOOST_TEST(seal::read_seal(seal_der).value().version == 5);
  BOOST_TEST(seal::read_seal(seal_der).value().has_timestamp);
  BOOST_TEST(seal::describe(seal_der).value()["timestamp"]["time"] == to_rfc3339(kSealed));
  BOOST_TEST(seal::verify_seal(seal_der, *trust, policy_at(kNow)).passed());
  const auto ses = seal::seal(kPayload, seal_der, *world.signer.signer, {"application/json", "m", "t"}, *trust,
                              kSealed + 1h, world.stamps_at(kSealed + 1h));
  BOOST_REQUIRE(ses.has_value());
  for (int round = 0; round < 2; ++round) {
    const auto report = seal::verify(ses.value(), kPayload, *trust, policy_at(kNow));
    BOOST_TEST(report.passed(), report.detail);
    BOOST_TEST(report.notes.empty());
    BOOST_TEST((report.trusted_at == kSealed + 1h));
    BOOST_TEST(report.time_authority == "CN=时间戳,O=试验,C=CN");
    BOOST_TEST(seal::to_json(report)["trusted_at"] == to_rfc3339(kSealed + 1h));
  }
  BOOST_TEST(strict_outcome(ses.value(), *trust) == "ok");
  BOOST_TEST(!seal::add_timestamp(ses.value(), "again").has_value());

  const auto code = [](const Result<Bytes>& made) { return made ? "ok" : made.error().code; };
  BOOST_TEST(code(make(world.trust({{world.maker.certificate(), kFrom}}).get(), {})) == "seal_spec_wrong");
  const seal::Trust without_lists({world.root.certificate()}, {}, {});
  BOOST_TEST(code(make(&without_lists, {})) == "seal_spec_wrong");
  BOOST_TEST(code(make(nullptr, [](crypto::HashKind, ByteView) -> Result<Bytes> {
               return retry("timestamp_refused", "Not today.");
             })) == "timestamp_refused");
}

BOOST_DATA_TEST_CASE(each_fault_of_a_seals_time_stamp_gives_timestamp, kAlgs, alg) {
  const SealWorld world(alg), stranger(alg);
  const auto trust = world.trust();
  const auto check = [&](const char* what, const Bytes& seal_der, const std::string& expected) {
    BOOST_TEST_CONTEXT(what) {
      BOOST_TEST(outcome(world.sign_unchecked(world.signer, seal_der), kPayload, *trust) == expected);
    }
  };
  const auto seal_with = [&](const seal::Timestamper& timestamper, Instant created = kFrom) {
    return world.seal_of_version_5(world.signer, world.maker, timestamper, created);
  };
  const Instant later = kFrom + 24h;
  check("no time-stamp", seal_with({}), "ok");
  check("a good one", seal_with(world.stamps_at(later)), "ok");
  check("stamped before it was made", seal_with(world.stamps_at(later), later + 1h), "timestamp");
  check("a second's difference between two clocks", seal_with(world.stamps_at(later), later + 1s), "ok");
  check("a stranger's", seal_with(stranger.stamps_at(later)), "timestamp");
  check("garbage", seal_with([](auto, auto) { return Bytes("garbage"); }), "timestamp");
  check("of something else", seal_with([&](auto hash, auto) { return world.stamps_at(later)(hash, "something else"); }),
        "timestamp");
  check("the maker was not yet certified",
        world.seal_of_version_5(world.signer, world.party("后来", CertificateRole::seal, later), {}, kFrom),
        "seal_maker_cert");
  // Version 4 has no place for it.
  const auto four = seal::read_seal_structure(world.seal_der).value();
  check("version 4 with a time-stamp",
        seal::write_seal(four.info, four.maker_certificate, alg, four.signed_value,
                         world.stamps_at(later)(crypto::HashKind::sm3, four.signed_value).value()),
        "format");
  const auto implicit = [&](std::uint8_t tag, const Bytes& content) {
    const Bytes whole = seal_with({});
    const auto five = seal::read_seal_structure(whole).value();  // Views into `whole`.
    return der::write(der::kSequence, Bytes(five.info) + der::write(der::kOctetString, five.maker_certificate) +
                                          der::write_object_id(five.alg_oid) + der::write_bits(five.signed_value) +
                                          der::write(tag, content));
  };
  check("an untagged one", implicit(der::kBitString, Bytes(1, '\0') + "token"), "format");
  check("an implicit tag", implicit(0x80, Bytes(1, '\0') + "token"), "format");
}

BOOST_DATA_TEST_CASE(each_fault_of_a_signatures_time_stamp_gives_timestamp, kAlgs, alg) {
  const SealWorld world(alg), stranger(alg);
  const Bytes good = world.sign_unchecked(world.signer, world.seal_der);
  const auto trust = world.trust();
  const auto check = [&](const char* what, const Bytes& ses, const std::string& expected) {
    BOOST_TEST_CONTEXT(what) {
      BOOST_TEST(outcome(ses, kPayload, *trust) == expected);
    }
  };
  check("a good one", stamped(good, world.stamps_at(kSealed)), "ok");
  check("a second's difference between two clocks", stamped(good, world.stamps_at(kSealed - 1s)), "ok");
  check("stamped before it was signed", stamped(good, world.stamps_at(kSealed - 2s)), "timestamp");
  check("in the future", stamped(good, world.stamps_at(kNow + 1h)), "timestamp");
  check("a stranger's", stamped(good, stranger.stamps_at(kSealed)), "timestamp");
  check("garbage", Parts(good).with_timestamp("garbage"), "timestamp");
  check("nothing", Parts(good).with_timestamp(""), "timestamp");
  check("of something else",
        Parts(good).with_timestamp(world.stamps_at(kSealed)(crypto::HashKind::sm3, "something else").value()),
        "timestamp");
  const auto with_authority = [&](const std::vector<crypto::Revocation>& revoked) {
    const auto report =
        seal::verify(stamped(good, world.stamps_at(kSealed)), kPayload, *world.trust(revoked), policy_at(kNow));
    return std::pair(std::string(seal::name_of(report.code)), report.notes.size());
  };
  BOOST_TEST((with_authority({{world.time_authority.certificate(), kSealed}}) ==
              std::pair(std::string("timestamp"), std::size_t{0})));
  BOOST_TEST((with_authority({{world.time_authority.certificate(), kSealed + 1s}}) ==
              std::pair(std::string("ok"), std::size_t{1})));

  // Authorities of time may have roots of their own; then nobody else's word counts.
  seal::TrustContent content;
  content.roots = {world.root.certificate()};
  content.time_roots = {stranger.root.certificate()};
  content.lists = {world.root.revocation_list({}, kFrom, kTo).value(),
                   stranger.root.revocation_list({}, kFrom, kTo).value()};
  const seal::Trust apart(content);
  BOOST_TEST(outcome(stamped(good, stranger.stamps_at(kSealed)), kPayload, apart) == "ok");
  BOOST_TEST(outcome(stamped(good, world.stamps_at(kSealed)), kPayload, apart) == "timestamp");
}

BOOST_DATA_TEST_CASE(a_stolen_key_cannot_date_back_where_trusted_time_is_required, kAlgs, alg) {
  const SealWorld world(alg);
  const Bytes good = world.sign_unchecked(world.signer, world.seal_der);  // It says kSealed.
  const auto trust = world.trust();
  BOOST_TEST(strict_outcome(good, *trust) == "timestamp");
  BOOST_TEST(strict_outcome(good, *trust, kSealed + 1min) == "ok");  // E.g. from a tree head.
  BOOST_TEST(strict_outcome(good, *trust, kSealed - 1min) == "timestamp");
  BOOST_TEST(strict_outcome(stamped(good, world.stamps_at(kSealed)), *trust) == "ok");

  // Revoked at noon, signed in the evening with the morning's date: the honest time-stamp tells.
  const auto revoked = world.trust({{world.signer.certificate(), kSealed + 3h}});
  const Bytes dated_back = stamped(good, world.stamps_at(kSealed + 9h));
  BOOST_TEST(outcome(dated_back, kPayload, *revoked) == "ok");
  BOOST_TEST(strict_outcome(dated_back, *revoked) == "signer_revoked");
  BOOST_TEST(strict_outcome(stamped(good, world.stamps_at(kSealed + 1h)), *revoked) == "ok");
  // The earlier of two trusted times counts.
  BOOST_TEST(strict_outcome(dated_back, *revoked, kSealed + 1h) == "ok");

  const Party expired = world.party("过期", CertificateRole::seal, kFrom, kSealed + 1h);
  const Bytes late = world.sign_unchecked(expired, world.seal_for(expired, world.maker));
  BOOST_TEST(strict_outcome(stamped(late, world.stamps_at(kSealed + 2h)), *trust) == "sign_time");
  BOOST_TEST(strict_outcome(stamped(late, world.stamps_at(kSealed)), *trust) == "ok");
  const auto revoked_seal = world.trust({}, {{"SEAL-1", kSealed + 3h}});
  BOOST_TEST(strict_outcome(dated_back, *revoked_seal) == "seal_expired");
}

BOOST_DATA_TEST_CASE(every_changed_bit_of_a_time_stamped_file_of_version_5_is_refused, kAlgs, alg) {
  const SealWorld world(alg);
  const auto trust = world.trust();
  const Bytes seal_der = world.seal_of_version_5(world.signer, world.maker, world.stamps_at(kFrom + 1h));
  const Bytes good = stamped(world.sign_unchecked(world.signer, seal_der), world.stamps_at(kSealed));
  BOOST_REQUIRE(outcome(good, kPayload, *trust) == "ok");
  std::size_t accepted = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    // Two bits an octet here: the whole way, with every bit, is walked for version 4 and for tokens alone.
    for (const int bit : {static_cast<int>(at % 8), static_cast<int>((at + 5) % 8)}) {
      Bytes changed = good;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      accepted += seal::verify(changed, kPayload, *trust, policy_at(kNow)).passed();
    }
    accepted += seal::verify(ByteView(good).substr(0, at), kPayload, *trust, policy_at(kNow)).passed();
  }
  BOOST_TEST(accepted == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
