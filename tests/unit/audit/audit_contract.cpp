#include "audit_contract.h"

#include <boost/test/unit_test.hpp>

#include "platform/crypto/digest.h"
#include "platform/crypto/merkle_tree.h"

namespace zhida::test {

using namespace storage;
using audit::AuditEntry;

namespace {

const Instant kStart = parse_rfc3339("2025-11-03T09:00:00+08:00").value();

constexpr const char* kColumns =
    "at, kind, actor, subject_type, subject_id, case_id, uscc, division, trace_id, detail, payload_digest, prev_hash, "
    "record_hash, leaf_hash";

std::string message_of(const Result<void>& result) {
  return result ? std::string() : result.error().message;
}

void execute(Database& database, const std::string& sql) {
  const auto done = database.write([&](Transaction& transaction) -> Result<void> {
    CHECK_OK(transaction.execute(sql));
    return ok();
  });
  BOOST_REQUIRE_MESSAGE(done.has_value(), message_of(done));
}

std::string refused_with(Database& database, const std::string& sql) {
  const auto done = database.write([&](Transaction& transaction) -> Result<void> {
    CHECK_OK(transaction.execute(sql));
    return ok();
  });
  return done ? std::string("done") : done.error().message;
}

}  // namespace

// A vandal has full rights on the tables, but not the hash function's inverse.
const std::vector<Damage> kDamages = {
    {"an actor changed", "UPDATE audit_record SET actor = 'user:wang' WHERE seq = 5", 5, "changed"},
    {"an empty text filled", "UPDATE audit_record SET uscc = 'x' WHERE seq = 1", 1, "changed"},
    {"a time moved by a millisecond", "UPDATE audit_record SET at = at + 1 WHERE seq = 10", 10, "changed"},
    {"a detail changed", "UPDATE audit_record SET detail = '{\"number\":99}' WHERE seq = 7", 7, "changed"},
    {"a detail written in another way", "UPDATE audit_record SET detail = '{ \"number\":7}' WHERE seq = 7", 7,
     "changed"},
    {"a detail that is no JSON", "UPDATE audit_record SET detail = 'x' WHERE seq = 7", 7, "changed"},
    {"a hash changed", "UPDATE audit_record SET record_hash = prev_hash WHERE seq = 5", 5, "changed"},
    {"a leaf hash changed", "UPDATE audit_record SET leaf_hash = prev_hash WHERE seq = 5", 5, "changed"},
    {"a chain link changed", "UPDATE audit_record SET prev_hash = record_hash WHERE seq = 5", 5, "changed"},
    {"a row deleted", "DELETE FROM audit_record WHERE seq = 5", 5, "missing"},
    {"the first row deleted", "DELETE FROM audit_record WHERE seq = 1", 1, "missing"},
    {"rows moved up into a gap",
     "DELETE FROM audit_record WHERE seq = 5; UPDATE audit_record SET seq = seq - 1 WHERE seq > 5", 5, "reordered"},
    {"two rows exchanged",
     "UPDATE audit_record SET seq = 1000 WHERE seq = 4; UPDATE audit_record SET seq = 4 WHERE seq = 5; "
     "UPDATE audit_record SET seq = 5 WHERE seq = 1000",
     4, "reordered"},
    {"a copy put at the end",
     "INSERT INTO audit_record (seq, at, kind, actor, subject_type, subject_id, case_id, uscc, division, trace_id, "
     "detail, "
     "payload_digest, prev_hash, record_hash, leaf_hash) SELECT 11, at, kind, actor, subject_type, subject_id, "
     "case_id, uscc, "
     "division, trace_id, detail, payload_digest, prev_hash, record_hash, leaf_hash FROM audit_record WHERE seq = 5",
     11, "inserted"},
};

AuditEntry entry_number(int number) {
  return AuditEntry{.kind = "case_reviewed",
                    .actor = "user:zhang",
                    .subject_type = "case",
                    .subject_id = "01J" + std::to_string(number),
                    .case_id = number % 2 == 0 ? "01JEVEN" : "",
                    .uscc = "",
                    .division = "330100",
                    .trace_id = "trace-" + std::to_string(number % 3),
                    .detail = Json{{"number", number}, {"意见", "同意 \"\n\x01"}},
                    .payload_digest = "sm3:" + to_hex(crypto::sm3(std::to_string(number)))};
}

void append_entries(Database& database, int count) {
  const ManualClock clock(kStart);
  const audit::AuditTrail trail(clock);
  const auto done = database.write([&](Transaction& transaction) -> Result<void> {
    std::vector<AuditEntry> entries;
    for (int number = 1; number <= count; ++number) {
      entries.push_back(entry_number(number));
      entries.back().detail = Json{{"number", number}};
    }
    CHECK_OK(trail.append_all(transaction, entries));
    return ok();
  });
  BOOST_REQUIRE_MESSAGE(done.has_value(), message_of(done));
}

audit::LogReport verify(Database& database, std::int64_t from, const std::optional<audit::AuditHead>& known_head) {
  audit::LogReport report;
  const auto done = database.read([&](Transaction& transaction) -> Result<void> {
    report = TRY(audit::verify_log(transaction, {.from = from, .known_head = known_head}));
    return ok();
  });
  BOOST_REQUIRE_MESSAGE(done.has_value(), message_of(done));
  return report;
}

void check_rows_are_chained_and_read_back(Database& database) {
  const ManualClock clock(kStart);
  const audit::AuditTrail trail(clock);
  BOOST_TEST(verify(database).holds());  // An empty trail is sound.
  const auto written = database.write([&](Transaction& transaction) -> Result<void> {
    for (int number = 1; number <= 5; ++number)
      BOOST_TEST(TRY(trail.append(transaction, entry_number(number))) == number);
    AuditEntry unknown = entry_number(6);
    unknown.kind = "case_invented";
    BOOST_TEST(trail.append(transaction, unknown).error().code == "audit_kind_unknown");
    AuditEntry floating = entry_number(6);
    floating.detail = Json{{"rate", 0.5}};
    BOOST_TEST(trail.append(transaction, floating).error().code == "json_not_canonical");
    AuditEntry garbled = entry_number(6);
    garbled.detail = Json{{"name", "\xff"}};
    BOOST_TEST(!trail.append(transaction, garbled).has_value());
    return ok();
  });
  BOOST_REQUIRE(written.has_value());
  const auto read = database.read([&](Transaction& transaction) -> Result<void> {
    const auto all = TRY(audit::read_records(transaction, {}));
    BOOST_REQUIRE(all.size() == 5u);
    Bytes previous(32, '\0');
    crypto::MerkleFrontier tree;
    for (const auto& record : all) {
      const std::string canonical = TRY(audit::canonical_record(record));
      BOOST_TEST(canonical == TRY(canonical_json(TRY(parse_json(canonical)))));
      BOOST_TEST(record.prev_hash == previous);
      BOOST_TEST(to_hex(record.record_hash) == to_hex(crypto::sm3(canonical)));
      BOOST_TEST(to_hex(record.leaf_hash) ==
                 to_hex(crypto::octets_of(crypto::leaf_hash(crypto::TreeHash::sm3, canonical))));
      BOOST_TEST((record.entry.detail == entry_number(static_cast<int>(record.seq)).detail));
      previous = record.record_hash;
      tree.append(TRY(crypto::to_node_hash(record.leaf_hash)));
    }
    BOOST_TEST(TRY(audit::read_records(transaction, {.case_id = "01JEVEN"})).size() == 2u);
    BOOST_TEST(TRY(audit::read_records(transaction, {.trace_id = "trace-1"})).size() == 2u);
    BOOST_TEST(TRY(audit::read_records(transaction, {.after_seq = 3, .limit = 1})).front().seq == 4);
    const auto head = TRY(audit::read_head(transaction));
    BOOST_TEST(head->seq == 5);
    const auto report = TRY(audit::verify_log(transaction));
    BOOST_TEST(report.holds(), report.detail);
    BOOST_TEST(report.records == 5);
    BOOST_TEST(to_hex(report.tree_root) == to_hex(crypto::octets_of(tree.root())));
    BOOST_TEST(TRY(audit::verify_log(transaction, {.from = 4})).records == 2);
    BOOST_TEST(TRY(audit::verify_log(transaction, {.known_head = head})).holds());
    return ok();
  });
  BOOST_REQUIRE_MESSAGE(read.has_value(), message_of(read));
}

void check_triggers_refuse_change_and_deletion(Database& database) {
  append_entries(database, 3);
  const auto columns = std::string(kColumns);
  for (const std::string& sql :
       {std::string("UPDATE audit_record SET actor = 'x' WHERE seq = 2"),
        std::string("DELETE FROM audit_record WHERE seq = 3"), std::string("DELETE FROM audit_record"),
        "INSERT INTO audit_record (seq, " + columns + ") SELECT 9, " + columns + " FROM audit_record WHERE seq = 3",
        "INSERT INTO audit_record (seq, " + columns + ") SELECT 2, " + columns + " FROM audit_record WHERE seq = 3"}) {
    BOOST_TEST_CONTEXT(sql) {
      BOOST_TEST(refused_with(database, sql).find("append-only") != std::string::npos);
    }
  }
  if (database.dialect() == Dialect::sqlite) {
    BOOST_TEST(refused_with(database, "INSERT OR REPLACE INTO audit_record (seq, " + columns + ") SELECT 2, " +
                                          columns + " FROM audit_record WHERE seq = 3") != "done");
  } else {
    BOOST_TEST(refused_with(database, "TRUNCATE audit_record").find("append-only") != std::string::npos);
  }
  BOOST_TEST(verify(database).records == 3);
}

void check_an_undone_savepoint_leaves_no_gap(Database& database) {
  const ManualClock clock(kStart);
  const audit::AuditTrail trail(clock);
  const auto done = database.write([&](Transaction& transaction) -> Result<void> {
    CHECK_OK(trail.append(transaction, entry_number(1)));
    const auto undone = transaction.savepoint([&]() -> Result<void> {
      CHECK_OK(trail.append(transaction, entry_number(2)));
      return refuse("test", "Take it back.");
    });
    BOOST_TEST(!undone.has_value());
    BOOST_TEST(TRY(trail.append(transaction, entry_number(3))) == 2);
    return ok();
  });
  BOOST_REQUIRE_MESSAGE(done.has_value(), message_of(done));
  const auto failed = database.write([&](Transaction& transaction) -> Result<void> {
    CHECK_OK(trail.append(transaction, entry_number(4)));
    return refuse("test", "Take it all back.");
  });
  BOOST_TEST(!failed.has_value());
  append_entries(database, 1);
  const auto report = verify(database);
  BOOST_TEST(report.holds(), report.detail);
  BOOST_TEST(report.records == 3);
}

void check_damage_is_found(Database& database, const Vandal& vandal, const std::string& damage, std::int64_t broken_at,
                           const std::string& fault) {
  append_entries(database, 10);
  BOOST_REQUIRE(verify(database).records == 10);
  for (const auto& sql : vandal.disarm) execute(database, sql);
  for (std::size_t at = 0; at < damage.size();) {
    const std::size_t end = std::min(damage.find(';', at), damage.size());
    execute(database, damage.substr(at, end - at));
    at = end + 1;
  }
  const auto report = verify(database);
  BOOST_TEST(report.broken_at.value_or(-1) == broken_at,
             report.fault << " at " << report.broken_at.value_or(-1) << ": " << report.detail);
  BOOST_TEST(report.fault == fault, report.detail);
  BOOST_TEST(report.records == broken_at - 1);
  BOOST_TEST(!report.detail.empty());
}

}  // namespace zhida::test
