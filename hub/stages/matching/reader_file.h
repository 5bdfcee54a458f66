// Inside stages/matching only: what the parts of policy_file share while they read one file.
#pragma once
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "domain/field_catalogue.h"
#include "platform/config/yaml.h"
#include "stages/matching/policy.h"
#include "stages/matching/policy_file.h"

namespace zhida::matching {

/// Chinese titles of fields back to their identifiers; a title that two fields share stands for neither.
std::map<std::string, std::string> identifiers_by_title(const FieldCatalogue& fields);

Finding finding_at(const config::ConfigNode& node, std::string code, std::string message);
/// The finding for an Error whose sentence may begin with its place already.
Finding finding_at(const config::ConfigNode& node, const Error& error);

/// The same for an error about the whole file.
Finding file_finding(const std::string& path, const Error& error);

/// Reads one file and goes on after an error, so that all of them are reported at once.
class PolicyReader {
 public:
  PolicyReader(const FieldCatalogue& fields, const LocalSettings& local, PolicyFindings& findings)
      : fields_(fields), titles_(identifiers_by_title(fields)), local_(local), findings_(findings) {}

  std::optional<Policy> read(const config::ConfigNode& root);

 private:
  using Node = config::ConfigNode;

  void error(const Node& node, std::string code, std::string message);
  void error(const Node& node, const Error& error);
  void note(const Node& node, std::string code, std::string message);
  bool keys(const Node& node, std::initializer_list<std::string_view> known);

  // Members, with `{local: name}` replaced by the setting. Absent: nothing, and an error where it is needed.
  std::optional<Node> member(const Node& map, std::string_view key, bool needed);
  std::optional<Node> resolved(const Node& node, bool* is_local = nullptr);
  std::string text(const Node& map, std::string_view key, bool needed = true);
  std::optional<Date> date(const Node& map, std::string_view key);
  std::optional<Money> money(const Node& map, std::string_view key, bool needed = true);
  std::optional<std::int64_t> rate(const Node& map, std::string_view key, std::int64_t most_ppm = 1'000'000);
  std::optional<int> working_days(const Node& map, std::string_view key, Basis* basis = nullptr);
  std::vector<std::string> texts(const Node& map, std::string_view key);
  std::string field(const Node& map, std::string_view key, std::initializer_list<FieldType> types);

  /// Name or Chinese title → what is known of the field; also fields declared under missing_fields.
  struct Known {
    std::string name, title, unit;
    FieldType type = FieldType::text;
    std::map<std::string, std::string> values = {};  // The codes there are, with their words; empty: any.
  };
  std::optional<Known> find_field(const Node& node, const std::string& written);
  std::optional<Known> find_own_field(const std::string& written) const;
  std::optional<Known> take_shared_field(const Node& node, const std::string& written);
  std::map<std::string, std::string> read_values(const Node& field);
  /// A code, or its Chinese word, as the code; the word is kept for people. Of a field with listed values nothing else
  /// is taken: a clause on a code that does not exist would never be met, and nobody would be told.
  std::optional<std::string> code_of(const Node& place, const Known& field, const std::string& written);
  /// A table's entry under its code; nothing where it is wrong or there twice.
  template <class Values>
  std::optional<std::string> key_of(const Node& entry, const Known& field, const Values& so_far);

  void read_head(const Node& root);
  void read_missing_fields(const Node& root);
  void read_handling(const Node& node);
  Clause read_clause(const Node& node);  // clause_file.cpp
  void read_group(const Node& node, Clause& clause);
  void read_condition(const Node& node, Clause& clause);
  void read_operands(const Node& node, const Known& known, Clause& clause);
  void read_window(const Node& node, Clause& clause);
  /// A clause inside the amount: it needs neither id nor text of its own.
  Clause read_clause_of_amount(const Node& node);
  /// The day on which the benefit was last received, as the hub's payout history keeps it.
  static Known received_field(const std::string& benefit);
  void claim_id(const Node& node, const std::string& id);
  Amount read_amount(const Node& node);  // amount_file.cpp
  AmountRule read_rule(const Node& node, const std::string& family);
  FixedAmount read_fixed(const Node& node);
  RatioAmount read_ratio(const Node& node);
  AmountRule read_lookup(const Node& node);
  PerUnitAmount read_per_unit(const Node& node);
  AmountRule read_schedule(const Node& node);
  TierAmount read_tiers(const Node& node, std::string_view key);  // amount_rules_file.cpp
  Clause read_bounds(const Node& tier, const Known& field);
  BandsAmount read_bands(const Node& node);
  FormulaAmount read_formula(const Node& node);
  ActualCostAmount read_actual_cost(const Node& node);
  InterestAmount read_interest(const Node& node);
  StagesAmount read_stages(const Node& node);
  void read_amount_extras(const Node& node, Amount& amount);
  std::optional<std::int64_t> months_max(const Node& node);
  std::map<std::string, Money> read_money_table(const Node& map, std::string_view key, const std::string& by = "");
  Known known_of(const std::string& name) const;
  void read_rounding(const Node& node, Amount& amount, bool needed);

  void read_derived(const Node& root);  // item_file.cpp
  void read_persons(const Node& root);
  void read_ranking_and_pool(const Node& root);
  void read_relations(const Node& root);
  std::optional<Expression> expression(const Node& map, std::string_view key);
  std::optional<Rounding> rounding_mode(const Node& map, std::string_view key);
  std::optional<FieldType> field_type(const Node& map, std::string_view key);

  const FieldCatalogue& fields_;
  std::map<std::string, std::string> titles_;
  const LocalSettings& local_;
  PolicyFindings& findings_;
  Policy policy_;
  std::set<std::string> clause_ids_, local_used_;
  std::map<std::string, std::map<std::string, std::string>> own_values_;  // Of fields that fields.yaml has not.
  bool anonymous_clauses_ = false;
  std::vector<std::pair<std::string, Node>> places_;  // Where each clause stands, for the checker.
};

}  // namespace zhida::matching
