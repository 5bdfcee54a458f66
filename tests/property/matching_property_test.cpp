// Items and firms by dice: evaluate() and compute_amount() against a second evaluator that knows nothing of them.
// ZHIDA_SEED=n repeats a run; ZHIDA_LONG=1 makes it longer.
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <map>
#include <random>

#include "property/random_items.h"
#include "property/second_evaluator.h"
#include "property/verdicts.h"
#include "stages/matching/amount.h"
#include "stages/matching/evaluate.h"

namespace zhida::matching {
namespace {

using test::RandomItems;
using test::SecondEvaluator;

Verdict verdict_of(int value) {
  return value == 0 ? Verdict::not_met : value == 1 ? Verdict::unknown : Verdict::met;
}

std::uint64_t seed_of_run() {
  const char* given = std::getenv("ZHIDA_SEED");
  const auto seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::uint64_t{std::random_device{}()};
  BOOST_TEST_MESSAGE("ZHIDA_SEED=" << seed);
  return seed;
}

/// Sum, parts payable now and who pays, to the fen; empty where they agree.
std::string difference(const AmountOutcome& ours, const SecondEvaluator::Sum& expected) {
  // A formula may go through numbers that 128 bits do not hold: then we do not know, and say so.
  if (expected.wide && ours.verdict == Verdict::unknown) return "";
  if (ours.verdict != verdict_of(expected.verdict))
    return std::string(to_text(ours.verdict)) + ", not " + to_text(verdict_of(expected.verdict));
  if (ours.total.has_value() != (expected.total && expected.verdict == 2)) return "one of them has no sum";
  if (!ours.total) return "";
  if (SecondEvaluator::Whole(ours.total->fen()) != *expected.total)
    return std::to_string(ours.total->fen()) + " fen, not " + expected.total->str();
  const auto same = [](const auto& parts, const auto& wanted, const auto& name) {
    return std::ranges::equal(parts, wanted, [&](const auto& part, const auto& other) {
      return name(part) == other.first && SecondEvaluator::Whole(part.amount.fen()) == other.second;
    });
  };
  if (!same(ours.tranches, expected.tranches, [](const Tranche& part) { return part.id; })) return "other tranches";
  if (!same(ours.shares, expected.shares, [](const PayerShare& part) { return part.payer; })) return "other shares";
  return "";
}

}  // namespace

BOOST_AUTO_TEST_CASE(two_evaluators_that_know_nothing_of_each_other_agree) {
  const auto seed = seed_of_run();
  const char* rounds_given = std::getenv("ZHIDA_ROUNDS");
  const int rounds = rounds_given != nullptr ? std::atoi(rounds_given) : 600;
  RandomItems random(seed);
  const auto day = RandomItems::day();
  std::int64_t pairs = 0;
  std::array<std::int64_t, 3> verdicts{};
  for (int round = 0; round < rounds; ++round) {
    const auto policy = random.policy(round % 2 == 0);
    const auto json = to_json(policy);
    for (int i = 0; i < 20; ++i, ++pairs) {
      const auto firm = random.firm(day);
      const auto ours = evaluate(policy, firm, day);
      SecondEvaluator second(json, firm, day);
      const auto sum = second.amount();
      const int expected = std::min({second.conditions(), second.validity(), second.reminder(), sum.verdict});
      ++verdicts[static_cast<std::size_t>(expected)];
      bool agree = ours.verdict == verdict_of(expected) || (sum.wide && ours.verdict == Verdict::unknown);
      for (const auto& clause : ours.clauses) {
        const auto told = second.told.find(clause.id);
        if (told != second.told.end()) agree = agree && clause.verdict == verdict_of(told->second);
        if (clause.id == "amount" && !sum.wide) agree = agree && clause.verdict == verdict_of(sum.verdict);
      }
      if (ours.verdict == Verdict::met) {
        agree = agree && ours.amount.has_value() == sum.total.has_value();
        if (ours.amount && sum.total) agree = agree && SecondEvaluator::Whole(ours.amount->fen()) == *sum.total;
      }
      if (!agree)  // The text of a pair takes longer than to judge it.
        BOOST_FAIL("ZHIDA_SEED=" << seed << " round " << round << ": " << to_text(ours.verdict) << ", expected "
                                 << to_text(verdict_of(expected)) << ": " << test::pair_text(policy, firm));
    }
  }
  BOOST_TEST_MESSAGE(pairs << " pairs: " << verdicts[2] << " met, " << verdicts[0] << " not met, " << verdicts[1]
                           << " unknown");
  if (rounds >= 100)
    for (const auto count : verdicts) BOOST_TEST(count * 50 > pairs);  // The dice do reach all three.
}

BOOST_AUTO_TEST_CASE(sums_of_all_families_are_those_of_fractions_of_any_size) {
  const auto seed = seed_of_run();
  const char* sums_given = std::getenv("ZHIDA_SUMS");
  const std::int64_t wanted = sums_given != nullptr                  ? std::strtoll(sums_given, nullptr, 10)
                              : std::getenv("ZHIDA_LONG") != nullptr ? 20'000'000
                                                                     : ZHIDA_SUMS_USUAL;
  RandomItems random(seed);
  const auto day = RandomItems::day();
  std::vector<EnterpriseProfile> firms;
  for (int i = 0; i < 4000; ++i) firms.push_back(random.firm(day));
  std::map<std::string, std::int64_t> families;
  std::int64_t sums = 0, known = 0, wide = 0;
  while (sums < wanted) {
    const auto policy = random.sum();
    const auto json = to_json(policy);
    for (int i = 0; i < 100; ++i, ++sums) {
      const auto& firm = firms[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(firms.size())))];
      const auto ours = compute_amount(policy, firm);
      const auto expected = SecondEvaluator(json, firm, day).amount();
      const auto found = difference(ours, expected);
      if (!found.empty()) BOOST_FAIL("ZHIDA_SEED=" << seed << ": " << found << ": " << test::pair_text(policy, firm));
      // What engines and exports ask instead of reckoning.
      const auto needs = evaluate_clause(amount_needs(policy), Facts(policy, firm, day));
      if (needs != ours.verdict)
        BOOST_FAIL("ZHIDA_SEED=" << seed << ": the sum is " << to_text(ours.verdict) << ", what it needs "
                                 << to_text(needs) << ": " << test::pair_text(policy, firm));
      ++families[family_of(policy.amount)];
      known += ours.total.has_value();
      wide += expected.wide;
    }
  }
  BOOST_TEST_MESSAGE(sums << " sums of " << families.size() << " families, " << known << " known to the fen, " << wide
                          << " beyond 128 bits on the way");
  if (wanted >= 10'000) {
    BOOST_TEST(families.size() == amount_families().size());
    BOOST_TEST(known * 3 > sums);
    BOOST_TEST(wide * 20 < sums);
  }
}

}  // namespace zhida::matching
