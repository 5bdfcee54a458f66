// What a witness does: keeps the head that it saw, and asks whether the next one goes on from it.
#include <sstream>

#include "log_scene.h"
#include "seal_tools/log_command.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::test;

namespace {

struct Seen {
  int status = 0;
  Json report;
};

class Witness {
 public:
  Witness() { root_ = folder_.write("root.pem", seal_world().root.certificate().pem()); }

  std::string keep(const std::string& name, const Json& document) { return folder_.write(name, document.dump()); }
  Seen compare(const std::string& head, const std::string& old_head, const std::string& proof) {
    std::ostringstream out, complaints;
    Seen seen;
    seen.status = seal_tools::run_log_command({head, old_head, proof, "--root", root_, "--at", to_rfc3339(kNow)}, out,
                                              complaints);
    if (!out.str().empty()) seen.report = value_of(parse_json(out.str()));
    return seen;
  }

 private:
  TempFolder folder_;
  std::string root_;
};

Json newest_document(const LogScene& scene) {
  return scene.read<Json>([&](storage::Transaction& transaction) -> Result<Json> {
    return audit::head_document(transaction, *TRY(audit::last_head(transaction)));
  });
}

Json proof_between(const LogScene& scene, std::uint64_t from, std::uint64_t to) {
  return scene.read<Json>(
      [&](storage::Transaction& transaction) { return audit::consistency_document(transaction, from, to); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(a_witness)

BOOST_AUTO_TEST_CASE(believes_a_head_that_goes_on_and_finds_a_fork) {
  ScratchDatabase first, second;
  LogScene scene(*first.migrated()), forked(*second.migrated());
  // One hub shows two histories of one log: alike up to 300, and of the same size after.
  for (LogScene* one : {&scene, &forked}) {
    one->write([](storage::Transaction& transaction) -> Result<void> {
      CHECK_OK(transaction.execute("INSERT INTO audit_log (one, id, created_at) VALUES (1, 'the-log', 0)"));
      return ok();
    });
    one->append(300);
    one->seal_head();
  }
  Witness witness;
  const auto old_head = witness.keep("old", newest_document(scene));
  scene.append(500);
  forked.append(500, "forked");
  for (LogScene* one : {&scene, &forked}) {
    one->seal_head();
    one->stamp(seal_world().time_authority);
  }
  const auto head = witness.keep("head", newest_document(scene));
  const auto proof = witness.keep("proof", proof_between(scene, 300, 800));
  auto seen = witness.compare(head, old_head, proof);
  BOOST_TEST(seen.status == 0, seen.report.dump());
  BOOST_TEST(seen.report["consistent"] == true);
  BOOST_TEST(seen.report["seals_judged"] == true);
  BOOST_TEST(seen.report["head"]["gen_time"] == to_rfc3339(kSealed));

  // The other history at the same size: no proof there is.
  const auto forked_head = witness.keep("forked", newest_document(forked));
  seen =
      witness.compare(forked_head, head, witness.keep("none", {{"from", 800}, {"to", 800}, {"proof", Json::array()}}));
  BOOST_TEST(seen.status == 11, seen.report.dump());
  forked.append(10);
  forked.seal_head();
  seen = witness.compare(witness.keep("grown", newest_document(forked)), head,
                         witness.keep("grown_proof", proof_between(forked, 800, 810)));
  BOOST_TEST(seen.status == 11, seen.report.dump());
  seen = witness.compare(old_head, head, proof);
  BOOST_TEST(seen.status == 11, seen.report.dump());  // Records were taken away.
}

BOOST_AUTO_TEST_CASE(says_which_file_does_not_hold) {
  ScratchDatabase database;
  LogScene scene(*database.migrated());
  Witness witness;
  scene.append(5);
  scene.seal_head();
  const Json older = newest_document(scene);
  scene.append(5);
  scene.seal_head();
  const Json newer = newest_document(scene);
  const auto proof = witness.keep("proof", proof_between(scene, 5, 10));
  const auto with = [&](const std::string& member, const Json& value) {
    Json changed = newer;
    changed[member] = value;
    return witness.compare(witness.keep("changed", changed), witness.keep("older", older), proof);
  };
  BOOST_TEST(with("size", 10).status == 0);  // What stands beside the sealed text is not believed, and not asked.
  BOOST_TEST(with("seal", older["seal"]).status == 11);
  BOOST_TEST(with("seal", "AAAA").status == 1);
  BOOST_TEST(with("head", older["head"]).status == 11);
  BOOST_TEST(with("head", "{}").status == 1);
  BOOST_TEST(with("token", "AAAA").status == 12);
  BOOST_TEST(witness.compare("/nowhere/head", "/nowhere/old", proof).status == 66);
  std::ostringstream out, complaints;
  BOOST_TEST(seal_tools::run_log_command({proof}, out, complaints) == 64);
}

BOOST_AUTO_TEST_SUITE_END()
