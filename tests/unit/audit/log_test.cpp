#include <filesystem>
#include <fstream>

#include "audit/archive.h"
#include "audit/renewal.h"
#include "log_scene.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::test;

namespace {

std::vector<crypto::NodeHash> hashes_in(const Json& list) {
  std::vector<crypto::NodeHash> hashes;
  for (const auto& item : list) hashes.push_back(crypto::node_hash_of_hex(item.get<std::string>()).value());
  return hashes;
}

/// Takes the triggers away and does harm, as somebody with full rights could.
void harm(const LogScene& scene, const std::vector<std::string>& statements) {
  scene.write([&](storage::Transaction& transaction) -> Result<void> {
    for (const char* name :
         {"audit_record_no_update", "audit_record_no_delete", "audit_record_next_only", "audit_tile_no_update",
          "audit_tile_no_delete", "audit_head_no_update", "audit_head_no_delete", "audit_time_no_update"}) {
      CHECK_OK(transaction.execute(std::string("DROP TRIGGER IF EXISTS ") + name));
    }
    for (const auto& sql : statements) {
      CHECK_OK(transaction.execute(sql));
    }
    return ok();
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(the_log)

BOOST_AUTO_TEST_CASE(heads_and_proofs_are_those_of_the_whole_tree) {
  ScratchDatabase database;
  LogScene scene(*database.migrated());
  crypto::MerkleTree tree;
  int total = 0;
  BOOST_TEST(!scene.seal_head());
  // Over tile borders, exactly to them, one leaf at a time; the last step fills a tile of the second level.
  for (const int more : {1, 2, 252, 1, 1, 255, 256, 1000, 64000, 300}) {
    scene.append(more);
    total += more;
    BOOST_TEST(scene.seal_head());
    BOOST_TEST(!scene.seal_head());
  }
  for (const auto& record : scene.read<std::vector<audit::AuditRecord>>(
           [&](storage::Transaction& transaction) { return audit::read_records(transaction, {.limit = total}); }))
    tree.append(crypto::to_node_hash(record.leaf_hash).value());
  BOOST_REQUIRE(tree.size() == static_cast<std::uint64_t>(total));
  const auto heads = scene.read<std::vector<audit::StoredHead>>(
      [](storage::Transaction& transaction) { return audit::read_heads(transaction, 0, 100); });
  for (const auto& head : heads) {
    BOOST_TEST((head.root == tree.root_at(head.size)));
    BOOST_TEST((seal::parse_tree_head(head.payload).value().root == head.root));
    const auto judged = seal::verify(head.seal, head.payload, scene.trust(), {.now = kNow});
    BOOST_TEST(judged.passed(), judged.detail);
  }
  scene.read<bool>([&](storage::Transaction& transaction) -> Result<bool> {
    const auto size = static_cast<std::uint64_t>(total);
    for (const std::uint64_t seq : {1, 2, 256, 257, 511, 512, 513, 1768, 65536, 65537, total}) {
      for (const std::uint64_t of : {seq, size}) {
        const Json json = TRY(audit::inclusion_document(transaction, seq, of));
        const auto leaf = crypto::node_hash_of_hex(json["leaf_hash"].get<std::string>()).value();
        BOOST_TEST(crypto::verify_inclusion(crypto::TreeHash::sm3, leaf, seq - 1, of, hashes_in(json["path"]),
                                            tree.root_at(of)));
        const Json proof = TRY(audit::consistency_document(transaction, seq, of));
        BOOST_TEST(crypto::verify_consistency(crypto::TreeHash::sm3, seq, tree.root_at(seq), of, tree.root_at(of),
                                              hashes_in(proof["proof"])));
      }
    }
    BOOST_TEST(audit::inclusion_document(transaction, size + 1, size).error().code == "log_size_unknown");
    BOOST_TEST(audit::inclusion_document(transaction, 0, size).error().code == "log_size_unknown");
    BOOST_TEST(audit::inclusion_document(transaction, 1, size + 1).error().code == "log_size_unknown");
    BOOST_TEST(audit::consistency_document(transaction, size, size - 1).error().code == "log_size_unknown");
    return true;
  });
  const auto report = scene.verify();
  BOOST_TEST(report.holds(), report.detail);
  BOOST_TEST(report.heads == static_cast<std::int64_t>(heads.size()));
  BOOST_TEST(report.sealed_records == total);
}

BOOST_AUTO_TEST_CASE(a_start_notices_rows_that_were_cut_off_or_written_anew) {
  ScratchDatabase database;
  LogScene scene(*database.migrated());
  const auto check = [&] {
    std::string code = "ok";
    require(database->read([&](storage::Transaction& transaction) -> Result<void> {
      const auto checked = audit::check_last_head(transaction);
      if (!checked) code = checked.error().code;
      return ok();
    }));
    return code;
  };
  BOOST_TEST(check() == "ok");
  scene.append(300);
  scene.seal_head();
  scene.append(5);  // What no head tells of yet is not missed.
  BOOST_TEST(check() == "ok");
  harm(scene, {"DELETE FROM audit_record WHERE seq > 300"});
  BOOST_TEST(check() == "ok");
  harm(scene, {"DELETE FROM audit_record WHERE seq > 299"});
  BOOST_TEST(check() == "log_truncated");
  ScratchDatabase other;
  LogScene second(*other.migrated());
  second.append(300);
  second.seal_head();
  harm(second, {"UPDATE audit_record SET leaf_hash = record_hash WHERE seq = 290"});
  std::string code;
  require(other->read([&](storage::Transaction& transaction) -> Result<void> {
    code = audit::check_last_head(transaction).error().code;
    return ok();
  }));
  BOOST_TEST(code == "log_head_differs");
}

BOOST_AUTO_TEST_CASE(a_log_that_was_written_anew_is_found_at_its_first_record) {
  // Somebody with all rights but the seal's key writes history anew from record 400 on: sound in itself.
  for (const bool tiles_too : {false, true}) {
    BOOST_TEST_CONTEXT("tiles too: " << tiles_too) {
      ScratchDatabase database, forged;
      LogScene scene(*database.migrated()), other(*forged.migrated());
      for (LogScene* one : {&scene, &other}) {
        one->append(300);
        one->seal_head();
        one->append(99);
      }
      scene.append(601);
      other.append(601, "forged");
      scene.seal_head();
      other.seal_head();
      struct Copy {
        std::vector<storage::Row> records, tiles;
      };
      const auto copy = other.read<Copy>([](storage::Transaction& transaction) -> Result<Copy> {
        return Copy{
            TRY(transaction.query("SELECT detail, prev_hash, record_hash, leaf_hash, seq FROM audit_record WHERE "
                                  "seq >= 400",
                                  {}, "tbbbi")),
            TRY(transaction.query("SELECT root, hashes, level, place FROM audit_tile", {}, "bbii"))};
      });
      harm(scene, {});
      scene.write([&](storage::Transaction& transaction) -> Result<void> {
        for (const auto& row : copy.records) {
          CHECK_OK(transaction.execute(
              "UPDATE audit_record SET detail = ?, prev_hash = ?, record_hash = ?, leaf_hash = ? WHERE seq = ?",
              {row.text(0), storage::Blob{row.blob(1)}, storage::Blob{row.blob(2)}, storage::Blob{row.blob(3)},
               row.integer(4)}));
        }
        if (!tiles_too) return ok();
        for (const auto& row : copy.tiles) {
          CHECK_OK(transaction.execute(
              "UPDATE audit_tile SET root = ?, hashes = ? WHERE level = ? AND place = ?",
              {storage::Blob{row.blob(0)}, storage::Blob{row.blob(1)}, row.integer(2), row.integer(3)}));
        }
        return ok();
      });
      const auto report = scene.verify();
      BOOST_TEST(report.fault == (tiles_too ? "head_differs" : "rewritten"), report.detail);
      BOOST_TEST(report.broken_at.value_or(0) == (tiles_too ? 301 : 400), report.detail);
    }
  }
}

BOOST_AUTO_TEST_CASE(damage_to_what_surrounds_the_records_is_named) {
  struct Case {
    const char* what;
    const char* sql;
    std::int64_t at;
    const char* fault;
  };
  for (const Case& one : {
           Case{"a head's root", "UPDATE audit_head SET root = (SELECT root FROM audit_tile LIMIT 1) WHERE size = 600",
                301, "head_differs"},
           Case{"a head's text",
                "UPDATE audit_head SET payload = replace(payload, '\"v\":1', '\"v\":2') WHERE size = 600", 600,
                "head_malformed"},
           Case{"a head's time",
                "UPDATE audit_head SET payload = replace(payload, '2025-11-03', '2025-11-02') WHERE size = 600", 600,
                "head_seal_wrong"},
           Case{"a head's seal",
                "UPDATE audit_head SET seal = (SELECT seal FROM audit_head WHERE size = 300) WHERE size = 600", 600,
                "head_seal_wrong"},
           Case{"a token", "UPDATE audit_time SET token = zeroblob(40) WHERE size = 600", 600, "time_wrong"},
           Case{"the time a token is said to have", "UPDATE audit_time SET gen_time = gen_time - 1000 WHERE size = 600",
                600, "time_wrong"},
           Case{"a tile",
                "UPDATE audit_tile SET hashes = (SELECT hashes FROM audit_tile WHERE place = 0) WHERE place = 1", 257,
                "tile_differs"},
           Case{"records behind the last head", "DELETE FROM audit_record WHERE seq > 590", 591, "truncated"},
       }) {
    BOOST_TEST_CONTEXT(one.what) {
      ScratchDatabase database;
      LogScene scene(*database.migrated());
      scene.append(300);
      scene.seal_head();
      scene.append(300);
      scene.seal_head();
      scene.stamp(seal_world().time_authority);
      const auto before = scene.verify();
      BOOST_REQUIRE_MESSAGE(before.holds(), before.detail);
      BOOST_TEST(before.tokens == 1);
      BOOST_TEST(before.tokens_judged);
      harm(scene, {one.sql});
      const auto report = scene.verify();
      BOOST_TEST(report.fault == one.fault, report.fault << ": " << report.detail);
      BOOST_TEST(report.broken_at.value_or(0) == one.at, report.detail);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_head_kept_elsewhere_tells_two_histories_apart) {
  ScratchDatabase first, second;
  LogScene one(*first.migrated()), other(*second.migrated());
  one.append(500);
  other.append(400);
  other.append(100, "another");
  one.seal_head();
  other.seal_head();
  const auto seen = seal::parse_tree_head(other.newest().payload).value();
  BOOST_TEST(one.verify({.known_tree = seal::parse_tree_head(one.newest().payload).value()}).holds());
  const auto report = one.verify({.known_tree = seen});
  BOOST_TEST(report.fault == "head_differs", report.detail);
  // And where the log has grown since, no proof leads from what was seen to what is shown.
  one.append(300);
  one.seal_head();
  const auto now = one.newest();
  const Json proof = one.read<Json>(
      [&](storage::Transaction& transaction) { return audit::consistency_document(transaction, 500, now.size); });
  BOOST_TEST(!crypto::verify_consistency(crypto::TreeHash::sm3, 500, seen.root, now.size, now.root,
                                         hashes_in(proof["proof"])));
  BOOST_TEST(one.verify({.known_tree = seal::TreeHead{seen.log, 2000, seen.root, seen.time}}).fault == "truncated");
}

BOOST_AUTO_TEST_CASE(countersignatures_are_kept_once_a_peer_and_judged) {
  ScratchDatabase database;
  LogScene scene(*database.migrated());
  scene.append(10);
  scene.seal_head();
  const auto head = scene.newest();
  const auto keep = [&](const std::string& peer, const Bytes& seal) {
    std::string code = "ok";
    (void)database->write([&](storage::Transaction& transaction) -> Result<void> {
      const auto kept = audit::store_countersignature(transaction, {head.size, peer, scene.clock.now(), seal});
      if (!kept) code = kept.error().code;
      return ok();
    });
    return code;
  };
  const auto seal = value_of(scene.sealer().seal(head.payload, "application/json", "w", "", scene.clock.now()));
  BOOST_TEST(keep("treasury", seal) == "ok");
  BOOST_TEST(keep("treasury", seal) == "countersignature_there");
  BOOST_TEST(scene.verify().countersignatures == 1);
  const Json shown =
      scene.read<Json>([&](storage::Transaction& transaction) { return audit::head_document(transaction, head); });
  BOOST_TEST(shown["witnesses"].size() == 1u);
  BOOST_TEST(keep("credit", value_of(scene.sealer().seal("other", "application/json", "w", "", scene.clock.now()))) ==
             "ok");
  BOOST_TEST(scene.verify().fault == "countersignature_wrong");
}

BOOST_AUTO_TEST_CASE(archived_records_may_go_and_every_proof_stays) {
  ScratchDatabase database;
  LogScene scene(*database.migrated());
  TempFolder folder;
  scene.append(700);
  scene.seal_head();
  scene.stamp(seal_world().time_authority);
  scene.clock.advance(48h);
  scene.append(700);
  scene.seal_head();
  const auto archive = [&](const std::string& name) {
    audit::ArchiveRequest request;
    request.before = kSealed + 24h;
    request.folder = folder.file(name);
    request.seal = [&](ByteView payload, const std::string& media, const std::string& id) {
      return scene.sealer().seal(payload, media, id, "", scene.clock.now());
    };
    return scene.read<audit::ArchiveWritten>([&](storage::Transaction& transaction) -> Result<audit::ArchiveWritten> {
      return audit::write_archive(transaction, request);
    });
  };
  const auto written = archive("one");
  BOOST_TEST(written.last_seq == 512);  // Whole tiles, older than the day, under the time-stamped head.
  BOOST_TEST(written.head_size == 700u);
  scene.write([&](storage::Transaction& transaction) {
    return audit::note_archive(transaction, scene.trail, written, "cli", "330500", scene.clock.now());
  });
  const std::vector<std::string> folders{folder.file("one")};
  {
    audit::LogCheckOptions options{.trust = &scene.trust(), .authorities = &scene.trust().chains(), .now = kNow};
    options.archives = folders;
    const auto report = value_of(audit::verify_archives(options));
    BOOST_TEST(report.holds(), report.detail);
    BOOST_TEST(report.records == 512);
    BOOST_TEST(report.tokens == 1);
  }
  for (std::int64_t gone = 1; gone != 0;)
    scene.write([&](storage::Transaction& transaction) -> Result<void> {
      gone = TRY(audit::prune_archived(transaction, 200));
      return ok();
    });
  scene.append(10);
  scene.seal_head();
  scene.read<bool>([&](storage::Transaction& transaction) -> Result<bool> {
    BOOST_TEST(TRY(audit::read_records(transaction, {.limit = 1})).front().seq == 513);
    const auto head = *TRY(audit::last_head(transaction));
    for (const std::uint64_t seq : {1, 256, 512, 513, 1400}) {
      const Json json = TRY(audit::inclusion_document(transaction, seq, head.size));
      BOOST_TEST(crypto::verify_inclusion(crypto::TreeHash::sm3,
                                          crypto::node_hash_of_hex(json["leaf_hash"].get<std::string>()).value(),
                                          seq - 1, head.size, hashes_in(json["path"]), head.root));
    }
    return true;
  });
  auto report = scene.verify();
  BOOST_TEST(report.holds(), report.detail);
  BOOST_TEST(report.archived_records == 512);
  BOOST_TEST(report.records == 1411 - 512);
  report = scene.verify({.archives = folders});
  BOOST_TEST(report.holds(), report.detail);
  BOOST_TEST(report.records == 1411);
  BOOST_TEST(report.archived_records == 0);

  // What is not archived is still refused, and an archive that was touched is found.
  const auto refused = database->write([](storage::Transaction& transaction) -> Result<void> {
    CHECK_OK(transaction.execute("DELETE FROM audit_record WHERE seq = 513"));
    return ok();
  });
  BOOST_TEST(!refused.has_value());
  const std::string records = folders[0] + "/records.txt";
  const std::string whole = value_of(read_file(records));
  std::size_t line = 0;
  for (int i = 0; i < 299; ++i) line = whole.find('\n', line) + 1;  // Record 300 begins here.
  const auto with = [&](const std::string& text) {
    std::ofstream(records, std::ios::binary) << text;
    return scene.verify({.archives = folders});
  };
  std::string touched = whole;
  touched[line + 80] ^= 1;
  BOOST_TEST(with(touched).broken_at.value_or(0) == 300);
  touched = whole;
  touched.erase(line, whole.find('\n', line) + 1 - line);
  BOOST_TEST(with(touched).broken_at.value_or(0) == 300);
  report = with(whole.substr(0, whole.size() - 1));
  BOOST_TEST(report.broken_at.value_or(0) == 512);
  report = with(whole.substr(0, line));
  BOOST_TEST(report.fault == "truncated");
  BOOST_TEST(report.broken_at.value_or(0) == 300);
  BOOST_TEST(with(whole).holds());

  // Who says that records were archived without the log telling of it is not believed.
  harm(scene, {"DELETE FROM audit_record WHERE kind = 'log_archived'"});
  BOOST_TEST(!scene.verify().holds());
}

BOOST_AUTO_TEST_CASE(tokens_are_taken_up_again_before_their_authority_ends) {
  ScratchDatabase database;
  LogScene scene(*database.migrated());
  const Party first = seal_world().party("时间戳甲", CertificateRole::timestamping, kFrom, kSealed + 240h);
  const Party second = seal_world().party("时间戳乙", CertificateRole::timestamping);
  for (int i = 0; i < 5; ++i) {
    scene.append(3);
    scene.seal_head();
    scene.stamp(first);
  }
  const auto next = [&] {
    return scene.read<std::optional<audit::Renewal>>(
        [&](storage::Transaction& transaction) { return audit::next_renewal(transaction, scene.clock.now() + 720h); });
  };
  BOOST_TEST(!next().has_value());  // The authority has no other certificate yet: nothing would be won.
  scene.append(1);
  scene.seal_head();
  scene.stamp(second);
  const auto renewal = next();
  BOOST_REQUIRE(renewal.has_value());
  BOOST_TEST(renewal->tokens == 5);
  BOOST_TEST(renewal->first_size == 3u);
  BOOST_TEST(renewal->last_size == 15u);
  scene.write([&](storage::Transaction& transaction) {
    return audit::note_renewal(transaction, scene.trail, *renewal, "330500");
  });
  BOOST_TEST(!next().has_value());
  scene.read<bool>([&](storage::Transaction& transaction) -> Result<bool> {
    // Anybody can show it again: the leaves are made from what is kept.
    crypto::MerkleTree tree;
    for (const std::uint64_t size : {3, 6, 9, 12, 15})
      tree.append(crypto::leaf_hash(
          crypto::TreeHash::sm3,
          audit::renewal_leaf(*TRY(audit::find_head(transaction, size)), *TRY(audit::find_token(transaction, size)))));
    const auto record = TRY(audit::read_records(transaction, {.kind = "log_time_renewed"})).front();
    BOOST_TEST(record.entry.payload_digest == "sm3:" + to_hex(crypto::octets_of(tree.root())));
    return true;
  });
  scene.seal_head();
  const auto report = scene.verify();
  BOOST_TEST(report.holds(), report.detail);
  BOOST_TEST(report.tokens == 6);
}

BOOST_AUTO_TEST_CASE(tree_heads_have_one_form_only) {
  const seal::TreeHead head{"7c1c1f2e-0000-4000-8000-000000000001", 7, {}, kSealed};
  const Bytes payload = seal::to_payload(head);
  BOOST_TEST(payload == value_of(canonical_json(value_of(parse_json(payload)))));
  BOOST_TEST(value_of(seal::parse_tree_head(payload)).size == 7u);
  for (const Bytes& wrong : {payload + " ", " " + payload, payload.substr(1), Bytes("{}"), Bytes("[]"),
                             Bytes(payload).replace(payload.find("\"size\":7"), 8, "\"size\":0"),
                             Bytes(payload).replace(payload.find("\"size\":7"), 8, "\"size\":-7"),
                             Bytes(payload).replace(payload.find("\"v\":1"), 5, "\"v\":2"),
                             Bytes(payload).replace(payload.find("\"v\":1"), 5, "\"v\":1,\"w\":1")})
    BOOST_TEST(seal::parse_tree_head(wrong).error().code == "tree_head_malformed");
}

BOOST_AUTO_TEST_SUITE_END()
