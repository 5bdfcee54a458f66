#include "stages/matching/list_file.h"

#include <set>
#include <utility>

#include "base/json.h"
#include "domain/uscc.h"
#include "platform/text/csv.h"
#include "stages/matching/persons.h"

namespace zhida::matching {
namespace {

struct ListRow {
  std::size_t line = 0;
  std::map<std::string, std::string> cells;  // By column, as the file names it.
};

/// Reads the rows, and says what is wrong with them.
class ListReader {
 public:
  ListReader(const std::string& file, std::vector<Finding>& findings) : file_(file), findings_(findings) {}

  void complain(std::size_t line, std::string code, std::string message) {
    Finding finding;
    finding.file = file_;
    finding.line = static_cast<int>(line);
    finding.column = 1;
    finding.code = std::move(code);
    finding.message = std::move(message);
    findings_.push_back(std::move(finding));
  }

  std::vector<ListRow> read(Bytes content) {
    const bool lines = file_.ends_with(".jsonl") || content.starts_with('{');
    return lines ? read_lines(content) : read_csv(std::move(content));
  }

  /// The cell under one of the names; empty where there is none.
  static std::string cell(const ListRow& row, std::initializer_list<const char*> names) {
    for (const char* name : names)
      if (const auto found = row.cells.find(name); found != row.cells.end() && !found->second.empty())
        return found->second;
    return {};
  }

  std::string firm(const ListRow& row) {
    const auto written = cell(row, {"uscc", "统一社会信用代码"});
    if (written.empty()) return {};
    const auto uscc = parse_uscc(written);
    if (uscc) return uscc.value();
    complain(row.line, uscc.error().code, uscc.error().message);
    return {};
  }

  std::string person(const ListRow& row) {
    const auto written = cell(row, {"identity_number", "公民身份号码", "身份证号码"});
    if (written.empty()) return {};
    const auto number = parse_identity_number(written);
    if (number) return number.value();
    complain(row.line, number.error().code, number.error().message);
    return {};
  }

 private:
  std::vector<ListRow> read_csv(Bytes content) {
    std::vector<ListRow> out;
    const auto table = text::CsvTable::parse(std::move(content));
    if (!table) {
      complain(1, table.error().code, table.error().message);
      return out;
    }
    const auto& header = table.value().header();
    for (const auto& row : table.value().rows()) {
      if (!row.fault.empty()) {
        complain(row.line, "csv_field_count", row.fault);
        continue;
      }
      ListRow one{row.line, {}};
      for (std::size_t i = 0; i < header.size(); ++i) one.cells[header[i]] = row.fields[i];
      out.push_back(std::move(one));
    }
    return out;
  }

  std::vector<ListRow> read_lines(const Bytes& content) {
    std::vector<ListRow> out;
    std::size_t line = 0;
    for (std::size_t at = 0; at < content.size();) {
      const auto end = std::min(content.find('\n', at), content.size());
      ++line;
      auto text = std::string_view(content).substr(at, end - at);
      at = end + 1;
      if (text.ends_with('\r')) text.remove_suffix(1);
      if (text.find_first_not_of(" \t") == std::string_view::npos) continue;
      const auto json = parse_json(text);
      if (!json || !json.value().is_object()) {
        complain(line, "json_malformed", "This line is no JSON object.");
        continue;
      }
      ListRow one{line, {}};
      for (const auto& [name, value] : json.value().items()) {
        if (value.is_null()) continue;
        if (value.is_structured()) {
          complain(line, "field_wrong_type", "The member " + name + " is a text, a number, true or false.");
          continue;
        }
        one.cells[name] = value.is_string() ? value.get<std::string>() : value.dump();
      }
      out.push_back(std::move(one));
    }
    return out;
  }

  const std::string& file_;
  std::vector<Finding>& findings_;
};

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t");
  return first == std::string::npos ? std::string() : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// A cell of a list; numbers are plain, money is in yuan.
Result<FieldData> person_data(const std::string& text, FieldType type) {
  if (type == FieldType::boolean) {
    if (text == "是" || text == "true" || text == "1") return FieldData(true);
    if (text == "否" || text == "false" || text == "0") return FieldData(false);
    return refuse("field_data_malformed", "是 or 否 is wanted.");
  }
  if (type == FieldType::money_fen) return FieldData(TRY(Money::parse_yuan(text)).fen());
  return parse_field_data(type, text);
}

}  // namespace

std::vector<ReceiptLine> read_receipts(const std::string& file, Bytes content, Date today,
                                       std::vector<Finding>& findings) {
  ListReader reader(file, findings);
  std::vector<ReceiptLine> out;
  std::map<std::pair<std::string, std::string>, std::pair<std::size_t, Date>> seen;
  for (const auto& row : reader.read(std::move(content))) {
    ReceiptLine one;
    one.line = row.line;
    const auto before = findings.size();
    one.uscc = reader.firm(row);
    one.identity_number = reader.person(row);
    if (findings.size() == before && one.uscc.empty() == one.identity_number.empty())
      reader.complain(row.line, "subject_missing",
                      "A row names a firm (uscc) or a person (identity_number), one of them.");
    const auto day = Date::parse(trimmed(ListReader::cell(row, {"received_on", "享受日期"})));
    if (!day)
      reader.complain(row.line, "date_malformed", "received_on is the day of the receipt, YYYY-MM-DD.");
    else if (day.value() > today)
      reader.complain(row.line, "date_in_future", "A benefit cannot have been received after today.");
    else
      one.received_on = day.value();
    one.reference = trimmed(ListReader::cell(row, {"reference", "凭证号"}));
    if (one.reference.empty()) one.reference = one.received_on.to_string();
    if (findings.size() != before) continue;
    const auto& subject = one.uscc.empty() ? one.identity_number : one.uscc;
    const auto [known, fresh] = seen.try_emplace({subject, one.reference}, one.line, one.received_on);
    if (fresh)
      out.push_back(std::move(one));
    else if (known->second.second != one.received_on)
      reader.complain(row.line, "row_twice",
                      "Line " + std::to_string(known->second.first) + " has the same reference with another day.");
  }
  return out;
}

PersonFields person_fields(const Policy& policy) {
  PersonFields out;
  for (const auto& rule : policy.persons)
    for_each_clause(rule.when, [&](const Clause& clause) {
      if (clause.kind != Clause::Kind::condition) return;
      const auto title = policy.titles.find(clause.field);
      out[clause.field] = {title == policy.titles.end() ? clause.field : title->second, clause.type};
    });
  return out;
}

std::vector<PersonLine> read_persons(const std::string& file, Bytes content, const PersonFields& fields,
                                     std::vector<Finding>& findings) {
  ListReader reader(file, findings);
  std::map<std::string, std::string> columns;  // Column → identifier.
  for (const auto& [name, field] : fields) columns[name] = columns[field.title] = name;
  static const std::set<std::string> keys = {"uscc", "统一社会信用代码", "identity_number", "公民身份号码",
                                             "身份证号码"};
  std::vector<PersonLine> out;
  std::map<std::pair<std::string, std::string>, std::size_t> seen;
  for (const auto& row : reader.read(std::move(content))) {
    PersonLine one;
    one.line = row.line;
    const auto before = findings.size();
    one.uscc = reader.firm(row);
    one.identity_number = reader.person(row);
    if (findings.size() == before && (one.uscc.empty() || one.identity_number.empty()))
      reader.complain(row.line, "subject_missing", "A row names the firm (uscc) and the person (identity_number).");
    for (const auto& [column, written] : row.cells) {
      if (keys.contains(column)) continue;
      const auto name = columns.find(column);
      if (name == columns.end()) {
        // Nothing is kept of a person that no condition asks about.
        reader.complain(row.line, "field_unknown", "No condition asks about the column " + column + ": leave it out.");
        continue;
      }
      const auto text = trimmed(written);
      if (text.empty()) continue;
      auto data = person_data(text, fields.at(name->second).type);
      if (!data)
        reader.complain(row.line, data.error().code,
                        "The column " + column + " holds " + zhida::to_text(fields.at(name->second).type) + ".");
      else
        one.fields[name->second] = std::move(data).value();
    }
    if (findings.size() != before) continue;
    const auto [known, fresh] = seen.try_emplace({one.uscc, one.identity_number}, one.line);
    if (fresh)
      out.push_back(std::move(one));
    else
      reader.complain(row.line, "row_twice",
                      "Line " + std::to_string(known->second) + " names the same person of the same firm.");
  }
  return out;
}

}  // namespace zhida::matching
