#include "stages/matching/engine/encode.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

namespace zhida::matching::engine {

std::uint32_t TextCodes::catch_up(const Plan& plan, const Table& table) {
  for (std::uint32_t column = 0; column < codes_.size(); ++column) {
    if (plan.model.columns[column].kind != ValueKind::text || plan.value_column[column] == kNone) continue;
    auto& codes = codes_[column];
    const auto& dictionary = table.column(column).dictionary;
    if (codes.empty()) codes.push_back(0);
    while (codes.size() < dictionary.size()) {
      const auto code = plan.coders[column].text_code(plan.model, dictionary[codes.size()]);
      if (!code) return column;
      codes.push_back(*code);
    }
  }
  return kNone;
}

namespace {

template <class Out>
void encode_texts(const std::uint32_t* texts, const std::vector<Code>& codes, Out* out) {
  for (std::size_t i = 0; i < kBlockRows; ++i) out[i] = static_cast<Out>(codes[texts[i]]);
}

template <class Out>
void encode_numbers(const std::int64_t* values, const std::uint64_t* known, std::span<const std::int64_t> cuts,
                    const Kernels& kernel, Out* out) {
  if constexpr (sizeof(Out) == 1)
    kernel.encode_bytes(values, known, kBlockRows, cuts, out);
  else
    kernel.encode_words(values, known, kBlockRows, cuts, out);
}

template <class Out>
void encode_days(const CodeColumn& column, const Table& table, std::size_t row, const Kernels& kernel, Out* out) {
  // Days are few octets; widened, they take the way of all numbers. Every row has one, so all are known.
  std::array<std::int64_t, kBlockRows> days;
  std::array<std::uint64_t, kBlockWords> known;
  table.read_days(row, column.source, days.data());
  known.fill(~std::uint64_t{0});
  encode_numbers(days.data(), known.data(), column.age_cuts, kernel, out);
}

template <class Out>
void encode_packed(const ColumnCoder& coder, const CodeColumn& column, const Table& table, const TextCodes& texts,
                   std::size_t row, const Kernels& kernel, Out* out) {
  std::array<std::int64_t, kBlockRows> values;
  std::array<std::uint64_t, kBlockWords> known;
  table.read_block(row, column.source, values.data(), known.data());
  if (coder.kind == ValueKind::number) return encode_numbers(values.data(), known.data(), coder.cuts, kernel, out);
  if (coder.kind == ValueKind::text) {
    const auto& codes = texts.of(column.source);
    for (std::size_t i = 0; i < kBlockRows; ++i) out[i] = static_cast<Out>(codes[static_cast<std::size_t>(values[i])]);
    return;
  }
  for (std::size_t i = 0; i < kBlockRows; ++i)
    out[i] = static_cast<Out>((known[i / 64] >> (i % 64) & 1) == 0 ? 0 : values[i] != 0 ? 2 : 1);
}

}  // namespace

const std::byte* encode_column(const Plan& plan, const Table& table, const TextCodes& texts, std::uint32_t number,
                               std::size_t row, const Kernels& kernel, std::byte* room) {
  const auto& column = plan.columns[number];
  const auto& coder = plan.coders[column.source];
  const auto& values = table.column(column.source);
  auto* bytes = reinterpret_cast<std::uint8_t*>(room);
  auto* words = reinterpret_cast<std::uint16_t*>(room);
  if (column.age) {
    column.wide ? encode_days(column, table, row, kernel, words) : encode_days(column, table, row, kernel, bytes);
    return room;
  }
  if (table.is_packed()) {
    column.wide ? encode_packed(coder, column, table, texts, row, kernel, words)
                : encode_packed(coder, column, table, texts, row, kernel, bytes);
    return room;
  }
  switch (coder.kind) {
    case ValueKind::flag:  // 0 unknown, 1 no, 2 yes: they are their codes.
      return reinterpret_cast<const std::byte*>(values.flags.data() + row);
    case ValueKind::text:
      column.wide ? encode_texts(values.texts.data() + row, texts.of(column.source), words)
                  : encode_texts(values.texts.data() + row, texts.of(column.source), bytes);
      return room;
    case ValueKind::number:
      break;
  }
  const auto* known = values.known.data() + row / 64;
  column.wide ? encode_numbers(values.numbers.data() + row, known, coder.cuts, kernel, words)
              : encode_numbers(values.numbers.data() + row, known, coder.cuts, kernel, bytes);
  return room;
}

void slice_codes(const CodeColumn& column, const std::byte* codes, const Kernels& kernel, std::byte* slice) {
  auto* planes = reinterpret_cast<std::uint64_t*>(slice);
  if (!column.wide)
    return kernel.slice_codes(reinterpret_cast<const std::uint8_t*>(codes), kBlockRows, column.bits, planes);
  // Octet by octet of code - 1.
  std::array<std::uint8_t, kBlockRows> lower{}, upper{};
  auto* unknown = planes + column.bits * kBlockWords;
  std::memset(unknown, 0, kBlockWords * 8);
  for (std::size_t i = 0; i < kBlockRows; ++i) {
    Code code = 0;
    std::memcpy(&code, codes + 2 * i, sizeof code);
    const auto value = static_cast<Code>(code - (code != 0));
    lower[i] = static_cast<std::uint8_t>(value);
    upper[i] = static_cast<std::uint8_t>(value >> 8);
    unknown[i / 64] |= static_cast<std::uint64_t>(code == 0) << i % 64;
  }
  kernel.slice_octets(lower.data(), kBlockRows, std::min<unsigned>(column.bits, 8), planes);
  if (column.bits > 8) kernel.slice_octets(upper.data(), kBlockRows, column.bits - 8u, planes + 8 * kBlockWords);
}

void lay_rows(const Plan& plan, const std::byte* const* codes, const Kernels& kernel, std::byte* rows) {
  // Octets stand first in a row, in the order of their columns.
  std::vector<const std::byte*> narrow;
  for (std::uint32_t c = 0; c < plan.columns.size(); ++c)
    if (!plan.columns[c].wide) narrow.push_back(codes[c]);
  kernel.lay_octets(narrow.data(), narrow.size(), kBlockRows, rows, plan.row_bytes);
  for (std::uint32_t c = 0; c < plan.columns.size(); ++c)
    if (plan.columns[c].wide) codes_to_rows(plan, c, codes[c], rows);
}

void codes_of_rows(const Plan& plan, std::uint32_t number, const std::byte* rows, std::byte* codes) {
  const auto& column = plan.columns[number];
  const auto* from = rows + column.row_offset;
  const std::size_t width = column.wide ? 2 : 1;
  for (std::size_t i = 0; i < kBlockRows; ++i, from += plan.row_bytes) std::memcpy(codes + width * i, from, width);
}

void codes_to_rows(const Plan& plan, std::uint32_t number, const std::byte* codes, std::byte* rows) {
  const auto& column = plan.columns[number];
  auto* to = rows + column.row_offset;
  const std::size_t width = column.wide ? 2 : 1;
  for (std::size_t i = 0; i < kBlockRows; ++i, to += plan.row_bytes) std::memcpy(to, codes + width * i, width);
}

Code encode_cell(const Plan& plan, const TextCodes& texts, std::uint32_t number, const Cell& cell) {
  const auto& column = plan.columns[number];
  if (column.age)
    return static_cast<Code>(
        1 + (std::ranges::upper_bound(column.age_cuts, std::int64_t{cell.as_of}) - column.age_cuts.begin()));
  if (!cell.known) return 0;
  const auto& coder = plan.coders[column.source];
  switch (coder.kind) {
    case ValueKind::flag:
      return cell.value != 0 ? 2 : 1;
    case ValueKind::text:
      return texts.of(column.source)[static_cast<std::size_t>(cell.value)];
    case ValueKind::number:
      break;
  }
  return coder.number_code(cell.value);
}

void put_code(const CodeColumn& column, std::byte* slice, std::size_t row, Code code) {
  auto* word = reinterpret_cast<std::uint64_t*>(slice) + row / 64;
  const auto bit = std::uint64_t{1} << (row % 64);
  const auto value = code == 0 ? 0u : code - 1u;
  for (unsigned i = 0; i < column.bits; ++i, word += kBlockWords)
    *word = (value >> i & 1) != 0 ? *word | bit : *word & ~bit;
  *word = code == 0 ? *word | bit : *word & ~bit;
}

}  // namespace zhida::matching::engine
