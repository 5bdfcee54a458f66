// zhida audit verify and zhida audit archive as a person types them: exit codes, what is printed, and what can still be
// proven of records that are in archives alone.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include <sys/stat.h>

#include "platform/crypto/merkle_tree.h"
#include "support/shell.h"
#include "support/temp_folder.h"
#include "unit/audit/log_scene.h"

using namespace zhida;
using namespace zhida::test;

namespace {

/// A store with 700 records of one day and 710 of the third day after, under three sealed heads, the first and the last
/// time-stamped; and the settings that the programs want.
class Site {
 public:
  Site() : scene_(*database_.migrated()) {
    scene_.append(700);
    scene_.seal_head();
    scene_.stamp(seal_world().time_authority);
    scene_.clock.advance(48h);
    scene_.append(700, "later");
    scene_.seal_head();
    scene_.append(10, "last");
    scene_.seal_head();
    scene_.stamp(seal_world().time_authority);
    write_settings();
  }

  Ended verify(const std::string& options = "") const { return run("audit verify", options); }
  Ended archive(const std::string& options) const { return run("audit archive", options); }
  /// What is written on standard error.
  std::string complaint(const std::string& command, const std::string& options) const {
    return run_shell("( " + line(command, options) + " 2>&1 >/dev/null )").out;
  }
  Ended witness(const Json& head, const Json& old_head, const Json& proof) const {
    return run_shell(std::string(ZHIDA_VERIFY) + " log " + folder_.write("head.json", head.dump()) + " " +
                     folder_.write("old.json", old_head.dump()) + " " + folder_.write("proof.json", proof.dump()) +
                     " --root " + folder_.file("root.crt") + " --at " + to_rfc3339(kNow));
  }
  /// As somebody with full rights on the tables could.
  void harm(const std::string& sql) const {
    scene_.write([&](storage::Transaction& transaction) -> Result<void> {
      for (const char* name : {"audit_record_no_update", "audit_record_no_delete", "audit_record_next_only",
                               "audit_head_no_update", "audit_time_no_update"}) {
        CHECK_OK(transaction.execute(std::string("DROP TRIGGER IF EXISTS ") + name));
      }
      CHECK_OK(transaction.execute(sql));
      return ok();
    });
  }
  std::string file(const std::string& name) const { return folder_.file(name); }
  std::string write(const std::string& name, const std::string& text) const { return folder_.write(name, text); }
  const LogScene& scene() const { return scene_; }

 private:
  std::string line(const std::string& command, const std::string& options) const {
    return std::string(ZHIDA_PROGRAM) + " " + command + " --config " + folder_.file("zhida.yaml") + " " + options;
  }
  Ended run(const std::string& command, const std::string& options) const { return run_shell(line(command, options)); }

  void write_settings() const {
    const auto& world = seal_world();
    const auto secret = [&](const std::string& name, const std::string& text) {
      const std::string path = folder_.write(name, text);
      ::chmod(path.c_str(), 0600);
    };
    folder_.write("hub.esl", world.seal_der);
    secret("hub.key", world.signer.made.key_pem.reveal());
    folder_.write("hub.crt", world.signer.certificate().pem());
    folder_.write("root.crt", world.root.certificate().pem());
    folder_.write("root.crl", world.root.revocation_list({}, kFrom, kTo).value().der());
    folder_.write("clock", to_rfc3339(kNow) + "\n");
    folder_.write("peers.yaml", "peers: []\n");
    folder_.write("people.yaml", "people: []\n");
    folder_.write("grants.yaml", "grants: []\n");
    const std::string tls =
        "{ certificate: " + file("hub.crt") + ", key: " + file("hub.key") + ", authority: " + file("root.crt") + " }\n";
    folder_.write("zhida.yaml",
                  "city: \"330500\"\nclock: external\nclock_file: " + file("clock") + "\ndatabase: { url: \"" +
                      database_.config().url + "\" }\nmappings: " + ZHIDA_SOURCE_DIR +
                      "/mappings\ngrants: " + file("grants.yaml") + "\npeers: " + file("peers.yaml") +
                      "\npeople: " + file("people.yaml") + "\namqp:\n  port: 0\n  tls: " + tls +
                      "http:\n  port: 0\n  tls: " + tls + "seal:\n  key_holder: hub\n  seal: " + file("hub.esl") +
                      "\n  key: " + file("hub.key") + "\n  certificate: " + file("hub.crt") +
                      "\n  roots: " + file("root.crt") + "\n  revocation_lists: " + file("root.crl") +
                      "\naudit: { tsa: { url: \"http://127.0.0.1:9/\", roots: " + file("root.crt") + " } }\n");
  }

  TempFolder folder_;
  mutable ScratchDatabase database_;
  mutable LogScene scene_;
};

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Json document_of(const Site& site, std::uint64_t size) {
  return site.scene().read<Json>([&](storage::Transaction& transaction) -> Result<Json> {
    return audit::head_document(transaction, *TRY(audit::find_head(transaction, size)));
  });
}

Json consistency(const Site& site, std::uint64_t from, std::uint64_t to) {
  return site.scene().read<Json>(
      [&](storage::Transaction& transaction) { return audit::consistency_document(transaction, from, to); });
}

std::string line_of(const std::string& text, int number) {
  std::size_t at = 0;
  for (int i = 1; i < number; ++i) at = text.find('\n', at) + 1;
  return text.substr(at, text.find('\n', at) - at);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(audit_verify)

BOOST_AUTO_TEST_CASE(a_log_that_holds_is_told_in_figures_and_exits_with_0) {
  const Site site;
  const auto whole = site.verify();
  BOOST_TEST(whole.status == 0, whole.out << site.complaint("audit verify", ""));
  BOOST_TEST(says(whole.out, "1410 records hold; head 1410:"), whole.out);
  BOOST_TEST(says(whole.out, "3 sealed heads over 1410 records, 2 time-stamps, 0 countersignatures hold"), whole.out);
  const auto json = site.verify("--json");
  BOOST_TEST(json.status == 0);
  const Json report = value_of(parse_json(json.out));
  BOOST_TEST(report.at("holds") == true);
  BOOST_TEST(report.at("records") == 1410);
  BOOST_TEST(report.at("heads") == 3);
  BOOST_TEST(report.at("tokens_judged") == true);
  BOOST_TEST(says(site.verify("--from 1001").out, "410 records hold"));

  // What was printed or fetched once, and kept elsewhere, is compared the next time.
  const std::string kept = whole.out.substr(whole.out.find("head ") + 5, 5 + 64);
  BOOST_TEST(site.verify("--head " + kept).status == 0, kept);
  const std::string head = site.write("kept.json", document_of(site, 700).dump());
  BOOST_TEST(site.verify("--head " + head).status == 0);
}

BOOST_AUTO_TEST_CASE(what_does_not_hold_is_named_and_exits_with_1) {
  struct Row {
    const char* what;
    const char* sql;
    const char* begins;
  };
  for (const Row& row : {
           Row{"a flipped actor", "UPDATE audit_record SET actor = actor || 'x' WHERE seq = 300",
               "record 300: changed. "},
           Row{"a record taken out", "DELETE FROM audit_record WHERE seq = 500", "record 500: missing. "},
           Row{"the last records cut off", "DELETE FROM audit_record WHERE seq > 1405", "record 1406: truncated. "},
           Row{"a copy put behind the end",
               "INSERT INTO audit_record SELECT 1411, at, kind, actor, subject_type, subject_id, case_id, uscc, "
               "division, "
               "trace_id, detail, payload_digest, prev_hash, record_hash, leaf_hash FROM audit_record WHERE seq = 7",
               "record 1411: inserted. "},
           Row{"a head's seal",
               "UPDATE audit_head SET seal = (SELECT seal FROM audit_head WHERE size = 700) WHERE size = 1400",
               "record 1400: head_seal_wrong. "},
           Row{"a time-stamp", "UPDATE audit_time SET token = zeroblob(40) WHERE size = 700",
               "record 700: time_wrong. "},
       }) {
    const Site site;
    site.harm(row.sql);
    const auto found = site.verify();
    BOOST_TEST(found.status == 1, row.what);
    BOOST_TEST(found.out.starts_with(row.begins), row.what << ": " << found.out);
    BOOST_TEST(found.out.ends_with(".\n"), row.what << ": " << found.out);
    const auto json = site.verify("--json");
    BOOST_TEST(json.status == 1, row.what);
    const Json report = value_of(parse_json(json.out));
    BOOST_TEST(report.at("holds") == false);
    BOOST_TEST(found.out.starts_with("record " + report.at("broken_at").dump() + ": " +
                                     report.at("fault").get<std::string>() + ". "),
               row.what);
  }
}

BOOST_AUTO_TEST_CASE(another_history_is_told_by_the_head_that_was_kept) {
  const Site site;
  const auto other = site.verify("--head 1410:" + std::string(64, '0'));
  BOOST_TEST(other.status == 1);
  BOOST_TEST(other.out.starts_with("record 1410: head_differs. "), other.out);
  const auto longer = site.verify("--head 1500:" + std::string(64, '0'));
  BOOST_TEST(longer.status == 1);
  BOOST_TEST(longer.out.starts_with("record 1411: truncated. "), longer.out);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_used_is_said_and_exits_with_2) {
  const Site site;
  struct Row {
    std::string options, says;
  };
  for (const Row& row : std::vector<Row>{
           {"--head nothing", "--head wants SEQ:HEX"},
           {"--head 12:xyz", "--head wants SEQ:HEX"},
           {"--head " + site.write("empty.json", "{}"), "--head wants SEQ:HEX"},
           {"--archive " + site.file("nowhere"), "nowhere"},
           {"--from x", "--from"},
           {"--fast", "--fast"},
       }) {
    const auto ended = site.verify(row.options);
    BOOST_TEST(ended.status == 2, row.options);
    BOOST_TEST(ended.out.empty(), row.options << ": " << ended.out);
    BOOST_TEST(says(site.complaint("audit verify", row.options), row.says),
               row.options << ": " << site.complaint("audit verify", row.options));
  }
  BOOST_TEST(run_shell(std::string(ZHIDA_PROGRAM) + " audit verify --config " + site.file("no.yaml")).status == 2);
  BOOST_TEST(run_shell(std::string(ZHIDA_PROGRAM) + " audit").status == 2);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(audit_archive)

BOOST_AUTO_TEST_CASE(records_that_went_to_archives_are_still_proven) {
  const Site site;
  const std::string one = site.file("one"), two = site.file("two");
  const Json kept = document_of(site, 700);
  const auto first = site.archive("--before 2025-11-04 -o " + one);
  BOOST_TEST_REQUIRE(first.status == 0, site.complaint("audit archive", "--before 2025-11-04 -o " + one));
  BOOST_TEST(first.out == one + ": records 1 to 512, under the head of 700; 0 deleted here\n");
  for (const char* name : {"records.txt", "heads.jsonl", "manifest.json", "manifest.ses"})
    BOOST_TEST(std::filesystem::exists(one + "/" + name), name);
  BOOST_TEST(site.verify("--archive " + one).status == 0);

  const auto second = site.archive("--before 2025-11-06 -o " + two + " --prune --json");
  BOOST_TEST_REQUIRE(second.status == 0);
  const Json written = value_of(parse_json(second.out));
  BOOST_TEST(written.at("first_seq") == 513);
  BOOST_TEST(written.at("last_seq") == 1280);
  BOOST_TEST(written.at("head_size") == 1410);
  BOOST_TEST(written.at("pruned") == 1280);  // With those of the first archive.

  // The store alone says what it lacks; with the archives it is one log again.
  const auto alone = site.verify();
  BOOST_TEST(alone.status == 0, alone.out);
  BOOST_TEST(says(alone.out, "1280 records are archived and were not read: name their folders with --archive"),
             alone.out);
  const std::string both = "--archive " + one + " --archive " + two;
  const auto whole = site.verify(both);
  BOOST_TEST(whole.status == 0, whole.out);
  BOOST_TEST(says(whole.out, "1412 records hold"), whole.out);  // Two tell of the archives.
  BOOST_TEST(!says(whole.out, "were not read"));
  const auto apart = site.verify("--archive " + two);
  BOOST_TEST(apart.status != 0, apart.out);

  // A record is taken from its archive and proven to be under the newest head of the store that has it no more.
  const Bytes line = line_of(value_of(read_file(one + "/records.txt")), 300);
  const auto leaf = crypto::leaf_hash(crypto::TreeHash::sm3, line.substr(65));
  site.scene().read<bool>([&](storage::Transaction& transaction) -> Result<bool> {
    const auto head = *TRY(audit::last_head(transaction));
    const Json proof = TRY(audit::inclusion_document(transaction, 300, head.size));
    std::vector<crypto::NodeHash> path;
    for (const auto& hash : proof.at("path")) path.push_back(TRY(crypto::node_hash_of_hex(hash.get<std::string>())));
    BOOST_TEST(crypto::verify_inclusion(crypto::TreeHash::sm3, leaf, 299, head.size, path, head.root));
    return true;
  });
  // A head of the archived time, as a witness kept it and as the archive has it, leads to the newest one.
  const auto newest = site.scene().newest().size;
  const Json proof = consistency(site, 700, newest), now = document_of(site, newest);
  BOOST_TEST(site.witness(now, kept, proof).status == 0, site.witness(now, kept, proof).out);
  const Json archived = value_of(parse_json(line_of(value_of(read_file(one + "/heads.jsonl")), 1)));
  BOOST_TEST(archived.at("head") == kept.at("head"));
  BOOST_TEST(site.witness(now, archived, proof).status == 0);
  BOOST_TEST(site.witness(now, kept, consistency(site, 699, newest)).status != 0);
}

BOOST_AUTO_TEST_CASE(an_archive_that_was_touched_is_found_and_the_record_named) {
  const Site site;
  const std::string folder = site.file("archive"), records = folder + "/records.txt";
  BOOST_TEST_REQUIRE(site.archive("--before 2025-11-04 -o " + folder + " --prune").status == 0);
  const std::string options = "--archive " + folder;
  const Bytes whole = value_of(read_file(records));
  const auto with = [&](const Bytes& text) {
    std::ofstream(records, std::ios::binary) << text;
    return site.verify(options);
  };
  std::size_t line = 0;
  for (int i = 1; i < 300; ++i) line = whole.find('\n', line) + 1;
  Bytes touched = whole;
  touched[line + 90] ^= 1;
  auto found = with(touched);
  BOOST_TEST(found.status == 1);
  BOOST_TEST(found.out.starts_with("record 300: "), found.out);
  touched = whole;
  touched.erase(line, whole.find('\n', line) + 1 - line);
  found = with(touched);
  BOOST_TEST(found.status == 1);
  BOOST_TEST(found.out.starts_with("record 300: "), found.out);
  found = with(whole.substr(0, line));
  BOOST_TEST(found.status == 1);
  BOOST_TEST(found.out.starts_with("record 300: truncated. "), found.out);
  BOOST_TEST(with(whole).status == 0);
  for (const char* name : {"heads.jsonl", "manifest.json", "manifest.ses"}) {
    const std::string path = folder + "/" + name;
    const Bytes good = value_of(read_file(path));
    Bytes bad = good;
    bad[bad.size() / 2] ^= 1;
    std::ofstream(path, std::ios::binary) << bad;
    BOOST_TEST(site.verify(options).status == 1, name);
    BOOST_TEST(!(site.complaint("audit verify", options) + site.verify(options).out).empty(), name);
    std::ofstream(path, std::ios::binary) << good;
  }
  BOOST_TEST(site.verify(options).status == 0);
  std::filesystem::remove(records);
  BOOST_TEST(site.verify(options).status == 2);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_archived_is_refused_with_its_reason) {
  const Site site;
  const std::string folder = site.file("archive");
  struct Row {
    std::string options;
    int status;
    std::string says;
  };
  const auto check = [&](const Row& row) {
    const auto ended = site.archive(row.options);
    BOOST_TEST(ended.status == row.status, row.options);
    BOOST_TEST(ended.out.empty(), row.options << ": " << ended.out);
    const auto said = site.complaint("audit archive", row.options);
    BOOST_TEST(says(said, row.says), row.options << ": " << said);
  };
  check({"--before yesterday -o " + folder, 2, "is not a date"});
  check({"--before 2025-11-04", 2, "--out"});
  check({"-o " + folder, 2, "--before"});
  check({"--before 2025-11-03 -o " + folder, 4, "no whole tile of 256 sealed records before"});
  check({"--before 2025-11-04 -o " + site.file("not/there"), 4, "it must be a new folder"});
  BOOST_TEST(!std::filesystem::exists(folder));
  BOOST_TEST_REQUIRE(site.archive("--before 2025-11-04 -o " + folder).status == 0);
  check({"--before 2025-11-06 -o " + folder, 4, "it must be a new folder"});
  check({"--before 2025-11-04 -o " + site.file("again"), 4, "no whole tile"});

  // A log that does not hold is not archived, and nothing is deleted.
  const Site harmed;
  harmed.harm("UPDATE audit_record SET actor = actor || 'x' WHERE seq = 300");
  const std::string options = "--before 2025-11-04 -o " + harmed.file("archive") + " --prune";
  const auto complaint = harmed.complaint("audit archive", options);
  BOOST_TEST(says(complaint, "does not hold at record 300"), complaint);
  BOOST_TEST(says(complaint, "Nothing was noted"), complaint);
  BOOST_TEST(harmed.verify().out.starts_with("record 300: changed. "));
}

BOOST_AUTO_TEST_SUITE_END()
