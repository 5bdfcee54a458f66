#include "stages/matching/engine/table.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "base/assert.h"
#include "stages/matching/engine/plan.h"

namespace zhida::matching::engine {

Table::Table(std::vector<ColumnSpec> columns, std::size_t rows, Day default_as_of)
    : rows_(rows), capacity_((rows + kBlockRows - 1) / kBlockRows * kBlockRows), default_as_of_(default_as_of) {
  columns_.resize(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    columns_[i].spec = std::move(columns[i]);
    resize(columns_[i]);
  }
}

void Table::resize(Column& column) const {
  if (packed_) {
    column.packed.resize(capacity_ / kBlockRows);
    if (!column.packed_days.empty()) column.packed_days.resize(capacity_ / kBlockRows);
    if (!column.packed_sources.empty()) column.packed_sources.resize(capacity_ / kBlockRows);
    return;
  }
  switch (column.spec.kind) {
    case ValueKind::number:
      column.numbers.resize(capacity_);
      column.known.resize(capacity_ / 64);
      break;
    case ValueKind::text:
      column.texts.resize(capacity_);
      break;
    case ValueKind::flag:
      column.flags.resize(capacity_);
      break;
  }
  if (!column.as_of.empty()) column.as_of.resize(capacity_, default_as_of_);
  if (!column.sources.empty()) column.sources.resize(capacity_);
}

std::uint32_t Table::intern(std::size_t number, std::string_view text) {
  auto& column = columns_[number];
  const auto [place, fresh] =
      column.ids.try_emplace(std::string(text), static_cast<std::uint32_t>(column.dictionary.size()));
  if (fresh) column.dictionary.emplace_back(text);
  return place->second;
}

void Table::set(std::size_t row, std::size_t number, const Cell& cell) {
  ZHIDA_ASSERT(row < rows_);
  auto& column = columns_[number];
  if (packed_) {
    if (late_.size() == kLateMax) settle();
    late_.push_back({row, static_cast<std::uint32_t>(number), cell});
    return prefetch(row, number);
  }
  switch (column.spec.kind) {
    case ValueKind::number: {
      const auto bit = std::uint64_t{1} << (row % 64);
      column.numbers[row] = cell.known ? cell.value : 0;
      column.known[row / 64] = cell.known ? column.known[row / 64] | bit : column.known[row / 64] & ~bit;
      break;
    }
    case ValueKind::text:
      column.texts[row] = cell.known ? static_cast<std::uint32_t>(cell.value) : 0;
      break;
    case ValueKind::flag:
      column.flags[row] = static_cast<std::uint8_t>(!cell.known ? 0 : cell.value != 0 ? 2 : 1);
      break;
  }
  if (column.as_of.empty() && cell.known && cell.as_of != default_as_of_)
    column.as_of.resize(capacity_, default_as_of_);
  if (!column.as_of.empty()) column.as_of[row] = cell.known ? cell.as_of : default_as_of_;
  if (column.sources.empty() && cell.source != 0) column.sources.resize(capacity_);
  if (!column.sources.empty()) column.sources[row] = cell.source;
}

void Table::put_packed(Column& column, std::size_t row, const Cell& cell) const {
  const auto block = row / kBlockRows, place = row % kBlockRows;
  const auto put = [&](std::vector<PackedBlock>& blocks, bool there, std::int64_t value) {
    if (blocks.empty() && !there) return;
    blocks.resize(capacity_ / kBlockRows);
    blocks[block].set(place, there ? std::optional(value) : std::nullopt);
  };
  // An open table cannot tell the text without letters from none either.
  const bool known = cell.known && (column.spec.kind != ValueKind::text || cell.value != 0);
  put(column.packed, known, column.spec.kind == ValueKind::flag ? std::int64_t{cell.value != 0} : cell.value);
  put(column.packed_days, cell.known && cell.as_of != default_as_of_, cell.as_of);
  put(column.packed_sources, cell.source != 0, cell.source);
}

void Table::settle() {
  for (const auto& late : late_) put_packed(columns_[late.column], late.row, late.cell);
  late_.clear();
}

const Table::Late* Table::late(std::size_t row, std::size_t number) const {
  for (auto late = late_.rbegin(); late != late_.rend(); ++late)
    if (late->row == row && late->column == number) return &*late;
  return nullptr;
}

Cell Table::get(std::size_t row, std::size_t number) const {
  const auto& column = columns_[number];
  Cell out;
  if (const auto* coming = late(row, number)) {
    out = coming->cell;
    out.known = out.known && (column.spec.kind != ValueKind::text || out.value != 0);
    if (!out.known) out.value = 0;
    if (column.spec.kind == ValueKind::flag) out.value = out.value != 0 ? 1 : 0;
    out.as_of = as_of(coming->cell);
    return out;
  }
  if (packed_) {
    const auto value = column.packed[row / kBlockRows].get(row % kBlockRows);
    out.known = value.has_value();
    out.value = value.value_or(0);
    out.as_of = as_of(row, number);
    if (!column.packed_sources.empty())
      out.source = static_cast<std::uint8_t>(column.packed_sources[row / kBlockRows].get(row % kBlockRows).value_or(0));
    return out;
  }
  switch (column.spec.kind) {
    case ValueKind::number:
      out.known = (column.known[row / 64] >> (row % 64) & 1) != 0;
      out.value = column.numbers[row];
      break;
    case ValueKind::text:
      out.known = column.texts[row] != 0;
      out.value = column.texts[row];
      break;
    case ValueKind::flag:
      out.known = column.flags[row] != 0;
      out.value = column.flags[row] == 2 ? 1 : 0;
      break;
  }
  out.as_of = as_of(row, number);
  out.source = column.sources.empty() ? std::uint8_t{0} : column.sources[row];
  return out;
}

Day Table::as_of(std::size_t row, std::size_t number) const {
  const auto& column = columns_[number];
  if (!packed_) return column.as_of.empty() ? default_as_of_ : column.as_of[row];
  if (const auto* coming = late(row, number)) return as_of(coming->cell);
  if (column.packed_days.empty()) return default_as_of_;
  return static_cast<Day>(column.packed_days[row / kBlockRows].get(row % kBlockRows).value_or(default_as_of_));
}

void Table::read_block(std::size_t row, std::size_t number, std::int64_t* values, std::uint64_t* known) const {
  const auto& column = columns_[number];
  ZHIDA_ASSERT(late_.empty());
  if (packed_) return column.packed[row / kBlockRows].unpack(values, known);
  std::fill_n(known, kBlockWords, std::uint64_t{0});
  const auto note = [&](std::size_t i, bool there, std::int64_t value) {
    known[i / 64] |= static_cast<std::uint64_t>(there) << (i % 64);
    values[i] = there ? value : 0;
  };
  switch (column.spec.kind) {
    case ValueKind::number:
      for (std::size_t i = 0; i < kBlockRows; ++i)
        note(i, (column.known[(row + i) / 64] >> (i % 64) & 1) != 0, column.numbers[row + i]);
      break;
    case ValueKind::text:
      for (std::size_t i = 0; i < kBlockRows; ++i) note(i, column.texts[row + i] != 0, column.texts[row + i]);
      break;
    case ValueKind::flag:
      for (std::size_t i = 0; i < kBlockRows; ++i) note(i, column.flags[row + i] != 0, column.flags[row + i] == 2);
      break;
  }
}

void Table::read_days(std::size_t row, std::size_t number, std::int64_t* days) const {
  const auto& column = columns_[number];
  if (!packed_ || column.packed_days.empty()) {
    for (std::size_t i = 0; i < kBlockRows; ++i) days[i] = as_of(row + i, number);
    return;
  }
  std::array<std::uint64_t, kBlockWords> known;
  column.packed_days[row / kBlockRows].unpack(days, known.data());
  for (std::size_t i = 0; i < kBlockRows; ++i)
    if ((known[i / 64] >> (i % 64) & 1) == 0) days[i] = default_as_of_;
}

void Table::prefetch(std::size_t row, std::size_t number) const {
  const auto& column = columns_[number];
  if (!packed_) return;
  column.packed[row / kBlockRows].prefetch(row % kBlockRows);
  if (!column.packed_days.empty()) column.packed_days[row / kBlockRows].prefetch(row % kBlockRows);
}

void Table::pack(Column& column) const {
  std::array<std::int64_t, kBlockRows> values;
  std::array<std::uint64_t, kBlockWords> known;
  for (std::size_t row = 0; row < capacity_; row += kBlockRows) {
    read_block(row, static_cast<std::size_t>(&column - columns_.data()), values.data(), known.data());
    column.packed.emplace_back(values.data(), known.data());
  }
  const auto pack_others = [&](const auto& from, std::int64_t usual, std::vector<PackedBlock>& out) {
    for (std::size_t row = 0; row < from.size(); row += kBlockRows) {
      known.fill(0);
      for (std::size_t i = 0; i < kBlockRows; ++i) {
        values[i] = from[row + i];
        known[i / 64] |= static_cast<std::uint64_t>(values[i] != usual) << (i % 64);
      }
      out.emplace_back(values.data(), known.data());
    }
  };
  pack_others(column.as_of, default_as_of_, column.packed_days);
  pack_others(column.sources, 0, column.packed_sources);
  // Not `= {}`, which would keep the memory.
  const auto release = [](auto& vector) { vector = std::remove_reference_t<decltype(vector)>(); };
  release(column.numbers);
  release(column.known);
  release(column.texts);
  release(column.flags);
  release(column.as_of);
  release(column.sources);
}

void Table::pack() {
  if (packed_) return;
  for (auto& column : columns_) pack(column);
  packed_ = true;
}

std::size_t Table::append() {
  settle();
  if (rows_ == capacity_) {
    capacity_ += kBlockRows;
    for (auto& column : columns_) resize(column);
  }
  return rows_++;
}

void Table::add_column(ColumnSpec spec) {
  settle();
  columns_.emplace_back().spec = std::move(spec);
  resize(columns_.back());
}

namespace {

template <class Value>
void permute(std::vector<Value>& values, std::span<const std::uint32_t> order) {
  if (values.empty()) return;
  std::vector<Value> out(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) out[i] = values[order[i]];
  values = std::move(out);
}

}  // namespace

void Table::reorder(std::span<const std::uint32_t> order) {
  ZHIDA_ASSERT(order.size() == rows_ && !packed_);
  for (auto& column : columns_) {
    permute(column.numbers, order);
    permute(column.texts, order);
    permute(column.flags, order);
    permute(column.as_of, order);
    permute(column.sources, order);
    if (column.known.empty()) continue;
    std::vector<std::uint64_t> known(column.known.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      known[i / 64] |= (column.known[order[i] / 64] >> (order[i] % 64) & 1) << (i % 64);
    column.known = std::move(known);
  }
}

std::size_t Table::bytes() const {
  std::size_t out = 0;
  for (const auto& column : columns_) {
    out += column.numbers.capacity() * 8 + column.known.capacity() * 8 + column.texts.capacity() * 4 +
           column.flags.capacity() + column.as_of.capacity() * 4 + column.sources.capacity();
    for (const auto* blocks : {&column.packed, &column.packed_days, &column.packed_sources})
      for (const auto& block : *blocks) out += block.bytes();
  }
  return out;
}

std::size_t Table::text_bytes() const {
  // In the dictionary, and once more as a key with its node.
  constexpr std::size_t kEach = 2 * sizeof(std::string) + 5 * sizeof(void*);
  std::size_t out = 0;
  for (const auto& column : columns_)
    for (const auto& text : column.dictionary)
      out += kEach + (text.size() > std::string().capacity() ? 2 * (text.size() + 1) : 0);
  return out;
}

}  // namespace zhida::matching::engine
