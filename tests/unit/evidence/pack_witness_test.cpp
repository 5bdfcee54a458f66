// What a peer's countersignature in a pack shows, and what does not pass for one.
#include <boost/test/unit_test.hpp>

#include "pack_world.h"
#include "platform/crypto/digest.h"
#include "seal/tree_head.h"

using namespace zhida;
using namespace zhida::test;
using seal::Code;
namespace names = seal::pack_names;

namespace {

const PackWorld& world() {
  static const PackWorld made;
  return made;
}

const Party& peer() {
  static const Party made = world().seals.party("treasury");
  return made;
}

/// The log of the pack's world, five records long, as it went on afterwards.
crypto::MerkleTree log_of(std::uint64_t size, const std::string& history = "") {
  crypto::MerkleTree log;
  for (std::uint64_t seq = 1; seq <= size; ++seq) {
    Json record{{"seq", seq}, {"case_id", kPackCase}, {"kind", "case_changed"}, {"payload_digest", ""}};
    if (seq == 4) {
      record["kind"] = "evidence_rooted";
      record["payload_digest"] = "sm3:" + to_hex(crypto::sm3(seal::to_payload(world().statement)));
    }
    if (seq > 2 && !history.empty()) record["kind"] = history;
    log.append(crypto::leaf_hash(crypto::TreeHash::sm3, canonical_json(record).value()));
  }
  return log;
}

struct Witnessing {
  std::uint64_t size = 5;
  std::string history{};       // Another one from record 3 on.
  bool own_seal = false;       // The hub countersigns itself.
  Bytes countersigned_text{};  // Empty: the head.
  std::string media = seal::kTreeHeadMedia;
};

std::vector<seal::PackMember> members_with(const Witnessing& how) {
  auto members = world().members();
  const auto& seals = world().seals;
  const auto trust = seals.trust();
  const auto log = log_of(how.size, how.history);
  const Bytes payload = seal::to_payload({"0b7c5b4e-6c1f-4b58-9a0a-0d8e6f1f2a3b", how.size, log.root(), kSealed});
  const auto seal_by = [&](const Party& party, const Bytes& seal_der, ByteView text) {
    return seal::seal(text, seal_der, *party.signer, {.media_type = how.media, .message_id = "w"}, *trust, kSealed)
        .value();
  };
  const Bytes by_hub = seal::seal(payload, seals.seal_der, *seals.signer.signer,
                                  {.media_type = seal::kTreeHeadMedia, .message_id = "h"}, *trust, kSealed)
                           .value();
  const Bytes peers_seal = seals.seal_for(peer(), seals.maker, true, kFrom, kTo, "SEAL-TREASURY");
  const Bytes& text = how.countersigned_text.empty() ? payload : how.countersigned_text;
  const Bytes witness = how.own_seal ? seal_by(seals.signer, seals.seal_der, text) : seal_by(peer(), peers_seal, text);
  Json path = Json::array();
  const auto longer = log_of(std::max<std::uint64_t>(how.size, 5), how.history);
  for (const auto& hash :
       longer.consistency_proof(std::min<std::uint64_t>(how.size, 5), std::max<std::uint64_t>(how.size, 5)))
    path.push_back(to_hex(crypto::octets_of(hash)));
  members.push_back({names::kWitnessed, payload});
  members.push_back({names::kWitnessedSeal, by_hub});
  members.push_back({"log/witness-1.ses", witness});
  members.push_back(
      {names::kWitnesses,
       canonical_json(
           {{"path", path},
            {"witnesses", {{{"peer", "treasury"}, {"at", to_rfc3339(kSealed)}, {"seal", "log/witness-1.ses"}}}},
            {"v", 1}})
           .value()});
  return members;
}

seal::PackReport report_of(const std::vector<seal::PackMember>& members) {
  return world().verify(world().sealed(members));
}

std::string first_of(const seal::PackReport& report) {
  if (report.findings.empty()) return "holds";
  const auto& finding = report.findings.front();
  return std::string(seal::name_of(finding.code)) + " " + finding.member;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(witnesses_in_a_pack)

BOOST_AUTO_TEST_CASE(a_countersigned_head_before_at_or_after_the_packs_own_is_told) {
  for (const std::uint64_t size : {1u, 3u, 5u, 6u, 9u}) {
    BOOST_TEST_CONTEXT(size) {
      const auto report = report_of(members_with({.size = size}));
      BOOST_TEST(first_of(report) == "holds");
      const auto& told = report.json["log"]["witnesses"];
      BOOST_REQUIRE(told.size() == 1u);
      BOOST_TEST(told[0]["peer"] == "treasury");
      BOOST_TEST(told[0]["es_id"] == "SEAL-TREASURY");
      BOOST_TEST(told[0]["records_seen"] == std::min<std::uint64_t>(size, 5));
    }
  }
  const auto without = report_of(world().members());
  BOOST_TEST(without.json["log"]["witnesses"].empty());
  BOOST_TEST(without.json["notes"].dump().find("No peer countersigned") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_does_not_show_one_history_is_refused_and_named) {
  struct Fault {
    Witnessing how;
    std::string expected;
  };
  for (const auto& [how, expected] : std::vector<Fault>{
           {{.size = 9, .history = "forked"}, "data_hash log/witnesses.json"},
           {{.size = 5, .history = "forked"}, "data_hash log/witnesses.json"},
           {{.size = 3, .history = "forked"}, "data_hash log/witnesses.json"},
           {{.size = 6, .own_seal = true}, "data_hash log/witness-1.ses"},
           {{.size = 6, .countersigned_text = "something else"}, "data_hash log/witnessed.json"},
           {{.size = 6, .media = "application/json"}, "data_hash log/witness-1.ses"},
       })
    BOOST_TEST(first_of(report_of(members_with(how))) == expected);
  auto members = members_with({.size = 6});
  std::erase_if(members, [](const auto& member) { return member.name == "log/witness-1.ses"; });
  BOOST_TEST(first_of(report_of(members)) == "format log/witness-1.ses");
  members = members_with({.size = 6});
  member_of(members, names::kWitnessedSeal).data = member_of(members, names::kHeadSeal).data;
  BOOST_TEST(first_of(report_of(members)) == "data_hash log/witnessed.json");
}

BOOST_AUTO_TEST_CASE(every_altered_octet_of_a_witness_is_found) {
  const auto members = members_with({.size = 6});
  for (const std::string name : {names::kWitnessed, "log/witness-1.ses", names::kWitnessedSeal}) {
    for (std::size_t at = 0; at < 400; at += 7) {
      auto changed = members;
      Bytes& data = member_of(changed, name).data;
      if (at >= data.size()) break;
      data[at] = static_cast<char>(data[at] ^ 1);
      BOOST_TEST(first_of(report_of(changed)) != "holds", name << " " << at);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
