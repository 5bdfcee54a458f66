#include "base/json.h"
#include "stages/matching/matching_stage.h"
#include "stages/matching/policy_store.h"
#include "stages/matching/receipt_store.h"
#include "support/scratch_database.h"
#include "unit/matching/scene.h"

namespace zhida::matching::test {
namespace {

using storage::Transaction;

struct Room {
  zhida::test::ScratchDatabase database;
  ManualClock clock{parse_rfc3339("2025-11-03T09:00:00+08:00").value()};
  audit::AuditTrail audit{clock};
  MatchingStage stage{clock, audit};

  Room() { database.migrated(); }

  template <class Work>
  void write(const Work& work) {
    const auto done = database->write([&](Transaction& transaction) -> Result<void> { return work(transaction); });
    BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().message));
  }

  MatchOutcome match(const EnterpriseProfile& firm, const std::vector<Policy>& items, const char* on = "2025-11-03") {
    MatchOutcome out;
    write([&](Transaction& transaction) -> Result<void> {
      out = TRY(stage.on_profiles_changed(transaction, std::span(&firm, 1), items, day(on), "trace"));
      return ok();
    });
    return out;
  }

  PublishOutcome publish(const std::vector<Policy>& items) {
    PublishOutcome out;
    write([&](Transaction& transaction) -> Result<void> {
      out = TRY(stage.publish(transaction, items, "user:zhang"));
      return ok();
    });
    return out;
  }

  std::int64_t count(const std::string& sql) {
    std::int64_t out = 0;
    write([&](Transaction& transaction) -> Result<void> {
      out = TRY(transaction.query(sql, {}, "i")).front().integer(0);
      return ok();
    });
    return out;
  }
};

EnterpriseProfile hnte(const char* per_mu_class = nullptr) {
  auto firm = profile({{"qual.hnte", known(FieldData(true))},
                       {"qual.hnte_first_time", known(FieldData(true))},
                       {"qual.hnte_year", known(FieldData(std::int64_t{2022}))}});
  if (per_mu_class != nullptr) firm.fields["eval.per_mu_class"] = known(FieldData(std::string(per_mu_class)));
  return firm;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(matching_stage)

BOOST_AUTO_TEST_CASE(what_changed_is_told_once_and_kept_as_history) {
  Room room;
  const std::vector<Policy> items = {policy("IN-005"), policy("IN-006")};
  auto firm = hnte();

  const auto first = room.match(firm, items);
  BOOST_TEST(first.evaluated == 2);
  BOOST_REQUIRE(first.changed.size() == 2u);
  BOOST_TEST(!first.changed[0].verdict_before.has_value());
  BOOST_TEST(first.changed[0].now.amount->fen() == 16'000'000);

  // The same again, then a day later and with an unrelated change: nothing to tell.
  BOOST_TEST(room.match(firm, items).changed.empty());
  firm.sequence = 8;
  BOOST_TEST(room.match(firm, items, "2025-11-04").changed.empty());
  room.write([&](Transaction& transaction) -> Result<void> {
    const auto stored = TRY(read_entitlement(transaction, firm.uscc, PolicyId("IN-005")));
    BOOST_REQUIRE(stored.has_value());
    BOOST_TEST(stored->evaluated_on.to_string() == "2025-11-04");
    BOOST_TEST(stored->profile_sequence == 8);
    BOOST_TEST(stored->clauses.size() == 2u);
    BOOST_TEST(stored->clauses[0].source == "test");
    BOOST_TEST(stored->tranches.front().id == "advance");
    return ok();
  });

  // The class is published: another part becomes payable.
  auto classified = hnte("A");
  classified.sequence = 9;
  const auto second = room.match(classified, items);
  BOOST_REQUIRE(second.changed.size() == 1u);
  BOOST_TEST((second.changed[0].verdict_before == Verdict::met));
  BOOST_TEST(second.changed[0].amount_before->fen() == 16'000'000);
  BOOST_TEST(second.changed[0].now.amount->fen() == 30'000'000);
  BOOST_TEST(second.changed[0].now.tranches.size() == 2u);

  // The firm leaves the list.
  const auto third = room.match(profile({{"qual.hnte", known(FieldData(false))}}), items);
  BOOST_REQUIRE(third.changed.size() == 1u);
  BOOST_TEST((third.changed[0].now.verdict == Verdict::not_met));

  room.write([&](Transaction& transaction) -> Result<void> {
    const auto history = TRY(read_history(transaction, firm.uscc, PolicyId("IN-005")));
    BOOST_REQUIRE(history.size() == 3u);
    BOOST_TEST(history[0].amount->fen() == 16'000'000);
    BOOST_TEST(history[1].amount->fen() == 30'000'000);
    BOOST_TEST((history[2].verdict == Verdict::not_met));
    return ok();
  });
  BOOST_TEST(room.count("SELECT COUNT(*) FROM audit_record WHERE kind = 'policy_matched'") == 2);
  BOOST_TEST(room.count("SELECT COUNT(*) FROM audit_record WHERE kind = 'policy_unmatched'") == 1);
}

BOOST_AUTO_TEST_CASE(versions_are_kept_and_one_is_in_force) {
  Room room;
  auto item = policy("IN-001");
  BOOST_TEST(room.publish({item}).published.size() == 1u);
  BOOST_TEST(room.publish({item}).published.empty());
  const auto first_version = item.version;
  std::get<FixedAmount>(item.amount.rule).amount = Money::from_fen(9'000'000);
  item.version = policy_version(item);
  BOOST_TEST(room.publish({item}).published.size() == 1u);
  room.write([&](Transaction& transaction) -> Result<void> {
    const auto stored = TRY(list_policies(transaction));
    BOOST_REQUIRE(stored.size() == 2u);
    for (const auto& one : stored) BOOST_TEST(one.state == (one.version == first_version ? "superseded" : "in_force"));
    const auto body = TRY(read_policy_body(transaction, item.id, first_version));
    BOOST_REQUIRE(body.has_value());
    BOOST_TEST(*body == canonical_json(to_json(policy("IN-001"))).value());
    return ok();
  });
  // Going back to the first version needs no new row.
  room.publish({policy("IN-001")});
  BOOST_TEST(room.count("SELECT COUNT(*) FROM policy") == 2);
  BOOST_TEST(room.count("SELECT COUNT(*) FROM audit_record WHERE kind = 'policy_published'") == 3);
}

BOOST_AUTO_TEST_CASE(another_version_is_a_change_even_where_the_sum_is_the_same) {
  Room room;
  auto item = policy("IN-001");
  room.match(hnte(), {item});
  item.title += "（修订）";
  item.version = policy_version(item);
  const auto again = room.match(hnte(), {item});
  BOOST_REQUIRE(again.changed.size() == 1u);
  BOOST_TEST(again.changed[0].now.policy_version == item.version);
}

BOOST_AUTO_TEST_CASE(a_withdrawn_item_takes_its_entitlements_along) {
  Room room;
  room.publish({policy("IN-001"), policy("IN-006")});
  room.match(hnte(), {policy("IN-001"), policy("IN-006")});
  const auto outcome = room.publish({policy("IN-006")});
  BOOST_REQUIRE(outcome.withdrawn.size() == 1u);
  BOOST_TEST(outcome.withdrawn[0].str() == "IN-001");
  BOOST_REQUIRE(outcome.changed.size() == 1u);
  BOOST_TEST((outcome.changed[0].verdict_before == Verdict::met));
  BOOST_TEST((outcome.changed[0].now.verdict == Verdict::not_met));
  BOOST_TEST(room.count("SELECT COUNT(*) FROM entitlement WHERE verdict = 'met'") == 0);
  BOOST_TEST(room.publish({policy("IN-006")}).withdrawn.empty());
}

BOOST_AUTO_TEST_CASE(the_cursor_remembers_how_far_the_changes_were_read) {
  Room room;
  room.write([&](Transaction& transaction) -> Result<void> {
    BOOST_TEST(TRY(read_match_cursor(transaction, "profiles")) == 0);
    CHECK_OK(save_match_cursor(transaction, "profiles", 41));
    CHECK_OK(save_match_cursor(transaction, "profiles", 42));
    BOOST_TEST(TRY(read_match_cursor(transaction, "profiles")) == 42);
    return ok();
  });
}

BOOST_AUTO_TEST_CASE(no_receipt_means_never_only_where_somebody_vouches_for_the_history) {
  Room room;
  const auto& item = policy("IN-026");
  auto firm = profile(
      {{"stat.new_above_scale", known(FieldData(true))}, {"stat.new_above_scale_first_time", known(FieldData(true))}});
  const auto verdict = [&] {
    (void)room.match(firm, {item});
    Verdict out = Verdict::unknown;
    room.write([&](Transaction& transaction) -> Result<void> {
      out = TRY(read_entitlement(transaction, firm.uscc, item.id))->verdict;
      return ok();
    });
    return out;
  };
  BOOST_TEST((verdict() == Verdict::unknown));
  room.write([&](Transaction& transaction) {
    return vouch_for_history(transaction, "市级首次进规奖励", "财政局", day("2025-11-01"));
  });
  BOOST_TEST((verdict() == Verdict::met));
  // A word that is too old says nothing of what came since.
  firm.as_of = day("2025-11-01").plus_days(kVouchGoodForDays);
  BOOST_TEST((verdict() == Verdict::met));
  firm.as_of = firm.as_of.plus_days(1);
  BOOST_TEST((verdict() == Verdict::unknown));
  const Receipt receipt{"市级首次进规奖励", firm.uscc, false, "list:1", day("2020-05-01"), "财政局", std::nullopt};
  room.write([&](Transaction& transaction) -> Result<void> {
    CHECK_OK(record_receipt(transaction, receipt));
    return record_receipt(transaction, receipt);
  });
  BOOST_TEST((verdict() == Verdict::not_met));
  BOOST_TEST(room.count("SELECT COUNT(*) FROM received_benefit") == 1);
}

BOOST_AUTO_TEST_CASE(the_digest_of_a_person_is_forgotten_when_its_time_is_over) {
  Room room;
  Receipt receipt{"一次性扩岗补助", "digest", true, "case:1", day("2023-11-03"), "hub", std::nullopt};
  room.write([&](Transaction& transaction) -> Result<void> {
    const auto refused = record_receipt(transaction, receipt);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST(refused.error().code == "retention_missing");
    receipt.keep_until = day("2026-11-03");
    CHECK_OK(record_receipt(transaction, receipt));
    const bool had = TRY(person_received(transaction, "digest", "一次性扩岗补助"));
    const bool other = TRY(person_received(transaction, "other", "一次性扩岗补助"));
    const auto kept = TRY(forget_persons(transaction, day("2026-11-03")));
    const auto forgotten = TRY(forget_persons(transaction, day("2026-11-04")));
    const bool still = TRY(person_received(transaction, "digest", "一次性扩岗补助"));
    BOOST_TEST((had && !other && kept == 0 && forgotten == 1 && !still));
    return ok();
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::matching::test
