#include "property/verdicts.h"

#include <boost/test/unit_test.hpp>

#include "stages/matching/engine/parallel.h"
#include "stages/matching/evaluate.h"

namespace zhida::test {

using namespace matching;

VerdictMatrix judged_by_scalar(std::span<const Policy> policies, std::span<const EnterpriseProfile> firms, Date day,
                               unsigned threads) {
  VerdictMatrix out(policies.size(), std::vector<Verdict>(firms.size()));
  engine::in_parallel(threads, [&](unsigned thread) {
    for (std::size_t row = thread; row < firms.size(); row += threads)
      for (std::size_t item = 0; item < policies.size(); ++item)
        out[item][row] = evaluate(policies[item], firms[row], day).verdict;
  });
  return out;
}

VerdictMatrix judged_by_engine(const engine::Snapshot& snapshot, engine::Path path, unsigned threads) {
  engine::Results results;
  engine::run(snapshot, path, threads, results);
  results.index();
  VerdictMatrix out(snapshot.plan->items(), std::vector<Verdict>(snapshot.rows, Verdict::not_met));
  for (std::uint32_t item = 0; item < out.size(); ++item) {
    std::uint64_t met = 0, unknown = 0;
    results.for_each(item, [&](std::size_t row, Verdict verdict) {
      out[item][row] = verdict;
      ++(verdict == Verdict::met ? met : unknown);
    });
    BOOST_REQUIRE_EQUAL(met, results.met(item));
    BOOST_REQUIRE_EQUAL(unknown, results.unknown(item));
  }
  return out;
}

std::string pair_text(const Policy& policy, const EnterpriseProfile& firm) {
  std::string out = "item " + to_json(policy).dump() + ", firm in " + firm.division;
  for (const auto& [name, state] : firm.fields) {
    out += " " + name + "=";
    out += state.value ? zhida::to_text(state.value->data) + " (" + state.value->as_of.to_string() + ", " +
                             state.value->source + ")"
                       : "unknown";
  }
  return out;
}

void require_same(std::span<const Policy> policies, std::span<const EnterpriseProfile> firms,
                  const VerdictMatrix& expected, const VerdictMatrix& found, const std::string& who) {
  for (std::size_t item = 0; item < expected.size(); ++item) {
    if (expected[item] == found[item]) continue;
    for (std::size_t row = 0; row < expected[item].size(); ++row)
      BOOST_REQUIRE_MESSAGE(expected[item][row] == found[item][row],
                            who << " says " << to_text(found[item][row]) << ", not " << to_text(expected[item][row])
                                << ": " << pair_text(policies[item], firms[row]));
  }
}

}  // namespace zhida::test
