#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>

#include "platform/crypto/der.h"
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

Bytes replaced(Bytes text, const Bytes& from, const Bytes& to) {
  const auto at = text.find(from);
  BOOST_REQUIRE(at != Bytes::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(verifying)

BOOST_DATA_TEST_CASE(a_good_seal_passes_and_tells_who_when_and_what, kAlgs, alg) {
  const SealWorld world(alg);
  const auto trust = world.trust();
  for (const bool digests : {true, false}) {
    const Bytes seal_der = world.seal_for(world.signer, world.maker, digests);
    const auto sealed = seal::seal(kPayload, seal_der, *world.signer.signer, {"application/json", "消息;1", "trace=9"},
                                   *trust, kSealed + 123ms);
    BOOST_REQUIRE(sealed.has_value());
    for (int round = 0; round < 2; ++round) {
      const auto report = seal::verify(sealed.value(), kPayload, *trust, policy_at(kNow));
      BOOST_TEST(report.passed(), report.step << " " << report.detail);
      BOOST_TEST(report.es_id == "SEAL-1");
      BOOST_TEST(report.seal_name == "市财政局电子印章");
      BOOST_TEST(report.signer_subject == "CN=财政局,O=试验,C=CN");
      BOOST_TEST(report.signer_fingerprint == world.signer.certificate().fingerprint());
      BOOST_TEST(report.serial == world.signer.certificate().serial());
      BOOST_TEST(to_millis(report.signed_at) == to_millis(kSealed));
      BOOST_TEST(report.message_id == "消息;1");
      BOOST_TEST(report.trace_id == "trace=9");
      BOOST_TEST(report.media_type == "application/json");
      BOOST_TEST(report.alg == crypto::name_of(alg));
      BOOST_TEST(report.notes.empty());
    }
    BOOST_TEST(seal::verify_digest(sealed.value(), crypto::digest(alg, kPayload), *trust, policy_at(kNow)).passed());
    BOOST_TEST(seal::verify_seal(seal_der, *trust, policy_at(kNow)).passed());
    BOOST_TEST(seal::read_seal(seal_der).value().certificate_list_type == (digests ? 2 : 1));
  }
}

BOOST_DATA_TEST_CASE(each_fault_alone_gives_its_own_code, kAlgs, alg) {
  const SealWorld world(alg);
  const SealWorld stranger(alg);  // An authority of the same name with another key.
  const auto trust = world.trust();
  const auto check = [&](const char* what, const Bytes& ses, const std::string& expected) {
    BOOST_TEST_CONTEXT(what) {
      BOOST_TEST(outcome(ses, kPayload, *trust) == expected);
    }
  };
  const Bytes good = world.sign_unchecked(world.signer, world.seal_der);
  check("nothing wrong", good, "ok");
  check("a byte more", good + "x", "format");

  const Parts parts(good);
  const auto with = [&](const std::function<void(Parts&)>& change) {
    Parts changed = parts;
    change(changed);
    return changed.whole();
  };
  const char* const other_oid = alg == Alg::sm2_sm3 ? "1.2.840.10045.4.3.2" : "1.2.156.10197.1.501";
  check("an unknown algorithm", with([](Parts& p) { p.alg_oid = der::write_object_id("1.2.156.10197.1.502"); }), "alg");
  check("the other family's algorithm", with([&](Parts& p) { p.alg_oid = der::write_object_id(other_oid); }), "alg");
  check("raw r||s", with([](Parts& p) { p.signature = der::write_bits(Bytes(64, '\x11')); }), "sign_value");
  check("another signature",
        with([&](Parts& p) { p.signature = der::write_bits(world.signer.signer->sign("x").value()); }), "sign_value");

  const Party other = world.party("别人");
  check("signed by one the seal does not list", world.sign_unchecked(other, world.seal_der), "signer_not_in_seal");
  check("listed in a type 1 seal of another",
        world.sign_unchecked(other, world.seal_for(world.signer, world.maker, false)), "signer_not_in_seal");

  const auto read = seal::read_seal_structure(world.seal_der).value();
  const Bytes wrong_value =
      seal::write_seal(read.info, read.maker_certificate, alg, world.maker.signer->sign("x").value());
  check("the maker signed something else", world.sign_unchecked(world.signer, wrong_value), "seal_sign_value");
  check("the maker is a stranger", world.sign_unchecked(world.signer, world.seal_for(world.signer, stranger.maker)),
        "seal_maker_cert");
  const Party encrypting_maker = world.party("只加密", CertificateRole::encryption_only);
  check("the maker's key usage", world.sign_unchecked(world.signer, world.seal_for(world.signer, encrypting_maker)),
        "seal_maker_cert");
  const Party late_maker = world.party("后来的", CertificateRole::seal, kSealed, kTo);
  check("the maker was not yet certified", world.sign_unchecked(world.signer, world.seal_for(world.signer, late_maker)),
        "seal_maker_cert");
  check("the seal had ended",
        world.sign_unchecked(world.signer, world.seal_for(world.signer, world.maker, true, kFrom, kSealed - 1s)),
        "seal_expired");

  const Party impostor = stranger.party("财政局");
  check("the signer's authority is a stranger", world.sign_unchecked(impostor, world.seal_for(impostor, world.maker)),
        "signer_cert");
  const Party encrypting = world.party("只加密", CertificateRole::encryption_only);
  check("the signer's key usage", world.sign_unchecked(encrypting, world.seal_for(encrypting, world.maker)),
        "signer_cert");
  const Party expired = world.party("过期", CertificateRole::seal, kFrom, kSealed - 1h);
  check("the signer had expired", world.sign_unchecked(expired, world.seal_for(expired, world.maker)), "sign_time");
  const Party not_yet = world.party("未到", CertificateRole::seal, kSealed + 1h, kTo);
  check("the signer was not yet certified", world.sign_unchecked(not_yet, world.seal_for(not_yet, world.maker)),
        "sign_time");
  check("signed in the future", world.sign_unchecked(world.signer, world.seal_der, kPayload, kNow + 6min), "sign_time");
  check("a clock a little ahead", world.sign_unchecked(world.signer, world.seal_der, kPayload, kNow + 4min), "ok");

  check("another payload", world.sign_unchecked(world.signer, world.seal_der, "another"), "data_hash");
  const auto with_info = [&](const std::string& info) {
    return world.sign_unchecked(world.signer, world.seal_der, kPayload, kSealed, info);
  };
  check("another length", with_info("zhida/1;scope=all;len=1"), "data_hash");
  check("another scope", with_info("zhida/1;scope=head;len=" + std::to_string(kPayload.size())), "data_hash");
  check("a batch", with_info("zhida/1;scope=batch;len=" + std::to_string(kPayload.size())), "data_hash");
  check("a broken escape", with_info("zhida/1;scope=%g1"), "data_hash");
  check("unknown keys are for others", with_info("zhida/1;scope=all;x=y;len=" + std::to_string(kPayload.size())), "ok");
  check("somebody else's habit", with_info("urn:example:whatever"), "ok");
  check("a time-stamp", parts.whole(der::write(der::kExplicit0, der::write_bits("token"))), "timestamp");
}

BOOST_DATA_TEST_CASE(revocation_counts_from_its_date_on, kAlgs, alg) {
  const SealWorld world(alg);
  const Bytes good = world.sign_unchecked(world.signer, world.seal_der);
  const auto report = [&](const std::vector<crypto::Revocation>& revoked,
                          std::vector<seal::Trust::RevokedSeal> seals = {}) {
    return seal::verify(good, kPayload, *world.trust(revoked, std::move(seals)), policy_at(kNow));
  };
  const auto& signer = world.signer.certificate();
  const auto& maker = world.maker.certificate();
  BOOST_TEST((report({{signer, kSealed - 1s}}).code == seal::Code::signer_revoked));
  BOOST_TEST((report({{signer, kSealed}}).code == seal::Code::signer_revoked));
  const auto after = report({{signer, kSealed + 1s}});
  BOOST_TEST(after.passed());
  BOOST_TEST(after.notes.size() == 1u);
  BOOST_TEST((report({{maker, kFrom}}).code == seal::Code::seal_maker_cert));
  const auto maker_after = report({{maker, kSealed}});
  BOOST_TEST(maker_after.passed());
  BOOST_TEST(maker_after.notes.size() == 1u);
  BOOST_TEST((report({}, {{"SEAL-1", kSealed}}).code == seal::Code::seal_expired));
  BOOST_TEST(report({}, {{"SEAL-1", kSealed}}).detail.find("revoked seal") != std::string::npos);
  BOOST_TEST(report({}, {{"SEAL-1", kSealed + 1s}}).passed());
  BOOST_TEST(report({}, {{"SEAL-2", kFrom}}).passed());
}

BOOST_AUTO_TEST_CASE(what_the_policy_asks_for_is_demanded) {
  const SealWorld world(Alg::sm2_sm3);
  const Bytes good = world.sign_unchecked(world.signer, world.seal_der);
  const auto only_p256 = world.trust({}, {}, {Alg::ecdsa_p256_sha256});
  BOOST_TEST(outcome(good, kPayload, *only_p256) == "alg");

  seal::Policy policy = policy_at(kNow);
  policy.require_trusted_time = true;
  BOOST_TEST((seal::verify(good, kPayload, *world.trust(), policy).code == seal::Code::timestamp));

  const seal::Trust without_lists({world.root.certificate()}, {}, {});
  const auto noted = seal::verify(good, kPayload, without_lists, policy_at(kNow));
  BOOST_TEST(noted.passed());
  BOOST_TEST(noted.notes.size() == 2u);
  policy = policy_at(kNow);
  policy.require_revocation_status = true;
  BOOST_TEST((seal::verify(good, kPayload, without_lists, policy).code == seal::Code::seal_maker_cert));
  policy.now = kTo + 24h;  // The list is out of date by then, and all certificates have expired: notes by default.
  BOOST_TEST((seal::verify(good, kPayload, *world.trust(), policy).code == seal::Code::seal_maker_cert));
  BOOST_TEST(seal::verify(good, kPayload, *world.trust(), policy_at(kTo + 24h)).passed());
}

BOOST_AUTO_TEST_CASE(a_file_with_two_faults_shows_the_first_and_lists_both_when_asked) {
  const SealWorld world(Alg::sm2_sm3);
  const Party other = world.party("别人");
  const Bytes ses = world.sign_unchecked(other, world.seal_der, "another payload", kNow + 1h);
  auto policy = policy_at(kNow);
  const auto brief = seal::verify(ses, kPayload, *world.trust(), policy);
  BOOST_TEST((brief.code == seal::Code::signer_not_in_seal));
  BOOST_TEST(brief.findings.size() == 1u);
  policy.all_findings = true;
  const auto full = seal::verify(ses, kPayload, *world.trust(), policy);
  BOOST_TEST((full.code == seal::Code::signer_not_in_seal));
  BOOST_TEST(full.findings.size() == 3u);  // Not listed, in the future, another payload.
  BOOST_TEST(seal::to_error(full).code == "seal_signer_not_in_seal");
  BOOST_TEST(seal::to_json(full)["findings"].size() == 3u);
}

BOOST_AUTO_TEST_CASE(only_the_exact_form_is_read_and_what_else_it_is_gets_named) {
  const SealWorld world(Alg::sm2_sm3);
  const auto trust = world.trust();
  const Bytes good = world.sign_unchecked(world.signer, world.seal_der);
  const Parts parts(good);
  const auto detail = [&](const Bytes& ses) {
    const auto report = seal::verify(ses, kPayload, *trust, policy_at(kNow));
    BOOST_TEST((report.code == seal::Code::format));
    return report.detail;
  };
  const auto says = [&](const char* what, const Bytes& ses, const char* words) {
    BOOST_TEST_CONTEXT(what) {
      const std::string text = detail(ses);
      BOOST_TEST(text.find(words) != std::string::npos, text);
    }
  };
  const Bytes header4 = der::write(der::kIa5String, "ES") + der::write_integer(4);
  const auto with_header = [&](const Bytes& header) {  // Same length, so that only this differs.
    const Bytes seal_der = replaced(world.seal_der, header4, header);
    return world.sign_unchecked(world.signer, seal_der);
  };
  says("version 3", with_header(der::write(der::kIa5String, "ES") + der::write_integer(3)), "version 3");
  says("another ID", with_header(der::write(der::kIa5String, "EX") + der::write_integer(4)), "header.ID");
  says("two elements", der::write(der::kSequence, parts.to_sign + parts.signature), "GM/T 0031-2014");
  says("an untagged time-stamp", parts.whole(der::write_bits("token")), "timeStamp");
  says("an implicit time-stamp", parts.whole(der::write(0x80, "token")), "timeStamp");
  says("a sixth element", parts.whole(der::write(der::kExplicit0, der::write_bits("t")) + der::write_integer(1)),
       "more elements");
  Parts two_versions = parts;
  two_versions.to_sign =
      replaced(parts.to_sign, der::write_integer(4) + world.seal_der, der::write_integer(5) + world.seal_der);
  says("two versions", two_versions.whole(), "differs");
  says("nothing", Bytes(), "strict DER");
  says(
      "a PEM certificate inside",
      [&] {
        Parts pem = parts;
        pem.certificate = der::write(der::kOctetString, world.signer.certificate().pem());
        return pem.whole();
      }(),
      "not DER");
  says("1 MiB and more", der::write(der::kSequence, der::write(der::kOctetString, Bytes(1u << 20, 'x'))), "1 MiB");

  // What deployed encoders write although it is not DER: an explicit FALSE in an extension.
  const auto with_extension = [&](const Bytes& extension) {
    const Bytes list = der::write(der::kExplicit0, der::write(der::kSequence, der::write(der::kSequence, extension)));
    const Bytes content = Bytes(parts.to_sign.substr(4)) + list;  // 30 82 xx xx
    const Bytes to_sign = der::write(der::kSequence, content);
    return seal::write_signature(to_sign, world.signer.certificate().der(), world.alg,
                                 world.signer.signer->sign(to_sign).value());
  };
  const Bytes id = der::write_object_id("1.3.6.1.4.1.99999.1");
  const Bytes value = der::write(der::kOctetString, "v");
  BOOST_TEST(outcome(with_extension(id + value), kPayload, *trust) == "ok");
  BOOST_TEST(outcome(with_extension(id + der::write(der::kBoolean, Bytes(1, '\0')) + value), kPayload, *trust) == "ok");
  const auto critical =
      seal::verify(with_extension(id + der::write(der::kBoolean, "\xff") + value), kPayload, *trust, policy_at(kNow));
  BOOST_TEST(critical.passed());
  BOOST_TEST(critical.notes.size() == 1u);
  says("an extension without a value", with_extension(id), "ExtData");
}

BOOST_AUTO_TEST_CASE(a_seal_of_the_other_family_is_refused) {
  const SealWorld sm2(Alg::sm2_sm3), p256(Alg::ecdsa_p256_sha256);
  const Bytes ses = sm2.sign_unchecked(sm2.signer, p256.seal_for(sm2.signer, p256.maker));
  BOOST_TEST(outcome(ses, kPayload, *sm2.trust()) == "alg");
}

BOOST_AUTO_TEST_CASE(a_seal_put_in_the_place_of_another_breaks_the_signature) {
  const SealWorld world(Alg::sm2_sm3);
  const Bytes good = world.sign_unchecked(world.signer, world.seal_der);
  const Bytes twin = world.seal_for(world.signer, world.maker, true, kFrom, kTo, "SEAL-2");
  Parts parts(good);
  const auto at = parts.to_sign.find(world.seal_der);
  Bytes content = parts.to_sign.substr(4);
  content.replace(at - 4, world.seal_der.size(), twin);
  parts.to_sign = der::write(der::kSequence, content);
  BOOST_TEST(outcome(parts.whole(), kPayload, *world.trust()) == "sign_value");
}

BOOST_DATA_TEST_CASE(every_changed_bit_and_every_truncation_is_refused, kAlgs, alg) {
  const SealWorld world(alg);
  const auto trust = world.trust();
  const Bytes good = world.sign_unchecked(world.signer, world.seal_der);
  BOOST_REQUIRE(outcome(good, kPayload, *trust) == "ok");
  std::size_t accepted = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes changed = good;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      accepted += seal::verify(changed, kPayload, *trust, policy_at(kNow)).passed();
    }
    accepted += seal::verify(ByteView(good).substr(0, at), kPayload, *trust, policy_at(kNow)).passed();
  }
  BOOST_TEST(accepted == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
