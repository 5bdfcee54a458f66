#include "platform/crypto/timestamp.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <openssl/ts.h>

#include "platform/crypto/certificate_impl.h"
#include "platform/crypto/der.h"
#include "platform/crypto/issuer.h"
#include "platform/crypto/openssl_handles_internal.h"

using namespace zhida;
using namespace zhida::crypto;

namespace zhida::crypto {
static std::ostream& operator<<(std::ostream& out, Alg alg) {
  return out << name_of(alg);
}
}  // namespace zhida::crypto

namespace {

const Alg kAlgs[] = {Alg::sm2_sm3, Alg::ecdsa_p256_sha256};
const Instant kFrom = parse_rfc3339("2025-01-01T00:00:00+08:00").value();
const Instant kTo = parse_rfc3339("2027-01-01T00:00:00+08:00").value();
const Instant kStamped = parse_rfc3339("2025-11-03T09:00:00+08:00").value();
const Instant kNow = parse_rfc3339("2025-11-05T09:00:00+08:00").value();
constexpr std::string_view kPolicy = "1.3.6.1.4.1.99999.2";
constexpr std::string_view kStampedOctets = "what is stamped";

CertificateSpec spec(std::string name, CertificateRole role, Instant from = kFrom, Instant to = kTo) {
  return {.common_name = std::move(name),
          .organisation = "试验",
          .role = role,
          .valid_from = from,
          .valid_to = to,
          .alternative_names = {}};
}

struct Authority {
  explicit Authority(const Issuer& root, CertificateRole role = CertificateRole::timestamping, Instant from = kFrom,
                     Instant to = kTo)
      : made(root.issue(spec("时间戳", role, from, to)).value()),
        signer(std::move(FileSigner::create_from(made.key_pem.reveal(), made.certificate, {}).value())) {}
  KeyAndCertificate made;
  std::unique_ptr<FileSigner> signer;

  Bytes stamp(const TimestampRequest& request, Instant time = kStamped) const {
    return make_timestamp_token(request, *signer, {time, "\x01\x02", std::string(kPolicy)}).value();
  }
};

/// Signs for whichever certificate it says it is: for files whose only fault is that.
class Impostor final : public Signer {
 public:
  Impostor(const Signer& key, Certificate certificate) : key_(key), certificate_(std::move(certificate)) {}
  Alg alg() const override { return key_.alg(); }
  const Certificate& certificate() const override { return certificate_; }
  Result<Bytes> sign(ByteView tbs) const override { return key_.sign(tbs); }

 private:
  const Signer& key_;
  Certificate certificate_;
};

Issuer root_of(Alg alg, const char* name = "根 CA") {
  return std::move(Issuer::create_root(alg, spec(name, CertificateRole::root_authority)).value());
}

HashKind hash_for(Alg alg) {
  return alg == Alg::sm2_sm3 ? HashKind::sm3 : HashKind::sha256;
}

struct World {
  explicit World(Alg family) : alg(family), root(root_of(family)), authority(root) {}
  Alg alg;
  Issuer root;
  Authority authority;

  std::string verify(ByteView token, ByteView octets_stamped = kStampedOctets,
                     std::vector<Revocation> revoked = {}) const {
    const TrustStore store({root.certificate()}, {}, {root.revocation_list(revoked, kFrom, kTo).value()});
    const auto verified = verify_timestamp_token(token, octets_stamped, {.authorities = store, .now = kNow});
    return verified ? "ok" : verified.error().code;
  }
};

Handle<TS_RESP_CTX, TS_RESP_CTX_free> openssl_authority(const Authority& authority) {
  Handle<TS_RESP_CTX, TS_RESP_CTX_free> context(TS_RESP_CTX_new());
  const KeyHandle key = std::move(read_private_key(authority.made.key_pem.reveal(), {}).value());
  const auto serial = [](TS_RESP_CTX*, void*) {
    ASN1_INTEGER* number = ASN1_INTEGER_new();
    ASN1_INTEGER_set(number, 77);
    return number;
  };
  const Handle<ASN1_OBJECT, ASN1_OBJECT_free> policy(OBJ_txt2obj(std::string(kPolicy).c_str(), 1));
  BOOST_REQUIRE(TS_RESP_CTX_set_signer_cert(context.get(), authority.made.certificate.impl().handle.get()) == 1);
  BOOST_REQUIRE(TS_RESP_CTX_set_signer_key(context.get(), key.get()) == 1);
  BOOST_REQUIRE(TS_RESP_CTX_set_def_policy(context.get(), policy.get()) == 1);
  BOOST_REQUIRE(TS_RESP_CTX_set_signer_digest(context.get(), EVP_sha256()) == 1);
  BOOST_REQUIRE(TS_RESP_CTX_set_ess_cert_id_digest(context.get(), EVP_sha256()) == 1);
  BOOST_REQUIRE(TS_RESP_CTX_add_md(context.get(), EVP_sha256()) == 1);
  BOOST_REQUIRE(TS_RESP_CTX_add_md(context.get(), EVP_sm3()) == 1);
  TS_RESP_CTX_set_serial_cb(context.get(), serial, nullptr);
  return context;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(timestamps)

BOOST_DATA_TEST_CASE(what_is_asked_is_stamped_and_verified, kAlgs, alg) {
  const World world(alg);
  for (const HashKind hash : {HashKind::sm3, HashKind::sha256}) {
    auto request = make_timestamp_request(hash, kStampedOctets);
    const auto read = read_timestamp_request(write_timestamp_request(request)).value();
    BOOST_TEST(read.imprint == request.imprint);
    BOOST_TEST(read.nonce == request.nonce);
    BOOST_TEST(read.certificate_wanted);
    const Bytes token = world.authority.stamp(read, kStamped + 999ms);
    BOOST_TEST(world.verify(token) == "ok");
    const Bytes taken = read_timestamp_response(write_timestamp_response(token), request).value();
    BOOST_TEST(taken == token);
    const auto content = read_timestamp_token(token).value();
    BOOST_TEST(to_millis(content.time) == to_millis(kStamped));
    BOOST_TEST(content.policy == kPolicy);
    BOOST_TEST(content.serial == "\x01\x02");
    BOOST_TEST((content.alg == alg));

    auto other = request;
    other.nonce[0] = static_cast<char>(other.nonce[0] ^ 1);
    BOOST_TEST(read_timestamp_response(write_timestamp_response(token), other).error().code ==
               "timestamp_of_another_request");
    request.certificate_wanted = false;
    const Bytes small = world.authority.stamp(request);
    BOOST_TEST(small.size() + 300 < token.size());
    BOOST_TEST(world.verify(small) == "timestamp_authority_unknown");
    const TrustStore store({world.root.certificate()}, {}, {});
    const auto verified = verify_timestamp_token(
        small, kStampedOctets, {.authorities = store, .now = kNow, .certificates = {world.authority.made.certificate}});
    BOOST_REQUIRE(verified.has_value());
    BOOST_TEST(verified.value().notes.size() == 1u);  // No revocation list.
    BOOST_TEST(verify_timestamp_imprint(token, hash, request.imprint, {.authorities = store, .now = kNow}).has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_refusal_says_why_and_garbage_is_named) {
  const auto request = make_timestamp_request(HashKind::sm3, "x");
  const auto refused = read_timestamp_response(write_timestamp_refusal("今日休息"), request);
  BOOST_TEST(refused.error().code == "timestamp_refused");
  BOOST_TEST((refused.error().fate == Fate::retry));
  BOOST_TEST(refused.error().message.find("今日休息") != std::string::npos);
  for (const char* garbage : {"", "x", "0\x03\x02\x01", "<html>"}) {
    BOOST_TEST(read_timestamp_response(garbage, request).error().code == "timestamp_malformed");
    BOOST_TEST(read_timestamp_token(garbage).error().code == "timestamp_malformed");
    BOOST_TEST(read_timestamp_request(garbage).error().code == "timestamp_request_malformed");
  }
  BOOST_TEST(read_timestamp_response(write_timestamp_response(""), request).error().code == "timestamp_malformed");
  // A refusal whose text says that it is longer than what came: found by tests/fuzz.
  const Bytes cut = from_hex("300730050201023005").value();
  BOOST_TEST(read_timestamp_response(cut, request).error().code == "timestamp_malformed");
}

BOOST_DATA_TEST_CASE(each_fault_of_a_token_has_its_own_code, kAlgs, alg) {
  const World world(alg);
  const World stranger(alg);  // A root of the same name with another key.
  const auto request = make_timestamp_request(hash_for(alg), kStampedOctets);
  const Bytes good = world.authority.stamp(request);
  const auto& certificate = world.authority.made.certificate;
  BOOST_TEST(world.verify(good) == "ok");
  BOOST_TEST(world.verify(good, "other octets") == "timestamp_imprint_wrong");
  BOOST_TEST(world.verify(good + "x") == "timestamp_malformed");
  BOOST_TEST(world.verify(stranger.authority.stamp(request)) == "timestamp_authority_not_trusted");
  BOOST_TEST(world.verify(good, kStampedOctets, {{certificate, kStamped}}) == "timestamp_authority_revoked");
  BOOST_TEST(world.verify(good, kStampedOctets, {{certificate, kStamped + 1s}}) == "ok");
  BOOST_TEST(world.verify(world.authority.stamp(request, kNow + 6min)) == "timestamp_in_the_future");
  BOOST_TEST(world.verify(world.authority.stamp(request, kFrom - 1h)) == "timestamp_authority_not_trusted");
  const Impostor impostor(*stranger.authority.signer, certificate);
  BOOST_TEST(world.verify(make_timestamp_token(request, impostor, {kStamped, "\x05", std::string(kPolicy)}).value()) ==
             "timestamp_signature_wrong");

  // A key that may sign seals gets no token made here; one made elsewhere with it is refused.
  const Authority sealer(world.root, CertificateRole::seal);
  const TimestampSpec how{kStamped, "\x05", std::string(kPolicy)};
  BOOST_TEST(make_timestamp_token(request, *sealer.signer, how).error().code == "timestamp_spec_wrong");
  BOOST_TEST(
      make_timestamp_token(request, *world.authority.signer, {kStamped, "", std::string(kPolicy)}).error().code ==
      "timestamp_spec_wrong");
  BOOST_TEST(make_timestamp_token(request, *world.authority.signer, {kStamped, "\x05", "1..2"}).error().code ==
             "timestamp_spec_wrong");
  auto with_policy = request;
  with_policy.policy = "1.2.3";
  BOOST_TEST(make_timestamp_token(with_policy, *world.authority.signer, how).error().code == "timestamp_spec_wrong");

  const TrustStore store({world.root.certificate()}, {}, {});
  const auto with = [&](TimestampTrust trust) {
    return verify_timestamp_token(good, kStampedOctets, trust).error().code;
  };
  BOOST_TEST(with({.authorities = store, .now = kNow, .require_revocation_status = true}) ==
             "timestamp_authority_not_trusted");
  BOOST_TEST(with({.authorities = store, .now = kNow, .allowed = {}}) == "timestamp_alg_not_allowed");
}

BOOST_DATA_TEST_CASE(every_changed_bit_and_every_truncation_of_a_token_is_refused, kAlgs, alg) {
  const World world(alg);
  const Bytes good = world.authority.stamp(make_timestamp_request(hash_for(alg), kStampedOctets));
  const TrustStore store({world.root.certificate()}, {}, {world.root.revocation_list({}, kFrom, kTo).value()});
  const TimestampTrust trust{.authorities = store, .now = kNow};
  BOOST_REQUIRE(verify_timestamp_token(good, kStampedOctets, trust).has_value());
  std::size_t accepted = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes changed = good;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      if (verify_timestamp_token(changed, kStampedOctets, trust)) {
        ++accepted;
        BOOST_TEST_MESSAGE("accepted: bit " << bit << " of octet " << at);
      }
    }
    accepted += verify_timestamp_token(ByteView(good).substr(0, at), kStampedOctets, trust).has_value();
  }
  BOOST_TEST(accepted == 0u);
}

BOOST_AUTO_TEST_CASE(openssl_verifies_our_tokens_and_we_verify_its_own) {
  const World world(Alg::ecdsa_p256_sha256);
  for (const HashKind hash : {HashKind::sm3, HashKind::sha256}) {
    const auto request = make_timestamp_request(hash, kStampedOctets);
    const Bytes token = world.authority.stamp(request);
    const unsigned char* at = octets(ByteView(token));
    const Handle<PKCS7, PKCS7_free> theirs(d2i_PKCS7(nullptr, &at, static_cast<long>(token.size())));
    BOOST_REQUIRE(theirs);
    const Handle<TS_VERIFY_CTX, TS_VERIFY_CTX_free> verify(TS_VERIFY_CTX_new());
    TS_VERIFY_CTX_set_flags(verify.get(), TS_VFY_VERSION | TS_VFY_SIGNATURE | TS_VFY_DATA);
    X509_STORE* const store = X509_STORE_new();  // Owned by the context from here on.
    X509_STORE_add_cert(store, world.root.certificate().impl().handle.get());
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), to_millis(kStamped) / 1000);
    TS_VERIFY_CTX_set_store(verify.get(), store);
    TS_VERIFY_CTX_set_data(verify.get(),
                           BIO_new_mem_buf(kStampedOctets.data(), static_cast<int>(kStampedOctets.size())));
    BOOST_TEST(TS_RESP_verify_token(verify.get(), theirs.get()) == 1, openssl_complaint());

    // The other way: OpenSSL reads our request and answers on real time.
    const auto context = openssl_authority(world.authority);
    const Bytes asked = write_timestamp_request(request);
    const BioHandle bio = reader_of(asked);
    const Handle<TS_RESP, TS_RESP_free> response(TS_RESP_create_response(context.get(), bio.get()));
    BOOST_REQUIRE(response);
    unsigned char* der = nullptr;
    const int size = i2d_TS_RESP(response.get(), &der);
    const Bytes answer(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    const auto taken = read_timestamp_response(answer, request);
    BOOST_REQUIRE(taken.has_value());
    const auto content = read_timestamp_token(taken.value()).value();
    const TrustStore trusted({world.root.certificate()}, {}, {});
    const auto verified =
        verify_timestamp_token(taken.value(), kStampedOctets, {.authorities = trusted, .now = content.time});
    BOOST_TEST(verified.has_value() == (content.time < kTo));  // OpenSSL knows no clock but the machine's.
    if (!verified) BOOST_TEST(verified.error().code == "timestamp_authority_not_trusted");
  }
}

BOOST_AUTO_TEST_CASE(fractions_of_seconds_are_read_where_tokens_have_them_and_nowhere_else) {
  const auto time = [](const char* text) { return der::write(der::kGeneralizedTime, text); };
  BOOST_TEST(der::check_strict(time("20251103010000.25Z"), der::Times::fractions_too).has_value());
  BOOST_TEST(!der::check_strict(time("20251103010000.25Z")).has_value());
  for (const char* wrong : {"20251103010000.Z", "20251103010000.250Z", "20251103010000.0Z", "20251103010000.2",
                            "20251103010000,2Z", "20251103010000.2aZ", "20251303010000.2Z"}) {
    BOOST_TEST(!der::check_strict(time(wrong), der::Times::fractions_too).has_value(), wrong);
  }
  const Bytes fraction = time("20251103010000.2531Z"), whole = time("20251103010000Z");
  der::Reader first(fraction), second(whole), third(fraction);
  BOOST_TEST(to_millis(first.time_with_fraction("t").value()) == to_millis(kStamped) + 253);
  BOOST_TEST(to_millis(second.time_with_fraction("t").value()) == to_millis(kStamped));
  BOOST_TEST(!third.time("t").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
