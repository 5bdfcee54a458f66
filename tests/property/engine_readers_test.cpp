// Readers and the writer of one partition at the same time: what a reader holds never changes under it.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <random>
#include <thread>

#include "stages/matching/engine/partition.h"

namespace zhida::matching::engine {
namespace {

Node leaf(Model& model, std::uint32_t column, std::vector<Range> ranges) {
  Atom atom;
  atom.column = column;
  atom.ranges = std::move(ranges);
  Node out;
  out.kind = Node::Kind::leaf;
  out.atom = model.atom(std::move(atom));
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_reader_sees_the_same_as_long_as_it_holds_its_snapshot) {
  Model model;
  const auto number = model.column("n", ValueKind::number);
  const auto flag = model.column("f", ValueKind::flag);
  for (int i = 0; i < 20; ++i) {
    Node all;
    all.kind = Node::Kind::all;
    all.children = {leaf(model, number, {{i * 10, INT64_MAX}}), leaf(model, flag, {{i % 2, i % 2}})};
    model.items.push_back(std::move(all));
  }
  // The pair "n below 0 and the flag set" is never written: every event sets both fields at once.
  Node never;
  never.kind = Node::Kind::all;
  never.children = {leaf(model, number, {{INT64_MIN, -1}}), leaf(model, flag, {{1, 1}})};
  model.items.push_back(std::move(never));

  constexpr std::size_t kRows = 9000;
  Table table(model.columns, kRows, 0);
  for (std::size_t row = 0; row < kRows; ++row) {
    table.set(row, number, {true, static_cast<std::int64_t>(row % 200), 0, 0});
    table.set(row, flag, {true, 1, 0, 0});
  }
  const auto path = best_path();
  Partition partition(compile(model, {}), std::move(table), path, 1);
  const auto never_item = static_cast<std::uint32_t>(model.items.size() - 1);

  std::atomic<bool> done{false};
  std::atomic<int> looked{0};
  std::atomic<int> wrong{0};
  std::thread reader([&] {
    Results once, again;
    while (!done || looked < 3) {
      const auto snapshot = partition.snapshot();
      run(*snapshot, path, 1, once);
      std::this_thread::yield();
      run(*snapshot, path, 1, again);
      for (std::uint32_t item = 0; item < model.items.size(); ++item)
        if (once.met(item) != again.met(item) || once.unknown(item) != again.unknown(item)) ++wrong;
      if (once.met(never_item) != 0) ++wrong;
      ++looked;
    }
  });
  std::mt19937_64 dice(1);
  std::vector<Diff> diffs;
  for (int event = 0; event < 4000; ++event) {
    const bool below = dice() % 2 == 0;
    const FieldUpdate both[] = {{number, {true, below ? -5 : static_cast<std::int64_t>(dice() % 200), 0, 0}},
                                {flag, {true, below ? 0 : 1, 0, 0}}};
    partition.apply(dice() % kRows, both, diffs);
    if (event % 50 == 0) partition.publish();
  }
  done = true;
  reader.join();
  BOOST_TEST(wrong == 0);
  BOOST_TEST(looked >= 3);
}

}  // namespace zhida::matching::engine
