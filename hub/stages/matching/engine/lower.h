// The only place where policies meet the engine: items become a Model, profiles become cells. What columns of codes
// cannot say (two fields at once, histories, sums by formula) is asked of the scalar evaluator, firm by firm, and
// enters the engine as a flag column of its verdicts: the result is always exactly what evaluate() says.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "domain/enterprise_profile.h"
#include "stages/matching/engine/model.h"
#include "stages/matching/engine/partition.h"
#include "stages/matching/engine/table.h"
#include "stages/matching/policy.h"

namespace zhida::matching::engine {

class Lowering {
 public:
  /// The policies are read now and kept by those clauses that the scalar evaluator answers.
  Lowering(std::span<const Policy> policies, Date day);
  /// Further items behind these, over the same columns and more.
  void add(std::span<const Policy> policies);
  /// Other items in place of these, over the same columns and more.
  void replace(std::span<const Policy> policies);
  /// Whether cells that this one makes are all that the other, made from it by replace(), asks for.
  bool makes_cells_for(const Lowering& other) const;
  /// Another day: for a Partition, advance() does the rest, but for the firms whose turn() has come.
  void move_to(Date day);

  /// Item i is policy i.
  const Model& model() const { return model_; }
  /// The first later day on which the scalar evaluator may answer otherwise for this firm: then its cells must be made
  /// anew. Everything else that a day changes, Partition::advance() sees to. nullopt: never.
  std::optional<Date> turn(const EnterpriseProfile& profile) const;
  /// How many flag columns hold the scalar evaluator's word, for people who wonder what a run costs.
  std::size_t judged_columns() const { return judged_.size(); }

  using Intern = std::function<std::uint32_t(std::uint32_t column, std::string_view text)>;
  /// All cells of one firm. How old a value is, is said only where some item asks.
  std::vector<FieldUpdate> cells_of(const EnterpriseProfile& profile, const Intern& intern) const;
  /// A table for cells, without a row.
  Table empty_table() const { return Table(model_.columns, 0, first_day_); }
  /// The typed table of these firms; row i is profile i.
  Table table_of(std::span<const EnterpriseProfile> profiles) const;

 private:
  struct FieldColumn {
    std::string field;
    std::size_t alternative = 0;  ///< Of FieldData: what a value must be to count.
    std::uint32_t column = 0;
  };
  /// A field whose age or day is looked at.
  struct Dated {
    std::string field;
    int max_age_days = 0, months = 0;
  };
  struct Judged {
    std::uint32_t column = 0;
    Clause clause;
    std::shared_ptr<const Policy> policy;
    std::vector<Dated> dated;  ///< Where its answer depends on the day.
  };

  void note_ages();
  void note_days(const Clause& clause, std::vector<Dated>& out) const;
  Node lower(const Policy& policy);
  Node lower_clause(const Clause& clause, bool negated);
  Node lower_condition(const Clause& clause, bool negated);
  Node leaf(Atom atom, bool negated, bool fails_unknown);
  Node judged(const Clause& clause, bool own_facts, bool negated, bool fails_unknown);
  std::uint32_t column_of(const std::string& field, FieldType type);
  bool lower_number(const Clause& clause, Atom& atom);
  bool lower_flag(const Clause& clause, Atom& atom);
  bool lower_text(const Clause& clause, Atom& atom);

  Model model_;
  Date day_;
  Day first_day_ = 0;                          ///< What values are as of where nobody asks.
  std::shared_ptr<const Policy> policy_;       ///< The one that is being lowered.
  std::map<std::string, FieldColumn> fields_;  ///< By the column's name.
  std::vector<Judged> judged_;
  std::map<std::string, std::uint32_t> judged_by_key_;  ///< Columns; those of items that are gone as well.
  std::vector<std::pair<std::string, int>>
      received_;            ///< Fields of receipts, and windows in months that items ask for.
  std::vector<bool> aged_;  ///< By column: whether it matters of which day a value is.
  std::map<std::uint32_t, std::size_t> region_uses_, industry_uses_;
};

}  // namespace zhida::matching::engine
