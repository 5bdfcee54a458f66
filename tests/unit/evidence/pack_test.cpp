#include <boost/test/unit_test.hpp>
#include <functional>
#include <iostream>

#include "pack_world.h"
#include "platform/crypto/digest.h"
#include "platform/crypto/timestamp.h"
#include "seal/tree_head.h"

using namespace zhida;
using namespace zhida::test;
using seal::Code;
using seal::PackMember;
namespace names = seal::pack_names;

namespace {

const PackWorld& world() {
  static const PackWorld made;
  return made;
}

/// Its documents and what its source sent are members of a batch.
const PackWorld& batch_world() {
  static const PackWorld made(Alg::sm2_sm3, Sealed::in_batch);
  return made;
}

/// Where a member's octets lie in an archive of write_pack().
struct Place {
  std::string name;
  std::size_t begin = 0, end = 0;
};
std::vector<Place> places_of(ByteView archive) {
  std::vector<Place> places;
  std::size_t at = 0;
  for (const auto& member : seal::read_pack(archive).members) {
    const std::size_t data = at + 30 + member.name.size();
    places.push_back({member.name, data, data + member.data.size()});
    at = places.back().end;
  }
  return places;
}

std::string all_findings(const seal::PackReport& report) {
  std::string text;
  for (const auto& finding : report.findings)
    text += std::string(seal::name_of(finding.code)) + " " + finding.member + ": " + finding.detail + "\n";
  return text;
}

void check_altered_octets(const PackWorld& made) {
  const Bytes archive = made.pack();
  const auto places = places_of(archive);
  std::vector<bool> structure(archive.size(), true);
  std::size_t tried = 0;
  const auto try_octet = [&](std::size_t at, const std::string& member) {
    Bytes changed = archive;
    changed[at] = static_cast<char>(changed[at] ^ (at % 2 == 0 ? 0x01 : 0x20));
    const auto report = made.verify(changed);
    ++tried;
    BOOST_TEST_REQUIRE(static_cast<int>(report.code) != 0, "octet " << at << " of " << member);
    if (member.empty()) return;
    const auto found = named(report);
    BOOST_TEST_REQUIRE(found.contains(member), "octet " << at << " of " << member << "\n" << all_findings(report));
  };
  for (const auto& place : places) {
    for (std::size_t at = place.begin; at < place.end; ++at) structure[at] = false;
    const std::size_t step = std::max<std::size_t>(1, (place.end - place.begin) / 12);
    for (std::size_t at = place.begin; at < place.end; at += step) try_octet(at, place.name);
    if (place.end > place.begin) try_octet(place.end - 1, place.name);
  }
  // Between them lie headers and the directory; read_pack alone is asked about each of their octets above.
  for (std::size_t at = 0; at < archive.size(); at += 7)
    if (structure[at]) try_octet(at, "");
  BOOST_TEST(tried > 300);
}

/// A change to the member with that name: a text in it for another; all of it away; that of another member instead.
using Change = std::function<void(std::vector<PackMember>&)>;
Change replace(std::string name, std::string from, std::string to) {
  return [=](std::vector<PackMember>& members) {
    Bytes& data = member_of(members, name).data;
    const auto at = data.find(from);
    BOOST_TEST_REQUIRE(at != Bytes::npos, name << " has no " << from);
    data.replace(at, from.size(), to);
  };
}
Change drop(std::string name) {
  return [=](std::vector<PackMember>& members) {
    std::erase_if(members, [&](const auto& member) { return member.name == name; });
  };
}
Change put(std::string name, std::string other) {
  return [=](std::vector<PackMember>& members) { member_of(members, name).data = member_of(members, other).data; };
}

/// What a forger does who can seal, which member must be named for it, and the first code.
struct Forgery {
  std::string member;
  Change change;
  Code code;
};
void check_forgeries(const PackWorld& made, const std::vector<Forgery>& forgeries) {
  for (const auto& forgery : forgeries) {
    auto members = made.members();
    forgery.change(members);
    const auto report = made.verify(made.sealed(std::move(members)));
    const auto said = forgery.member + "\n" + all_findings(report);
    BOOST_TEST(named(report).contains(forgery.member), said);
    BOOST_TEST(seal::name_of(report.code) == seal::name_of(forgery.code), said);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_archive_gives_back_what_was_put_in) {
  const std::vector<PackMember> members{{"mimetype", "text/plain"}, {"a/b-1.json", Bytes("\0\xff", 2)}, {"empty", ""}};
  const Bytes archive = seal::write_pack(members).value();
  const auto reading = seal::read_pack(archive);
  BOOST_TEST(reading.faults.empty());
  BOOST_TEST_REQUIRE(reading.members.size() == members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    BOOST_TEST(reading.members[i].name == members[i].name);
    BOOST_TEST(reading.members[i].data == members[i].data);
  }
  BOOST_TEST(archive == seal::write_pack(members).value(), "the same members give the same octets");
}

BOOST_AUTO_TEST_CASE(names_that_could_lead_elsewhere_are_refused) {
  for (const char* name : {"", "/a", "a/", "a//b", "../a", "a/../b", "./a", "a\\b", "a b", "é", "C:x"}) {
    BOOST_TEST(!seal::is_pack_name(name), name);
    BOOST_TEST(seal::write_pack({{name, ""}}).error().code == "pack_name_wrong", name);
  }
  BOOST_TEST(seal::write_pack({{"a", ""}, {"a", ""}}).error().code == "pack_name_wrong");
}

BOOST_AUTO_TEST_CASE(every_octet_of_an_archive_counts) {
  const Bytes archive = seal::write_pack({{"mimetype", "text/plain"}, {"a/b", "content"}, {"last", "x"}}).value();
  for (std::size_t at = 0; at < archive.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      Bytes changed = archive;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      BOOST_TEST(!seal::read_pack(changed).faults.empty(), "octet " << at << " bit " << bit);
    }
    BOOST_TEST(!seal::read_pack(ByteView(archive).substr(0, at)).faults.empty(), "cut at " << at);
    BOOST_TEST(!seal::read_pack(archive.substr(0, at) + "x" + archive.substr(at)).faults.empty(), "more at " << at);
  }
  BOOST_TEST(!seal::read_pack(archive + "x").faults.empty());
}

BOOST_AUTO_TEST_CASE(a_good_pack_holds_with_a_root_of_ones_own) {
  for (const Alg alg : {Alg::sm2_sm3, Alg::ecdsa_p256_sha256}) {
    const PackWorld made(alg);
    const auto report = made.verify(made.pack());
    BOOST_TEST(static_cast<int>(report.code) == 0, all_findings(report));
    BOOST_TEST(report.json["facts"]["payee.account_no"] == "3133360000001431213");
    BOOST_TEST(report.json["sources"]["rows_proven"] == 1);
    BOOST_TEST(report.json["roots"] == "given");
  }
}

BOOST_AUTO_TEST_CASE(without_a_root_the_report_says_whom_it_believed) {
  const auto report = world().verify(world().pack(), false);
  BOOST_TEST(static_cast<int>(report.code) == 0, all_findings(report));
  BOOST_TEST(report.json["roots"] == "pack");
  BOOST_TEST(report.json["notes"].dump().find("Roots taken from the pack itself") != std::string::npos);
  BOOST_TEST(report.json["notes"].dump().find(world().seals.root.certificate().fingerprint()) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_stranger_s_root_does_not_make_it_good) {
  const SealWorld stranger(Alg::sm2_sm3);
  seal::PackOptions options;
  options.roots = {stranger.root.certificate()};
  options.now = kNow;
  const auto report = seal::verify_pack(world().pack(), options);
  BOOST_TEST((report.code == Code::seal_maker_cert || report.code == Code::signer_cert), all_findings(report));
}

BOOST_AUTO_TEST_CASE(packs_for_different_readers_hold_against_the_same_root) {
  const Bytes whole = world().pack();
  const Bytes less = world().pack({"payee.account_no", "profile.tax.credit_grade", "row.1", "firm.name"});
  const auto all = world().verify(whole), some = world().verify(less);
  BOOST_TEST(static_cast<int>(some.code) == 0, all_findings(some));
  BOOST_TEST(all.json["statement"]["root"] == some.json["statement"]["root"]);
  BOOST_TEST(some.json["statement"]["withheld"] == 4);
  BOOST_TEST(!some.json["facts"].contains("payee.account_no"));
  BOOST_TEST(less.find("3133360000001431213") == Bytes::npos, "a withheld account is nowhere in the pack");
  BOOST_TEST(less.find("浩庆") == Bytes::npos);
  BOOST_TEST(some.json["notes"].dump().find("document.01") != std::string::npos, "a withheld document is told of");
}

BOOST_AUTO_TEST_CASE(every_altered_octet_is_found_and_its_member_named) {
  check_altered_octets(world());
}

BOOST_AUTO_TEST_CASE(every_altered_octet_of_a_member_of_a_batch_is_found_and_named_too) {
  check_altered_octets(batch_world());
}

// A forger who can seal (a thief of the hub's key) still cannot change one piece without the others.
BOOST_AUTO_TEST_CASE(pieces_that_do_not_belong_together_are_told_apart) {
  check_forgeries(
      world(), {
                   {names::kDisclosure, replace(names::kDisclosure, "3133360000001431213", "3133360000001431214"),
                    Code::data_hash},
                   {names::kPolicy, replace(names::kPolicy, "IN-001", "IN-002"), Code::data_hash},
                   {"documents/01.xml", replace("documents/01.xml", "1431213", "1431214"), Code::data_hash},
                   {names::kSources, replace(names::kSources, "\\\"A\\\"", "\\\"B\\\""), Code::data_hash},
                   {names::kSources, replace(names::kSources, "\"index\":1", "\"index\":0"), Code::data_hash},
                   {names::kRecords, replace(names::kRecords, "case_changed", "case_refused"), Code::data_hash},
                   {names::kRecords, replace(names::kRecords, "\"seq\":2}", "\"seq\":3}"), Code::data_hash},
                   {names::kHead, replace(names::kHead, "\"size\":5", "\"size\":6"), Code::data_hash},
                   {names::kStatement, replace(names::kStatement, "\"version\":1", "\"version\":2"), Code::data_hash},
                   {names::kHeadSeal, drop(names::kHeadSeal), Code::format},
                   {names::kStatement, drop(names::kStatement), Code::format},
                   {names::kDocuments, drop(names::kDocuments), Code::format},
                   {"documents/02.ses", drop("documents/02.ses"), Code::format},
               });
}

BOOST_AUTO_TEST_CASE(a_pack_with_members_of_a_batch_holds_also_where_octets_are_withheld) {
  for (const Alg alg : {Alg::sm2_sm3, Alg::ecdsa_p256_sha256}) {
    const PackWorld made(alg, Sealed::in_batch);
    const auto whole = made.verify(made.pack());
    BOOST_TEST(static_cast<int>(whole.code) == 0, all_findings(whole));
    BOOST_TEST(whole.json["sources"]["rows_proven"] == 1);
    const auto less = made.verify(made.pack({"payee.account_no"}));
    BOOST_TEST(static_cast<int>(less.code) == 0, all_findings(less));
    BOOST_TEST(less.json["documents"][0]["shown"] == false);
    // The seal of a batch is over its manifest: both documents show the same one.
    BOOST_TEST(member_of(*std::make_unique<std::vector<PackMember>>(made.members()), "documents/01.ses").data ==
               member_of(*std::make_unique<std::vector<PackMember>>(made.members()), "documents/02.ses").data);
  }
}

BOOST_AUTO_TEST_CASE(a_member_of_a_batch_stands_at_one_place_under_one_seal) {
  const std::string request = "documents/01.xml", seal_of = "documents/01.ses", proof = "documents/01.proof.json",
                    sent = "sources/batch-1-payload.bin";
  const auto plain = [](const std::string& name, const PackWorld& from) {
    return [name, &from](std::vector<PackMember>& members) {
      auto others = from.members();
      member_of(members, name).data = member_of(others, name).data;
    };
  };
  const PackWorld another(Alg::sm2_sm3, Sealed::in_batch);
  check_forgeries(
      batch_world(),
      {
          {request, replace(proof, "\"index\":0", "\"index\":1"), Code::data_hash},
          {request, put(proof, "documents/02.proof.json"), Code::data_hash},
          {request, replace(proof, "mid=request", "mid=another"), Code::data_hash},
          {request, replace(request, "1431213", "1431214"), Code::data_hash},
          {request, put(request, "documents/02.xml"), Code::data_hash},
          {proof, replace(proof, "\"v\":1", "\"v\":2"), Code::format},
          {proof, replace(proof, "{\"index", "{ \"index"), Code::format},
          {proof, drop(proof), Code::format},
          {seal_of, drop(seal_of), Code::format},
          {request, put(seal_of, names::kStatementSeal), Code::data_hash},
          {request, replace(names::kDocuments, "\"proof\":\"documents/01.proof.json\",", ""), Code::data_hash},
          {sent, replace(names::kSources, "\"proof\":\"sources/batch-1.proof.json\",", ""), Code::data_hash},
          {sent, replace(sent, "\"A\"", "\"B\""), Code::data_hash},
          {seal_of, plain(seal_of, another), Code::seal_maker_cert},
      });
}

BOOST_AUTO_TEST_CASE(members_are_all_named_by_the_manifest_and_the_first_is_the_type) {
  auto members = world().members();
  std::swap(members[0], members[1]);
  auto report = world().verify(world().sealed(members));
  BOOST_TEST(named(report).contains("mimetype"));

  auto reading = seal::read_pack(world().pack());
  reading.members.push_back({"extra.txt", "x"});
  report = world().verify(seal::write_pack(reading.members).value());
  BOOST_TEST(named(report).contains("extra.txt"));
  BOOST_TEST(static_cast<int>(report.code) == static_cast<int>(Code::format));

  reading = seal::read_pack(world().pack());
  std::erase_if(reading.members, [](const auto& member) { return member.name == names::kReport; });
  report = world().verify(seal::write_pack(reading.members).value());
  BOOST_TEST(named(report).contains(names::kReport));
}

BOOST_AUTO_TEST_CASE(another_sealed_json_does_not_pass_for_a_manifest_or_a_statement) {
  auto members = world().members();
  member_of(members, names::kStatementSeal).data = member_of(members, names::kHeadSeal).data;
  const auto report = world().verify(world().sealed(std::move(members)));
  BOOST_TEST(static_cast<int>(report.code) != 0);
}

BOOST_AUTO_TEST_CASE(trusted_time_is_refused_where_it_is_wanted_and_not_there) {
  seal::PackOptions options;
  options.roots = {world().seals.root.certificate()};
  options.now = kNow;
  options.require_trusted_time = true;
  BOOST_TEST(static_cast<int>(seal::verify_pack(world().pack(), options).code) == static_cast<int>(Code::timestamp));
}

BOOST_AUTO_TEST_CASE(a_time_stamp_over_the_head_is_told_and_a_wrong_one_named) {
  auto members = world().members();
  const Bytes value = seal::signature_value(member_of(members, names::kHeadSeal).data).value();
  const auto stamp = [&](ByteView over) {
    return crypto::make_timestamp_token(crypto::make_timestamp_request(crypto::HashKind::sm3, over),
                                        *world().seals.time_authority.signer,
                                        {.time = kSealed, .serial = "\x01", .policy = "1.2.3"})
        .value();
  };
  members.push_back({names::kHeadToken, stamp(value)});
  auto report = world().verify(world().sealed(members));
  BOOST_TEST(static_cast<int>(report.code) == 0, all_findings(report));
  BOOST_TEST(report.json["log"]["trusted_at"] == to_rfc3339(kSealed));
  members.back().data = stamp("something else");
  report = world().verify(world().sealed(members));
  BOOST_TEST(named(report).contains(names::kHeadToken));
  BOOST_TEST(static_cast<int>(report.code) == static_cast<int>(Code::timestamp));
}

// Whatever was read of a fact before its fault is given back; the address sanitizer watches. Found by tests/fuzz.
BOOST_AUTO_TEST_CASE(a_fact_without_a_salt_of_its_length_is_refused) {
  for (const char* salt : {R"("")", R"("00")", "1"})
    BOOST_TEST(
        seal::parse_disclosure(std::string(R"({"leaves":[{"name":"a name too long to stand in the string itself",)") +
                               R"("salt":)" + salt + R"(,"value":"a value that does not stand in it either"}],"v":1})")
            .error()
            .code == "pack_disclosure_malformed");
}

BOOST_AUTO_TEST_CASE(salts_hide_values_and_bind_names) {
  const auto leaf = [](std::string name, Json value, char salt) {
    return seal::fact_leaf({std::move(name), std::move(value), Bytes(32, salt)}).value();
  };
  BOOST_TEST((leaf("a", "b", 'x') == leaf("a", "b", 'x')));
  BOOST_TEST((leaf("a", "b", 'x') != leaf("a", "b", 'y')));
  BOOST_TEST((leaf("a", "b", 'x') != leaf("a", "c", 'x')));
  BOOST_TEST((leaf("a", "b", 'x') != leaf("ab", "", 'x')));
}
