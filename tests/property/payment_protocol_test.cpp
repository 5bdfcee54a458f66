// The payment protocol under random interleavings, repetitions, losses and restarts. Properties: P1 never paid twice,
// P2 at last paid once, P3 never more than there is, P4 order does not matter, P5 repetitions change nothing, P8 book
// and treasury agree, P10 one of two wins the last money, P11 a cut never goes below zero, P12 a closed day stays.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <iostream>

#include "property/payment_world.h"

namespace zhida::test {
namespace {

std::uint64_t seeds() {
  const char* wanted = std::getenv("ZHIDA_LONG");
  return wanted != nullptr && std::string(wanted) == "1" ? 10'000 : 15;
}

std::optional<std::uint64_t> one_seed() {
  const char* wanted = std::getenv("ZHIDA_SEED");
  if (wanted == nullptr) return std::nullopt;
  return std::strtoull(wanted, nullptr, 10);
}

std::optional<std::string> world(std::uint64_t seed, Mutant mutant) {
  PaymentWorld world(seed, mutant);
  if (auto broken = world.run(120)) return broken;
  if (auto broken = world.settle_down()) return broken;
  return world.replay_permuted();
}

/// All orders of some answers of one attempt lead to one end.
std::string end_of(const std::vector<Receipt>& answers) {
  MoneyScene scene;
  scene.appropriate("A1", 500'00);
  const CaseId id = scene.approved_case("91330502MA00000001", 100'00);
  const auto outcome = value_of(scene.request(id));
  for (Receipt receipt : answers) {
    receipt.business_no = outcome.business_no;
    value_of(scene.answer(receipt));
  }
  const auto balance = scene.balance("A1");
  BOOST_TEST(scene.problems().empty());
  return scene.state(id) + " " + scene.text("SELECT state FROM payment_attempt") + " " + balance.reserved.to_yuan() +
         " " + balance.spent.to_yuan() + " " + balance.returned_prior_year.to_yuan() + " " +
         std::to_string(scene.number("SELECT frozen FROM payment_attempt")) + " " +
         std::to_string(scene.number("SELECT returned_fen FROM payment_attempt"));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(payment_protocol)

BOOST_AUTO_TEST_CASE(every_benefit_is_paid_exactly_once_whatever_happens) {
  const auto only = one_seed();
  const std::uint64_t first = only.value_or(1), last = only.value_or(seeds());
  std::cout << "seeds " << first << " to " << last << std::endl;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const auto broken = world(seed, Mutant::none);
    BOOST_TEST(!broken.has_value(), "seed " << seed << ": " << broken.value_or(""));
  }
}

BOOST_AUTO_TEST_CASE(the_properties_notice_every_broken_rule) {
  for (const Mutant mutant :
       {Mutant::reissue_on_timeout, Mutant::release_on_timeout, Mutant::release_on_cancel, Mutant::not_found_is_no,
        Mutant::drop_early_return, Mutant::peer_forgets_numbers, Mutant::peer_forgets_cancels}) {
    std::optional<std::string> caught;
    for (std::uint64_t seed = 1; seed <= 60 && !caught; ++seed) {
      try {
        caught = world(seed, mutant);
      } catch (const std::exception& failure) {
        caught = std::string("the store refused: ") + failure.what();
      }
      if (caught) std::cout << to_text(mutant) << ": seed " << seed << ": " << *caught << std::endl;
    }
    BOOST_TEST(caught.has_value(), to_text(mutant) << " was not noticed");
  }
}

BOOST_AUTO_TEST_CASE(any_order_of_answers_leads_to_the_same_end) {
  const AttemptId any("x");
  auto paid = MoneyScene::receipt(any, AnswerState::paid, 100'00, "B1");
  auto whole = MoneyScene::receipt(any, AnswerState::returned, 100'00, "B2");
  auto part = MoneyScene::receipt(any, AnswerState::returned, 40'00, "B3");
  auto rest = MoneyScene::receipt(any, AnswerState::returned, 60'00, "B4");
  auto accepted = MoneyScene::receipt(any, AnswerState::accepted);
  auto later = MoneyScene::receipt(any, AnswerState::returned, 100'00, "B5", "2026-01-15");
  auto no = MoneyScene::receipt(any, AnswerState::sent_back);
  const std::vector<std::vector<Receipt>> sets = {
      {accepted, paid, whole}, {paid, part, rest}, {accepted, paid, part}, {accepted, paid, later}, {accepted, no, no}};
  for (const auto& set : sets) {
    std::vector<std::size_t> order(set.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    const std::string expected = end_of(set);
    do {
      std::vector<Receipt> answers;
      for (const std::size_t i : order) answers.push_back(set[i]);
      answers.push_back(set[order.front()]);  // And the first once more.
      BOOST_TEST(end_of(answers) == expected);
    } while (std::next_permutation(order.begin(), order.end()));
  }
}

BOOST_AUTO_TEST_CASE(of_two_that_race_for_the_last_money_one_wins) {
  MoneyScene scene;
  scene.appropriate("A1", 150'00);
  const CaseId a = scene.approved_case("91330502MA00000001", 100'00);
  const CaseId b = scene.approved_case("91330502MA00000002", 100'00);
  scene.recheck(a);
  scene.recheck(b);
  const auto fresh_a = scene.facts(a), fresh_b = scene.facts(b);
  const auto prepared = [&](const CaseId& id, const payment::FreshFacts& fresh) {
    return scene.must(
        [&](storage::Transaction& t) { return scene.payments.prepare(t, id, fresh, scene.book["IN-006"]); });
  };
  const auto first = prepared(a, fresh_a), second = prepared(b, fresh_b);
  const auto commit = [&](const payment::PreparedRequest& request, const payment::FreshFacts& fresh) {
    return scene.must([&](storage::Transaction& t) {
      return scene.payments.commit_request(t, request, "seal", fresh, scene.send(), scene.move());
    });
  };
  BOOST_TEST((commit(second, fresh_b).kind == payment::RequestOutcome::Kind::requested));
  const auto lost = commit(first, fresh_a);
  BOOST_TEST((lost.kind == payment::RequestOutcome::Kind::waits_for_budget));
  BOOST_TEST((lost.refusal == ledger::ReserveRefusal::exceeds_available));
  BOOST_TEST(scene.state(a) == "rechecking");
  BOOST_TEST(scene.state(b) == "requested");
  BOOST_TEST(scene.balance("A1").available.fen() == 50'00);
}

BOOST_AUTO_TEST_CASE(a_closed_day_keeps_its_numbers_and_late_answers_are_added) {
  MoneyScene scene;
  scene.appropriate("A1", 500'00);
  const CaseId a = scene.approved_case("91330502MA00000001", 100'00);
  scene.clock.set(value_of(parse_rfc3339("2025-11-20T09:00:00+08:00")));
  const auto outcome = value_of(scene.request(a));
  const Date day = value_of(Date::parse("2025-11-20"));
  const auto report = [&] {
    return scene.must([&](storage::Transaction& t) { return treasury::reconcile_day(t, day); });
  };
  const auto closed = report();
  BOOST_TEST(treasury::to_json(closed).dump() == treasury::to_json(report()).dump());
  scene.clock.advance(48h);
  value_of(scene.answer(MoneyScene::receipt(outcome.business_no, AnswerState::paid, 100'00, "B1")));
  const auto after = report();
  BOOST_TEST(after.balances.front().closing_reserved == closed.balances.front().closing_reserved);
  BOOST_TEST(after.balances.front().closing_available == closed.balances.front().closing_available);
  BOOST_TEST(after.lines.size() == 1u);
  BOOST_TEST(after.lines.front().result == "MATCHED");
  BOOST_TEST(after.agrees());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::test
