#include "stages/matching/sql.h"

#include <algorithm>
#include <map>
#include <utility>

#include "stages/matching/amount.h"
#include "stages/matching/region_industry.h"

namespace zhida::matching {
namespace {

std::string quoted(const std::string& text, char mark) {
  std::string out(1, mark);
  for (const char c : text) {
    if (c == mark) out += c;
    out += c;
  }
  return out + mark;
}

std::string literal(const FieldData& data) {
  if (const auto* truth = std::get_if<bool>(&data)) return *truth ? "TRUE" : "FALSE";
  if (const auto* number = std::get_if<std::int64_t>(&data)) {
    // The least 64-bit number cannot be written as a negated literal.
    return *number == INT64_MIN ? "(-9223372036854775807 - 1)" : "(" + std::to_string(*number) + ")::bigint";
  }
  if (const auto* day = std::get_if<Date>(&data)) return "DATE " + sql_text(day->to_string());
  return sql_text(std::get<std::string>(data));
}

std::string list(const std::vector<FieldData>& operands) {
  std::string out;
  for (const auto& operand : operands) out += (out.empty() ? "" : ", ") + literal(operand);
  return "(" + out + ")";
}

template <class Parts, class Make>
std::string joined(const Parts& parts, const char* word, const char* nothing, const Make& make) {
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : word) + make(part);
  return out.empty() ? nothing : "(" + out + ")";
}

std::string pattern(std::string text) {
  std::string out;
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') out += '\\';
    out += c;
  }
  return sql_text(out + "%");
}

/// GB/T 4754: digits without the section letter; a section letter alone stands for its divisions.
std::string below_industry(const std::string& column, const std::string& code) {
  const bool letter = !code.empty() && (code[0] < '0' || code[0] > '9');
  const auto digits = letter ? code.substr(1) : code;
  if (!digits.empty()) return "regexp_replace(" + column + ", '^[A-Za-z]', '') LIKE " + pattern(digits);
  std::string divisions;
  for (int division = 0; division < 100; ++division) {
    const auto two = std::string(1, static_cast<char>('0' + division / 10)) + static_cast<char>('0' + division % 10);
    if (industry_below(two, code)) divisions += (divisions.empty() ? "'" : ", '") + two + "'";
  }
  const auto upper = std::string(1, static_cast<char>(code[0] & ~0x20));
  return "CASE WHEN " + column + " ~ '^[A-Za-z]' THEN upper(left(" + column + ", 1)) = " + sql_text(upper) +
         " ELSE left(" + column + ", 2) IN (" + (divisions.empty() ? "''" : divisions) + ") END";
}

std::string below_region(const std::string& column, std::string code) {
  while (code.size() > 2 && code.ends_with("00")) code.resize(code.size() - 2);
  return column + " LIKE " + pattern(code);
}

std::string has_code(const std::string& column, const FieldData& code) {
  // The separators of codes_of(), blanks around them included.
  return literal(code) + " = ANY (regexp_split_to_array(btrim(" + column + "), ' *(、|,|，|;|；) *'))";
}

/// `clause` without region data, windows or ages.
std::string comparison(const Clause& clause, const std::string& column) {
  const auto each = [&](const auto& make, const char* word, const char* nothing) {
    return joined(clause.operands, word, nothing, make);
  };
  const auto operand = [&](std::size_t i) { return literal(clause.operands[i]); };
  switch (clause.op) {
    case Operator::eq:
      return column + " = " + operand(0);
    case Operator::in:
      return column + " IN " + list(clause.operands);
    case Operator::not_in:
      return column + " NOT IN " + list(clause.operands);
    case Operator::gt:
      return column + " > " + operand(0);
    case Operator::gte:
    case Operator::date_gte:
      return column + " >= " + operand(0);
    case Operator::lt:
      return column + " < " + operand(0);
    case Operator::lte:
    case Operator::not_received:
    case Operator::no_event_within:
      return column + " <= " + operand(0);
    case Operator::between:
    case Operator::date_between:
      return column + " BETWEEN " + operand(0) + " AND " + operand(1);
    case Operator::is_true:
    case Operator::listed:
    case Operator::first_time:
      return column;
    case Operator::is_false:
    case Operator::not_listed:
      return "NOT " + column;
    case Operator::exists:
      return "(" + column + " IS NOT NULL OR NULL)";
    case Operator::industry_in:
      return each([&](const FieldData& code) { return below_industry(column, std::get<std::string>(code)); }, " OR ",
                  "FALSE");
    case Operator::region_in:
      return each([&](const FieldData& code) { return below_region(column, std::get<std::string>(code)); }, " OR ",
                  "FALSE");
    case Operator::all_of:
      return each([&](const FieldData& code) { return has_code(column, code); }, " AND ", "TRUE");
    case Operator::any_of:
      return each([&](const FieldData& code) { return has_code(column, code); }, " OR ", "FALSE");
  }
  return "NULL";
}

/// The condition on one column, NULL where its value does not count for this clause.
std::string guarded(const Clause& clause, const std::string& field, Date day) {
  auto out = comparison(clause, sql_name(field));
  std::string guard;
  if (clause.max_age_days > 0)
    guard = sql_name(field + ".as_of") + " >= " + literal(day.plus_days(-clause.max_age_days));
  if (!clause.sources.empty()) {
    std::vector<FieldData> sources(clause.sources.begin(), clause.sources.end());
    guard += (guard.empty() ? "" : " AND ") + sql_name(field + ".source") + " IN " + list(sources);
  }
  if (clause.false_is_unknown) out = "CASE WHEN " + out + " THEN TRUE END";
  return guard.empty() ? out : "CASE WHEN " + guard + " THEN " + out + " END";
}

class Writer {
 public:
  Writer(const Policy& policy, Date day) : policy_(policy), day_(day) {}

  std::string write(const Clause& clause, bool negated = false) const {
    switch (clause.kind) {
      case Clause::Kind::all:
        return joined(clause.children, " AND ", "TRUE", [&](const Clause& child) { return write(child, negated); });
      case Clause::Kind::any:
        return joined(clause.children, " OR ", "FALSE", [&](const Clause& child) { return write(child, negated); });
      case Clause::Kind::negation:
        return "(NOT " + write(clause.children.front(), !negated) + ")";
      case Clause::Kind::condition:
        break;
    }
    const auto out = regional(clause) ? by_region(clause) : condition(clause);
    if (clause.on_unknown != OnUnknown::fail) return "(" + out + ")";
    return "COALESCE((" + out + "), " + (negated ? "TRUE" : "FALSE") + ")";
  }

 private:
  bool is_datum(const std::string& field) const {
    return std::ranges::find(policy_.region_data, field, &RegionDatum::name) != policy_.region_data.end();
  }
  bool regional(const Clause& clause) const {
    return is_datum(clause.field) ||
           std::ranges::any_of(clause.operand_data, [](const std::string& name) { return !name.empty(); });
  }

  std::string condition(const Clause& written) const {
    const auto clause = specialised(policy_, written, "", day_);
    if (clause.kind != Clause::Kind::condition) return clause.kind == Clause::Kind::all ? "TRUE" : "FALSE";
    if (clause.field.empty()) return "NULL::boolean";
    if (clause.op != Operator::first_time) return guarded(clause, clause.field, day_);
    return "(" + guarded(clause, clause.field, day_) + ") AND (" + guarded(clause, clause.field + "_first_time", day_) +
           ")";
  }

  /// The most specific region first: CASE takes the first branch that holds.
  std::string by_region(const Clause& clause) const {
    std::set<std::string> regions;
    for (const auto& datum : policy_.region_data)
      if (datum.name == clause.field || std::ranges::find(clause.operand_data, datum.name) != clause.operand_data.end())
        for (const auto& [region, value] : datum.values) regions.insert(region);
    std::vector<std::string> order(regions.begin(), regions.end());
    const auto width = [](const std::string& region) {
      auto size = region.size();
      while (size > 2 && region.compare(size - 2, 2, "00") == 0) size -= 2;
      return size;
    };
    std::ranges::sort(order,
                      [&](const auto& a, const auto& b) { return width(a) != width(b) ? width(a) > width(b) : a < b; });
    std::string out;
    for (const auto& region : order) {
      const auto own = specialised(policy_, clause, region, day_);
      const auto then = own.kind != Clause::Kind::condition
                            ? std::string(own.kind == Clause::Kind::all ? "TRUE" : "FALSE")
                        : own.field.empty() ? std::string("NULL::boolean")
                                            : guarded(own, own.field, day_);
      out += " WHEN " + below_region("division", region) + " THEN " + then;
    }
    return out.empty() ? "NULL::boolean" : "CASE" + out + " END";
  }

  const Policy& policy_;
  Date day_;
};

const char* column_type(FieldType type) {
  switch (type) {
    case FieldType::boolean:
      return "boolean";
    case FieldType::integer:
    case FieldType::money_fen:
    case FieldType::rate_ppm:
      return "bigint";
    case FieldType::date:
      return "date";
    case FieldType::text:
    case FieldType::code:
      break;
  }
  return "text COLLATE \"C\"";
}

}  // namespace

std::string sql_name(const std::string& name) {
  return quoted(name, '"');
}

std::string sql_text(const std::string& text) {
  return quoted(text, '\'');
}

std::string sql_clause(const Policy& policy, const Clause& clause, Date day) {
  return Writer(policy, day).write(clause);
}

std::string sql_verdict(const Policy& policy, Date day) {
  const bool in_time =
      (!policy.valid_from || day >= *policy.valid_from) && (!policy.valid_to || day <= *policy.valid_to);
  const Writer writer(policy, day);
  auto out = writer.write(policy.when);
  const auto needs = amount_needs(policy);
  if (needs.kind != Clause::Kind::all || !needs.children.empty()) out = "(" + out + " AND " + writer.write(needs) + ")";
  if (policy.kind == ItemKind::reminder) out = "(" + out + " AND NULL::boolean)";
  return in_time ? out : "(FALSE AND " + out + ")";
}

std::vector<SqlColumn> sql_columns(const std::vector<Policy>& policies) {
  std::map<std::string, std::string> columns;
  for (const auto& policy : policies) {
    const auto put = [&](const Clause& clause) {
      if (clause.kind != Clause::Kind::condition || clause.field.empty()) return;
      const bool datum =
          std::ranges::find(policy.region_data, clause.field, &RegionDatum::name) != policy.region_data.end();
      if (datum) return;
      for (const auto& field :
           {clause.field, clause.op == Operator::first_time ? clause.field + "_first_time" : clause.field}) {
        columns[field] = column_type(clause.type);
        columns[field + ".as_of"] = "date";
        if (!clause.sources.empty()) columns[field + ".source"] = column_type(FieldType::text);
      }
    };
    for_each_clause(policy.when, put);
    for_each_clause(amount_needs(policy), put);
  }
  std::vector<SqlColumn> out;
  for (const auto& [name, type] : columns) out.push_back({name, type});
  return out;
}

}  // namespace zhida::matching
