// A seeded town for the matching benchmark: firms with 120 fields, and items whose conditions hold about as often as
// real ones do. No datum of it is real.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "domain/enterprise_profile.h"
#include "domain/field_catalogue.h"
#include "stages/matching/engine/model.h"
#include "stages/matching/engine/table.h"
#include "stages/matching/policy.h"

namespace zhida::bench {

/// Dice that fall alike everywhere.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  std::uint64_t below(std::uint64_t limit);
  double share() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  double bell();  ///< Normal, middle 0, spread 1.

 private:
  std::uint64_t state_;
};

enum class Sort { region, town, industry, code, date, flag, money, count, rate };

/// One field of the town: what it holds and how often it is unknown.
struct TownField {
  std::string name;
  Sort sort = Sort::flag;
  FieldType type = FieldType::boolean;
  int codes = 0;                  ///< Codes: how many there are.
  double unknown = 0;             ///< Share of firms without a value.
  double middle = 0, spread = 0;  ///< Numbers: of the logarithm.
  double often = 0;               ///< Flags: share of yes.
  bool dated = false;             ///< Values are of different days, and some items ask how old they are.
  std::vector<std::int64_t> thresholds;

  bool number() const { return sort == Sort::money || sort == Sort::count || sort == Sort::rate; }
};

class Town {
 public:
  /// How many regions there are: as many as so many firms usually have, or those of a province whatever their number.
  enum class Size { by_firms, province };
  Town(std::size_t firms, std::size_t items, std::uint64_t seed, Size size = Size::by_firms);

  Date day() const { return day_; }
  const std::vector<TownField>& fields() const { return fields_; }
  const std::vector<matching::Policy>& policies() const { return policies_; }

  /// Columns for all fields, numbered as the model numbers those that it has; the model gets the others.
  std::vector<matching::engine::ColumnSpec> columns(matching::engine::Model& model) const;
  /// The firms' values, in no particular order.
  matching::engine::Table table(matching::engine::Model& model, unsigned threads) const;
  /// One firm as the hub would know it; the table has the columns of columns().
  EnterpriseProfile profile(const matching::engine::Table& table, std::size_t row) const;
  /// Another value of a number, near the one it has; of anything else, any value.
  std::int64_t drifted(const TownField& field, std::int64_t value, Dice& dice) const;
  static std::string uscc(std::size_t row);
  static std::string column_name(const TownField& field);

 private:
  void make_fields();
  void make_industries();
  void make_policies(std::size_t items);
  std::string county(int city, int county) const;
  std::string text_of(const TownField& field, std::int64_t value) const;
  std::int64_t value_of(std::size_t field, Dice& dice, double size, int place) const;
  matching::Clause condition(const TownField& field, matching::Operator op, std::vector<FieldData> operands);
  matching::Clause number_clause(Dice& dice);
  matching::Clause flag_clause(Dice& dice);
  matching::Clause code_clause(Dice& dice);
  matching::Clause date_clause(Dice& dice);
  matching::Clause list_clause(Dice& dice);
  matching::Clause industry_clause(Dice& dice);
  matching::Clause any_clause(Dice& dice);

  std::size_t firms_;
  std::uint64_t seed_;
  Date day_;
  int cities_ = 1, counties_ = 1, towns_ = 1;
  std::vector<TownField> fields_;
  std::vector<std::string> industries_;
  std::vector<std::vector<FieldData>> industry_lists_;
  std::vector<std::size_t> numbers_, flags_, lists_, codes_, dates_;
  std::vector<matching::Policy> policies_;
  int clauses_ = 0;
};

}  // namespace zhida::bench
