// A log of 100,000 records under a vandal with all rights on the tables, but not the key of the seal: whatever is done
// to it is found, at its place. Each deed is done inside a transaction that is undone, so that one log serves all of
// them. Seeds are printed; ZHIDA_SEED=n runs only that one, ZHIDA_LONG=1 runs 100.
#include <algorithm>
#include <cstdlib>
#include <random>

#include "audit/audit_record.h"
#include "platform/crypto/digest.h"
#include "platform/crypto/merkle_tree.h"
#include "unit/audit/log_scene.h"

using namespace zhida;
using namespace zhida::test;

namespace {

/// Fewer where somebody is in a hurry: ZHIDA_LOG_RECORDS.
const std::int64_t kRecords =
    std::getenv("ZHIDA_LOG_RECORDS") != nullptr ? std::stoll(std::getenv("ZHIDA_LOG_RECORDS")) : 100'000;
constexpr int kRecordsPerHead = 1'000;
constexpr const char* kCells =
    "at, kind, actor, subject_type, subject_id, case_id, uscc, division, trace_id, detail, payload_digest, prev_hash, "
    "record_hash, leaf_hash";

/// What was done, and where the first record is that does not hold any more.
struct Harm {
  std::string what;
  std::int64_t at = 0;
};

class Intruder {
 public:
  Intruder(storage::Transaction& transaction, std::uint32_t seed) : transaction_(transaction), random_(seed) {}

  Result<Harm> flip() {
    static const std::vector<std::string> columns = {"kind",      "actor",       "subject_type", "subject_id",
                                                     "division",  "trace_id",    "detail",       "payload_digest",
                                                     "prev_hash", "record_hash", "leaf_hash"};
    const auto at = any(1, kRecords);
    const auto& column = columns[static_cast<std::size_t>(any(0, std::ssize(columns) - 1))];
    const bool hash = column.ends_with("_hash");
    const auto rows =
        TRY(transaction_.query("SELECT " + column + " FROM audit_record WHERE seq = ?", {at}, hash ? "b" : "t"));
    Bytes value = hash ? rows[0].blob(0) : rows[0].text(0);
    // One bit, such that text stays text.
    value[static_cast<std::size_t>(any(0, std::ssize(value) - 1))] ^= static_cast<char>(1 << (hash ? any(0, 7) : 0));
    CHECK_OK(transaction_.execute("UPDATE audit_record SET " + column + " = ? WHERE seq = ?",
                                  {hash ? storage::Value(storage::Blob{value}) : storage::Value(value), at}));
    return Harm{"a bit of " + column + " of " + std::to_string(at), at};
  }
  Result<Harm> remove() {
    const auto at = any(1, kRecords);
    CHECK_OK(transaction_.execute("DELETE FROM audit_record WHERE seq = ?", {at}));
    return Harm{"record " + std::to_string(at) + " deleted", at};
  }
  Result<Harm> truncate() {
    const auto at = any(1, kRecords);
    CHECK_OK(transaction_.execute("DELETE FROM audit_record WHERE seq >= ?", {at}));
    return Harm{"all from " + std::to_string(at) + " on deleted", at};
  }
  Result<Harm> reorder() {
    const auto at = any(1, kRecords - 500), other = at + any(1, 500);
    CHECK_OK(transaction_.execute("UPDATE audit_record SET seq = 9000000 WHERE seq = ?", {at}));
    CHECK_OK(transaction_.execute("UPDATE audit_record SET seq = ? WHERE seq = ?", {at, other}));
    CHECK_OK(transaction_.execute("UPDATE audit_record SET seq = ? WHERE seq = 9000000", {other}));
    return Harm{"records " + std::to_string(at) + " and " + std::to_string(other) + " exchanged", at};
  }
  Result<Harm> insert() {
    const auto at = any(2, kRecords), from = any(1, kRecords);
    CHECK_OK(transaction_.execute("UPDATE audit_record SET seq = seq + 9000000 WHERE seq >= ?", {at}));
    CHECK_OK(transaction_.execute("UPDATE audit_record SET seq = seq - 8999999 WHERE seq > 9000000"));
    const auto now_at = from >= at ? from + 1 : from;
    CHECK_OK(transaction_.execute(std::string("INSERT INTO audit_record (seq, ") + kCells + ") SELECT ?, " + kCells +
                                      " FROM audit_record WHERE seq = ?",
                                  {at, now_at}));
    // A copy of what stands there anyway is noticed at the next one.
    return Harm{"a copy of " + std::to_string(from) + " put in at " + std::to_string(at), from == at ? at + 1 : at};
  }
  Result<Harm> swap() {
    const auto one = any(1, kRecords), other = any(1, kRecords);
    const auto detail = [&](std::int64_t seq) -> Result<std::string> {
      return TRY(transaction_.query("SELECT detail FROM audit_record WHERE seq = ?", {seq}, "t"))[0].text(0);
    };
    const auto first = TRY(detail(one)), second = TRY(detail(other));
    CHECK_OK(transaction_.execute("UPDATE audit_record SET detail = ? WHERE seq = ?", {second, one}));
    CHECK_OK(transaction_.execute("UPDATE audit_record SET detail = ? WHERE seq = ?", {first, other}));
    return Harm{"details of " + std::to_string(one) + " and " + std::to_string(other) + " swapped",
                first == second ? 0 : std::min(one, other)};
  }
  /// Written anew with hashes that fit: only the tree and the next record know better.
  Result<Harm> forge() {
    const auto at = any(1, kRecords - kRecords % 256);  // Behind the last whole tile the next record is named.
    auto record = TRY(audit::read_records(transaction_, {.after_seq = at - 1, .limit = 1})).at(0);
    record.entry.detail["forged"] = true;
    const std::string canonical = TRY(audit::canonical_record(record));
    CHECK_OK(transaction_.execute(
        "UPDATE audit_record SET detail = ?, record_hash = ?, leaf_hash = ? WHERE seq = ?",
        {TRY(canonical_json(record.entry.detail)), storage::Blob{crypto::sm3(canonical)},
         storage::Blob{Bytes(crypto::octets_of(crypto::leaf_hash(crypto::TreeHash::sm3, canonical)))}, at}));
    return Harm{"record " + std::to_string(at) + " written anew", at};
  }

 private:
  /// Anywhere, and one time in three at an edge: the ends, the border of a tile or of a head.
  std::int64_t any(std::int64_t from, std::int64_t to) {
    const auto place = std::uniform_int_distribution<std::int64_t>(from, to)(random_);
    switch (random_() % 12) {
      case 0:
        return from;
      case 1:
        return to;
      case 2:
        return std::clamp(place - place % 256 + static_cast<std::int64_t>(random_() % 3) - 1, from, to);
      case 3:
        return std::clamp(place - place % kRecordsPerHead + static_cast<std::int64_t>(random_() % 3) - 1, from, to);
      default:
        return place;
    }
  }
  storage::Transaction& transaction_;
  std::mt19937 random_;
};

using Deed = Result<Harm> (Intruder::*)();
constexpr Deed kDeeds[] = {&Intruder::flip,   &Intruder::remove, &Intruder::truncate, &Intruder::reorder,
                           &Intruder::insert, &Intruder::swap,   &Intruder::forge};

}  // namespace

BOOST_AUTO_TEST_SUITE(a_vandal)

BOOST_AUTO_TEST_CASE(is_found_wherever_he_was) {
  ScratchDatabase database;
  LogScene scene(*database.migrated());
  for (std::int64_t records = 0; records < kRecords; records += kRecordsPerHead) {
    scene.append(kRecordsPerHead, std::to_string(records));
    scene.seal_head();
  }
  const auto whole = scene.verify();
  BOOST_REQUIRE_MESSAGE(whole.holds(), whole.detail);
  BOOST_TEST(whole.sealed_records == kRecords);
  scene.write([](storage::Transaction& transaction) -> Result<void> {
    for (const char* name : {"audit_record_no_update", "audit_record_no_delete", "audit_record_next_only"}) {
      CHECK_OK(transaction.execute(std::string("DROP TRIGGER ") + name));
    }
    return ok();
  });
  const char* only = std::getenv("ZHIDA_SEED");
  const bool longer = std::getenv("ZHIDA_LONG") != nullptr;
  const auto first = only != nullptr ? static_cast<std::uint32_t>(std::stoul(only)) : std::random_device()();
  const std::uint32_t seeds = only != nullptr ? 1 : longer ? 100 : 5;
  for (std::uint32_t seed = first; seed != first + seeds; ++seed) {
    std::cout << "seed " << seed << std::endl;
    for (const Deed deed : kDeeds) {
      Harm harm;
      audit::LogReport report;
      // The harm is undone with its transaction, so that one log serves all.
      const auto undone = database->write([&](storage::Transaction& transaction) -> Result<void> {
        Intruder vandal(transaction, seed);
        harm = TRY((vandal.*deed)());
        report = TRY(audit::verify_log(transaction, {.trust = &scene.trust(), .now = kNow}));
        return refuse("undo", "");
      });
      BOOST_REQUIRE_MESSAGE(undone.error().code == "undo", undone.error().message);
      BOOST_TEST(report.broken_at.value_or(0) == harm.at,
                 "seed " << seed << ", " << harm.what << ": " << report.broken_at.value_or(0) << " " << report.detail);
    }
  }
  BOOST_TEST(scene.verify().holds());
}

BOOST_AUTO_TEST_SUITE_END()
