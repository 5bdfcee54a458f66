// Seals in every form a peer may send, and what the hub sends in the form that a peer takes.
#include <fstream>
#include <future>

#include "flow/outgoing.h"
#include "flow/sources.h"
#include "platform/crypto/digest.h"
#include "platform/messaging/outbox.h"
#include "scene.h"

using namespace zhida;
using namespace zhida::flow;
using namespace zhida::flow::testing;

namespace {

Bytes row(int month) {
  return std::string(kFirm) + ",2025" + (month < 10 ? "0" : "") + std::to_string(month) + ",1234.50";
}

/// Messages sealed together by `credit`, as they travel.
std::vector<messaging::Envelope> sealed_together(const Scene& scene, int count, bool compact,
                                                 const std::string& prefix = "b") {
  std::vector<messaging::Envelope> envelopes;
  std::vector<seal::ToSeal> messages;
  std::vector<Bytes> bodies;
  for (int i = 0; i < count; ++i) bodies.push_back(row(i + 1));
  for (int i = 0; i < count; ++i)
    messages.push_back({bodies[static_cast<std::size_t>(i)], {"text/csv", prefix + std::to_string(i), ""}});
  const auto evidences = value_of(Scene::sealer_of("credit")->seal_batch(messages, scene.hub->rooms().clock.now()));
  for (int i = 0; i < count; ++i) {
    messaging::Envelope envelope;
    envelope.message_id = prefix + std::to_string(i);
    envelope.subject = "records/1";
    envelope.content_type = "text/csv";
    envelope.address = kAddress;
    envelope.body = bodies[static_cast<std::size_t>(i)];
    const auto carriage = seal::pack(evidences[static_cast<std::size_t>(i)], compact);
    envelope.seal = carriage.octets;
    envelope.properties["seal-form"] = seal::name_of(carriage.form);
    envelopes.push_back(std::move(envelope));
  }
  return envelopes;
}

/// A message at its door, as HandleOnce brings it.
messaging::Receipt knock(Scene& scene, const messaging::Envelope& envelope) {
  const auto doors = scene.hub->sources().doors();
  const Bytes message = messaging::encode(envelope);
  messaging::Work work;
  work.peer = "credit";
  work.message_id = envelope.message_id;
  work.digest = crypto::sha256(messaging::bare_message(message).value().bytes);
  work.door = "source";
  work.address = envelope.address;
  work.message = std::make_shared<const Bytes>(message);
  const auto thought = doors.at(envelope.address).handle({"credit", envelope.address, envelope});
  work.effect = thought ? thought.value().run()
                        : [error = thought.error()](storage::Transaction&) -> Result<void> { return error; };
  std::promise<messaging::Receipt> told;
  work.done = [&](const messaging::Receipt& receipt) { told.set_value(receipt); };
  BOOST_REQUIRE(scene.hub->rooms().writer.submit(std::move(work)));
  return told.get_future().get();
}

std::string code_at(Scene& scene, const messaging::Envelope& envelope) {
  const auto receipt = knock(scene, envelope);
  return receipt.kind == messaging::Receipt::Kind::done ? "ok" : receipt.error.code;
}

/// The proof of a batch member with something changed, packed anew.
messaging::Envelope with_proof(const Scene& scene, messaging::Envelope envelope, const std::string& id,
                               const std::function<void(seal::BatchProof&)>& change) {
  const seal::SealStore nothing;
  auto evidence = value_of(seal::unpack(seal::Form::batch, envelope.seal, nothing, envelope.body));
  change(*evidence.proof);
  envelope.seal = seal::pack(evidence, false).octets;
  envelope.message_id = id;
  (void)scene;
  return envelope;
}

constexpr const char* kForms = "tax.push], may_receive: [from.hub], seal_forms: [batch, compact]}";

/// Peers of the scene; credit also reads `from.hub`, in the forms given.
std::string peers_with(const std::string& more) {
  std::string text = Scene::peers();
  text.replace(text.find("tax.push]}"), std::string("tax.push]}").size(), "tax.push], " + more + "}");
  return text;
}

struct Row {
  std::string form;
  Bytes octets, encoded;
};

Row outbox_row(const Scene& scene, const std::string& message_id) {
  Row found;
  value_of(scene.hub->rooms().database.read([&](storage::Transaction& transaction) -> Result<void> {
    for (const auto& row : TRY(messaging::read_unsent(transaction, "from.hub", 0, 100))) {
      if (row.message.message_id != message_id) continue;
      found = {row.message.properties.at("seal-form"), row.message.seal, messaging::encode(row)};
    }
    return ok();
  }));
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_forms)

BOOST_AUTO_TEST_CASE(every_form_is_taken_and_the_archive_keeps_the_full_one) {
  Scene scene;
  BOOST_TEST(code_at(scene, scene.sealed("plain", row(11))) == "ok");
  for (const auto& envelope : sealed_together(scene, 3, false)) BOOST_TEST(code_at(scene, envelope) == "ok");
  for (const auto& envelope : sealed_together(scene, 5, true, "c")) BOOST_TEST(code_at(scene, envelope) == "ok");
  auto compact = scene.sealed("compact", row(12));
  compact.seal = seal::pack({compact.seal, std::nullopt}, true).octets;
  compact.properties["seal-form"] = "ses4-compact";
  BOOST_TEST(compact.seal.size() < 600u);
  BOOST_TEST(code_at(scene, compact) == "ok");
  BOOST_TEST(scene.number("SELECT count(*) FROM intake_batch") == 10);
  BOOST_TEST(scene.number("SELECT count(*) FROM intake_batch WHERE payload_proof <> ''") == 8);

  // What is kept is what anybody can verify with the payload and a root: the full seal, and the way to it.
  const auto trust = scene.hub->trust().trust();
  value_of(scene.hub->rooms().database.read([&](storage::Transaction& transaction) -> Result<void> {
    for (const auto& kept :
         TRY(transaction.query("SELECT payload, payload_seal, payload_proof FROM intake_batch", {}, "bbt"))) {
      seal::Evidence evidence{kept.blob(1), std::nullopt};
      if (!kept.text(2).empty()) evidence.proof = TRY(seal::read_proof_json(kept.text(2)));
      const auto report = seal::verify(evidence, kept.blob(0), *trust, {.now = scene.hub->rooms().clock.now()});
      BOOST_TEST(report.passed(), report.detail);
    }
    return ok();
  }));
}

// docs/seal.md, "One to check your code by".
BOOST_AUTO_TEST_CASE(the_worked_example_of_the_page_holds) {
  const std::vector<Bytes> bodies = {"one", "two", "three"};
  std::vector<seal::ToSeal> messages;
  for (const auto& body : bodies)
    messages.push_back({body, {"text/plain", "m" + std::to_string(messages.size() + 1), ""}});
  std::vector<Bytes> leaves;
  for (const auto& member : seal::batch_members(seal::Alg::sm2_sm3, messages)) {
    BOOST_TEST(member.property_info.size() == 0x3au);
    leaves.push_back(member.digest + Bytes("\x00\x3a", 2) + member.property_info);
  }
  BOOST_TEST(leaves[0].substr(34) == "zhida/1;scope=all;md=sm3;len=3;ct=text/plain;mid=m1;trace=");
  const auto hashes = crypto::leaf_hashes(crypto::TreeHash::sm3, leaves);
  const auto tree = crypto::MerkleTree::of(crypto::TreeHash::sm3, hashes);
  const auto hex = [](const crypto::NodeHash& hash) { return to_hex(crypto::octets_of(hash)); };
  BOOST_TEST(hex(hashes[0]) == "babe4fe439db92597334e8006f0e372bb64f4e4399f55ad6b4299ad4aa4f66b5");
  BOOST_TEST(hex(hashes[2]) == "5786362e4dde5a3e203026995b437dd2266f7a29085f9a87c6b0a102130a48d1");
  BOOST_TEST(hex(tree.root()) == "fa6b437ce96dbd7eeaf9796a4c4ebefd6f196fc0f044824768577e42bab57b8e");
  BOOST_TEST(hex(tree.inclusion_path(2, 3).at(0)) ==
             "c352a662cdd8b9538fea3900541d1d593de20e3ac83f061a970c696049d0bc69");
}

BOOST_AUTO_TEST_CASE(a_compact_seal_needs_a_seal_that_is_known) {
  const auto compacted = [](Scene& scene, const std::string& id) {
    auto envelope = scene.sealed(id, row(1));
    envelope.seal = seal::pack({envelope.seal, std::nullopt}, true).octets;
    envelope.properties["seal-form"] = "ses4-compact";
    return envelope;
  };
  Scene scene;
  BOOST_TEST(code_at(scene, compacted(scene, "m1")) == "seal_format");  // Nobody has seen this seal yet.
  BOOST_TEST(scene.number("SELECT count(*) FROM intake_batch") == 0);
  // Configured, it is known from the first message on; and a reload forgets nothing.
  const std::string base = certificates().folder + "/seal/credit.";
  scene.folder.write("peers.yaml", peers_with("seal_files: [" + base + "esl, " + base + "crt]"));
  value_of(scene.hub->reload_trust());
  BOOST_TEST(code_at(scene, compacted(scene, "m2")) == "ok");
  scene.folder.write("peers.yaml", peers_with("seal_files: [" + scene.folder.file("clock") + "]"));
  BOOST_TEST(!scene.hub->reload_trust());
}

BOOST_AUTO_TEST_CASE(a_proof_that_leads_elsewhere_changes_nothing_and_is_told) {
  Scene scene;
  const auto batch = sealed_together(scene, 5, false);
  const auto other = sealed_together(scene, 6, false, "other");
  const auto from = [&](std::size_t i) {
    const seal::SealStore nothing;
    return *value_of(seal::unpack(seal::Form::batch, other[i].seal, nothing, other[i].body)).proof;
  };
  const auto proof_of = [&](std::size_t i) {
    const seal::SealStore nothing;
    return *value_of(seal::unpack(seal::Form::batch, batch[i].seal, nothing, batch[i].body)).proof;
  };
  auto unknown = batch[0];
  unknown.message_id = "unknown form";
  unknown.properties["seal-form"] = "ses9";
  auto not_named = batch[0];
  not_named.message_id = "form not named";
  not_named.properties.erase("seal-form");
  auto another_body = batch[0];
  another_body.message_id = "another body";
  another_body.body = row(9);
  auto cut = batch[0];
  cut.message_id = "cut";
  cut.seal.resize(cut.seal.size() - 1);
  struct Case {
    messaging::Envelope envelope;
    std::string code;
  };
  const std::vector<Case> cases = {
      {with_proof(scene, batch[1], "wrong index", [](auto& proof) { proof.index = 2; }), "seal_data_hash"},
      {with_proof(scene, batch[1], "index behind the end", [](auto& proof) { proof.index = 5; }), "seal_data_hash"},
      {with_proof(scene, batch[1], "path of another leaf", [&](auto& proof) { proof.path = proof_of(2).path; }),
       "seal_data_hash"},
      {with_proof(scene, batch[1], "empty path", [](auto& proof) { proof.path.clear(); }), "seal_data_hash"},
      {with_proof(scene, batch[1], "longer path", [&](auto& proof) { proof.path.push_back(proof.path.front()); }),
       "seal_data_hash"},
      {with_proof(scene, batch[1], "another propertyInfo", [](auto& proof) { proof.property_info += " "; }),
       "seal_data_hash"},
      {with_proof(scene, batch[1], "another size",
                  [](auto& proof) {
                    const auto at = proof.manifest.find("\"size\":5");
                    proof.manifest.replace(at, 8, "\"size\":4");
                  }),
       "seal_data_hash"},
      {with_proof(scene, batch[1], "manifest of another batch", [&](auto& proof) { proof = from(1); }),
       "seal_data_hash"},
      {with_proof(scene, batch[1], "manifest with a member more",
                  [](auto& proof) { proof.manifest.insert(1, "\"a\":1,"); }),
       "seal_format"},
      {another_body, "seal_data_hash"},
      {unknown, "seal_format"},
      {not_named, "seal_format"},
      {cut, "seal_format"},
  };
  for (const auto& one : cases) BOOST_TEST(code_at(scene, one.envelope) == one.code, one.envelope.message_id);
  BOOST_TEST(scene.number("SELECT count(*) FROM intake_batch") == 0);
  BOOST_TEST(scene.number("SELECT count(*) FROM source_record") == 0);
  BOOST_TEST(scene.number("SELECT count(*) FROM dead_letter") == std::ssize(cases));
  scene.hub->rooms().writer.flush();
  BOOST_TEST(scene.number("SELECT count(*) FROM audit_record WHERE kind = 'seal_refused'") == std::ssize(cases));
  // The batch itself is as good as before.
  for (const auto& envelope : batch) BOOST_TEST(code_at(scene, envelope) == "ok");
}

BOOST_AUTO_TEST_CASE(what_leaves_has_the_form_that_the_peer_takes_and_keeps_its_octets) {
  Scene scene;
  const auto& rooms = scene.hub->rooms();
  const Outgoing outgoing(
      rooms.clock, {}, [] { return std::string("OWN"); }, scene.hub->trust());
  const std::vector<Bytes> bodies = {"one", "two", "three"};
  const auto seal_them = [&] {
    std::vector<seal::ToSeal> messages;
    for (const auto& body : bodies) messages.push_back({body, {"text/plain", body, ""}});
    return value_of(rooms.sealer.seal_batch(messages, rooms.clock.now()));
  };
  const auto send = [&](const std::string& id, std::size_t i, const seal::Evidence& evidence, bool again = false) {
    OutgoingEnvelope envelope;
    envelope.message_id = id;
    envelope.address = "from.hub";
    envelope.body = bodies[i];
    envelope.seal = evidence.ses;
    if (evidence.proof) envelope.seal_proof = seal::write_proof_json(*evidence.proof);
    envelope.again = again;
    return commit(rooms.writer, "desk", {},
                  [&](storage::Transaction& transaction) { return outgoing(transaction, envelope); });
  };
  const seal::Evidence plain{value_of(rooms.sealer.seal(bodies[0], "text/plain", "p", "", rooms.clock.now())), {}};
  const auto batch = seal_them();

  // Nobody said anything: the full form only.
  BOOST_TEST(!scene.hub->trust().forms_for("from.hub").batch);
  value_of(send("plain", 0, plain));
  BOOST_TEST(outbox_row(scene, "plain").form == "ses4");
  BOOST_TEST(outbox_row(scene, "plain").octets == plain.ses);
  BOOST_TEST(send("refused", 0, batch[0]).error().code == "seal_form_not_taken");

  std::string text = Scene::peers();
  text.replace(text.find("tax.push]}"), std::string("tax.push]}").size(), kForms);
  scene.folder.write("peers.yaml", text);
  value_of(scene.hub->reload_trust());
  BOOST_TEST(scene.hub->trust().forms_for("from.hub").batch);
  BOOST_TEST(!scene.hub->trust().forms_for("treasury.instructions").batch);
  const std::size_t full = plain.ses.size();
  value_of(send("compact", 0, plain));
  BOOST_TEST(outbox_row(scene, "compact").form == "ses4-compact");
  BOOST_TEST(outbox_row(scene, "compact").octets.size() < full);
  for (std::size_t i = 0; i < batch.size(); ++i) value_of(send("b" + std::to_string(i), i, batch[i]));
  seal::SealVerifier receiver(scene.hub->trust().trust(), {{"hub", {rooms.sealer.es_id()}}});
  BOOST_REQUIRE(receiver.store().keep_seal(rooms.sealer.seal_der()));
  receiver.store().keep_certificate(rooms.sealer.certificate().der());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto sent = outbox_row(scene, "b" + std::to_string(i));
    BOOST_TEST(sent.form == "batch");
    seal::Evidence evidence;
    const auto report =
        receiver.verify_from("hub", seal::Form::batch, sent.octets, bodies[i], rooms.clock.now(), evidence);
    BOOST_TEST(report.passed(), report.detail);
    BOOST_TEST(evidence.ses == batch[i].ses);  // Rebuilt octet by octet.
  }

  // Whatever the peer takes by now, what left before leaves again as it was.
  const auto before = outbox_row(scene, "b1").encoded;
  scene.folder.write("peers.yaml", Scene::peers());
  value_of(scene.hub->reload_trust());
  value_of(commit(rooms.writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
    CHECK_OK(transaction.execute("UPDATE outbox SET state = 'sent', settled_at = 1 WHERE message_id = 'b1'"));
    return ok();
  }));
  BOOST_TEST(outbox_row(scene, "b1").encoded.empty());
  value_of(send("b1", 1, seal_them()[1], true));
  BOOST_TEST(outbox_row(scene, "b1").encoded == before);
}

BOOST_AUTO_TEST_SUITE_END()
