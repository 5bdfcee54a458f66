// Typed values to codes: a whole block, one column of it, one firm.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "stages/matching/engine/kernels.h"
#include "stages/matching/engine/plan.h"
#include "stages/matching/engine/table.h"

namespace zhida::matching::engine {

/// The codes of each text that a table's columns know, by model column and id: texts are many, different ones few.
class TextCodes {
 public:
  explicit TextCodes(std::size_t columns) : codes_(columns) {}
  /// Looks up the texts that came since. The number of a column with a text that the plan has no code for, else kNone.
  std::uint32_t catch_up(const Plan& plan, const Table& table);
  /// The text without a code; after catch_up() named its column.
  std::size_t next_id(std::uint32_t column) const { return codes_[column].size(); }
  const std::vector<Code>& of(std::uint32_t column) const { return codes_[column]; }
  void forget() { codes_.assign(codes_.size(), {}); }

 private:
  std::vector<std::vector<Code>> codes_;
};

/// The codes of the block's rows in one code column, as they stand in a slice. `row` is the block's first row; the
/// table's capacity covers the whole block.
void encode_slice(const Plan& plan, const Table& table, const TextCodes& texts, std::uint32_t column, std::size_t row,
                  const Kernels& kernel, std::byte* out);

/// Lays a block's slices out row by row.
void lay_rows(const Plan& plan, const std::byte* const* slices, std::byte* rows);

/// The code of one firm's value.
Code encode_cell(const Plan& plan, const TextCodes& texts, std::uint32_t column, const Cell& cell);
/// Puts one firm's code into a slice.
void put_code(const CodeColumn& column, std::byte* slice, std::size_t row_in_block, Code code);
Code get_code(const CodeColumn& column, const std::byte* slice, std::size_t row_in_block);

}  // namespace zhida::matching::engine
