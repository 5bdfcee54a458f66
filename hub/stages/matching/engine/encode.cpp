#include "stages/matching/engine/encode.h"

#include <algorithm>
#include <array>
#include <cstring>

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

void encode_flags(const std::uint8_t* flags, const Kernels& kernel, std::byte* out) {
  auto* planes = reinterpret_cast<std::uint64_t*>(out);
  kernel.compare_bytes(flags, kBlockRows, 2, 0, planes);
  kernel.compare_bytes(flags, kBlockRows, 0, 0, planes + kBlockWords);
}

template <class Out>
void encode_texts(const std::uint32_t* texts, const std::vector<Code>& codes, Out* out) {
  for (std::size_t i = 0; i < kBlockRows; ++i) out[i] = static_cast<Out>(codes[texts[i]]);
}

template <class Out>
void encode_days(const CodeColumn& column, const Table& table, std::size_t row, const Kernels& kernel, Out* out) {
  // Days are few octets; widened, they take the way of all numbers. Every row has one, so all are known.
  std::array<std::int64_t, 64> days{};
  const std::uint64_t known = ~std::uint64_t{0};
  for (std::size_t at = 0; at < kBlockRows; at += 64) {
    for (std::size_t i = 0; i < 64; ++i) days[i] = table.as_of(row + at + i, column.source);
    if constexpr (sizeof(Out) == 1)
      kernel.encode_bytes(days.data(), &known, 64, column.age_cuts, out + at);
    else
      kernel.encode_words(days.data(), &known, 64, column.age_cuts, out + at);
  }
}

}  // namespace

void encode_slice(const Plan& plan, const Table& table, const TextCodes& texts, std::uint32_t number, std::size_t row,
                  const Kernels& kernel, std::byte* out) {
  const auto& column = plan.columns[number];
  const auto& coder = plan.coders[column.source];
  const auto& values = table.column(column.source);
  auto* bytes = reinterpret_cast<std::uint8_t*>(out);
  auto* words = reinterpret_cast<std::uint16_t*>(out);
  const bool narrow = column.storage == Storage::bytes;
  if (column.age)
    return narrow ? encode_days(column, table, row, kernel, bytes) : encode_days(column, table, row, kernel, words);
  switch (coder.kind) {
    case ValueKind::flag:
      return encode_flags(values.flags.data() + row, kernel, out);
    case ValueKind::text:
      return narrow ? encode_texts(values.texts.data() + row, texts.of(column.source), bytes)
                    : encode_texts(values.texts.data() + row, texts.of(column.source), words);
    case ValueKind::number:
      break;
  }
  const auto* known = values.known.data() + row / 64;
  if (narrow)
    kernel.encode_bytes(values.numbers.data() + row, known, kBlockRows, coder.cuts, bytes);
  else
    kernel.encode_words(values.numbers.data() + row, known, kBlockRows, coder.cuts, words);
}

void lay_rows(const Plan& plan, const std::byte* const* slices, std::byte* rows) {
  // In tiles of 64 rows, so that what is written stays near; a tile of one plane is one word.
  for (std::size_t tile = 0; tile < kBlockRows; tile += 64) {
    auto* const base = rows + tile * plan.row_bytes;
    for (std::size_t c = 0; c < plan.columns.size(); ++c) {
      const auto& column = plan.columns[c];
      auto* to = base + column.row_offset;
      const auto* slice = slices[c];
      switch (column.storage) {
        case Storage::planes: {
          const auto* planes = reinterpret_cast<const std::uint64_t*>(slice);
          const auto yes = planes[tile / 64], unknown = planes[kBlockWords + tile / 64];
          for (std::size_t i = 0; i < 64; ++i, to += plan.row_bytes)
            *to = static_cast<std::byte>((1 + (yes >> i & 1)) & ((unknown >> i & 1) - 1));
          break;
        }
        case Storage::bytes:
          for (std::size_t i = 0; i < 64; ++i, to += plan.row_bytes) *to = slice[tile + i];
          break;
        case Storage::words:
          for (std::size_t i = 0; i < 64; ++i, to += plan.row_bytes) std::memcpy(to, slice + 2 * (tile + i), 2);
          break;
      }
    }
  }
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
  switch (column.storage) {
    case Storage::planes: {
      auto* planes = reinterpret_cast<std::uint64_t*>(slice);
      const auto bit = std::uint64_t{1} << (row % 64);
      auto& yes = planes[row / 64];
      auto& unknown = planes[kBlockWords + row / 64];
      yes = code == 2 ? yes | bit : yes & ~bit;
      unknown = code == 0 ? unknown | bit : unknown & ~bit;
      break;
    }
    case Storage::bytes:
      slice[row] = static_cast<std::byte>(code);
      break;
    case Storage::words:
      std::memcpy(slice + 2 * row, &code, 2);
      break;
  }
}

Code get_code(const CodeColumn& column, const std::byte* slice, std::size_t row) {
  switch (column.storage) {
    case Storage::planes: {
      const auto* planes = reinterpret_cast<const std::uint64_t*>(slice);
      if ((planes[kBlockWords + row / 64] >> (row % 64) & 1) != 0) return 0;
      return (planes[row / 64] >> (row % 64) & 1) != 0 ? 2 : 1;
    }
    case Storage::bytes:
      return static_cast<Code>(slice[row]);
    case Storage::words:
      break;
  }
  Code out = 0;
  std::memcpy(&out, slice + 2 * row, 2);
  return out;
}

}  // namespace zhida::matching::engine
