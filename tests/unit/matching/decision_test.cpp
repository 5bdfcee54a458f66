// Decisions explained later: the stored form of every item reads back as the same item, and whatever was decided in a
// seeded town comes out the same to the bit from what the store holds, after everything else has moved on.
#include "stages/matching/decision.h"

#include <cstdlib>
#include <random>

#include "base/json.h"
#include "platform/crypto/digest.h"
#include "stages/matching/check.h"
#include "stages/matching/evaluate.h"
#include "stages/matching/example_file.h"
#include "stages/matching/explain.h"
#include "stages/matching/matching_stage.h"
#include "stages/matching/policy_store.h"
#include "support/scratch_database.h"
#include "unit/matching/scene.h"

namespace zhida::matching::test {
namespace {

using storage::Transaction;

std::string body_of(const Policy& policy) {
  return canonical_json(to_json(policy)).value();
}

Decision decided(const Policy& policy, const EnterpriseProfile& profile, Date on) {
  Decision out;
  out.entitlement = evaluate(policy, profile, on);
  out.facts = facts_text(policy, profile, on);
  out.context = {"codes", "program"};
  return out;
}

std::string said(const Replay& again) {
  std::string out = again.why_not;
  for (const auto& difference : again.differences)
    out += difference.what + ": \"" + difference.stored + "\" → \"" + difference.again + "\"\n";
  return out;
}

/// Firms whose values lie around every threshold of every item, with gaps, stale values and contradictions.
class Town {
 public:
  Town(unsigned seed, Date on) : random_(seed), on_(on) {
    for (const auto& source : policies()) {
      ProbeValues probes(source.policy, on);
      probes.add(source.policy.when);
      for (const auto& [field, values] : probes.values()) {
        auto& known = values_[field];
        known.insert(known.end(), values.begin(), values.end());
      }
      for (const auto& field : fields_of(source.policy)) (void)values_[field];
    }
  }

  EnterpriseProfile firm(int number) {
    EnterpriseProfile out;
    out.uscc = "91330502MA2T" + std::to_string(10'000 + number) + "X";
    out.division = pick(3) == 0 ? "330503" : "330502";
    out.sequence = number + 1;
    out.as_of = on_;
    for (const auto& [field, values] : values_) {
      if (pick(8) == 0) continue;
      FieldState state;
      if (pick(12) == 0) {
        state.reason = pick(2) == 0 ? UnknownReason::stale : UnknownReason::conflict;
      } else {
        ProfileValue value;
        value.data = values.empty() ? FieldData(std::int64_t(pick(4'000'000))) : values[pick(values.size())];
        value.source = pick(2) == 0 ? "tax" : "人社";
        value.record_id = pick(3) == 0 ? 0 : static_cast<std::int64_t>(pick(9'000)) + 1;
        value.as_of = on_.plus_days(-static_cast<int>(pick(500)));
        state.value = std::move(value);
      }
      out.fields[field] = std::move(state);
    }
    return out;
  }

  std::size_t pick(std::size_t many) { return std::uniform_int_distribution<std::size_t>(0, many - 1)(random_); }

 private:
  std::mt19937 random_;
  Date on_;
  std::map<std::string, std::vector<FieldData>> values_;
};

std::vector<Policy> all_items() {
  std::vector<Policy> out;
  for (const auto& source : policies()) out.push_back(source.policy);
  return out;
}

unsigned seed_of_run() {
  const auto* given = std::getenv("ZHIDA_SEED");
  const unsigned seed = given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : 20251103u;
  BOOST_TEST_MESSAGE("ZHIDA_SEED=" << seed);
  return seed;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(decisions)

BOOST_AUTO_TEST_CASE(every_item_reads_back_from_its_stored_form) {
  BOOST_REQUIRE(policies().size() >= 41u);
  for (const auto& source : policies()) {
    const auto body = body_of(source.policy);
    const auto again = policy_from_json(parse_json(body).value());
    BOOST_REQUIRE_MESSAGE(again.has_value(), source.path << ": " << (again ? "" : again.error().message));
    BOOST_TEST(body_of(again.value()) == body, source.path);
    BOOST_TEST(to_hex(crypto::sha256(body)) == source.policy.version, source.path);
    BOOST_TEST(render(again.value()) == render(source.policy), source.path);
    // Whatever the examples say of the item holds of what was read back.
    const auto path = example_path_of(source.path);
    std::vector<Finding> errors;
    for (const auto& example : parse_examples(read_file(path).value(), path, source.policy, fields(), errors))
      for (const auto& difference : run_example(again.value(), example)) BOOST_ERROR(example.place << difference);
  }
}

BOOST_AUTO_TEST_CASE(a_stored_form_with_something_unknown_is_refused) {
  auto json = parse_json(body_of(policy("IN-001"))).value();
  json["surprise"] = true;
  BOOST_TEST(policy_from_json(json).error().code == "policy_body_malformed");
  json.erase("surprise");
  json["amount"]["family"] = "lottery";
  BOOST_TEST(policy_from_json(json).error().code == "policy_body_malformed");
  BOOST_TEST(policy_from_json(Json::array()).error().code == "policy_body_malformed");
}

BOOST_AUTO_TEST_CASE(what_a_decision_stood_on_is_enough_to_decide_again) {
  Town town(seed_of_run(), day("2025-11-03"));
  std::map<Verdict, int> verdicts;
  int pairs = 0;
  for (int number = 0; number < 100; ++number) {
    const auto firm = town.firm(number);
    for (const auto& source : policies()) {
      const auto decision = decided(source.policy, firm, day("2025-11-03"));
      ++verdicts[decision.entitlement.verdict];
      ++pairs;
      const auto again = replay(decision, body_of(source.policy));
      BOOST_REQUIRE_MESSAGE(again.identical(), source.policy.id.str() << " of firm " << number << ": " << said(again));
    }
  }
  BOOST_TEST(pairs >= 4'000);
  for (const auto verdict : {Verdict::met, Verdict::not_met, Verdict::unknown}) BOOST_TEST(verdicts[verdict] > 40);
}

BOOST_AUTO_TEST_CASE(decisions_of_a_town_are_the_same_years_later) {
  zhida::test::ScratchDatabase database;
  database.migrated();
  ManualClock clock{parse_rfc3339("2025-11-03T09:00:00+08:00").value()};
  audit::AuditTrail audit{clock};
  MatchingStage stage{clock, audit, {"the tables of 2025", "1.0"}};
  const auto write = [&](const std::function<Result<void>(Transaction&)>& work) {
    const auto done = database->write(work);
    BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().message));
  };
  Town town(seed_of_run(), day("2025-11-03"));
  auto items = all_items();
  constexpr int kFirms = 12;
  write([&](Transaction& transaction) -> Result<void> {
    (void)TRY(stage.publish(transaction, items, "user:zhang"));
    for (int number = 0; number < kFirms; ++number) {
      const auto firm = town.firm(number);
      (void)TRY(stage.on_profiles_changed(transaction, std::span(&firm, 1), items, day("2025-11-03"), "trace"));
    }
    return ok();
  });

  // Years later: profiles moved on, items were changed or taken out of force, the hub has other tables and is another
  // program.
  clock.advance(std::chrono::hours(24 * 900));
  MatchingStage later{clock, audit, {"the tables of 2028", "2.0"}};
  for (auto& item : items) {
    item.title += "（修订）";
    item.amount.cap = Money::from_fen(1);
    item.version = to_hex(crypto::sha256(body_of(item)));
  }
  items.resize(items.size() - 5);
  write([&](Transaction& transaction) -> Result<void> {
    (void)TRY(later.publish(transaction, items, "user:li"));
    for (int number = 0; number < kFirms; ++number) {
      auto firm = town.firm(number);
      firm.sequence += 1'000;
      (void)TRY(later.on_profiles_changed(transaction, std::span(&firm, 1), items, day("2028-04-21"), "later"));
    }
    return ok();
  });

  const auto differing = [&](std::map<std::string, int>& purposes) {
    std::vector<std::string> out;
    write([&](Transaction& transaction) -> Result<void> {
      for (const auto& row : TRY(transaction.query("SELECT id FROM entitlement_history ORDER BY id", {}, "i"))) {
        const auto decision = TRY(read_decision(transaction, row.integer(0)));
        const auto body =
            TRY(read_policy_body(transaction, decision->entitlement.policy, decision->entitlement.policy_version));
        const auto again = replay(*decision, *body);
        ++purposes[decision->purpose];
        if (!again.identical()) out.push_back(std::to_string(decision->id) + " " + said(again));
      }
      return ok();
    });
    return out;
  };
  std::map<std::string, int> purposes;
  for (const auto& one : differing(purposes)) BOOST_ERROR(one);
  BOOST_TEST(purposes["matched"] > 900);
  BOOST_TEST(purposes["withdrawn"] > 0);

  // The store itself refuses to change a decision; whoever gets round that is found.
  const auto attempt = [&](const std::string& sql) {
    return database->write([&](Transaction& transaction) -> Result<void> {
      CHECK_OK(transaction.execute(sql));
      return ok();
    });
  };
  BOOST_TEST(!attempt("UPDATE entitlement_history SET amount_fen = 1 WHERE id = 1").has_value());
  BOOST_TEST(!attempt("DELETE FROM entitlement_history WHERE id = 1").has_value());
  BOOST_REQUIRE(attempt("DROP TRIGGER entitlement_history_no_update").has_value());
  const std::string met = "(SELECT min(id) FROM entitlement_history WHERE verdict = 'met' AND amount_fen > 0)";
  struct Tamper {
    const char* column;
    std::string value;
  };
  for (const auto& [column, value] :
       {Tamper{"amount_fen", "amount_fen + 100"}, Tamper{"verdict", "'unknown'"},
        Tamper{"evaluated_on", "'1999-01-01'"}, Tamper{"tranches", "'[]'"}, Tamper{"amount_trace", "'x'"},
        Tamper{"clauses", "replace(clauses, '\"met\"', '\"not_met\"')"},
        Tamper{"facts", "replace(facts, '\"value\":\"', '\"value\":\"9')"}}) {
    const std::string name = column;
    write([&](Transaction& transaction) -> Result<void> {
      CHECK_OK(transaction.execute("CREATE TABLE kept AS SELECT * FROM entitlement_history WHERE id = " + met));
      CHECK_OK(transaction.execute("UPDATE entitlement_history SET " + name + " = " + value + " WHERE id = " + met));
      return ok();
    });
    const auto found = differing(purposes);
    BOOST_TEST(found.size() == 1u, name << " was changed and " << found.size() << " differences were found");
    write([&](Transaction& transaction) -> Result<void> {
      CHECK_OK(transaction.execute("UPDATE entitlement_history SET " + name + " = (SELECT " + name +
                                   " FROM kept) WHERE id = (SELECT id FROM kept)"));
      CHECK_OK(transaction.execute("DROP TABLE kept"));
      return ok();
    });
  }
  BOOST_TEST(differing(purposes).empty());
  BOOST_REQUIRE(
      attempt("UPDATE policy SET body = replace(body, '\"enterprise\"', '\"person\"') WHERE id = 'IN-001' AND "
              "state = 'superseded'")
          .has_value());
  const auto broken = differing(purposes);
  BOOST_TEST(!broken.empty());
  for (const auto& one : broken) BOOST_TEST(one.find("policy.version") != std::string::npos, one);
}

BOOST_AUTO_TEST_CASE(a_decision_of_an_older_program_says_that_it_cannot_be_repeated) {
  auto decision = decided(policy("IN-001"), profile({}), day("2025-11-03"));
  decision.facts.reset();
  const auto again = replay(decision, body_of(policy("IN-001")));
  BOOST_TEST(!again.possible);
  BOOST_TEST(!again.identical());
  BOOST_TEST(again.policy.has_value());
  BOOST_TEST(again.differences.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::matching::test
