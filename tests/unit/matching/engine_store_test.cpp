// How the engine keeps what it seldom looks at: values in few bits, names side by side.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "stages/matching/engine/names.h"
#include "stages/matching/engine/packed.h"
#include "stages/matching/engine/table.h"

namespace zhida::matching::engine {
namespace {

constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
constexpr auto kGreatest = std::numeric_limits<std::int64_t>::max();

using Values = std::vector<std::optional<std::int64_t>>;

PackedBlock packed_of(const Values& values) {
  std::vector<std::int64_t> numbers(kBlockRows, 77);  // What stands beside an unset bit does not matter.
  std::vector<std::uint64_t> known(kBlockWords);
  for (std::size_t row = 0; row < kBlockRows; ++row)
    if (values[row]) {
      numbers[row] = *values[row];
      known[row / 64] |= std::uint64_t{1} << (row % 64);
    }
  return PackedBlock(numbers.data(), known.data());
}

void require_holds(const PackedBlock& block, const Values& values, const std::string& who) {
  std::vector<std::int64_t> numbers(kBlockRows);
  std::vector<std::uint64_t> known(kBlockWords);
  block.unpack(numbers.data(), known.data());
  for (std::size_t row = 0; row < kBlockRows; ++row) {
    BOOST_REQUIRE_MESSAGE(block.get(row) == values[row], who << ", row " << row);
    BOOST_REQUIRE_MESSAGE((known[row / 64] >> (row % 64) & 1) == static_cast<std::uint64_t>(values[row].has_value()),
                          who << ", unpacked, row " << row);
    BOOST_REQUIRE_MESSAGE(!values[row] || numbers[row] == *values[row], who << ", unpacked, row " << row);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_packed_block_holds_whatever_is_put_into_it) {
  struct Span {
    const char* name;
    std::int64_t low, high;
  };
  const std::vector<Span> spans{{"flags", 0, 1},
                                {"one value", 5, 5},
                                {"days", 19'000, 21'000},
                                {"money", -1'000'000'000'000, 9'000'000'000'000'000},
                                {"the least numbers", kLeast, kLeast + 1},
                                {"the greatest numbers", kGreatest - 2, kGreatest},
                                {"half of all numbers", 0, kGreatest},
                                {"all numbers", kLeast, kGreatest}};
  std::mt19937_64 dice(17);
  for (const auto& span : spans) {
    std::uniform_int_distribution<std::int64_t> any(span.low, span.high);
    Values values(kBlockRows);
    for (auto& value : values)
      if (dice() % 3 != 0) value = any(dice);
    auto block = packed_of(values);
    require_holds(block, values, span.name);
    // Within the span, then farther and farther out.
    for (int i = 0; i < 300; ++i) {
      const auto row = dice() % kBlockRows;
      std::optional<std::int64_t> value;
      if (dice() % 4 != 0) value = any(dice);
      if (i > 200 && value)
        value = dice() % 2 == 0 ? static_cast<std::int64_t>(dice() >> (dice() % 60)) - 1
                                : -static_cast<std::int64_t>(dice() >> (1 + dice() % 60));
      block.set(row, value);
      values[row] = value;
      if (i % 50 == 49) require_holds(block, values, span.name);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_packed_block_takes_no_more_octets_than_its_values_need) {
  Values values(kBlockRows);
  BOOST_TEST(packed_of(values).bytes() == sizeof(PackedBlock));
  values[7] = 1'000'000;
  BOOST_TEST(packed_of(values).bytes() == sizeof(PackedBlock) + kBlockRows);
  values[9] = 1'000'254;
  BOOST_TEST(packed_of(values).bytes() == sizeof(PackedBlock) + kBlockRows);
  values[11] = 1'000'255;  // 256 distances, and none.
  BOOST_TEST(packed_of(values).bytes() == sizeof(PackedBlock) + 2 * kBlockRows);
}

BOOST_AUTO_TEST_CASE(a_falling_value_seldom_makes_a_block_wider) {
  PackedBlock block;
  std::size_t widened = 0;
  auto bytes = block.bytes();
  for (std::int64_t value = 0; value > -100'000; --value) {
    block.set(static_cast<std::size_t>(-value) % kBlockRows, value);
    if (block.bytes() != bytes) ++widened;
    bytes = block.bytes();
  }
  BOOST_TEST(block.get(99'999 % kBlockRows).value() == -99'999);
  BOOST_TEST(widened <= 3u);
}

BOOST_AUTO_TEST_CASE(a_packed_table_says_what_the_open_one_said) {
  const std::vector<ColumnSpec> columns{
      {"number", ValueKind::number}, {"text", ValueKind::text}, {"flag", ValueKind::flag}, {"none", ValueKind::number}};
  Table open(columns, 5'000, 100);
  std::mt19937_64 dice(3);
  const auto random_cell = [&](Table& table, std::size_t column) {
    Cell cell;
    cell.known = dice() % 4 != 0;
    if (!cell.known) return cell;
    cell.value = column == 1   ? std::int64_t{table.intern(1, "t" + std::to_string(dice() % 50))}
                 : column == 2 ? static_cast<std::int64_t>(dice() % 2)
                               : static_cast<std::int64_t>(dice() % 1'000) - 500;
    cell.as_of = static_cast<Day>(100 + (column == 0 ? dice() % 30 : 0));
    if (column == 2 && dice() % 2 == 0) cell.source = static_cast<std::uint8_t>(dice() % 7);
    return cell;
  };
  for (std::size_t row = 0; row < open.rows(); ++row)
    for (std::size_t column = 0; column < 3; ++column) open.set(row, column, random_cell(open, column));
  auto packed = open;
  packed.pack();
  const auto require_same = [&] {
    BOOST_REQUIRE_EQUAL(open.rows(), packed.rows());
    BOOST_REQUIRE_EQUAL(open.capacity(), packed.capacity());
    for (std::size_t row = 0; row < open.rows(); ++row)
      for (std::size_t column = 0; column < open.columns().size(); ++column) {
        const auto a = open.get(row, column), b = packed.get(row, column);
        BOOST_REQUIRE(a.known == b.known && (!a.known || a.value == b.value) && a.as_of == b.as_of &&
                      a.source == b.source);
      }
  };
  require_same();
  BOOST_TEST(packed.bytes() * 3 < open.bytes());
  // Changes, new rows and a new column are the same to both.
  open.add_column({"more", ValueKind::flag});
  packed.add_column({"more", ValueKind::flag});
  for (int i = 0; i < 6'000; ++i) {
    if (i % 2 == 0) {
      (void)open.append();
      (void)packed.append();
    }
    const auto row = dice() % open.rows();
    const auto column = dice() % 3;
    const auto cell = random_cell(open, column);
    open.set(row, column, cell);
    if (cell.known && column == 1)
      (void)packed.intern(1, open.column(1).dictionary[static_cast<std::size_t>(cell.value)]);
    packed.set(row, column, cell);
  }
  require_same();
}

BOOST_AUTO_TEST_CASE(names_of_any_length_are_found_again) {
  Names names[2];
  PlaceIndex places;
  const auto name_of = [&](Place place) { return names[place.shard][place.row]; };
  std::map<std::string, std::pair<std::uint32_t, std::uint32_t>> expected;
  std::mt19937_64 dice(5);
  BOOST_TEST(!places.find("", name_of));
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    auto name = std::to_string(dice() % 15'000);
    if (i % 5 != 0) name = "91330000" + std::string(10 - name.size(), 'M') + name;
    if (i % 500 == 0) name.insert(0, 1, '\0');
    const auto shard = i % 2;
    const Place place{shard, static_cast<std::uint32_t>(names[shard].size())};
    const bool fresh = expected.emplace(name, std::pair(place.shard, place.row)).second;
    if (fresh) names[shard].push_back(name);
    BOOST_REQUIRE_EQUAL(places.add(name, place, name_of), fresh);
  }
  BOOST_TEST(places.size() == expected.size());
  for (const auto& [name, place] : expected) {
    const auto found = places.find(name, name_of);
    BOOST_REQUIRE(found && found->shard == place.first && found->row == place.second);
    BOOST_REQUIRE(name_of(*found) == name);
  }
  BOOST_TEST(!places.find("nobody", name_of));
}

}  // namespace zhida::matching::engine
