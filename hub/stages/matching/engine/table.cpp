#include "stages/matching/engine/table.h"

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

Cell Table::get(std::size_t row, std::size_t number) const {
  const auto& column = columns_[number];
  Cell out;
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

std::size_t Table::append() {
  if (rows_ == capacity_) {
    capacity_ += kBlockRows;
    for (auto& column : columns_) resize(column);
  }
  return rows_++;
}

void Table::add_column(ColumnSpec spec) {
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
  ZHIDA_ASSERT(order.size() == rows_);
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
  for (const auto& column : columns_)
    out += column.numbers.size() * 8 + column.known.size() * 8 + column.texts.size() * 4 + column.flags.size() +
           column.as_of.size() * 4 + column.sources.size();
  return out;
}

}  // namespace zhida::matching::engine
