// Seals over batches, and the forms in which proofs travel.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "platform/crypto/der.h"
#include "seal/batch_manifest.h"
#include "seal/carriage.h"
#include "seal/sealer.h"
#include "seal/structure.h"
#include "seal_world.h"

using namespace zhida;
using namespace zhida::test;

namespace zhida::crypto {
static std::ostream& operator<<(std::ostream& out, Alg alg) {
  return out << name_of(alg);
}
}  // namespace zhida::crypto

namespace {

const Alg kAlgs[] = {Alg::sm2_sm3, Alg::ecdsa_p256_sha256};

std::vector<Bytes> some_payloads(std::size_t count) {
  std::vector<Bytes> payloads;
  for (std::size_t i = 0; i < count; ++i)
    payloads.push_back("payload " + std::to_string(i) + Bytes(i * 37 % 1500, 'x'));
  return payloads;
}

std::vector<seal::ToSeal> to_seal(const std::vector<Bytes>& payloads) {
  std::vector<seal::ToSeal> messages;
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    messages.push_back({payloads[i], {"text/plain", "m-" + std::to_string(i), "t"}});
  }
  return messages;
}

std::vector<seal::Evidence> sealed(const SealWorld& world, const std::vector<Bytes>& payloads) {
  const auto members = seal::batch_members(world.alg, to_seal(payloads));
  auto made = seal::seal_batch(members, world.seal_der, *world.signer.signer, *world.trust(), kSealed);
  BOOST_REQUIRE(made.has_value());
  return std::move(made.value());
}

std::string name(const seal::Report& report) {
  return std::string(seal::name_of(report.code));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(batches)

BOOST_DATA_TEST_CASE(every_message_of_a_batch_is_proven_by_one_seal, kAlgs, alg) {
  const SealWorld world(alg);
  const auto trust = world.trust();
  for (const std::size_t count : {1u, 2u, 3u, 7u, 64u, 65u}) {
    const auto payloads = some_payloads(count);
    const auto evidences = sealed(world, payloads);
    BOOST_REQUIRE(evidences.size() == count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto report = seal::verify(evidences[i], payloads[i], *trust, policy_at(kNow));
      BOOST_REQUIRE_MESSAGE(report.passed(), report.detail);
      BOOST_TEST(report.message_id == "m-" + std::to_string(i));
      BOOST_TEST(report.media_type == "text/plain");
      BOOST_TEST(report.es_id == "SEAL-1");
      BOOST_TEST(report.batch.empty() == (count == 1));
      BOOST_TEST(evidences[i].proof.has_value() == (count > 1));
      BOOST_TEST(report.data_hash == to_hex(crypto::digest(alg, payloads[i])));
      if (count == 1) continue;
      BOOST_TEST(evidences[i].ses == evidences[0].ses);
      const auto& proof = *evidences[i].proof;
      BOOST_TEST(seal::verify_digest_in_batch(evidences[i].ses, proof, crypto::digest(alg, payloads[i]), *trust,
                                              policy_at(kNow))
                     .passed());
      const std::string json = seal::write_proof_json(proof);
      const auto read = seal::read_proof_json(json);
      BOOST_REQUIRE(read.has_value());
      BOOST_TEST(seal::write_proof_json(read.value()) == json);
      BOOST_TEST(seal::verify_in_batch(evidences[i].ses, read.value(), payloads[i], *trust, policy_at(kNow)).passed());
    }
  }
}

BOOST_AUTO_TEST_CASE(the_largest_batch_is_512_and_nothing_else_is_taken) {
  const SealWorld world(Alg::sm2_sm3);
  const auto seal_some = [&](std::vector<seal::BatchMember> members) {
    const auto made = seal::seal_batch(members, world.seal_der, *world.signer.signer, *world.trust(), kSealed);
    return made ? "ok" : made.error().code;
  };
  const auto member = seal::batch_members(world.alg, to_seal({"x"}))[0];
  BOOST_TEST(seal_some({}) == "batch_empty");
  BOOST_TEST(seal_some(std::vector(512, member)) == "ok");
  BOOST_TEST(seal_some(std::vector(513, member)) == "batch_too_large");
  BOOST_TEST(seal_some({{"short", member.property_info}}) == "batch_member_wrong");
  BOOST_TEST(seal_some({{member.digest, "印"}}) == "batch_member_wrong");
  BOOST_TEST(seal_some({{member.digest, std::string(65536, 'x')}}) == "batch_member_wrong");
}

BOOST_DATA_TEST_CASE(each_fault_of_a_batch_is_found, kAlgs, alg) {
  const SealWorld world(alg);
  const auto trust = world.trust();
  const auto payloads = some_payloads(5);
  const auto evidences = sealed(world, payloads);
  const auto check = [&](const char* what, const std::string& expected, auto change) {
    seal::Evidence evidence = evidences[2];
    Bytes payload = payloads[2];
    change(evidence, payload);
    BOOST_TEST_CONTEXT(what) {
      BOOST_TEST(name(seal::verify(evidence, payload, *trust, policy_at(kNow))) == expected);
    }
  };
  check("nothing wrong", "ok", [](auto&, auto&) {});
  check("another payload", "data_hash", [&](auto&, auto& p) { p = payloads[3]; });
  check("a wrong index", "data_hash", [](auto& e, auto&) { e.proof->index = 3; });
  check("an index behind the end", "data_hash", [](auto& e, auto&) { e.proof->index = 5; });
  check("another leaf's path", "data_hash", [&](auto& e, auto&) { e.proof->path = evidences[3].proof->path; });
  check("an empty path", "data_hash", [](auto& e, auto&) { e.proof->path.clear(); });
  check("a longer path", "data_hash", [](auto& e, auto&) { e.proof->path.push_back(e.proof->path[0]); });
  check("another propertyInfo", "data_hash", [&](auto& e, auto&) { e.proof->property_info += ";x=y"; });
  check("a huge propertyInfo", "data_hash", [&](auto& e, auto&) { e.proof->property_info.append(70000, 'x'); });
  const auto manifest_with = [&](auto change) {
    return [=](seal::Evidence& e, Bytes&) {
      auto manifest = seal::read_manifest(e.proof->manifest).value();
      change(manifest);
      e.proof->manifest = seal::write_manifest(manifest);
    };
  };
  check("another size", "data_hash", manifest_with([](auto& m) { m.size = 6; }));
  check("another root", "data_hash", manifest_with([](auto& m) { m.root[0] = static_cast<char>(m.root[0] ^ 1); }));
  check("another batch", "data_hash", manifest_with([](auto& m) { m.batch = "x"; }));
  check("no manifest", "format", [](auto& e, auto&) { e.proof->manifest = "{}"; });
  check("a manifest with white space", "format", [](auto& e, auto&) { e.proof->manifest.insert(1, " "); });
  check("a manifest with more in it", "format",
        [](auto& e, auto&) { e.proof->manifest.insert(e.proof->manifest.size() - 1, R"(,"w":1)"); });
  check("a batch's seal without a proof", "data_hash", [](auto& e, auto&) { e.proof.reset(); });
  // What is said about a message must not pass for what is said about a batch, and the other way round.
  check("the manifest as the message", "data_hash", [](auto& e, auto& p) {
    p = e.proof->manifest;
    e.proof.reset();
  });
  check("a plain seal over a manifest", "data_hash",
        [&](auto& e, auto&) { e.ses = world.sign_unchecked(world.signer, world.seal_der, e.proof->manifest); });
  check("a seal over a manifest in somebody else's habit", "data_hash", [&](auto& e, auto&) {
    e.ses = world.sign_unchecked(world.signer, world.seal_der, e.proof->manifest, kSealed, "urn:example:all");
  });
  check("a signer whom the seal does not list", "signer_not_in_seal", [&](auto& e, auto&) {
    const std::string info = "zhida/1;scope=batch;len=" + std::to_string(e.proof->manifest.size());
    e.ses = world.sign_unchecked(world.party("别人"), world.seal_der, e.proof->manifest, kSealed, info);
  });
  check("a member's propertyInfo that names another length", "data_hash", [&](auto& e, auto& p) {
    std::vector<seal::BatchMember> members = seal::batch_members(alg, to_seal({"a", "b"}));
    members[0].property_info = "zhida/1;scope=all;len=7";
    e = seal::seal_batch(members, world.seal_der, *world.signer.signer, *trust, kSealed).value()[0];
    p = "a";
  });
  check("a member of nobody's habit", "data_hash", [&](auto& e, auto& p) {
    std::vector<seal::BatchMember> members = seal::batch_members(alg, to_seal({"a", "b"}));
    members[0].property_info = "anything";
    e = seal::seal_batch(members, world.seal_der, *world.signer.signer, *trust, kSealed).value()[0];
    p = "a";
  });
  check("a tree of the other hash", "alg", [&](auto& e, auto&) {
    auto manifest = seal::read_manifest(e.proof->manifest).value();
    manifest.alg = alg == Alg::sm2_sm3 ? Alg::ecdsa_p256_sha256 : Alg::sm2_sm3;
    e.proof->manifest = seal::write_manifest(manifest);
    const std::string info = "zhida/1;scope=batch;len=" + std::to_string(e.proof->manifest.size());
    e.ses = world.sign_unchecked(world.signer, world.seal_der, e.proof->manifest, kSealed, info);
  });
}

BOOST_AUTO_TEST_CASE(a_proof_is_read_in_its_canonical_form_alone) {
  const SealWorld world(Alg::sm2_sm3);
  const auto evidences = sealed(world, some_payloads(3));
  const std::string good = seal::write_proof_json(*evidences[1].proof);
  const auto code = [](const std::string& text) {
    const auto read = seal::read_proof_json(text);
    return read ? "ok" : read.error().code;
  };
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const auto at = text.find(from);
    BOOST_REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
  };
  BOOST_TEST(code(good) == "ok");
  for (const std::string& wrong :
       {std::string(), std::string("{}"), good + " ", with("{", "{ "), with("\"v\":1", "\"v\":2"),
        with("\"index\":1", "\"index\":-1"), with("\"index\":1", "\"index\":\"1\""),
        with("\"path\":[\"", "\"path\":[1,\""), with("\"path\":[\"", "\"path\":[\"0"),
        with("\"v\":1", "\"v\":1,\"w\":1"), with("property_info", "properties")}) {
    BOOST_TEST(code(wrong) == "proof_malformed", wrong);
  }
}

BOOST_AUTO_TEST_CASE(every_changed_bit_of_a_proof_is_refused) {
  const SealWorld world(Alg::sm2_sm3);
  const auto trust = world.trust();
  const auto payloads = some_payloads(6);
  const auto evidences = sealed(world, payloads);
  seal::SealStore store;
  store.learn(evidences[0].ses);
  const std::string json = seal::write_proof_json(*evidences[4].proof);
  std::size_t accepted = 0;
  for (std::size_t at = 0; at < json.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = json;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      const auto proof = seal::read_proof_json(changed);
      if (!proof) continue;
      accepted += seal::verify_in_batch(evidences[4].ses, proof.value(), payloads[4], *trust, policy_at(kNow)).passed();
    }
  }
  const auto carried = seal::pack(evidences[4], true);
  BOOST_REQUIRE((carried.form == seal::Form::batch));
  for (std::size_t at = 0; at < carried.octets.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes changed = carried.octets;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      const auto evidence = seal::unpack(carried.form, changed, store, payloads[4]);
      accepted += evidence && seal::verify(evidence.value(), payloads[4], *trust, policy_at(kNow)).passed();
    }
    const auto cut = seal::unpack(carried.form, ByteView(carried.octets).substr(0, at), store, payloads[4]);
    accepted += cut.has_value();
  }
  BOOST_TEST(accepted == 0u);
}

BOOST_DATA_TEST_CASE(a_compact_proof_is_rebuilt_octet_by_octet, kAlgs, alg) {
  const SealWorld world(alg);
  const auto trust = world.trust();
  for (const bool digests : {true, false}) {
    const Bytes seal_der = world.seal_for(world.signer, world.maker, digests);
    const Bytes plain = world.sign_unchecked(world.signer, seal_der);
    const Bytes stamped = Parts(plain).with_timestamp(
        world.stamps_at(kSealed)(crypto::HashKind::sm3, seal::stamped_octets(plain).value()).value());
    for (const Bytes& ses : {plain, stamped}) {
      seal::SealStore store;
      const Bytes compact = seal::to_compact(ses).value();
      BOOST_TEST(compact.size() < ses.size());
      if (ses == plain) BOOST_TEST(compact.size() < 360u);
      BOOST_TEST(seal::from_compact(compact, store, kPayload).error().code == "seal_unknown");
      BOOST_REQUIRE(store.keep_seal(seal_der).has_value());
      if (digests) {
        BOOST_TEST(seal::from_compact(compact, store, kPayload).error().code == "seal_unknown");
        store.keep_certificate(world.signer.certificate().der());
      }
      BOOST_TEST(seal::from_compact(compact, store, kPayload).value() == ses);
      // The payload's hash is not carried, so a changed payload shows as a signature that does not fit.
      const Bytes other = seal::from_compact(compact, store, "other").value();
      BOOST_TEST(name(seal::verify(other, "other", *trust, policy_at(kNow))) == "sign_value");
    }
  }
  seal::SealStore store;
  BOOST_TEST(seal::from_compact("garbage", store, kPayload).error().code == "carriage_malformed");
  BOOST_TEST(store.keep_seal("garbage").error().code == "seal_malformed");
  BOOST_TEST(seal::to_compact("garbage").error().code == "seal_malformed");
}

BOOST_AUTO_TEST_CASE(a_verifier_takes_every_form_and_learns_seals_from_full_ones) {
  const SealWorld world(Alg::sm2_sm3);
  const auto signer = [&] {
    return std::move(
        crypto::FileSigner::create_from(world.signer.made.key_pem.reveal(), world.signer.certificate(), {}).value());
  };
  const auto sealer = std::move(seal::Sealer::create_from(world.seal_der, signer(), world.trust()).value());
  const seal::SealVerifier verifier(world.trust(), {{"hub", {"SEAL-1"}}});
  const auto payloads = some_payloads(3);
  const auto evidences = sealer->seal_batch(to_seal(payloads), kSealed).value();
  const auto one = sealer->seal_batch(to_seal({"alone"}), kSealed).value()[0];
  const auto take = [&](const seal::Carriage& carried, ByteView payload, const char* peer = "hub") {
    seal::Evidence evidence;
    const auto report = verifier.verify_from(peer, *seal::form_of(seal::name_of(carried.form)), carried.octets, payload,
                                             kNow, evidence);
    BOOST_TEST(evidence.ses.empty() == !report.passed());
    return name(report);
  };
  BOOST_TEST(take(seal::pack(evidences[1], true), payloads[1]) == "format");  // Nothing is known of the seal yet.
  BOOST_TEST(take(seal::pack(evidences[1], false), payloads[1]) == "ok");
  BOOST_TEST(take(seal::pack(evidences[2], true), payloads[2]) == "ok");
  BOOST_TEST(seal::pack(evidences[2], true).octets.size() < 1000u);
  BOOST_TEST(take(seal::pack(one, true), "alone") == "ok");
  BOOST_TEST((seal::pack(one, true).form == seal::Form::compact));
  BOOST_TEST(take(seal::pack(one, false), "alone") == "ok");
  BOOST_TEST(take(seal::pack(evidences[2], true), payloads[1]) == "data_hash");
  BOOST_TEST(take(seal::pack(evidences[2], true), payloads[2], "other") == "seal_of_another_peer");
  BOOST_TEST(take({seal::Form::batch, "garbage"}, payloads[2]) == "format");
  BOOST_TEST((seal::form_of("") == seal::Form::full));
  BOOST_TEST(!seal::form_of("ses9").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
