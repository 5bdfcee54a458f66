// What cannot be said of one firm and one item alone: rivals, rounds, persons, receipts of our own.
#include "audit/audit_trail.h"
#include "stages/matching/allocation_store.h"
#include "stages/matching/evaluate.h"
#include "stages/matching/exclusion.h"
#include "stages/matching/matching_stage.h"
#include "stages/matching/person_store.h"
#include "stages/matching/policy_store.h"
#include "stages/matching/receipt_store.h"
#include "stages/matching/share_store.h"
#include "stages/matching/together_stage.h"
#include "stages/matching/wanted_store.h"
#include "support/scratch_database.h"
#include "unit/matching/scene.h"

namespace zhida::matching::test {
namespace {

using storage::Transaction;

/// `A` belongs to the group; `B:2024` has another period; `C!A` may not be added to A; `D?` is a reminder.
Policy rival(std::string name) {
  Policy out;
  out.exclusive_group = "组";
  out.handling.period = "2025";
  if (name.ends_with('?')) {
    out.kind = ItemKind::reminder;
    name.pop_back();
  }
  if (const auto at = name.find('!'); at != std::string::npos) {
    out.not_with = {name.substr(at + 1)};
    out.exclusive_group.clear();
    name.resize(at);
  }
  if (const auto at = name.find(':'); at != std::string::npos) {
    out.handling.period = name.substr(at + 1);
    name.resize(at);
  }
  out.id = PolicyId(name);
  out.title = name;
  out.amount.rule = RatioAmount{"x", 1'000'000, {}, {}};
  return out;
}

struct Firm {
  std::vector<Policy> items;
  std::vector<Entitlement> entitlements;
  std::vector<Standing> standing;
  std::vector<ExclusionQuestion> questions;

  /// `A 500` is met, `A ?` is unknown, `A -` is not met; `A 500 approved`, `A 500 paid`: what the firm has.
  explicit Firm(std::initializer_list<const char*> lines) {
    for (const std::string line : lines) {
      const auto first = line.find(' '), second = line.find(' ', first + 1);
      auto policy = rival(line.substr(0, first));
      const auto sum = line.substr(first + 1, second == std::string::npos ? second : second - first - 1);
      Entitlement e;
      e.uscc = "U";
      e.policy = policy.id;
      e.verdict = sum == "?" ? Verdict::unknown : sum == "-" ? Verdict::not_met : Verdict::met;
      if (e.verdict == Verdict::met) e.amount = Money::from_fen(std::stoll(sum));
      if (second != std::string::npos) {
        const auto word = line.substr(second + 1);
        standing.push_back({relations_of(policy), true, word == "paid", e.amount.value_or(Money::from_fen(500))});
      }
      items.push_back(std::move(policy));
      entitlements.push_back(std::move(e));
    }
    questions = settle_exclusions(entitlements, items, standing);
  }
  std::string verdicts() const {
    std::string out;
    for (const auto& e : entitlements) {
      out += (out.empty() ? "" : " ") + e.policy.str() + "=" + zhida::to_text(e.verdict);
      if (!e.clauses.empty()) out += "<" + e.clauses.back().value;
      BOOST_TEST((e.verdict == Verdict::met) == e.amount.has_value());
    }
    return out;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(matching_together)

BOOST_AUTO_TEST_CASE(of_an_exclusive_group_the_best_stays) {
  const auto check = [](std::initializer_list<const char*> lines, const char* verdicts, std::size_t questions = 0) {
    const Firm firm(lines);
    BOOST_TEST(firm.verdicts() == verdicts);
    BOOST_TEST(firm.questions.size() == questions, verdicts);
  };
  check({"A 500", "B 900"}, "A=not_met<B B=met");
  check({"A 500", "B 500"}, "A=met B=not_met<A");
  check({"A 500", "B -"}, "A=met B=not_met");
  // Another period is another benefit; what is had once meets every period.
  check({"A 500", "B:2024 900"}, "A=met B=met");
  check({"A 500", "B:once 900"}, "A=not_met<B B=met");
  // What is not known yet may be the better one.
  check({"A 500", "B ?"}, "A=unknown<B B=unknown");
  check({"A 500", "B? ?"}, "A=met B=unknown");
  check({"A 500", "B 900", "C ?"}, "A=not_met<B B=unknown<C C=unknown");
  // Naming by one of the two is enough, and is no chain: who lost to nobody that stays is free.
  check({"A 500", "C!A 900"}, "A=not_met<C C=met");
  check({"A 100", "B!A 200", "C!B 300"}, "A=met B=not_met<C C=met");
  // What was approved is respected: the better one is a person's question, the lesser one is settled.
  check({"A 500 approved", "B 900"}, "A=met B=unknown<A", 1);
  check({"A 500 paid", "B 900"}, "A=met B=unknown<A", 1);
  check({"A - paid", "B 900"}, "A=not_met B=unknown<A", 1);
  check({"A 900 approved", "B 500"}, "A=met B=not_met<A");
  check({"A 500 approved", "B ?"}, "A=met B=unknown");
  // Both were approved: the better one goes on, unless money went to the other.
  check({"A 500 approved", "B 900 approved"}, "A=not_met<B B=met");
  check({"A 500 paid", "B 900 approved"}, "A=met B=unknown<A", 1);
  check({"A 500 paid", "B 900 paid"}, "A=met B=met");
}

BOOST_AUTO_TEST_CASE(an_unknown_one_that_cannot_be_better_keeps_nobody_waiting) {
  std::vector<Policy> items = {rival("A"), rival("B")};
  items[1].amount.rule = FixedAmount{Money::from_fen(400)};
  for (const auto& [fen, verdict] : {std::pair{500, Verdict::met}, {400, Verdict::met}, {399, Verdict::unknown}}) {
    std::vector<Entitlement> both(2);
    both[0].policy = items[0].id;
    both[0].verdict = Verdict::met;
    both[0].amount = Money::from_fen(fen);
    both[1].policy = items[1].id;
    (void)settle_exclusions(both, items, {});
    BOOST_TEST((both[0].verdict == verdict), fen);
  }
}

namespace {

Policy limited(std::int64_t quota, std::optional<std::int64_t> pool, bool in_proportion = false) {
  Policy out;
  out.amount.rule = FormulaAmount{};
  if (quota >= 0) out.ranking = Ranking{"x", true, quota, "rank"};
  if (pool) out.pool = Pool{Money::from_fen(*pool), in_proportion};
  return out;
}

/// `A 9 100` has value 9 and would get 100; `A ? 100`: its value is unknown; `A 9 ?`: the firm is unknown;
/// `A 9 100 =60` has 60 from an earlier round.
std::string drawn(const Policy& policy, std::initializer_list<const char*> lines) {
  std::vector<RoundInput> inputs;
  for (const std::string line : lines) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at <= line.size();) {
      const auto end = std::min(line.find(' ', at), line.size());
      words.push_back(line.substr(at, end - at));
      at = end + 1;
    }
    RoundInput input;
    input.uscc = words[0];
    if (words[1] != "?") input.by = FieldData(std::int64_t{std::stoll(words[1])});
    if (words[2] != "?") {
      input.verdict = Verdict::met;
      input.amount = Money::from_fen(std::stoll(words[2]));
    }
    if (words.size() > 3) input.kept = Money::from_fen(std::stoll(words[3].substr(1)));
    inputs.push_back(std::move(input));
  }
  std::string out;
  for (const auto& line : draw_up_round(policy, inputs))
    out += (out.empty() ? "" : " ") + line.uscc + ":" + line.reason +
           (line.outcome == Verdict::met ? "=" + std::to_string(line.given.fen()) : "");
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_quota_is_given_by_place_and_what_is_open_at_its_border_stays_open) {
  const auto two = limited(2, {});
  BOOST_TEST(drawn(two, {"A 9 100", "B 8 100", "C 7 100"}) == "A:within=100 B:within=100 C:beyond");
  BOOST_TEST(drawn(two, {"A 9 100", "B 8 100", "C 8 100"}) == "A:within=100 B:tie C:tie");
  BOOST_TEST(drawn(two, {"A 8 100", "B 8 100", "C 7 100"}) == "A:within=100 B:within=100 C:beyond");
  BOOST_TEST(drawn(two, {"A 90 100", "B 80 100", "C 70 100", "D 85 ?"}) ==
             "A:within=100 D:own_unknown B:open C:beyond");
  BOOST_TEST(drawn(two, {"A 9 100", "B 8 100", "C 7 100", "D 6 ?"}) == "A:within=100 B:within=100 C:beyond D:beyond");
  BOOST_TEST(drawn(two, {"A 9 100", "B 8 100", "D ? 100"}) == "A:within=100 D:own_unknown B:open");
  // What an earlier round gave stands, and takes its places.
  BOOST_TEST(drawn(two, {"A 9 100", "B 8 100", "C 7 100 =90"}) == "C:kept=90 A:within=100 B:beyond");
  BOOST_TEST(drawn(limited(1, {}), {"A 9 100", "C 7 100 =90"}) == "C:kept=90 A:beyond");
}

BOOST_AUTO_TEST_CASE(a_pool_lasts_as_far_as_it_reaches_and_no_further) {
  const auto pool = limited(0, 100);
  BOOST_TEST(drawn(pool, {"A 1 60", "B 3 60", "C 2 60"}) == "B:within=60 C:reduced=40 A:exhausted");
  BOOST_TEST(drawn(pool, {"A 9 60", "B 8 30", "C 8 30"}) == "A:within=60 B:tie C:tie");
  BOOST_TEST(drawn(pool, {"A 9 40", "B 8 30", "C 8 30"}) == "A:within=40 B:within=30 C:within=30");
  BOOST_TEST(drawn(pool, {"A 9 60", "B 8 60", "U 10 ?"}) == "U:own_unknown A:open B:open");
  BOOST_TEST(drawn(pool, {"A 9 60", "B 8 60", "U 1 ?"}) == "A:within=60 B:reduced=40 U:own_unknown");
  BOOST_TEST(drawn(pool, {"A 9 60", "K 1 80 =80"}) == "K:kept=80 A:reduced=20");
  const auto shared = limited(-1, 100, true);
  BOOST_TEST(drawn(shared, {"A ? 60", "B ? 60", "C ? 60"}) == "A:reduced=33 B:reduced=33 C:reduced=33");
  BOOST_TEST(drawn(shared, {"A ? 60", "B ? 40"}) == "A:within=60 B:within=40");
  BOOST_TEST(drawn(shared, {"A ? 60", "B ? ?"}) == "A:open B:own_unknown");
  BOOST_TEST(drawn(limited(1, 100), {"A 9 60", "B 8 60"}) == "A:within=60 B:beyond");
}

namespace {

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
  Entitlement judge(const Policy& item, const EnterpriseProfile& firm, Judgement* all = nullptr) {
    Entitlement out;
    write([&](Transaction& transaction) -> Result<void> {
      auto judged = TRY(judge_item(transaction, std::span(&item, 1), item.id, firm, clock.today()));
      out = judged.entitlements.front();
      if (all != nullptr) *all = std::move(judged);
      return ok();
    });
    return out;
  }
  void decide(const Policy& item, const std::vector<RoundLine>& lines, const std::string& id = "R1") {
    write([&](Transaction& transaction) -> Result<void> {
      StoredRound round;
      round.id = id;
      round.policy = item.id;
      round.policy_version = item.version;
      round.period = item.handling.period;
      round.at = clock.today();
      round.drawn_by = "cli";
      (void)TRY(insert_round(transaction, round, lines));
      const auto refused = decide_round(transaction, round, clock.now());
      BOOST_REQUIRE(!refused);
      BOOST_TEST(refused.error().code == "four_eyes");
      CHECK_OK(insert_confirmation(transaction, id, {"user:zhang", "reviewer", "科技局", clock.now()}));
      BOOST_TEST(!transaction.savepoint([&] {
        return insert_confirmation(transaction, id, {"user:zhang", "finance_releaser", "", clock.now()});
      }));
      BOOST_TEST(!decide_round(transaction, round, clock.now()));
      CHECK_OK(insert_confirmation(transaction, id, {"user:wang", "finance_releaser", "", clock.now()}));
      return decide_round(transaction, round, clock.now());
    });
  }
};

std::string last_clause(const Entitlement& entitlement) {
  const auto& clause = entitlement.clauses.back();
  return clause.id + "=" + zhida::to_text(clause.verdict);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_place_is_unknown_until_two_persons_decided_the_round) {
  Room room;
  const auto& item = policy("IN-010");
  const auto firm = profile({{"ent.above_scale", known(FieldData(true))},
                             {"fin.rd_fen", known(FieldData(std::int64_t{200'000'000}))},
                             {"fin.rd_prev_fen", known(FieldData(std::int64_t{100'000'000}))},
                             {"report.revenue_fen", known(FieldData(std::int64_t{1'000'000'000}))}});
  auto before = room.judge(item, firm);
  BOOST_TEST((before.verdict == Verdict::unknown));
  BOOST_TEST(before.clauses.back().unknown_reason == "no_round");
  const auto line = [&](std::int64_t place, Verdict outcome, const char* reason) {
    RoundLine out;
    out.uscc = firm.uscc;
    out.best = out.worst = place;
    out.outcome = outcome;
    out.reason = reason;
    return out;
  };
  room.decide(item, {line(3, Verdict::met, "within")});
  const auto within = room.judge(item, firm);
  BOOST_TEST((within.verdict == Verdict::met));
  BOOST_TEST(within.amount.value().fen() == 4'000'000);
  room.decide(item, {line(21, Verdict::not_met, "beyond")}, "R2");  // Supersedes.
  const auto beyond = room.judge(item, firm);
  BOOST_TEST((beyond.verdict == Verdict::not_met));
  BOOST_TEST(std::ranges::any_of(beyond.clauses, [](const ClauseVerdict& clause) {
    return clause.field == "rank.rd" && clause.value == "21" && clause.verdict == Verdict::not_met;
  }));
  room.decide(item, {line(20, Verdict::unknown, "tie")}, "R3");
  const auto tie = room.judge(item, firm);
  BOOST_TEST((tie.verdict == Verdict::unknown));
  BOOST_TEST(tie.clauses.back().unknown_reason == "tie");
  room.decide(item, {}, "R4");
  BOOST_TEST(room.judge(item, firm).clauses.back().unknown_reason == "not_in_round");
  // A round about another text of the item says nothing.
  auto other = item;
  other.version = "another";
  BOOST_TEST(room.judge(other, firm).clauses.back().unknown_reason == "no_round");
}

BOOST_AUTO_TEST_CASE(a_pool_gives_what_its_round_gave_and_never_more_than_the_sum_is_now) {
  Room room;
  auto item = policy("IN-001");
  item.pool = Pool{Money::from_fen(1'000), true};
  const auto firm = profile({{"qual.hnte", known(FieldData(true))},
                             {"qual.hnte_first_time", known(FieldData(true))},
                             {"qual.hnte_year", known(FieldData(std::int64_t{2022}))}});
  const auto open = room.judge(item, firm);
  BOOST_TEST((open.verdict == Verdict::unknown));
  BOOST_TEST(last_clause(open) == "pool=unknown");
  const auto full = evaluate(policy("IN-001"), firm, room.clock.today()).amount.value();
  const auto given = [&](std::int64_t fen) {
    RoundLine out;
    out.uscc = firm.uscc;
    out.outcome = fen > 0 ? Verdict::met : Verdict::not_met;
    out.reason = fen > 0 ? "reduced" : "exhausted";
    out.wanted = Money::from_fen(full.fen() * 2);
    out.given = Money::from_fen(fen);
    return out;
  };
  room.decide(item, {given(333)});
  const auto cut = room.judge(item, firm);
  BOOST_TEST(last_clause(cut) == "pool=met");
  BOOST_TEST(cut.amount.value().fen() == 333);
  BOOST_TEST(cut.tranches.front().amount.fen() == 333);
  room.decide(item, {given(full.fen() * 2)}, "R2");
  BOOST_TEST(room.judge(item, firm).amount.value().fen() == full.fen());
  room.decide(item, {given(0)}, "R3");
  BOOST_TEST(last_clause(room.judge(item, firm)) == "pool=not_met");
}

BOOST_AUTO_TEST_CASE(one_person_is_usable_once_across_firms) {
  Room room;
  auto item = policy("HR-008");
  item.valid_to.reset();
  const auto firm = profile({});
  auto other = firm;
  other.uscc = "91330502MA2TEST02Y";
  const auto person = [&](const char* digest, const char* group) {
    PersonRow out;
    out.digest = digest;
    out.fields["hire.person_group"] = known(FieldData(std::string(group)));
    out.fields["hire.has_contract"] = known(FieldData(true));
    out.fields["hire.paid_months_three_kinds"] = known(FieldData(std::int64_t{2}));
    return out;
  };
  BOOST_TEST((room.judge(item, firm).verdict == Verdict::unknown));  // Nobody handed in a list.
  room.write([&](Transaction& transaction) -> Result<void> {
    for (const auto& uscc : {firm.uscc, other.uscc})
      for (const char* digest : {"d1", "d2"}) {
        const KeptPerson row{uscc,     "HR-008",         person(digest, "2023届高校毕业生"), day("2025-10-01"),
                             "人社局", day("2026-12-31")};
        BOOST_TEST(TRY(keep_person(transaction, row)));
        BOOST_TEST(!TRY(keep_person(transaction, row)));
      }
    return ok();
  });
  Judgement all;
  BOOST_TEST(room.judge(item, firm, &all).amount.value().fen() == 300'000);
  BOOST_REQUIRE(all.claims[item.id].size() == 2u);
  const auto award = award_of(firm.uscc, item.id, item.handling.period);
  room.write([&](Transaction& transaction) {
    return claim_persons(transaction, {all.claims[item.id].front()}, "CASE1", award, day("2025-11-03"));
  });
  // Its own claim does not count against it; the other firm has one person left.
  BOOST_TEST(room.judge(item, firm).amount.value().fen() == 300'000);
  BOOST_TEST(room.judge(item, other).amount.value().fen() == 150'000);
  room.write([&](Transaction& transaction) -> Result<void> {
    BOOST_TEST(TRY(firms_sharing_persons(transaction, "CASE1")).size() == 2u);
    CHECK_OK(claims_received(transaction, "CASE1", day("2025-11-13")));
    const auto kept = TRY(transaction.query("SELECT keep_until FROM received_benefit WHERE is_person = 1", {}, "t"));
    BOOST_TEST(kept.front().text(0) == "2028-11-13");  // 36 months, from the payment.
    BOOST_TEST(TRY(free_claims(transaction, "CASE1")) == 0);
    CHECK_OK(take_back_receipts(transaction, "CASE1", day("2025-11-20")));
    return ok();
  });
  // The money came back and may be paid again: still used, until the case ends without it.
  BOOST_TEST(room.judge(item, other).amount.value().fen() == 150'000);
  room.write([&](Transaction& transaction) -> Result<void> {
    BOOST_TEST(TRY(free_claims(transaction, "CASE1")) == 1);
    BOOST_TEST(TRY(drop_persons(transaction, other.uscc, "HR-008", {"d1"})) == 1);
    return ok();
  });
  BOOST_TEST(room.judge(item, other).amount.value().fen() == 150'000);
  // One person of whom the data say nothing leaves the count unknown.
  room.write([&](Transaction& transaction) -> Result<void> {
    auto row = KeptPerson{other.uscc,        "HR-008", person("d3", "2023届高校毕业生"),
                          day("2025-10-01"), "人社局", day("2026-12-31")};
    row.person.fields.erase("hire.has_contract");
    BOOST_TEST(TRY(keep_person(transaction, row)));
    return ok();
  });
  BOOST_TEST((room.judge(item, other).verdict == Verdict::unknown));
  room.write([&](Transaction& transaction) -> Result<void> {
    BOOST_TEST(TRY(forget_persons(transaction, day("2027-01-01"))) == 4);
    return ok();
  });
}

BOOST_AUTO_TEST_CASE(an_item_does_not_count_its_own_award_against_itself) {
  Room room;
  const auto& item = policy("IN-026");
  const auto firm = profile(
      {{"stat.new_above_scale", known(FieldData(true))}, {"stat.new_above_scale_first_time", known(FieldData(true))}});
  BOOST_REQUIRE(std::ranges::count(benefits_given(item), "市级首次进规奖励") == 1);
  const auto receipt = [&](const std::string& reference, const std::string& award) {
    room.write([&](Transaction& transaction) {
      return record_receipt(transaction, {"市级首次进规奖励", firm.uscc, false, reference, day("2025-10-01"), "hub",
                                          std::nullopt, award});
    });
  };
  room.write([&](Transaction& transaction) {
    return vouch_for_history(transaction, "市级首次进规奖励", "财政局", day("2025-11-01"));
  });
  receipt("CASE1", award_of(firm.uscc, item.id, item.handling.period));
  BOOST_TEST((room.judge(item, firm).verdict == Verdict::met));
  receipt("CASE2", award_of(firm.uscc, item.id, "2019"));
  BOOST_TEST((room.judge(item, firm).verdict == Verdict::not_met));
  // What came back counts no more; that it once was had can still be seen.
  room.write([&](Transaction& transaction) -> Result<void> {
    CHECK_OK(take_back_receipts(transaction, "CASE2", day("2025-11-02")));
    const auto rows = TRY(list_receipts(transaction, firm.uscc));
    BOOST_REQUIRE(rows.size() == 2u);
    BOOST_TEST(std::ranges::count_if(rows, [](const ReceiptRow& row) { return row.taken_back_on.has_value(); }) == 1);
    return ok();
  });
  BOOST_TEST((room.judge(item, firm).verdict == Verdict::met));
}

BOOST_AUTO_TEST_CASE(a_known_receipt_says_no_without_a_word_about_the_whole_history) {
  Room room;
  const auto firm = profile(
      {{"stat.new_above_scale", known(FieldData(true))}, {"stat.new_above_scale_first_time", known(FieldData(true))}});
  auto ever = policy("IN-026");
  auto within = ever;
  for (auto& clause : within.when.children)
    if (clause.op == Operator::not_received) clause.months = 12;
  const auto received = [&](const char* on) {
    room.write([&](Transaction& transaction) {
      return record_receipt(transaction,
                            {"市级首次进规奖励", firm.uscc, false, "list:1", day(on), "财政局", std::nullopt});
    });
  };
  BOOST_TEST((room.judge(ever, firm).verdict == Verdict::unknown));
  received("2020-05-01");
  BOOST_TEST((room.judge(ever, firm).verdict == Verdict::not_met));
  BOOST_TEST((room.judge(within, firm).verdict == Verdict::unknown));  // It may not be the last one.
  received("2025-05-01");
  BOOST_TEST((room.judge(within, firm).verdict == Verdict::not_met));
}

BOOST_AUTO_TEST_CASE(the_shares_of_several_payers_add_up_to_the_fen) {
  const auto split = [](std::vector<CoFunder> payers, std::int64_t fen) {
    std::string out;
    std::int64_t sum = 0;
    for (const auto& part : split_by_payers(payers, Money::from_fen(fen))) {
      out += (out.empty() ? "" : " ") + part.payer + std::to_string(part.amount.fen());
      sum += part.amount.fen();
    }
    BOOST_TEST((payers.empty() || sum == fen));
    return out;
  };
  BOOST_TEST(split({}, 101) == "");
  BOOST_TEST(split({{"市", 500'000}, {"县", 500'000}}, 101) == "市51 县50");
  BOOST_TEST(split({{"中央", 333'333}, {"省", 333'333}, {"县", 333'334}}, 100) == "中央34 省33 县33");
  BOOST_TEST(split({{"市", 999'999}, {"县", 1}}, 1) == "市1 县0");
  const auto shares = shares_of(policy("IN-010"), Money::from_fen(4'000'001));
  BOOST_REQUIRE(shares.size() == 2u);
  BOOST_TEST(shares[0].amount.fen() + shares[1].amount.fen() == 4'000'001);
  BOOST_TEST(shares_of(policy("IN-012"), Money::from_fen(100)).empty());
}

BOOST_AUTO_TEST_CASE(a_match_that_is_wanted_is_not_lost_when_it_is_wanted_again_meanwhile) {
  Room room;
  room.write([&](Transaction& transaction) -> Result<void> {
    CHECK_OK(ask_for_match(transaction, "U"));
    const auto first = TRY(wanted_matches(transaction, 10));
    CHECK_OK(ask_for_match(transaction, "U"));
    CHECK_OK(matched_as_wanted(transaction, first));
    const auto second = TRY(wanted_matches(transaction, 10));
    BOOST_TEST(second.size() == 1u);
    CHECK_OK(matched_as_wanted(transaction, second));
    BOOST_TEST(TRY(wanted_matches(transaction, 10)).empty());
    BOOST_TEST(TRY(first_asked(transaction, "q", room.clock.now())));
    BOOST_TEST(!TRY(first_asked(transaction, "q", room.clock.now())));
    return ok();
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::matching::test
