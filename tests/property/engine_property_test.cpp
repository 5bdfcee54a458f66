// Random items and firms: the scalar evaluator, a plain row walk, the engine with each set of instructions and the path
// of single events must say the same of every pair. ZHIDA_SEED=n repeats a run, ZHIDA_PAIRS=n and ZHIDA_LONG=1 make it
// longer.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <sstream>

#include "property/random_items.h"
#include "property/verdicts.h"
#include "stages/matching/engine/firms.h"
#include "stages/matching/engine/lower.h"
#include "stages/matching/engine/partition.h"
#include "stages/matching/evaluate.h"
#include "support/naive_match.h"

namespace zhida::matching {
namespace {

using test::RandomItems;

constexpr unsigned kThreads = 2;

using Matrix = test::VerdictMatrix;

struct Scene {
  std::vector<Policy> policies;
  std::vector<EnterpriseProfile> firms;
  Date day;
  std::string seed;

  std::string pair(std::size_t item, std::size_t row) const {
    return seed + ", " + test::pair_text(policies[item], firms[row]);
  }

  Matrix judged_by_scalar() const { return test::judged_by_scalar(policies, firms, day, kThreads); }
};

void require_same(const Scene& scene, const Matrix& expected, const Matrix& found, const std::string& who) {
  test::require_same(scene.policies, scene.firms, expected, found, scene.seed + ", " + who);
}

/// The snapshot run with each set of instructions.
void require_every_path(const Scene& scene, const Matrix& expected, const engine::Snapshot& snapshot,
                        const std::string& who) {
  for (const auto path : engine::available_paths())
    require_same(scene, expected, test::judged_by_engine(snapshot, path, 1), who + ", " + engine::to_text(path));
}

void require_naive(const Scene& scene, const Matrix& expected, const engine::Table& table) {
  const test::NaiveRows rows(table, 0, table.rows());
  Matrix found(expected.size(), std::vector<Verdict>(table.rows()));
  for (std::size_t item = 0; item < expected.size(); ++item) {
    if (!RandomItems::columns_say_all(scene.policies[item])) {
      found[item] = expected[item];
      continue;
    }
    const test::NaiveItem naive(scene.policies[item], table, scene.day);
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const int said = naive.judge(rows.value(row), rows.is_known(row), rows.day(row));
      found[item][row] = said == 0 ? Verdict::not_met : said == 1 ? Verdict::met : Verdict::unknown;
    }
  }
  require_same(scene, expected, found, "the plain row walk");
}

/// Applies diffs to a matrix; each must start from what is there.
void follow(const Scene& scene, Matrix& matrix, const std::vector<engine::Diff>& diffs) {
  for (const auto& diff : diffs) {
    auto& verdict = matrix[diff.item][diff.row];
    if (verdict != diff.before || diff.before == diff.after)  // The text of a pair takes longer than to judge it.
      BOOST_FAIL("an event says " << to_text(diff.before) << " became " << to_text(diff.after) << " where "
                                  << to_text(verdict) << " was: " << scene.pair(diff.item, diff.row));
    verdict = diff.after;
  }
}

/// Another day, as the hub does it: the firms whose turn has come are asked anew, everything else the engine knows.
void go_on(Scene& scene, engine::Lowering& lowering, engine::Partition& partition, Date day,
           std::vector<engine::Diff>& diffs) {
  std::vector<std::size_t> due;
  for (std::size_t row = 0; row < scene.firms.size(); ++row)
    if (const auto turn = lowering.turn(scene.firms[row]); turn && *turn <= day) due.push_back(row);
  scene.day = day;
  lowering.move_to(day);
  partition.advance(static_cast<engine::Day>(day.days().time_since_epoch().count()), diffs);
  const auto intern = [&](std::uint32_t column, std::string_view text) { return partition.intern(column, text); };
  for (const auto row : due) partition.apply(row, lowering.cells_of(scene.firms[row], intern), diffs);
}

std::int64_t pairs_of(const Scene& scene) {
  return static_cast<std::int64_t>(scene.policies.size() * scene.firms.size());
}

/// One town; how many pairs the scalar evaluator and all the others judged alike.
std::int64_t one_round(std::uint64_t seed, std::size_t items, std::size_t firms, bool columns_only) {
  RandomItems random(seed);
  Scene scene;
  scene.seed = "ZHIDA_SEED=" + std::to_string(seed);
  scene.day = RandomItems::day();
  for (std::size_t i = 0; i < items; ++i) scene.policies.push_back(random.policy(columns_only));
  for (std::size_t i = 0; i < firms; ++i) scene.firms.push_back(random.firm(scene.day));

  engine::Lowering lowering(scene.policies, scene.day);
  auto table = lowering.table_of(scene.firms);
  {
    // Kept in the order of regions, as the engine likes it.
    const engine::Table* tables[] = {&table};
    const auto order = engine::order_of(*engine::compile(lowering.model(), tables), table);
    table.reorder(order);
    std::vector<EnterpriseProfile> ordered;
    for (const auto row : order) ordered.push_back(scene.firms[row]);
    scene.firms = std::move(ordered);
  }
  const engine::Table* tables[] = {&table};
  const auto plan = engine::compile(lowering.model(), tables);
  auto matrix = scene.judged_by_scalar();
  auto pairs = pairs_of(scene);
  require_naive(scene, matrix, table);
  const auto paths = engine::available_paths();
  for (const auto path : paths) {
    // Each codes for itself, too.
    const engine::Partition partition(plan, table, path, kThreads);
    require_same(scene, matrix,
                 test::judged_by_engine(*partition.snapshot(), path, path == paths.back() ? kThreads : 1),
                 std::string("the engine, ") + engine::to_text(path));
  }

  // Events.
  const auto path = paths[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(paths.size())))];
  engine::Partition partition(plan, std::move(table), path, kThreads);
  if (random.chance(50)) partition.pack_values();
  const auto first = partition.snapshot();
  const auto before = matrix;
  const auto intern = [&](std::uint32_t column, std::string_view text) { return partition.intern(column, text); };
  std::vector<engine::Diff> diffs;
  std::vector<std::size_t> touched;
  for (int event = 0; event < 400; ++event) {
    const auto row = static_cast<std::size_t>(random.below(static_cast<std::int64_t>(scene.firms.size())));
    auto& firm = scene.firms[row];
    random.change(firm, scene.day);
    diffs.clear();
    partition.apply(row, lowering.cells_of(firm, intern), diffs);
    follow(scene, matrix, diffs);
    touched.push_back(row);
    if (event % 100 == 50) partition.publish();
  }
  // New firms, and firms that go.
  for (int i = 0; i < 3; ++i) {
    scene.firms.push_back(random.firm(scene.day));
    diffs.clear();
    const auto row = partition.add(lowering.cells_of(scene.firms.back(), intern), diffs);
    BOOST_REQUIRE_EQUAL(row + 1, scene.firms.size());
    for (auto& verdicts : matrix) verdicts.push_back(Verdict::not_met);
    follow(scene, matrix, diffs);
    touched.push_back(row);
  }
  partition.publish();
  for (const auto row : touched)
    for (std::size_t item = 0; item < scene.policies.size(); ++item)
      if (matrix[item][row] != evaluate(scene.policies[item], scene.firms[row], scene.day).verdict)
        BOOST_FAIL("events left it " << to_text(matrix[item][row]) << ": " << scene.pair(item, row));
  require_same(scene, matrix, test::judged_by_engine(*partition.snapshot(), path, kThreads), "the engine after events");
  require_same(scene, before, test::judged_by_engine(*first, path, 1), "a reader of the first snapshot");

  // Further items over the same firms.
  std::vector<Policy> more;
  for (int i = 0; i < 5; ++i) more.push_back(random.policy(columns_only));
  lowering.add(more);
  scene.policies.insert(scene.policies.end(), more.begin(), more.end());
  {
    const engine::Table* now[] = {&partition.table()};
    partition.replace_plan(engine::compile(lowering.model(), now));
    // Columns that the new items brought are filled like a change of every firm.
    for (std::size_t row = 0; row < scene.firms.size(); ++row) {
      diffs.clear();
      partition.apply(row, lowering.cells_of(scene.firms[row], intern), diffs);
    }
    partition.publish();
  }
  matrix = scene.judged_by_scalar();
  require_every_path(scene, matrix, *partition.snapshot(), "the engine with further items");
  pairs += pairs_of(scene);

  // The calendar: what is only old enough, or only now in force, changes without any event from outside.
  for (const int days : {1, 9, 40}) {
    diffs.clear();
    go_on(scene, lowering, partition, scene.day.plus_days(days), diffs);
    follow(scene, matrix, diffs);
    require_same(scene, scene.judged_by_scalar(), matrix, "the calendar");
    partition.publish();
    require_every_path(scene, matrix, *partition.snapshot(), "the engine on a later day");
    pairs += pairs_of(scene);
  }
  return pairs;
}

/// Two years, day by day; every day some firms change, so that not everything grows old.
std::int64_t two_years(std::uint64_t seed, std::size_t items, std::size_t firms) {
  RandomItems random(seed);
  Scene scene;
  scene.seed = "ZHIDA_SEED=" + std::to_string(seed);
  scene.day = RandomItems::day();
  for (std::size_t i = 0; i < items; ++i) scene.policies.push_back(random.policy(i % 2 == 0));
  for (std::size_t i = 0; i < firms; ++i) scene.firms.push_back(random.firm(scene.day));
  engine::Lowering lowering(scene.policies, scene.day);
  auto table = lowering.table_of(scene.firms);
  const engine::Table* tables[] = {&table};
  const auto plan = engine::compile(lowering.model(), tables);
  engine::Partition partition(plan, std::move(table), engine::best_path(), 1);
  if (random.chance(50)) partition.pack_values();
  const auto intern = [&](std::uint32_t column, std::string_view text) { return partition.intern(column, text); };
  auto matrix = scene.judged_by_scalar();
  std::int64_t pairs = 0;
  std::vector<engine::Diff> diffs;
  for (int day = 0; day < 730; ++day) {
    diffs.clear();
    go_on(scene, lowering, partition, scene.day.plus_days(1), diffs);
    for (int i = 0; i < 3; ++i) {
      const auto row = static_cast<std::size_t>(random.below(static_cast<std::int64_t>(scene.firms.size())));
      random.change(scene.firms[row], scene.day);
      partition.apply(row, lowering.cells_of(scene.firms[row], intern), diffs);
    }
    // A pair may change twice on one day: by the calendar, then by the firm's own change.
    follow(scene, matrix, diffs);
    partition.publish();
    require_same(scene, scene.judged_by_scalar(), matrix, "day by day");
    if (day % 50 == 49)
      require_same(scene, matrix, test::judged_by_engine(*partition.snapshot(), engine::best_path(), 1),
                   "readers, day by day");
    pairs += pairs_of(scene);
  }
  return pairs;
}

}  // namespace

BOOST_AUTO_TEST_CASE(two_years_day_by_day_are_judged_as_by_the_scalar_evaluator) {
  const char* given = std::getenv("ZHIDA_SEED");
  std::mt19937_64 dice(given != nullptr ? std::strtoull(given, nullptr, 10) : std::uint64_t{std::random_device{}()});
  const int towns = std::getenv("ZHIDA_LONG") != nullptr ? 100 : 2;  // Of two towns, one has windows in months.
  std::int64_t pairs = 0;
  for (int i = 0; i < towns; ++i)
    pairs += two_years(given != nullptr && i == 0 ? std::strtoull(given, nullptr, 10) : dice(), 40, 40);
  BOOST_TEST_MESSAGE(pairs << " pairs, 0 disagreements");
}

// What a hub holds: firms come at the start and later, days pass, items change.
BOOST_AUTO_TEST_CASE(a_hub_s_firms_have_the_evaluator_s_verdicts_through_days_changes_and_other_items) {
  const char* given = std::getenv("ZHIDA_SEED");
  const auto seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::uint64_t{std::random_device{}()};
  RandomItems random(seed);
  std::vector<Policy> items;
  const auto new_item = [&](bool columns_only) {
    auto item = random.policy(columns_only);
    item.version = "v" + std::to_string(items.size()) + std::to_string(random.below(1'000'000));
    return item;
  };
  for (int i = 0; i < 40; ++i) items.push_back(new_item(i % 3 != 0));
  auto day = RandomItems::day();
  std::map<std::string, EnterpriseProfile> known;
  const auto new_firm = [&] {
    auto firm = random.firm(day);
    firm.uscc = "F" + std::to_string(known.size());
    if (random.chance(50)) firm.uscc += std::string(18 - firm.uscc.size(), 'X');  // As long as a real one.
    return known.emplace(firm.uscc, firm).first->second;
  };
  const auto build = [&] {
    auto firms = std::make_unique<engine::Firms>(items, day, kThreads);
    engine::Firms::Batch one(*firms, 10), other(*firms, 10);
    for (const auto& [uscc, firm] : known) (random.chance(50) ? one : other).add(firm);
    firms->take(std::move(one));
    firms->take(std::move(other));
    return firms;
  };
  for (int i = 0; i < 300; ++i) (void)new_firm();
  auto firms = build();
  int rebuilt = 0, replaced = 0;
  for (int step = 0; step < 120; ++step) {
    if (random.chance(70)) {
      day = day.plus_days(static_cast<int>(random.below(20)));
      for (const auto& uscc : firms->move_to(day)) firms->put(known.at(uscc));
    }
    for (auto i = random.below(6); i > 0; --i) {
      auto firm = std::next(known.begin(), random.below(static_cast<std::int64_t>(known.size())));
      random.change(firm->second, day);
      firms->put(firm->second);
    }
    if (random.chance(30)) firms->put(new_firm());
    if (step % 8 == 7) {
      // An item goes, one has other limits or comes anew.
      items.erase(items.begin() + random.below(static_cast<std::int64_t>(items.size())));
      items.insert(items.begin() + random.below(static_cast<std::int64_t>(items.size())), new_item(random.chance(80)));
      if (random.chance(50)) items.push_back(new_item(true));
      if (firms->replace(items)) {
        ++replaced;
      } else {
        ++rebuilt;
        firms = build();
      }
      BOOST_REQUIRE(firms->has_items(items));
    }
    firms->publish();
    std::vector<std::set<std::string>> met(items.size());
    std::vector<std::vector<Verdict>> expected(items.size());
    for (const auto& [uscc, firm] : known) {
      std::vector<Verdict> said;
      BOOST_REQUIRE(firms->verdicts(uscc, said));
      for (std::size_t item = 0; item < items.size(); ++item) {
        const auto verdict = evaluate(items[item], firm, day).verdict;
        BOOST_REQUIRE_MESSAGE(said[item] == verdict, "ZHIDA_SEED=" << seed << " " << uscc << " " << to_text(said[item])
                                                                   << ", not " << to_text(verdict) << ": "
                                                                   << to_json(items[item]).dump());
        expected[item].push_back(verdict);
        if (verdict == Verdict::met) met[item].insert(uscc);
      }
    }
    const engine::Firms::Survey survey(*firms);
    for (std::uint32_t item = 0; item < items.size(); item += 7) {
      // Some of what is stored is out of date.
      std::vector<engine::Firms::Survey::Stored> stored;
      std::set<std::string> wrong, found, found_met;
      std::size_t at = 0;
      for (const auto& [uscc, firm] : known) {
        const auto verdict = expected[item][at++];
        const auto kept = random.chance(90) ? verdict : static_cast<Verdict>(random.below(3));
        if (kept != verdict) wrong.insert(uscc);
        if (kept != Verdict::not_met) stored.push_back({uscc, kept});
      }
      survey.add_differing(item, stored, found);
      survey.add_met(item, found_met);
      BOOST_REQUIRE_MESSAGE(found == wrong, "ZHIDA_SEED=" << seed);
      BOOST_REQUIRE_MESSAGE(found_met == met[item], "ZHIDA_SEED=" << seed);
    }
  }
  BOOST_TEST_MESSAGE("seed " << seed << ": items replaced " << replaced << " times, all built anew " << rebuilt);
}

BOOST_AUTO_TEST_CASE(every_way_of_judging_a_pair_says_the_same) {
  const char* given = std::getenv("ZHIDA_SEED");
  const char* pairs_given = std::getenv("ZHIDA_PAIRS");
  const auto seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::uint64_t{std::random_device{}()};
  const std::int64_t wanted = pairs_given != nullptr                 ? std::strtoll(pairs_given, nullptr, 10)
                              : std::getenv("ZHIDA_LONG") != nullptr ? 1'000'000'000
                                                                     : 10'000'000;
  std::int64_t pairs = 0, said = 0;
  int rounds = 0;
  std::mt19937_64 dice(seed);
  for (auto next = seed; pairs < wanted; next = dice(), ++rounds) {
    const std::size_t items = 60 + dice() % 200;
    const std::size_t firms = rounds % 4 == 0 ? 1 + dice() % 600 : 4000 + dice() % 6000;
    pairs += one_round(next, items, firms, rounds % 2 == 0);
    if (given != nullptr && pairs_given == nullptr) {
      ++rounds;
      break;  // A town that failed, once more.
    }
    if (pairs - said >= 50'000'000) {  // A long run lets see where it is.
      said = pairs;
      BOOST_TEST_MESSAGE("seed " << seed << ": " << pairs << " of " << wanted << " pairs in " << rounds + 1
                                 << " towns");
    }
  }
  BOOST_TEST_MESSAGE("seed " << seed << ": " << pairs << " pairs in " << rounds << " towns, 0 disagreements");
}

}  // namespace zhida::matching
