// The profiles of a partition as typed columns: what people and explanations see, and what codes are made from. Cold.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "stages/matching/engine/model.h"
#include "stages/matching/engine/packed.h"

namespace zhida::matching::engine {

/// One value of one firm. Texts are ids of the column's dictionary.
struct Cell {
  bool known = false;
  std::int64_t value = 0;  ///< Number, id of a text, 0 or 1.
  Day as_of = 0;
  std::uint8_t source = 0;
};

/// One writer; readers while nobody writes. A table is open while it is filled and coded: plain vectors. Packed, it
/// takes about a third of that, and is still read and written a value at a time.
class Table {
 public:
  /// Open, a number is a value and a known bit; a text is an id, 0 for none; a flag is 0 unknown, 1 no, 2 yes.
  struct Column {
    ColumnSpec spec;
    std::vector<std::int64_t> numbers;
    std::vector<std::uint64_t> known;  ///< Numbers only, a bit a row.
    std::vector<std::uint32_t> texts;
    std::vector<std::uint8_t> flags;
    std::vector<Day> as_of;             ///< Absent until a cell says otherwise than `default_as_of`.
    std::vector<std::uint8_t> sources;  ///< Absent until a cell has one.
    /// Packed, by block: values; days other than `default_as_of`, and sources other than 0, absent like the above.
    std::vector<PackedBlock> packed, packed_days, packed_sources;
    std::vector<std::string> dictionary{std::string()};
    std::unordered_map<std::string, std::uint32_t> ids;
  };

  Table() = default;
  /// All cells unknown. Values are as of `default_as_of` unless they say otherwise.
  Table(std::vector<ColumnSpec> columns, std::size_t rows, Day default_as_of);

  std::size_t rows() const { return rows_; }
  /// Rows that there is room for: whole blocks, so that whoever reads a block may read all of it.
  std::size_t capacity() const { return capacity_; }
  const std::vector<Column>& columns() const { return columns_; }
  Column& column(std::size_t number) { return columns_[number]; }
  const Column& column(std::size_t number) const { return columns_[number]; }

  /// The id of a text, known to the column from now on.
  std::uint32_t intern(std::size_t column, std::string_view text);
  void set(std::size_t row, std::size_t column, const Cell& cell);
  Cell get(std::size_t row, std::size_t column) const;
  Day as_of(std::size_t row, std::size_t column) const;
  /// What as_of() says once the cell is set.
  Day as_of(const Cell& cell) const { return cell.known ? cell.as_of : default_as_of_; }
  /// The values of the block that begins with this row, kBlockRows of them, and kBlockWords words of known bits.
  void read_block(std::size_t row, std::size_t column, std::int64_t* values, std::uint64_t* known) const;
  void read_days(std::size_t row, std::size_t column, std::int64_t* days) const;
  /// Asks for the memory of one value ahead of its use.
  void prefetch(std::size_t row, std::size_t column) const;

  /// One more row, all unknown; its number.
  std::size_t append();
  void add_column(ColumnSpec spec);
  /// Writes what set() only took note of: before blocks are read.
  void settle();
  /// Row `i` becomes what row `order[i]` was. Open tables only.
  void reorder(std::span<const std::uint32_t> order);
  /// From open to packed, for good.
  void pack();
  bool is_packed() const { return packed_; }
  /// Octets of values, known bits, days and sources.
  std::size_t bytes() const;
  /// About how many octets the texts take, each of which is kept once.
  std::size_t text_bytes() const;

 private:
  void resize(Column& column) const;
  void pack(Column& column) const;
  void put_packed(Column& column, std::size_t row, const Cell& cell) const;

  /// A packed cell that is to be written: its memory was asked for, nobody waits for it.
  struct Late {
    std::size_t row = 0;
    std::uint32_t column = 0;
    Cell cell;
  };
  static constexpr std::size_t kLateMax = 16;
  const Late* late(std::size_t row, std::size_t column) const;

  std::vector<Column> columns_;
  std::size_t rows_ = 0, capacity_ = 0;
  Day default_as_of_ = 0;
  bool packed_ = false;
  std::vector<Late> late_;  // In the order of their coming.
};

}  // namespace zhida::matching::engine
