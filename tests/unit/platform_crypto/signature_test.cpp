#include <boost/test/unit_test.hpp>

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "platform/crypto/der.h"
#include "platform/crypto/issuer.h"
#include "platform/crypto/openssl_handles_internal.h"
#include "platform/crypto/signer.h"
#include "platform/crypto/trust_store.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::crypto;

namespace {

const Instant kFrom = parse_rfc3339("2025-01-01T00:00:00+08:00").value();
const Instant kTo = parse_rfc3339("2027-01-01T00:00:00+08:00").value();
const Instant kNow = parse_rfc3339("2025-11-03T09:00:00+08:00").value();

CertificateSpec spec(std::string name, CertificateRole role = CertificateRole::seal) {
  return {.common_name = std::move(name),
          .organisation = "试验",
          .role = role,
          .valid_from = kFrom,
          .valid_to = kTo,
          .alternative_names = {}};
}

Issuer root_of(Alg alg, std::string name = "根 CA") {
  return std::move(Issuer::create_root(alg, spec(std::move(name), CertificateRole::root_authority)).value());
}

Bytes integer_of(const char* hex) {
  Bytes raw = from_hex(hex).value();
  if ((static_cast<unsigned char>(raw[0]) & 0x80) != 0) raw.insert(raw.begin(), '\0');
  return der::write(der::kInteger, raw);
}

KeyHandle sm2_public_key(const std::string& x, const std::string& y) {
  const Bytes point = from_hex("04" + x + y).value();
  const Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "SM2", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  const Handle<OSSL_PARAM, OSSL_PARAM_free> params(OSSL_PARAM_BLD_to_param(builder.get()));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "SM2", nullptr));
  EVP_PKEY* key = nullptr;
  BOOST_REQUIRE(EVP_PKEY_fromdata_init(context.get()) == 1);
  BOOST_REQUIRE(EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) == 1);
  return KeyHandle(key);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(signatures)

BOOST_AUTO_TEST_CASE(sm2_accepts_the_published_signature_and_nothing_near_it) {
  const auto key = sm2_public_key("09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020",
                                  "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13");
  const char* const kR = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3";
  const char* const kS = "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";
  const Bytes value = der::write(der::kSequence, integer_of(kR) + integer_of(kS));
  const auto accepts = [&](ByteView message, ByteView signature) {
    return verify_signature(key.get(), Alg::sm2_sm3, message, signature);
  };
  BOOST_TEST(accepts("message digest", value));
  BOOST_TEST(!accepts("message digesT", value));
  BOOST_TEST(!accepts("message digest", from_hex(std::string(kR) + kS).value()), "raw r||s");
  BOOST_TEST(!accepts("message digest", value + Bytes(1, '\0')), "a trailing octet");
  BOOST_TEST(!accepts("message digest", ""), "nothing");
  const Bytes padded =
      der::write(der::kSequence, der::write(der::kInteger, Bytes(2, '\0') + from_hex(kR).value()) + integer_of(kS));
  BOOST_TEST(!accepts("message digest", padded), "an integer that is not minimal");
  BOOST_TEST(!verify_signature(key.get(), Alg::ecdsa_p256_sha256, "message digest", value), "the other family");
}

BOOST_AUTO_TEST_CASE(an_empty_signer_id_makes_a_signature_that_is_refused) {
  const KeyHandle key(EVP_PKEY_Q_keygen(nullptr, nullptr, "SM2"));
  const DigestContext context(EVP_MD_CTX_new());
  BOOST_REQUIRE(EVP_DigestSignInit(context.get(), nullptr, EVP_sm3(), nullptr, key.get()) == 1);
  Bytes value(80, '\0');
  std::size_t size = value.size();
  BOOST_REQUIRE(EVP_DigestSign(context.get(), octets(value), &size, octets(ByteView("m")), 1) == 1);
  value.resize(size);
  BOOST_TEST(!verify_signature(key.get(), Alg::sm2_sm3, "m", value));
}

BOOST_AUTO_TEST_CASE(key_files_are_read_encrypted_or_not_and_guarded) {
  const test::TempFolder folder;
  for (const Alg alg : {Alg::sm2_sm3, Alg::ecdsa_p256_sha256}) {
    const auto root = root_of(alg);
    const Secret<std::string> passphrase(std::string("open sesame"));
    const auto plain = root.issue(spec("plain")).value();
    const auto locked = root.issue(spec("locked"), passphrase).value();
    BOOST_TEST(locked.key_pem.reveal().find("BEGIN ENCRYPTED PRIVATE KEY") != std::string::npos);
    const auto write = [&](const char* name, const KeyAndCertificate& made) {
      BOOST_REQUIRE(
          write_file_atomically(folder.file(std::string(name) + ".key"), made.key_pem.reveal(), 0600).has_value());
      BOOST_REQUIRE(write_file_atomically(folder.file(std::string(name) + ".crt"), made.certificate.pem()).has_value());
    };
    write("plain", plain);
    write("locked", locked);
    const auto create = [&](const char* key, const char* certificate, const Secret<std::string>& phrase) {
      return FileSigner::create(folder.file(key), folder.file(certificate), phrase);
    };
    const auto code = [](const auto& result) { return result ? std::string("ok") : result.error().code; };
    BOOST_TEST(code(create("plain.key", "plain.crt", {})) == "ok");
    BOOST_TEST(code(create("locked.key", "locked.crt", passphrase)) == "ok");
    BOOST_TEST(code(create("locked.key", "locked.crt", Secret<std::string>(std::string("guess")))) ==
               "key_passphrase_wrong");
    BOOST_TEST(code(create("locked.key", "locked.crt", {})) == "key_passphrase_wrong");
    BOOST_TEST(code(create("plain.key", "locked.crt", {})) == "certificate_not_of_key");
    BOOST_TEST(code(create("plain.crt", "plain.crt", {})) == "key_file_open_to_others");
    BOOST_TEST(code(create("none.key", "plain.crt", {})) == "file_missing");
    BOOST_TEST(code(FileSigner::create_from("", plain.certificate, {})) == "key_malformed");
    for (const auto mode : {0644, 0640, 0604, 0620}) {
      std::filesystem::permissions(folder.file("plain.key"), std::filesystem::perms(mode));
      BOOST_TEST(code(create("plain.key", "plain.crt", {})) == "key_file_open_to_others");
    }
    std::filesystem::permissions(folder.file("plain.key"), std::filesystem::perms(0400));
    BOOST_TEST(code(create("plain.key", "plain.crt", {})) == "ok");

    const auto signer = create("locked.key", "locked.crt", passphrase);
    const Bytes value = signer.value()->sign("payload").value();
    BOOST_TEST(locked.certificate.verifies(alg, "payload", value));
    BOOST_TEST(!locked.certificate.verifies(alg, "Payload", value));
    BOOST_TEST(!plain.certificate.verifies(alg, "payload", value));
  }
}

BOOST_AUTO_TEST_CASE(a_certificate_tells_what_is_in_it) {
  const auto root = root_of(Alg::sm2_sm3);
  const auto made = root.issue(spec("国库支付中心")).value();
  const Certificate& certificate = made.certificate;
  BOOST_TEST(certificate.subject() == "CN=国库支付中心,O=试验,C=CN");
  BOOST_TEST(certificate.common_name() == "国库支付中心");
  BOOST_TEST(certificate.issuer() == root.certificate().subject());
  BOOST_TEST(certificate.fingerprint().size() == 64u);
  BOOST_TEST(certificate.serial().size() == 32u);
  BOOST_TEST(to_millis(certificate.not_before()) == to_millis(kFrom));
  BOOST_TEST(to_millis(certificate.not_after()) == to_millis(kTo));
  BOOST_TEST((certificate.key_kind() == PublicKeyKind::sm2));
  BOOST_TEST(certificate.may_sign_seals());
  BOOST_TEST(!root.certificate().may_sign_seals());
  BOOST_TEST(Certificate::parse(certificate.pem()).value().der() == certificate.der());
  BOOST_TEST(Certificate::parse_all(certificate.pem() + root.certificate().pem()).value().size() == 2u);
  for (const Bytes& bad :
       {Bytes(), Bytes("x"), certificate.der() + "x", certificate.der().substr(1), Bytes("-----BEGIN NOTHING-----")}) {
    BOOST_TEST(Certificate::parse(bad).error().code == "certificate_malformed");
  }
  BOOST_TEST(RevocationList::parse(certificate.der()).error().code == "crl_malformed");
}

BOOST_AUTO_TEST_CASE(trust_follows_the_chain_the_time_and_the_revocation_lists) {
  using Verdict = ChainCheck::Verdict;
  for (const Alg alg : {Alg::sm2_sm3, Alg::ecdsa_p256_sha256}) {
    const auto root = root_of(alg);
    const auto made_intermediate = root.issue_authority(spec("中级 CA", CertificateRole::intermediate_authority));
    const Issuer& intermediate = made_intermediate.value();
    const auto leaf = intermediate.issue(spec("leaf")).value().certificate;
    const auto revoked = intermediate.issue(spec("revoked")).value().certificate;
    const auto since = kNow - 24h;
    const auto root_list = root.revocation_list({}, kFrom, kTo).value();
    const auto list = intermediate.revocation_list({{revoked, since}}, kFrom, kTo).value();
    const TrustStore trust({root.certificate()}, {intermediate.certificate()}, {root_list, list});

    for (int round = 0; round < 2; ++round) {  // The second time from the cache.
      const auto good = trust.check(leaf, kNow);
      BOOST_TEST((good.verdict == Verdict::good), good.detail);
      BOOST_TEST(good.status_until.has_value());
      BOOST_TEST((trust.check(leaf, kFrom - 1s).verdict == Verdict::not_trusted));
      BOOST_TEST((trust.check(leaf, kTo + 1s).verdict == Verdict::not_trusted));
      BOOST_TEST((trust.check(revoked, since - 1s).verdict == Verdict::good));
      BOOST_TEST(trust.check(revoked, since - 1s).revoked_at.has_value());
      BOOST_TEST((trust.check(revoked, since).verdict == Verdict::revoked));
      BOOST_TEST((trust.check(revoked, kNow).verdict == Verdict::revoked));
    }

    const auto stranger = root_of(alg);  // The same name, another key.
    BOOST_TEST(stranger.certificate().subject() == root.certificate().subject());
    const auto impostor = stranger.issue(spec("leaf")).value().certificate;
    BOOST_TEST((trust.check(impostor, kNow).verdict == Verdict::not_trusted));
    const TrustStore without_intermediate({root.certificate()}, {}, {});
    BOOST_TEST((without_intermediate.check(leaf, kNow).verdict == Verdict::not_trusted));
    const TrustStore without_lists({root.certificate()}, {intermediate.certificate()}, {});
    BOOST_TEST((without_lists.check(leaf, kNow).verdict == Verdict::good));
    BOOST_TEST(!without_lists.check(leaf, kNow).status_until.has_value());

    // A list that a stranger signed with the issuer's name revokes nothing and tells nothing.
    const auto forged = stranger.revocation_list({{intermediate.certificate(), kFrom}}, kFrom, kTo).value();
    const TrustStore with_forged({root.certificate()}, {intermediate.certificate()}, {forged, list});
    BOOST_TEST((with_forged.check(leaf, kNow).verdict == Verdict::good));
    BOOST_TEST(!with_forged.check(leaf, kNow).status_until.has_value());

    const auto fallen = root.revocation_list({{intermediate.certificate(), since}}, kFrom, kTo).value();
    const TrustStore with_fallen({root.certificate()}, {intermediate.certificate()}, {fallen, list});
    BOOST_TEST((with_fallen.check(leaf, kNow).verdict == Verdict::revoked));
    BOOST_TEST((with_fallen.check(leaf, since - 1s).verdict == Verdict::good));

    // An ordinary certificate is no authority.
    const auto end_entity = root.issue(spec("end")).value();
    const auto false_authority = Issuer::load(end_entity.key_pem.reveal(), end_entity.certificate, {});
    const auto below = false_authority.value().issue(spec("below")).value().certificate;
    const TrustStore with_false_authority({root.certificate()}, {end_entity.certificate}, {});
    BOOST_TEST((with_false_authority.check(below, kNow).verdict == Verdict::not_trusted));
    // pathlen 0: the intermediate may not make another authority.
    const auto too_deep = intermediate.issue_authority(spec("third", CertificateRole::intermediate_authority));
    const auto deep_leaf = too_deep.value().issue(spec("deep")).value().certificate;
    const TrustStore with_deep({root.certificate()}, {intermediate.certificate(), too_deep.value().certificate()}, {});
    BOOST_TEST((with_deep.check(deep_leaf, kNow).verdict == Verdict::not_trusted));
  }
}

BOOST_AUTO_TEST_SUITE_END()
