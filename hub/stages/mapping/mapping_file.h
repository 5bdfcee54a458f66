// One mapping, as read from its file and checked. Pure values.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/money.h"
#include "domain/field_catalogue.h"
#include "domain/mapped_record.h"
#include "stages/mapping/code_tables.h"

namespace zhida::mapping {

/// All named columns hold one of their words (compared by code_key); an empty word stands for a null. Empty: always.
struct Condition {
  struct Column {
    std::string name;
    std::vector<std::string> words;
  };
  std::vector<Column> all;
  bool empty() const { return all.empty(); }
};

/// How a cell is read.
enum class As {
  text,   ///< Trimmed.
  name,   ///< A firm's or person's name: text::tidy_name.
  code,   ///< Through a code table.
  list,   ///< Several words joined by 、 or , or ;: tidied, joined by 、; through the code table when one is named.
  money,  ///< Fen; needs `unit` or `unit_from`.
  integer,
  decimal,  ///< A whole number of 1/`times`.
  rate,     ///< Parts per million; `unit: percent` or `unit: ratio`.
  date,
  year,
  year_end,   ///< The 31st of December of a year.
  month,      ///< `yyyymm`
  month_end,  ///< The last day of a month.
  timestamp,
  boolean,
  uscc,
  region,
  industry,
  in_force,  ///< true until one of the days in `from` has come; blanks and "no end" have not.
};

/// Where one value comes from.
struct Rule {
  std::string target;  ///< Profile field, ledger value, or what the rule is for (`as_of`, `key`).
  int line = 0, column = 0;
  FieldType type = FieldType::text;
  bool personal = false;
  std::vector<std::string> from;  ///< Columns; the first that says something is read.
  As as = As::text;
  const CodeTable* codes = nullptr;
  std::int64_t fen_per_unit = 0;
  std::string unit_from;
  std::int64_t times = 1;
  std::optional<Rounding> rounding;
  std::optional<FieldData> constant;
  bool refuse_missing = false;
  std::optional<FieldData> missing_value;  ///< `when_missing`, where it is a value.
  std::vector<std::string> null_words;     ///< Beside the usual ones; code_key form.
  Condition only_when;
  Condition zero_is_unknown_when;
};

/// Which firm a row speaks of.
struct KeyRule {
  int line = 0, column = 0;
  std::vector<std::string> uscc_from;
  std::string organisation_code_from;
  std::string name_from;
  std::string same_as_type;  ///< The firm of another record of this source: its type and the column with its key.
  std::string same_as_from;
};

struct RefuseRule {
  std::string code, message;
  Condition when;
  int line = 0, column = 0;
};

enum class Target { profile, coverage, ledger, notice };

struct Mapping {
  std::string record_type;  ///< `tax.credit_grade`
  std::string title;
  std::string file;
  std::int64_t version = 1;
  Target target = Target::profile;
  KeyRule key;
  std::optional<Rule> as_of;
  std::optional<Rule> firm_name, firm_division, firm_kind;
  int name_rank = 9, division_rank = 9;
  std::vector<RefuseRule> refuse_when;
  Condition withdraw_when;
  std::string list_from;             ///< coverage: column with the list's name
  std::vector<std::string> lists;    ///< coverage: lists that are known
  std::vector<Rule> rules;           ///< profile: fields; ledger and notice: values
  std::vector<std::string> columns;  ///< Every column that is read, sorted.
};

/// Pure; never throws.
MappingOutcome apply_mapping(const Mapping& mapping, const CodeTables& codes, const SourceRecord& record,
                             Date received_on);

}  // namespace zhida::mapping
