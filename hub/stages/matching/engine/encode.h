// Typed values to codes: a whole block, one column of it, one firm.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
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

/// Room for the codes of one block, all columns.
class CodeRoom {
 public:
  explicit CodeRoom(const Plan& plan) : bytes_(new std::byte[plan.columns.size() * 2 * kBlockRows]) {}
  std::byte* of(std::uint32_t column) const { return bytes_.get() + std::size_t{column} * 2 * kBlockRows; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
};

/// The codes of a block's rows in one code column, as octets, or as pairs of them where the column is wide. `row` is
/// the block's first row; the table's capacity covers the whole block. They stand in `room` (2 * kBlockRows octets), or
/// where they stand already.
const std::byte* encode_column(const Plan& plan, const Table& table, const TextCodes& texts, std::uint32_t column,
                               std::size_t row, const Kernels& kernel, std::byte* room);

/// Codes as octets or pairs of them into bit planes.
void slice_codes(const CodeColumn& column, const std::byte* codes, const Kernels& kernel, std::byte* slice);

/// Lays a block's codes out row by row: `codes` has them for each column.
void lay_rows(const Plan& plan, const std::byte* const* codes, const Kernels& kernel, std::byte* rows);
/// The codes of one column, out of a block's rows and into them.
void codes_of_rows(const Plan& plan, std::uint32_t column, const std::byte* rows, std::byte* codes);
void codes_to_rows(const Plan& plan, std::uint32_t column, const std::byte* codes, std::byte* rows);

/// The code of one firm's value.
Code encode_cell(const Plan& plan, const TextCodes& texts, std::uint32_t column, const Cell& cell);
/// Puts one firm's code into a slice.
void put_code(const CodeColumn& column, std::byte* slice, std::size_t row_in_block, Code code);

}  // namespace zhida::matching::engine
