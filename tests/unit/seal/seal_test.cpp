#include <boost/test/unit_test.hpp>
#include <thread>

#include "seal/commands.h"
#include "seal/sealer.h"
#include "seal_world.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::test;

namespace {

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? std::string("ok") : result.error().code;
}

std::unique_ptr<crypto::FileSigner> copy_of(const Party& party) {
  auto made = crypto::FileSigner::create_from(party.made.key_pem.reveal(), party.certificate(), {});
  return std::move(made.value());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sealing)

BOOST_AUTO_TEST_CASE(a_seal_is_made_only_from_a_sound_specification) {
  const SealWorld world(Alg::sm2_sm3);
  const SealWorld other_family(Alg::ecdsa_p256_sha256);
  seal::SealSpec good;
  good.es_id = "SEAL-9";
  good.vendor_id = "ZHIDA";
  good.name = "系统印章";
  good.signer_certificates = {world.signer.certificate().der()};
  good.valid_from = kFrom;
  good.valid_to = kTo;
  good.picture = {"SVG", "<svg/>", 40, 40};
  const auto make = [&](auto change) {
    seal::SealSpec spec = good;
    change(spec);
    return code_of(seal::make_seal(spec, *world.maker.signer, kSealed));
  };
  BOOST_TEST(make([](auto&) {}) == "ok");
  BOOST_TEST(make([](auto& s) { s.version = 6; }) == "seal_version_unsupported");
  BOOST_TEST(make([](auto& s) { s.es_id = ""; }) == "seal_spec_wrong");
  BOOST_TEST(make([](auto& s) { s.es_id = "印"; }) == "seal_spec_wrong");
  BOOST_TEST(make([](auto& s) { s.name = "\xff"; }) == "seal_spec_wrong");
  BOOST_TEST(make([](auto& s) { s.signer_certificates.clear(); }) == "seal_spec_wrong");
  BOOST_TEST(make([](auto& s) { s.valid_to = kFrom - 1s; }) == "seal_spec_wrong");
  BOOST_TEST(make([](auto& s) { s.picture.width_mm = 0; }) == "seal_spec_wrong");
  BOOST_TEST(make([&](auto& s) { s.signer_certificates = {other_family.signer.certificate().der()}; }) ==
             "seal_spec_wrong");
  BOOST_TEST(make([&](auto& s) { s.signer_certificates = {world.root.certificate().der()}; }) == "seal_spec_wrong");
  BOOST_TEST(code_of(seal::make_seal(good, *world.maker.signer, kTo + 1h)) == "seal_spec_wrong");
  const Bytes made = seal::make_seal(good, *world.maker.signer, kSealed).value();
  BOOST_TEST(seal::verify_seal(made, *world.trust(), policy_at(kNow)).passed());
  BOOST_TEST(seal::describe(made).value()["es_id"] == "SEAL-9");
}

BOOST_AUTO_TEST_CASE(nothing_is_sealed_with_a_seal_or_signer_that_does_not_hold) {
  const SealWorld world(Alg::sm2_sm3);
  const auto seal_with = [&](const Bytes& seal_der, const Party& signer, const seal::Trust& trust, Instant now) {
    return code_of(seal::seal(kPayload, seal_der, *signer.signer, {}, trust, now));
  };
  const auto trust = world.trust();
  BOOST_TEST(seal_with(world.seal_der, world.signer, *trust, kSealed) == "ok");
  BOOST_TEST(seal_with(world.seal_der, world.party("别人"), *trust, kSealed) == "signer_not_in_seal");
  BOOST_TEST(seal_with(world.seal_der, world.signer, *world.trust({{world.signer.certificate(), kFrom}}), kSealed) ==
             "signer_unusable");
  BOOST_TEST(seal_with(world.seal_der, world.signer, *world.trust({{world.maker.certificate(), kFrom}}), kSealed) ==
             "seal_unusable");
  BOOST_TEST(seal_with(world.seal_der, world.signer, *world.trust({}, {{"SEAL-1", kFrom}}), kSealed) ==
             "seal_unusable");
  BOOST_TEST(seal_with(world.seal_der, world.signer, *trust, kTo + 1h) == "seal_unusable");
  BOOST_TEST(seal_with("garbage", world.signer, *trust, kSealed) == "seal_unusable");
  const seal::Trust without_lists({world.root.certificate()}, {}, {});
  BOOST_TEST(seal_with(world.seal_der, world.signer, without_lists, kSealed) == "seal_unusable");
  const Party short_lived = world.party("短期", CertificateRole::seal, kFrom, kSealed - 1h);
  BOOST_TEST(seal_with(world.seal_for(short_lived, world.maker), short_lived, *trust, kSealed) == "signer_unusable");
}

BOOST_AUTO_TEST_CASE(a_valid_seal_of_another_peer_is_refused) {
  const SealWorld world(Alg::sm2_sm3);
  const auto trust = world.trust();
  const Bytes credit_seal = world.seal_for(world.signer, world.maker, true, kFrom, kTo, "SEAL-CREDIT");
  const Bytes ses = world.sign_unchecked(world.signer, credit_seal);
  const seal::SealVerifier verifier(trust, {{"credit", {"SEAL-CREDIT"}}, {"treasury", {"SEAL-TREASURY"}}});
  const auto name = [&](const char* peer, ByteView payload) {
    return std::string(seal::name_of(verifier.verify_from(peer, ses, payload, kNow).code));
  };
  BOOST_TEST(name("credit", kPayload) == "ok");
  BOOST_TEST(name("treasury", kPayload) == "seal_of_another_peer");
  BOOST_TEST(name("unknown", kPayload) == "seal_of_another_peer");
  BOOST_TEST(name("treasury", "another payload") == "data_hash");  // What is wrong in itself keeps its own code.
}

BOOST_AUTO_TEST_CASE(many_threads_seal_and_verify_while_the_trust_is_replaced) {
  const SealWorld world(Alg::ecdsa_p256_sha256);
  const auto sealer =
      std::move(seal::Sealer::create_from(world.seal_der, copy_of(world.signer), world.trust()).value());
  seal::SealVerifier verifier(world.trust(), {{"hub", {"SEAL-1"}}});
  BOOST_TEST(sealer->es_id() == "SEAL-1");
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const Bytes payload = "payload " + std::to_string(t * 1000 + i);
        const auto ses = sealer->seal(payload, "text/plain", std::to_string(i), "", kSealed);
        good += ses && verifier.verify_from("hub", ses.value(), payload, kNow).passed();
      }
    });
  }
  for (int i = 0; i < 10; ++i) {
    sealer->replace_trust(world.trust());
    verifier.replace_trust(world.trust());
  }
  for (auto& thread : threads) thread.join();
  BOOST_TEST(good == 200);
}

BOOST_AUTO_TEST_CASE(a_sealer_does_not_begin_with_a_seal_that_does_not_list_it) {
  const SealWorld world(Alg::sm2_sm3);
  const Party other = world.party("别人");
  BOOST_TEST(code_of(seal::Sealer::create_from(world.seal_der, copy_of(other), world.trust())) == "signer_not_in_seal");
  BOOST_TEST(code_of(seal::Sealer::create_from("garbage", copy_of(other), world.trust())) == "seal_malformed");
}

BOOST_AUTO_TEST_CASE(trust_is_read_from_files_and_folders) {
  const SealWorld world(Alg::sm2_sm3);
  const TempFolder folder;
  folder.write("roots/a.crt", world.root.certificate().pem());
  folder.write("roots/b.der", SealWorld(Alg::ecdsa_p256_sha256, "第二").root.certificate().der());
  folder.write("lists/a.crl", world.root.revocation_list({}, kFrom, kTo).value().der());
  seal::SealStatusList list{.number = 7, .issued = kSealed, .next = kTo, .revoked = {{"SEAL-1", kSealed + 24h}}};
  const auto publish = [&](const std::string& name, const Party& by, const Bytes& text) {
    folder.write(name + ".ses", world.sign_unchecked(by, world.seal_for(by, world.maker, true, kFrom, kTo, "SEAL-LIST"),
                                                     text, kSealed));
    return folder.write(name, text);
  };
  const Bytes text = seal::write_status_list(list);
  const auto status = publish("status.json", world.signer, text);
  seal::TrustFiles files{.roots = {folder.file("roots")},
                         .intermediates = {},
                         .revocation_lists = {folder.file("lists")},
                         .seal_status_list = status};
  const auto trust = seal::Trust::load(files);
  BOOST_REQUIRE(trust.has_value());
  const Bytes ses = world.sign_unchecked(world.signer, world.seal_der);
  const auto report = seal::verify(ses, kPayload, *trust.value(), policy_at(kNow));
  BOOST_TEST(report.passed());
  BOOST_TEST(report.notes.size() == 1u);  // The seal was revoked the day after.
  BOOST_TEST(!trust.value()->seal_revoked_since("SEAL-2").has_value());

  const auto load = [&](auto change) {
    seal::TrustFiles changed = files;
    change(changed);
    return code_of(seal::Trust::load(changed));
  };
  BOOST_TEST(load([](auto& f) { f.roots.clear(); }) == "trust_without_root");
  BOOST_TEST(load([&](auto& f) { f.roots = {folder.file("none")}; }) == "file_missing");
  BOOST_TEST(load([&](auto& f) { f.roots = {status}; }) == "certificate_malformed");
  BOOST_TEST(load([&](auto& f) { f.revocation_lists = {status}; }) == "crl_malformed");
  const auto with_list = [&](const std::string& path) { return load([&](auto& f) { f.seal_status_list = path; }); };
  BOOST_TEST(with_list(publish("bad.json", world.signer, R"({"v":2})")) == "seal_status_list_malformed");
  BOOST_TEST(with_list(publish("worse.json", world.signer, "{ " + text.substr(1))) == "seal_status_list_malformed");
  BOOST_TEST(with_list(folder.write("unsealed.json", text)) == "seal_status_list_wrong");
  const SealWorld stranger(Alg::sm2_sm3);
  BOOST_TEST(with_list(publish("stranger.json", stranger.signer, text)) == "seal_status_list_wrong");
  folder.write("other.json.ses", read_file(status + ".ses").value());
  list.revoked.clear();
  BOOST_TEST(with_list(folder.write("other.json", seal::write_status_list(list))) == "seal_status_list_wrong");
  BOOST_TEST(load([](auto& f) { f.status_list_seals = {"SEAL-LIST"}; }) == "ok");
  BOOST_TEST(load([](auto& f) { f.status_list_seals = {"SEAL-OTHER"}; }) == "seal_status_list_wrong");

  // A list that was good once cannot come back after a newer one.
  seal::TrustHolder holder(trust.value());
  list.number = 6;
  auto older = files;
  older.seal_status_list = publish("older.json", world.signer, seal::write_status_list(list));
  BOOST_TEST(code_of(holder.reload(older)) == "seal_status_list_older");
  BOOST_TEST(holder.current()->status_list().number == 7);
  list.number = 8;
  older.seal_status_list = publish("newer.json", world.signer, seal::write_status_list(list));
  BOOST_TEST(code_of(holder.reload(older)) == "ok");
  BOOST_TEST(!holder.current()->seal_revoked_since("SEAL-1").has_value());
  older.seal_status_list.clear();
  BOOST_TEST(code_of(holder.reload(older)) == "seal_status_list_older");

  // Out of date: a note, or a failure where certainty is asked for.
  seal::TrustContent content;
  content.roots = {world.root.certificate()};
  content.lists = {world.root.revocation_list({}, kFrom, kTo).value()};
  content.status.next = kNow - 1s;
  const seal::Trust dated(content);
  BOOST_TEST(seal::verify(ses, kPayload, dated, policy_at(kNow)).notes.size() == 1u);
  auto certain = policy_at(kNow);
  certain.require_revocation_status = true;
  BOOST_TEST((seal::verify(ses, kPayload, dated, certain).code == seal::Code::seal_expired));
  content.status = {};
  content.revocation_list_age_max = 24h;  // The list was made at kFrom.
  BOOST_TEST((seal::verify(ses, kPayload, seal::Trust(content), certain).code == seal::Code::seal_maker_cert));
  content.lists = {world.root.revocation_list({}, kNow - 1h, kTo).value()};
  BOOST_TEST(seal::verify(ses, kPayload, seal::Trust(content), certain).passed());
}

BOOST_AUTO_TEST_CASE(the_picture_of_our_own_is_small_and_escaped) {
  const Bytes picture = seal::default_picture("A<&B");
  BOOST_TEST(picture.size() < 700u);
  BOOST_TEST(picture.find("A&lt;&amp;B") != Bytes::npos);
}

BOOST_AUTO_TEST_SUITE_END()
