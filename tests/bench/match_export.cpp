#include "match_export.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

#include "base/json.h"
#include "stages/matching/engine/snapshot.h"
#include "stages/matching/region_industry.h"

namespace zhida::bench {
namespace {

using matching::Clause;
using matching::Operator;
using matching::engine::Table;
using matching::engine::ValueKind;

std::string column_of(const std::string& field) {
  std::string out = field;
  for (auto& c : out)
    if (c == '.') c = '_';
  return out;
}

/// Codes as whole numbers, since every engine compares those fastest: `K3` is 3, `330102` and `3411` are themselves.
std::int64_t code_number(const std::string& text) {
  return std::strtoll(text.c_str() + (text.starts_with('K') ? 1 : 0), nullptr, 10);
}

std::string number_text(const FieldData& data) {
  if (const auto* date = std::get_if<Date>(&data)) return std::to_string(date->days().time_since_epoch().count());
  if (const auto* text = std::get_if<std::string>(&data)) return std::to_string(code_number(*text));
  if (const auto* flag = std::get_if<bool>(&data)) return *flag ? "1" : "0";
  return std::to_string(std::get<std::int64_t>(data));
}

std::string joined(const std::vector<std::string>& parts, const char* word) {
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : word) + part;
  return parts.size() == 1 ? out : "(" + out + ")";
}

/// The codes below one, which are neighbours as numbers.
std::pair<std::int64_t, std::int64_t> numbers_below(const std::string& above, bool region) {
  auto low = above, high = above;
  if (region) {
    while (low.size() > 2 && low.ends_with("00")) low.resize(low.size() - 2);
    high = low;
    low.resize(6, '0');
    high.resize(6, '9');
  } else if (above.size() > 1) {
    low.resize(4, '0');
    high.resize(4, '9');
  } else {
    int first = 0, last = 0;
    for (int division = 1; division < 100; ++division) {
      auto code = std::to_string(division);
      if (code.size() < 2) code.insert(0, "0");
      if (!matching::industry_below(code, above)) continue;
      if (first == 0) first = division;
      last = division;
    }
    return {first * 100, last * 100 + 99};
  }
  return {code_number(low), code_number(high)};
}

std::string sql_below(const std::string& column, const std::string& above, bool region) {
  const auto [low, high] = numbers_below(above, region);
  if (low == high) return column + " = " + std::to_string(low);
  return column + " BETWEEN " + std::to_string(low) + " AND " + std::to_string(high);
}

/// The clause as SQL: TRUE, FALSE, or NULL for unknown.
std::string sql(const Clause& clause, Date day) {
  if (clause.kind != Clause::Kind::condition) {
    std::vector<std::string> parts;
    for (const auto& child : clause.children) parts.push_back(sql(child, day));
    if (clause.kind == Clause::Kind::negation) return "NOT (" + parts[0] + ")";
    return joined(parts, clause.kind == Clause::Kind::all ? " AND " : " OR ");
  }
  const auto column = column_of(clause.field);
  const auto first = clause.operands.empty() ? "" : number_text(clause.operands.front());
  std::string out;
  switch (clause.op) {
    case Operator::gte:
    case Operator::date_gte:
      out = column + " >= " + first;
      break;
    case Operator::lte:
      out = column + " <= " + first;
      break;
    case Operator::eq:
      out = column + " = " + first;
      break;
    case Operator::between:
    case Operator::date_between:
      out = column + " BETWEEN " + first + " AND " + number_text(clause.operands.back());
      break;
    case Operator::in: {
      for (const auto& operand : clause.operands) out += (out.empty() ? "" : ", ") + number_text(operand);
      out = column + " IN (" + out + ")";
      break;
    }
    case Operator::is_true:
    case Operator::listed:
      out = column + " = 1";
      break;
    case Operator::exists:
      out = "(CASE WHEN " + column + " IS NULL THEN NULL ELSE TRUE END)";
      break;
    case Operator::industry_in:
    case Operator::region_in: {
      std::vector<std::string> parts;
      for (const auto& operand : clause.operands)
        parts.push_back(sql_below(column, std::get<std::string>(operand), clause.op == Operator::region_in));
      out = joined(parts, " OR ");
      break;
    }
    default:
      return "NULL";
  }
  if (clause.max_age_days > 0)
    out = "(CASE WHEN " + column +
          "_as_of >= " + std::to_string(day.plus_days(-clause.max_age_days).days().time_since_epoch().count()) +
          " THEN " + out + " END)";
  return out;
}

/// For engines of two values (zen and its like): whether the clause surely holds, or surely does not. What is unknown
/// does neither, so T is the same everywhere.
std::string two_valued(const Clause& clause, Date day, bool wanted) {
  if (clause.kind == Clause::Kind::negation) return two_valued(clause.children[0], day, !wanted);
  if (clause.kind != Clause::Kind::condition) {
    std::string out;
    const bool all = (clause.kind == Clause::Kind::all) == wanted;
    for (const auto& child : clause.children)
      out += (out.empty() ? "" : all ? " and " : " or ") + two_valued(child, day, wanted);
    return "(" + out + ")";
  }
  const auto column = column_of(clause.field);
  const auto between = [&](const std::string& low, const std::string& high) {
    return "(" + column + " >= " + low + " and " + column + " <= " + high + ")";
  };
  const auto operand = [&](std::size_t i) { return number_text(clause.operands[i]); };
  std::string holds;
  switch (clause.op) {
    case Operator::gte:
    case Operator::date_gte:
      holds = column + " >= " + operand(0);
      break;
    case Operator::lte:
      holds = column + " <= " + operand(0);
      break;
    case Operator::eq:
      holds = column + " == " + operand(0);
      break;
    case Operator::between:
    case Operator::date_between:
      holds = between(operand(0), operand(1));
      break;
    case Operator::in:
      for (std::size_t i = 0; i < clause.operands.size(); ++i) holds += (i ? ", " : "") + operand(i);
      holds = column + " in [" + holds + "]";
      break;
    case Operator::is_true:
    case Operator::listed:
      holds = column + " == 1";
      break;
    case Operator::exists:
      holds = "true";
      break;
    case Operator::industry_in:
    case Operator::region_in:
      for (const auto& above : clause.operands) {
        const auto [low, high] = numbers_below(std::get<std::string>(above), clause.op == Operator::region_in);
        holds += (holds.empty() ? "" : " or ") + between(std::to_string(low), std::to_string(high));
      }
      break;
    default:
      return "false";
  }
  auto out = column + " != null";
  if (clause.max_age_days > 0)
    out += " and " + column +
           "_as_of >= " + std::to_string(day.plus_days(-clause.max_age_days).days().time_since_epoch().count());
  return "(" + out + " and " + (wanted ? "(" : "not (") + holds + "))";
}

// Policy files: the YAML that `zhida policy` reads.

std::string literal(const FieldData& data, FieldType type, const std::string& unit) {
  if (const auto* text = std::get_if<std::string>(&data)) return "\"" + *text + "\"";
  if (const auto* date = std::get_if<Date>(&data)) return date->to_string();
  const auto number = std::get<std::int64_t>(data);
  const auto decimal = [&](std::int64_t whole, int places) {
    auto digits = std::to_string(number % whole);
    digits.insert(0, static_cast<std::size_t>(places) - digits.size(), '0');
    return std::to_string(number / whole) + "." + digits;
  };
  if (type == FieldType::money_fen) return decimal(100, 2) + " 元";
  if (type == FieldType::rate_ppm) return decimal(10'000, 4) + " %";
  return std::to_string(number) + (unit.empty() ? "" : " " + unit);
}

void yaml(const Clause& clause, const std::string& indent, std::ostream& out) {
  if (clause.kind != Clause::Kind::condition) {
    if (clause.kind == Clause::Kind::negation) {
      out << indent << "- not:\n";
      std::string inner = indent + "    ";
      std::ostringstream text;
      yaml(clause.children[0], inner, text);
      auto child = text.str();
      child.replace(inner.size(), 2, "  ");  // One clause, no list.
      out << child;
      return;
    }
    out << indent << "- " << (clause.kind == Clause::Kind::all ? "all" : "any") << ":\n";
    for (const auto& child : clause.children) yaml(child, indent + "    ", out);
    return;
  }
  out << indent << "- { id: " << clause.id << ", text: " << clause.text << ", field: " << clause.field
      << ", op: " << matching::to_text(clause.op);
  if (clause.operands.size() == 1 && clause.op != Operator::in && clause.op != Operator::industry_in &&
      clause.op != Operator::region_in) {
    out << ", value: " << literal(clause.operands[0], clause.type, clause.unit);
  } else if (!clause.operands.empty()) {
    out << ", value: [";
    for (std::size_t i = 0; i < clause.operands.size(); ++i)
      out << (i ? ", " : "") << literal(clause.operands[i], clause.type, clause.unit);
    out << "]";
  }
  if (clause.max_age_days > 0) out << ", max_age: " << clause.max_age_days << "d";
  out << " }\n";
}

const char* type_name(FieldType type) {
  return zhida::to_text(type);
}

void write_fields(const Town& town, std::ostream& out) {
  out << "fields:\n";
  for (const auto& field : town.fields()) {
    out << "  " << field.name << ": { title: 字段 " << field.name << ", type: " << type_name(field.type);
    if (field.sort == Sort::money) out << ", unit: fen";
    if (field.sort == Sort::rate) out << ", unit: ppm";
    if (field.sort == Sort::count) out << ", unit: 个";
    out << ", sensitivity: internal, fresh_for: always, precedence: [town] }\n";
  }
}

void write_policy(const matching::Policy& policy, std::ostream& out) {
  out << "id: " << policy.id.str() << "\ntitle: " << policy.title
      << "\nissuer: 某市（虚构）\nlevel: city\ndocument: 基准（虚构）\nclass: 免申即享\nsubject: enterprise\nwhen:\n  "
         "all:\n";
  for (const auto& child : policy.when.children) yaml(child, "  ", out);
  out << "amount:\n  family: fixed\n  text: 定额\n  amount: 1 万元\n"
         "handling:\n  channel: appropriation\n  project_code: \"0\"\n  payee: own_account\n  period: once\n"
         "  review: []\n";
}

}  // namespace

bool export_town(const Town& town, const matching::engine::Partition& partition, const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code fault;
  fs::create_directories(folder + "/policies", fault);
  const auto open = [&](const std::string& name, const std::function<void(std::ostream&)>& write) {
    std::ofstream out(folder + "/" + name, std::ios::binary);
    if (out) write(out);
    out.close();
    if (out) return true;
    std::fprintf(stderr, "%s/%s cannot be written.\n", folder.c_str(), name.c_str());
    return false;
  };
  const auto& table = partition.table();
  std::vector<const TownField*> fields(table.columns().size());
  for (const auto& field : town.fields())
    for (std::size_t c = 0; c < fields.size(); ++c)
      if (table.column(c).spec.name == Town::column_name(field)) fields[c] = &field;
  std::vector<std::vector<std::int64_t>> codes(fields.size());
  for (std::size_t c = 0; c < fields.size(); ++c)
    for (const auto& text : table.column(c).dictionary) codes[c].push_back(code_number(text));
  const auto write_rows = [&](std::ostream& out, std::size_t rows) {
    out << "id";
    for (const auto* field : fields)
      if (field != nullptr)
        out << "," << column_of(field->name) << (field->dated ? "," + column_of(field->name) + "_as_of" : "");
    out << "\n";
    std::string line;
    for (std::size_t i = 0; i < rows; ++i) {
      const auto row = i * table.rows() / rows;
      line = std::to_string(row);
      for (std::size_t c = 0; c < fields.size(); ++c) {
        if (fields[c] == nullptr) continue;
        const auto cell = table.get(row, c);
        line += ",";
        if (cell.known)
          line += std::to_string(codes[c].size() > 1 ? codes[c][static_cast<std::size_t>(cell.value)] : cell.value);
        if (fields[c]->dated) line += "," + (cell.known ? std::to_string(cell.as_of) : std::string());
      }
      out << line << "\n";
    }
  };
  bool good = open("profiles.csv", [&](std::ostream& out) { write_rows(out, table.rows()); });
  // As many firms, spread evenly, as slow engines can be given.
  good =
      good && open("sample.csv", [&](std::ostream& out) { write_rows(out, std::min<std::size_t>(200, table.rows())); });
  good = good && open("profiles.jsonl", [&](std::ostream& out) {
           for (std::size_t row = 0; row < table.rows(); ++row) {
             const auto profile = town.profile(table, row);
             Json members = Json::object();
             for (const auto& [name, state] : profile.fields) {
               const auto& data = state.value->data;
               Json value;
               if (const auto* flag = std::get_if<bool>(&data))
                 value = *flag;
               else if (const auto* number = std::get_if<std::int64_t>(&data))
                 value = *number;
               else
                 value = zhida::to_text(data);
               members[name] = {
                   {"value", std::move(value)}, {"as_of", state.value->as_of.to_string()}, {"source", "town"}};
             }
             out << Json{{"uscc", profile.uscc}, {"division", profile.division}, {"fields", std::move(members)}}.dump()
                 << "\n";
           }
         });
  good = good && open("schema.sql", [&](std::ostream& out) {
           out << "CREATE TABLE profile (id INTEGER";
           for (std::size_t c = 0; c < fields.size(); ++c) {
             if (fields[c] == nullptr) continue;
             const auto sort = fields[c]->sort;
             out << ",\n  " << column_of(fields[c]->name)
                 << (sort == Sort::flag || sort == Sort::code ? " SMALLINT"
                     : fields[c]->number()                    ? " BIGINT"
                                                              : " INTEGER");
             if (fields[c]->dated) out << ",\n  " << column_of(fields[c]->name) << "_as_of INTEGER";
           }
           out << ");\n";
         });
  good = good && open("items.sql", [&](std::ostream& out) {
           for (const auto& policy : town.policies()) out << sql(policy.when, town.day()) << "\n";
         });
  good = good && open("items.zen", [&](std::ostream& out) {
           for (const auto& policy : town.policies()) out << two_valued(policy.when, town.day(), true) << "\n";
         });
  matching::engine::Results results;
  matching::engine::run(*partition.snapshot(), matching::engine::best_path(), 2, results);
  good = good && open("counts.csv", [&](std::ostream& out) {
           out << "item,met,unknown\n";
           for (std::uint32_t i = 0; i < town.policies().size(); ++i)
             out << town.policies()[i].id.str() << "," << results.met(i) << "," << results.unknown(i) << "\n";
         });
  good = good && open("fields.yaml", [&](std::ostream& out) { write_fields(town, out); });
  for (const auto& policy : town.policies())
    good = good && open("policies/" + policy.id.str() + ".yaml", [&](std::ostream& out) { write_policy(policy, out); });
  return good;
}

}  // namespace zhida::bench
