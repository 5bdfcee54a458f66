// What the engine is asked to match: items as trees over interned atoms. It knows columns of typed values and nothing
// of policies; lower.h makes a Model from Policies.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "domain/entitlement.h"

namespace zhida::matching::engine {

/// A day as the engine counts it: days since 1970-01-01.
using Day = std::int32_t;

enum class ValueKind : std::uint8_t {
  number,  ///< Counts, money, rates, days: 64 bit, ordered.
  text,    ///< Codes and names: equal or not, or what a TextTest says.
  flag,    ///< No or yes; also the verdict of a clause that is worked out elsewhere.
};

struct ColumnSpec {
  std::string name;
  ValueKind kind = ValueKind::number;
};

/// Both ends included.
struct Range {
  std::int64_t low = 0, high = 0;
  friend auto operator<=>(const Range&, const Range&) = default;
};

/// A question about one text. It must always answer alike: the answers of equal texts are asked for once.
struct TextTest {
  std::string key;  ///< Equal keys are equal questions.
  std::function<bool(std::string_view)> holds;
  std::vector<std::string> seeds;  ///< Texts that it is likely to tell apart.
};

/// The smallest question: is the value of one column within ranges (numbers and flags), or does a test hold (text)?
/// Unknown where there is no value, or where it is older than `max_age_days` on the day (0: it never is).
struct Atom {
  std::uint32_t column = 0;
  std::int32_t max_age_days = 0;
  std::uint32_t text_test = 0;
  std::int32_t months = 0;    ///< > 0: the range is every day up to so many months before the day, and moves with it.
  std::vector<Range> ranges;  ///< Sorted, apart from each other.
  friend bool operator<(const Atom& a, const Atom& b) {
    const auto left = std::tie(a.column, a.max_age_days, a.text_test, a.months);
    const auto right = std::tie(b.column, b.max_age_days, b.text_test, b.months);
    return left != right ? left < right : a.months == 0 && a.ranges < b.ranges;
  }
};

/// The range of an atom that looks back so many months from the day.
Range range_before(Day day, int months);

/// A condition with every `not` pushed down to its leaves.
struct Node {
  enum class Kind : std::uint8_t { leaf, all, any, constant, window };
  Kind kind = Kind::constant;
  bool negative = false;       ///< Leaf: the opposite of the atom.
  bool fails_unknown = false;  ///< Leaf: not met where the atom is unknown.
  Verdict constant = Verdict::met;
  std::uint32_t atom = 0;
  Range days;  ///< Window: met while the day is within; the same for all firms.
  std::vector<Node> children;
};

struct Model {
  std::vector<ColumnSpec> columns;
  std::vector<TextTest> text_tests;
  std::vector<Atom> atoms;
  std::vector<Node> items;
  std::optional<std::uint32_t> scope_column;  ///< Rows are best kept in the order of this column: the region.
  std::optional<std::uint32_t> order_column;  ///< And then of this one: the industry.
  Day day = 0;                                ///< Atoms with a max_age or months look back from here.

  std::uint32_t column(const std::string& name, ValueKind kind);
  std::uint32_t atom(Atom atom);
  std::uint32_t text_test(TextTest test);
  /// The same on another day. `atoms` only: what was interned stays interned.
  void move_to(Day day);
  /// Whether ranges move with the day.
  bool looks_back() const;
  /// Other items over the same columns: items, atoms and tests are gone, columns keep their numbers.
  void clear_items();
  /// Sorts ranges and joins those that touch.
  static std::vector<Range> joined(std::vector<Range> ranges);

 private:
  std::map<std::pair<std::string, ValueKind>, std::uint32_t> column_ids_;
  std::map<Atom, std::uint32_t> atom_ids_;
  std::map<std::string, std::uint32_t> text_ids_;
};

}  // namespace zhida::matching::engine
