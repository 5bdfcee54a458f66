#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/field_catalogue.h"
#include "stages/matching/exact.h"

namespace zhida::matching {

/// Arithmetic over profile fields, as derived fields and formulas state it: `fin.rd_fen * 1 % + (fin.rd_fen -
/// fin.rd_prev_fen) * 2 %`. Exact: money counts in fen, rates as themselves, and nothing is rounded in between. A
/// value.
class Expression {
 public:
  /// What the numbers are of. Adding needs the same on both sides; money times money is refused.
  enum class Kind { number, money };

  /// What a name stands for.
  struct Field {
    std::string name, title;
    FieldType type = FieldType::integer;
  };
  using Resolve = std::function<Result<Field>(const std::string& written)>;

  /// `+ - * / ( ) min(a, b) max(a, b)`, also `× ÷ － ＋（）`; fields by identifier or Chinese title; numbers plain, in
  /// % or in money (`5000 元`). Errors `formula_malformed`, `formula_units`, and what `resolve` says.
  static Result<Expression> parse(std::string_view text, const Resolve& resolve);

  Kind kind() const { return kind_; }
  std::set<std::string> fields() const;
  std::map<std::string, FieldType> types() const;  ///< Of the fields.
  bool divides() const;

  /// `value(field)`: the field's number as kept (fen, parts per million, count), nullopt when unknown. The result is in
  /// fen, or a plain number. nullopt: a part is unknown, a division by zero, or out of range.
  std::optional<Fraction> evaluate(const std::function<std::optional<std::int64_t>(const std::string&)>& value) const;

  std::string canonical() const;  ///< With identifiers, fully in parentheses: stored, hashed, and parsed back the same.
  std::string text() const;       ///< With titles, for people.

  bool operator==(const Expression& other) const { return canonical() == other.canonical(); }

 private:
  enum class Step { number, field, add, subtract, multiply, divide, minimum, maximum };
  struct Node {
    Step step = Step::number;
    Fraction number;
    std::string written;  // Of numbers: `2 %`.
    std::string field, title;
    FieldType type = FieldType::integer;
    Kind kind = Kind::number;
    std::size_t left = 0, right = 0;
  };
  friend class ExpressionParser;

  std::string print(std::size_t node, bool titles) const;

  std::vector<Node> nodes_;  // Children before parents; the last one is the whole.
  Kind kind_ = Kind::number;
};

}  // namespace zhida::matching
