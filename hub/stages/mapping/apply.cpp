// A record goes in, what it says comes out. No I/O; nothing here throws on any input.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "domain/uscc.h"
#include "stages/mapping/cells.h"
#include "stages/mapping/mapping_file.h"
#include "stages/mapping/normal_stage.h"

namespace zhida::mapping {
namespace {

/// What a rule made of its cells.
struct Reading {
  std::optional<FieldData> data;  ///< nullopt: nothing was said.
  std::string column;             ///< The column that was read.
  std::string cell;               ///< As spelled there.
};

const std::string* raw_cell(const SourceRecord& record, const std::string& column) {
  const auto found = record.columns.find(column);
  return found == record.columns.end() || !found->second ? nullptr : &*found->second;
}

bool says_nothing(const std::string& cell, const Rule& rule) {
  if (is_null_word(cell)) return true;
  if (rule.null_words.empty()) return false;
  const std::string key = code_key(cell);
  return std::find(rule.null_words.begin(), rule.null_words.end(), key) != rule.null_words.end();
}

std::string condition_key(const SourceRecord& record, const std::string& column) {
  const std::string* const cell = raw_cell(record, column);
  return cell == nullptr || is_null_word(*cell) ? std::string() : code_key(*cell);
}

bool holds(const Condition& condition, const SourceRecord& record) {
  return std::all_of(condition.all.begin(), condition.all.end(), [&](const Condition::Column& column) {
    const std::string key = condition_key(record, column.name);
    return std::find(column.words.begin(), column.words.end(), key) != column.words.end();
  });
}

Error unknown_code(const std::string& cell, const std::string& table) {
  return refuse("code_unknown", "\"" + cell.substr(0, 80) + "\" is not in the code table " + table + ".");
}

FieldData code_data(const std::string& code, FieldType type) {
  if (type == FieldType::boolean) return code == "true";
  return code;
}

Result<FieldData> read_list(const std::string& cell, const Rule& rule) {
  std::string rest = cell;
  // All separators that were met become the one we write.
  static constexpr std::array<std::string_view, 6> kSeparators{"，", "；", ";", ",", "|", "/"};
  for (const auto separator : kSeparators) {
    for (std::size_t at = rest.find(separator); at != std::string::npos; at = rest.find(separator, at)) {
      rest.replace(at, separator.size(), "、");
    }
  }
  std::string out;
  for (std::size_t begin = 0; begin <= rest.size();) {
    const std::size_t end = std::min(rest.find("、", begin), rest.size());
    std::string word = trimmed(std::string_view(rest).substr(begin, end - begin));
    begin = end + std::string_view("、").size();
    if (word.empty()) continue;
    if (rule.codes != nullptr) {
      const std::string* const code = rule.codes->find(code_key(word));
      if (code == nullptr) return unknown_code(word, rule.codes->name);
      word = *code;
    }
    if (!out.empty()) out += "、";
    out += word;
  }
  return FieldData(out);
}

Result<std::int64_t> unit_of(const Rule& rule, const SourceRecord& record) {
  if (rule.unit_from.empty()) return rule.fen_per_unit;
  const std::string unit = condition_key(record, rule.unit_from);
  if (unit.empty() && rule.fen_per_unit != 0) return rule.fen_per_unit;
  const auto fen = fen_of_unit(unit);
  if (!fen) {
    return refuse("unit_unknown",
                  "The column " + rule.unit_from + " says \"" + unit.substr(0, 40) + "\", which is no unit of money.");
  }
  return *fen;
}

Result<std::int64_t> read_rate(const std::string& cell, std::int64_t times, const std::optional<Rounding>& rounding) {
  if (cell.ends_with('%'))
    return read_scaled(trimmed(std::string_view(cell).substr(0, cell.size() - 1)), 10'000, rounding);
  return read_scaled(cell, times, rounding);
}

/// One filled cell → data; nullopt where the cell says "no end" or "not known" in its own way.
Result<std::optional<FieldData>> read_cell(const std::string& cell, const Rule& rule, const CodeTables& tables,
                                           const SourceRecord& record) {
  using Data = std::optional<FieldData>;
  switch (rule.as) {
    case As::text:
      return Data(trimmed(cell));
    case As::name:
      return Data(tidy_name(cell));
    case As::list:
      return Data(TRY(read_list(cell, rule)));
    case As::code:
    case As::boolean: {
      const std::string* const code = rule.codes->find(code_key(cell));
      if (code == nullptr) return unknown_code(trimmed(cell), rule.codes->name);
      if (code->empty()) return Data();
      return Data(code_data(*code, rule.type));
    }
    case As::money: {
      const std::int64_t unit = TRY(unit_of(rule, record));
      return Data(TRY(read_money(plain(cell), unit, rule.rounding)));
    }
    case As::integer:
      return Data(TRY(read_integer(plain(cell), rule.rounding)));
    case As::decimal:
      return Data(TRY(read_scaled(plain(cell), rule.times, rule.rounding)));
    case As::rate:
      return Data(TRY(read_rate(plain(cell), rule.times, rule.rounding)));
    case As::date: {
      const auto day = TRY(read_date(plain(cell)));
      return day ? Data(*day) : Data();
    }
    case As::year:
      return Data(TRY(read_year(plain(cell))));
    case As::year_end: {
      const auto year = TRY(read_year(plain(cell)));
      return Data(TRY(Date::from_ymd(static_cast<int>(year), 12, 31)));
    }
    case As::month:
      return Data(TRY(read_month(plain(cell))));
    case As::month_end: {
      const auto month = TRY(read_month(plain(cell)));
      const auto first =
          TRY(Date::from_ymd(std::atoi(month.substr(0, 4).c_str()), std::atoi(month.substr(4).c_str()), 1));
      return Data(first.plus_months(1).plus_days(-1));
    }
    case As::timestamp:
      return Data(TRY(read_timestamp(plain(cell))));
    case As::uscc:
      return Data(TRY(parse_uscc(cell)));
    case As::region: {
      auto region = tables.region(plain(cell));
      if (!region) return unknown_code(trimmed(cell), "GB/T 2260");
      return Data(std::move(*region));
    }
    case As::industry: {
      auto industry = tables.industry(code_key(cell));
      if (!industry) return unknown_code(trimmed(cell), "GB/T 4754-2017");
      return Data(std::move(*industry));
    }
    case As::in_force:
      break;  // Read by read_in_force: it looks at all of its columns.
  }
  return Data();
}

/// Applies rules to one record and gathers what is wrong.
class Application {
 public:
  Application(const Mapping& mapping, const CodeTables& codes, const SourceRecord& record, Date received_on)
      : mapping_(mapping), codes_(codes), record_(record), received_on_(received_on) {}

  std::vector<Finding> findings;

  /// nullopt data: unknown. false: a finding was added.
  bool read(const Rule& rule, std::optional<FieldData>& out) {
    if (rule.constant) {
      out = rule.constant;
      return true;
    }
    if (rule.as == As::in_force) return read_in_force(rule, out);
    const std::string* cell = nullptr;
    const std::string* column = nullptr;
    for (const auto& name : rule.from) {
      const std::string* const candidate = raw_cell(record_, name);
      if (candidate != nullptr && !says_nothing(*candidate, rule)) {
        cell = candidate;
        column = &name;
        break;
      }
    }
    if (cell != nullptr) {
      auto data = read_cell(*cell, rule, codes_, record_);
      if (!data) return fail(rule, data.error(), *column, *cell);
      out = std::move(data.value());
      if (out && !rule.zero_is_unknown_when.empty() && holds(rule.zero_is_unknown_when, record_)) {
        const auto* const number = std::get_if<std::int64_t>(&*out);
        if (number != nullptr && *number == 0) out.reset();
      }
      if (out) return true;
    }
    if (rule.refuse_missing) {
      return fail(rule, refuse("value_missing", "The value is needed and the source says nothing."),
                  rule.from.empty() ? "" : rule.from.front(), cell == nullptr ? "" : *cell);
    }
    out = rule.missing_value;
    return true;
  }

  bool fail(const Rule& rule, const Error& error, const std::string& column, const std::string& cell) {
    add(rule.line, rule.column, error.code, "Column " + column + ": " + error.message, rule.target,
        rule.personal ? "****" : cell);
    return false;
  }

  void add(int line, int column, const std::string& code, const std::string& message, const std::string& field,
           const std::string& value) {
    findings.push_back(Finding{mapping_.file, line, column, code, message, record_.key, field, value.substr(0, 200)});
  }

 private:
  bool read_in_force(const Rule& rule, std::optional<FieldData>& out) {
    bool in_force = true;
    for (const auto& name : rule.from) {
      const std::string* const cell = raw_cell(record_, name);
      if (cell == nullptr || says_nothing(*cell, rule)) continue;
      const auto day = read_date(plain(*cell));
      if (!day) return fail(rule, day.error(), name, *cell);
      if (day.value() && *day.value() <= received_on_) in_force = false;
    }
    out = FieldData(in_force);
    return true;
  }

  const Mapping& mapping_;
  const CodeTables& codes_;
  const SourceRecord& record_;
  const Date received_on_;
};

/// Finds out which firm the row speaks of; false: a finding was added.
bool read_key(const Mapping& mapping, const SourceRecord& record, Application& application, FirmKey& firm) {
  const KeyRule& key = mapping.key;
  std::optional<Error> wrong;
  std::string wrong_column, wrong_cell;
  for (const auto& column : key.uscc_from) {
    const std::string* const cell = raw_cell(record, column);
    if (cell == nullptr || is_null_word(*cell)) continue;
    auto uscc = parse_uscc(*cell);
    if (uscc) {
      firm.uscc = std::move(uscc.value());
      return true;
    }
    if (!wrong) {
      wrong = uscc.error();
      wrong_column = column;
      wrong_cell = *cell;
    }
  }
  if (wrong) {
    application.add(key.line, key.column, wrong->code, "Column " + wrong_column + ": " + wrong->message, wrong_column,
                    wrong_cell);
    return false;
  }
  if (!key.organisation_code_from.empty()) {
    const std::string* const cell = raw_cell(record, key.organisation_code_from);
    if (cell != nullptr && !is_null_word(*cell)) {
      if (auto whole = read_uscc(*cell); whole.fault == UsccFault::none) {
        firm.uscc = std::move(whole.normal);
        return true;
      }
      if (auto code = parse_organisation_code(*cell)) firm.organisation_code = std::move(code.value());
    }
  }
  if (!key.same_as_from.empty()) {
    const std::string* const cell = raw_cell(record, key.same_as_from);
    if (cell != nullptr && !is_null_word(*cell)) {
      firm.record_type = key.same_as_type;
      firm.record_key = plain(*cell);
    }
  }
  if (!key.name_from.empty()) {
    const std::string* const cell = raw_cell(record, key.name_from);
    if (cell != nullptr && !is_null_word(*cell)) firm.name_key = name_key(*cell);
  }
  if (!firm.organisation_code.empty() || !firm.record_key.empty() || !firm.name_key.empty()) return true;
  const std::string column = key.uscc_from.empty() ? "" : key.uscc_from.front();
  const std::string* const cell = raw_cell(record, column);
  application.add(key.line, key.column, "uscc_missing",
                  "Column " + column + ": there is no unified social credit code and nothing else that names the firm.",
                  column, cell == nullptr ? "" : *cell);
  return false;
}

void read_facts(const Mapping& mapping, Application& application, FirmFacts& facts) {
  const auto text = [&](const std::optional<Rule>& rule) {
    std::optional<FieldData> data;
    if (!rule || !application.read(*rule, data) || !data) return std::string();
    return to_text(*data);
  };
  facts.name = text(mapping.firm_name);
  if (!facts.name.empty()) {
    // Only the best names identify a firm: others may be former ones.
    if (mapping.name_rank == 1) facts.name_key = name_key(facts.name);
    facts.name_rank = mapping.name_rank;
  }
  facts.division = text(mapping.firm_division);
  if (!facts.division.empty()) facts.division_rank = mapping.division_rank;
  facts.kind = text(mapping.firm_kind);
}

void apply_profile(const Mapping& mapping, const SourceRecord& record, Application& application,
                   MappingOutcome& outcome) {
  bool good = read_key(mapping, record, application, outcome.firm);
  read_facts(mapping, application, outcome.facts);
  outcome.changes.reserve(mapping.rules.size());
  for (const Rule& rule : mapping.rules) {
    if (!rule.only_when.empty() && !holds(rule.only_when, record)) continue;
    std::optional<FieldData> data;
    good = application.read(rule, data) && good;
    outcome.changes.push_back(FieldChange{rule.target, std::move(data)});
  }
  if (good && application.findings.empty()) {
    outcome.kind = MappingOutcome::Kind::profile;
  } else {
    // Only the names of the fields are kept: it is known what the row speaks of, not what it says.
    for (auto& change : outcome.changes) change.data.reset();
  }
}

void apply_coverage(const Mapping& mapping, const SourceRecord& record, Application& application,
                    MappingOutcome& outcome) {
  const std::string* const cell = raw_cell(record, mapping.list_from);
  outcome.list_id = cell == nullptr ? std::string() : plain(*cell);
  if (std::find(mapping.lists.begin(), mapping.lists.end(), outcome.list_id) == mapping.lists.end()) {
    application.add(1, 1, "list_unknown", "Column " + mapping.list_from + " names no list that the mapping knows.",
                    mapping.list_from, outcome.list_id);
  }
  if (application.findings.empty()) outcome.kind = MappingOutcome::Kind::coverage;
}

void apply_flat(const Mapping& mapping, const SourceRecord& record, Application& application, MappingOutcome& outcome) {
  LedgerRecord& flat = outcome.flat;
  for (const Rule& rule : mapping.rules) {
    if (!rule.only_when.empty() && !holds(rule.only_when, record)) continue;
    std::optional<FieldData> data;
    if (application.read(rule, data) && data) flat.values.insert_or_assign(rule.target, std::move(*data));
  }
  if (application.findings.empty())
    outcome.kind = mapping.target == Target::ledger ? MappingOutcome::Kind::ledger : MappingOutcome::Kind::notice;
}

}  // namespace

MappingOutcome apply_mapping(const Mapping& mapping, const CodeTables& codes, const SourceRecord& record,
                             Date received_on) {
  MappingOutcome outcome;
  outcome.as_of = record.as_of.value_or(received_on);
  outcome.flat.record_type = record.record_type;
  outcome.flat.key = record.key;
  const bool withdrawn =
      record.change == Change::withdraw || (!mapping.withdraw_when.empty() && holds(mapping.withdraw_when, record));
  outcome.withdraw = withdrawn;
  outcome.flat.withdraw = withdrawn;

  Application application(mapping, codes, record, received_on);
  for (const RefuseRule& rule : mapping.refuse_when) {
    if (!holds(rule.when, record)) continue;
    const auto& column = rule.when.all.front().name;
    const std::string* const cell = raw_cell(record, column);
    application.add(rule.line, rule.column, rule.code, rule.message, column, cell == nullptr ? "" : *cell);
    outcome.findings = std::move(application.findings);
    return outcome;
  }
  if (mapping.as_of) {
    std::optional<FieldData> data;
    if (application.read(*mapping.as_of, data) && data) {
      if (const auto* const day = std::get_if<Date>(&*data)) outcome.as_of = *day;
    }
  }
  switch (mapping.target) {
    case Target::profile:
      apply_profile(mapping, record, application, outcome);
      break;
    case Target::coverage:
      apply_coverage(mapping, record, application, outcome);
      break;
    case Target::ledger:
    case Target::notice:
      apply_flat(mapping, record, application, outcome);
      break;
  }
  outcome.findings = std::move(application.findings);
  if (withdrawn && outcome.kind == MappingOutcome::Kind::quarantined) {
    // A row that is taken back need not be readable: its key says all that is needed.
    outcome.findings.clear();
    outcome.kind = mapping.target == Target::ledger    ? MappingOutcome::Kind::ledger
                   : mapping.target == Target::notice  ? MappingOutcome::Kind::notice
                   : mapping.target == Target::profile ? MappingOutcome::Kind::profile
                                                       : MappingOutcome::Kind::coverage;
  }
  return outcome;
}

}  // namespace zhida::mapping
