// Items judged the plain way: firm by firm, clause by clause, over rows of typed values. What the engine is measured
// against, and a second opinion that shares no code with it: it reads the policy's own clauses.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "stages/matching/engine/table.h"
#include "stages/matching/policy.h"

namespace zhida::test {

/// Rows of values, as a program would keep them that has never heard of columns.
struct NaiveRows {
  std::size_t columns = 0;
  std::vector<std::int64_t> values;  ///< By row, then column; texts as ids of the table's dictionary.
  std::vector<std::uint8_t> known;
  std::vector<std::int32_t> as_of;

  NaiveRows(const matching::engine::Table& table, std::size_t first, std::size_t rows);
  const std::int64_t* value(std::size_t row) const { return values.data() + row * columns; }
  const std::uint8_t* is_known(std::size_t row) const { return known.data() + row * columns; }
  const std::int32_t* day(std::size_t row) const { return as_of.data() + row * columns; }
};

/// One item over the columns of a table. Only what columns can say: no derived fields, no region data.
class NaiveItem {
 public:
  NaiveItem(const matching::Policy& policy, const matching::engine::Table& table, Date day);
  /// 0 not met, 1 met, 2 unknown.
  int judge(const std::int64_t* values, const std::uint8_t* known, const std::int32_t* as_of) const {
    return walk(root_, values, known, as_of, false);
  }

 private:
  struct Node {
    enum class Kind : std::uint8_t { range, text, constant, all, any, negation };
    Kind kind = Kind::constant;
    bool fails = false, half_open = false;
    int constant = 1;
    std::uint32_t column = 0;
    std::int32_t oldest = INT32_MIN;  ///< The first day that is young enough.
    std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
    std::vector<std::uint8_t> texts;  ///< By id: whether the condition holds.
    std::vector<Node> children;
  };
  static int walk(const Node& node, const std::int64_t* values, const std::uint8_t* known, const std::int32_t* as_of,
                  bool negated);
  Node make(const matching::Clause& clause, const matching::engine::Table& table, Date day) const;

  Node root_;
};

}  // namespace zhida::test
