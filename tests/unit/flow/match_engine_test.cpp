// With the matching engine and without it the same changes and days come to the same entitlements and cases; and so
// they do when the hub is killed in the middle.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <random>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include "flow/policy_book.h"
#include "stages/matching/policy_store.h"
#include "stages/profile/profile_store.h"
#include "unit/flow/scene.h"

namespace zhida::flow {
namespace {

using testing::Scene;
using testing::value_of;

constexpr int kSteps = 24, kFirms = 40;

/// What happens on one day of the stream.
struct Step {
  Date day;
  std::vector<ProfileOperation> operations;
};

std::string uscc_of(std::size_t firm) {
  const auto digits = std::to_string(100 + firm);
  return "91330502MA00000" + digits;
}

/// Firms whose values lie about the limits of the items, and change; days of which some are far apart.
std::vector<Step> stream_of(std::uint64_t seed, const std::vector<matching::Policy>& items,
                            const FieldCatalogue& catalogue) {
  std::mt19937_64 dice(seed);
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(dice() % limit); };
  std::map<std::string, std::vector<FieldData>> asked;
  for (const auto& item : items) {
    for (const auto& field : matching::fields_of(item)) asked[field];
    matching::for_each_clause_of(item, [&](const matching::Clause& clause) {
      auto& operands = asked[clause.field];
      operands.insert(operands.end(), clause.operands.begin(), clause.operands.end());
    });
  }
  std::vector<std::string> names;
  for (const auto& [name, operands] : asked)
    if (const auto* spec = catalogue.find(name); spec != nullptr && spec->derived_by.empty()) names.push_back(name);
  const auto data_of = [&](const FieldSpec& spec, Date day) -> FieldData {
    const auto& operands = asked[spec.name];
    const auto* operand = operands.empty() ? nullptr : &operands[below(operands.size())];
    switch (spec.type) {
      case FieldType::boolean:
        return below(4) != 0;
      case FieldType::date:
        return day.plus_days(-static_cast<int>(below(900)));
      case FieldType::integer:
      case FieldType::money_fen:
      case FieldType::rate_ppm: {
        const auto* number = operand == nullptr ? nullptr : std::get_if<std::int64_t>(operand);
        return (number == nullptr ? 100'000 : *number) + static_cast<std::int64_t>(below(3)) - 1;
      }
      case FieldType::text:
      case FieldType::code:
        break;
    }
    const auto* text = operand == nullptr ? nullptr : std::get_if<std::string>(operand);
    return text == nullptr ? std::string("其他") : *text;
  };
  std::vector<Step> steps;
  auto day = value_of(Date::parse("2025-11-03"));
  for (int number = 0; number < kSteps; ++number) {
    Step step;
    step.day = day;
    const auto put = [&](std::size_t firm, const std::string& field) {
      ProfileOperation operation;
      operation.source = "tax";
      operation.record_type = "dice";
      operation.record_key = field;
      operation.uscc = uscc_of(firm);
      operation.facts.name = "企业" + std::to_string(firm);
      operation.facts.name_rank = 1;
      operation.facts.division = firm % 3 == 0 ? "330503" : "330502";
      operation.facts.division_rank = 1;
      operation.as_of = day.plus_days(-static_cast<int>(below(200)));
      operation.trace_id = "trace";
      FieldChange change;
      change.field = field;
      if (below(12) != 0) change.data = data_of(*catalogue.find(field), day);
      operation.changes.push_back(std::move(change));
      step.operations.push_back(std::move(operation));
    };
    if (number % 6 == 0) {
      // Firms that come; some only now.
      for (std::size_t firm = static_cast<std::size_t>(number) / 6; firm < kFirms; firm += 4)
        for (const auto& name : names)
          if (below(6) != 0) put(firm, name);
    } else {
      for (std::size_t i = below(8); i > 0; --i) put(below(kFirms), names[below(names.size())]);
    }
    if (number % 10 == 7) {
      for (const auto& [name, spec] : catalogue.all()) {
        if (spec.covered_by.empty() || below(2) == 0) continue;
        ProfileOperation cover;
        cover.kind = ProfileOperation::Kind::cover;
        cover.source = "tax";
        cover.record_type = "dice.list";
        cover.list_id = spec.covered_by;
        cover.as_of = day;
        step.operations.push_back(std::move(cover));
        break;
      }
    }
    steps.push_back(std::move(step));
    day = day.plus_days(below(3) == 0 ? 1 + static_cast<int>(below(40)) : static_cast<int>(below(3)));
  }
  return steps;
}

/// One hub's files; hubs come and go on them.
class Town {
 public:
  Town(bool engine, unsigned threads) : engine_(engine), threads_(threads) {
    namespace fs = std::filesystem;
    for (const auto* name : {"first", "second"})
      fs::copy(std::string(ZHIDA_SOURCE_DIR) + "/mappings", folder_.file(name), fs::copy_options::recursive);
    // The second half of the stream is under other items: some are new, one goes, one has another title.
    publish("first", "[HR-001, HR-006, IN-001, IN-005, IN-006, IN-012, TX-005]");
    publish("second", "[HR-001, HR-006, HR-018, IN-001, IN-005, IN-007, IN-012, IN-023, TX-005]");
    auto text = value_of(read_file(folder_.file("second/policies/IN-001.yaml")));
    text.replace(text.find("title: "), 7, "title: 新版");
    folder_.write("second/policies/IN-001.yaml", text);
  }

  std::unique_ptr<Scene> open(int step) {
    auto scene = std::make_unique<Scene>([&](HubConfig& config) {
      config.database.url = "sqlite://" + folder_.file("hub.db");
      config.clock_file = folder_.file("clock");
      config.mappings_folder = folder_.file(step < kSteps / 2 ? "first" : "second");
      config.matching = {engine_, threads_};
    });
    return scene;
  }
  void set_clock(Date day) {
    folder_.write("clock.new", day.to_string() + "T09:00:00+08:00\n");
    std::filesystem::rename(folder_.file("clock.new"), folder_.file("clock"));
  }

  /// From one step to before another; `done` hears of each that is finished.
  void run(const std::vector<Step>& steps, int from, int to, const std::function<void(int)>& done) {
    set_clock(steps[static_cast<std::size_t>(from)].day);
    const auto scene = open(from);
    value_of(scene->hub->start());
    for (int number = from; number < to; ++number) {
      const auto& step = steps[static_cast<std::size_t>(number)];
      set_clock(step.day);
      apply(*scene, step);
      wait_until_idle(*scene, step.day);
      done(number);
    }
    // A hub that had nothing to do may come to rest before its engine is read.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    do {
      state = scene->hub->matching_state();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    } while (engine_ && state.phase != MatchIndexState::Phase::ready && std::chrono::steady_clock::now() < deadline);
    entitlements = scene->text(
        "SELECT uscc || ' ' || policy_id || ' ' || substr(policy_version, 1, 6) || ' ' || verdict || ' ' || "
        "coalesce(amount_fen, 'none') || ' ' || tranches || ' ' || channel || ' ' || division FROM entitlement ORDER "
        "BY "
        "uscc, policy_id");
    cases = scene->text(
        "SELECT uscc || ' ' || policy_id || ' ' || tranche || ' ' || period || ' ' || substr(policy_version, 1, 6) || "
        "' ' || state || ' ' || coalesce(amount_fen, 'none') || ' ' || coalesce(due_on, '') FROM benefit_case ORDER BY "
        "uscc, policy_id, period, tranche");
    scene->hub->stop();
  }

  test::TempFolder& folder() { return folder_; }

  MatchIndexState state;
  std::string entitlements, cases;

 private:
  void publish(const std::string& half, const std::string& items) {
    const auto path = half + "/policies/parameters.yaml";
    auto text = value_of(read_file(folder_.file(path)));
    const auto begin = text.find("\npublish: ") + 10;
    text.replace(begin, text.find('\n', begin) - begin, items);
    folder_.write(path, text);
  }

  static void apply(const Scene& scene, const Step& step) {
    const auto& rooms = scene.hub->rooms();
    value_of(commit(rooms.writer, "source", {}, [&](storage::Transaction& transaction) -> Result<void> {
      const auto merged = TRY(profile::apply(transaction, step.operations, rooms.rules, rooms.clock.now()));
      if (!merged.coverage_changed) return ok();
      const auto wanted = TRY(matching::read_match_cursor(transaction, kRoundsWanted));
      return matching::save_match_cursor(transaction, kRoundsWanted, wanted + 1);
    }));
  }

  static void wait_until_idle(const Scene& scene, Date day) {
    const auto cursor = [](const std::string& name) {
      return "(SELECT coalesce(max(sequence), 0) FROM match_cursor WHERE name = '" + name + "')";
    };
    const auto done = "SELECT CASE WHEN " + cursor("profiles") +
                      " = (SELECT coalesce(max(sequence), 0) FROM profile_change) AND " + cursor("matched_day") +
                      " = " + std::to_string(day.days().time_since_epoch().count()) + " AND " +
                      cursor("rounds_wanted") + " = " + cursor("rounds_done") + " AND " + cursor("item_rounds_wanted") +
                      " = " + cursor("item_rounds_done") + " AND " + cursor("item_rounds_written") + " = " +
                      cursor("item_rounds_done") + " THEN 1 ELSE 0 END";
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
    for (;;) {
      const auto waiting = scene.hub->waiting();
      if (waiting.match == 0 && waiting.cases == 0 && waiting.writer == 0 && scene.number(done) == 1) return;
      if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("The hub does not come to rest.");
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  test::TempFolder folder_;
  bool engine_;
  unsigned threads_;
};

std::uint64_t seed_of_run() {
  const char* given = std::getenv("ZHIDA_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::uint64_t{std::random_device{}()};
}

std::vector<Step> stream_of(std::uint64_t seed, Town& town) {
  town.set_clock(value_of(Date::parse("2025-11-03")));
  const auto scene = town.open(kSteps);
  return stream_of(seed, *scene->hub->rooms().policies.all().items(), scene->hub->rooms().rules.catalogue);
}

void run_both_halves(Town& town, const std::vector<Step>& steps) {
  town.run(steps, 0, kSteps / 2, [](int) {});
  town.run(steps, kSteps / 2, kSteps, [](int) {});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(match_engine)

BOOST_AUTO_TEST_CASE(with_the_engine_and_without_it_the_same_comes_of_the_same_changes_and_days) {
  (void)testing::certificates();
  const auto seed = seed_of_run();
  BOOST_TEST_MESSAGE("ZHIDA_SEED=" << seed);
  Town without(false, 0), with(true, 2), killed(true, 1);
  const auto steps = stream_of(seed, without);

  // Killed at any moment, again and again, before this process has threads of its own.
  std::mt19937_64 dice(seed);
  const auto progress = killed.folder().file("progress");
  const auto next_step = [&] {
    const auto written = read_file(progress);
    return written ? std::stoi(written.value()) : 0;
  };
  int kills = 0;
  while (next_step() < kSteps) {
    const int from = next_step(), to = from < kSteps / 2 ? kSteps / 2 : kSteps;
    const pid_t child = ::fork();
    if (child == 0) {
      ::setenv("TMPDIR", killed.folder().path().c_str(), 1);  // What it leaves behind goes with the folder.
      try {
        killed.run(steps, from, to, [&](int step) {
          killed.folder().write("progress.new", std::to_string(step + 1));
          std::filesystem::rename(killed.folder().file("progress.new"), progress);
        });
      } catch (const std::exception& fault) {
        std::fprintf(stderr, "%s\n", fault.what());
        ::_exit(1);
      }
      ::_exit(0);
    }
    BOOST_REQUIRE(child > 0);
    // The last lives are left to come to their end.
    if (kills < 10) {
      std::this_thread::sleep_for(std::chrono::milliseconds(200 + dice() % 2500));
      ::kill(child, SIGKILL);
      ++kills;
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    BOOST_REQUIRE((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
  }
  killed.run(steps, kSteps - 1, kSteps, [](int) {});

  run_both_halves(without, steps);
  run_both_halves(with, steps);
  BOOST_TEST(!without.entitlements.empty());
  BOOST_TEST(!without.cases.empty());
  BOOST_TEST((with.entitlements == without.entitlements), "seed " << seed << "\n"
                                                                  << with.entitlements << "\n\n"
                                                                  << without.entitlements);
  BOOST_TEST((with.cases == without.cases), "seed " << seed << "\n" << with.cases << "\n\n" << without.cases);
  BOOST_TEST((killed.entitlements == without.entitlements), "seed " << seed << "\n"
                                                                    << killed.entitlements << "\n\n"
                                                                    << without.entitlements);
  BOOST_TEST((killed.cases == without.cases), "seed " << seed << "\n" << killed.cases << "\n\n" << without.cases);
  BOOST_TEST((without.state.phase == MatchIndexState::Phase::off));
  for (const auto* town : {&with, &killed}) {
    BOOST_TEST((town->state.phase == MatchIndexState::Phase::ready));
    BOOST_TEST(town->state.disagreements == 0);
    BOOST_TEST(town->state.firms == kFirms);
  }
  BOOST_TEST(with.state.loads == 1);
  BOOST_TEST(with.state.surveys > 0);
  // Days that concern a few firms look at a few.
  BOOST_TEST(with.state.firms_looked < with.state.surveys * kFirms);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::flow
