#include "stages/mapping/code_store.h"

#include <algorithm>
#include <filesystem>

#include "base/bytes.h"
#include "platform/text/csv.h"
#include "stages/mapping/normal_stage.h"
#include "stages/mapping/yaml_store.h"

namespace zhida::mapping {
namespace {

void load_table(const std::string& path, CodeTables& out, std::vector<Finding>& findings) {
  const auto root = take(config::read_yaml(path), path, findings);
  if (!root) return;
  if (!take(root->only_keys({"codes", "title", "source", "values", "otherwise"}), path, findings)) return;
  CodeTable table;
  table.file = path;
  const auto name = take(root->string("codes"), path, findings);
  const auto source = take(root->string("source"), path, findings);
  const auto values = take(root->require("values"), path, findings);
  if (!name || !source || !values) return;
  table.name = *name;
  if (std::filesystem::path(path).stem() != table.name) {
    findings.push_back(finding_at(*root->find("codes"), "code_table_misnamed",
                                  "The table is called " + table.name + " and the file is not."));
  }
  if (const auto otherwise = root->find("otherwise")) {
    table.otherwise = otherwise->is_null() ? std::string() : otherwise->text();
  }
  for (const auto& value : values->items()) {
    const std::string& code = value.key();
    if (code != "true" && code != "false" && code != "unknown") table.all_boolean = false;
    const auto spellings = take(value.as_strings(), path, findings);
    if (!spellings) continue;
    // `unknown` is a code of its own: words that say that the source does not know.
    const std::string stored = code == "unknown" ? std::string() : code;
    std::vector<std::string> all = *spellings;
    if (!stored.empty() && !table.all_boolean) all.push_back(code);
    for (const auto& spelling : all) {
      const auto [at, added] = table.codes.emplace(code_key(spelling), stored);
      if (!added && at->second != stored)
        findings.push_back(finding_at(value, "code_spelling_twice", "\"" + spelling + "\" stands for two codes."));
    }
  }
  if (out.tables.contains(table.name))
    findings.push_back(finding_at(*root, "code_table_twice", "There is another table called " + table.name + "."));
  out.tables.emplace(table.name, std::move(table));
}

/// Calls `row` with the cells of the named columns.
template <class Row>
void load_csv(const std::string& path, const std::vector<std::string>& columns, std::vector<Finding>& findings,
              Row row) {
  const auto bytes = take(read_file(path), path, findings);
  if (!bytes) return;
  const auto table = take(text::CsvTable::parse(*bytes), path, findings);
  if (!table) return;
  std::vector<std::size_t> places;
  for (const auto& name : columns) {
    const auto found = std::find(table->header().begin(), table->header().end(), name);
    if (found == table->header().end()) {
      findings.push_back(
          Finding{path, 1, 1, "column_missing", "The header lacks the column " + name + ".", "", "", ""});
      return;
    }
    places.push_back(static_cast<std::size_t>(found - table->header().begin()));
  }
  for (const auto& line : table->rows()) {
    if (!line.fault.empty()) {
      findings.push_back(Finding{path, static_cast<int>(line.line), 1, "csv_field_count", line.fault, "", "", ""});
      continue;
    }
    std::vector<std::string> cells;
    for (const auto place : places) cells.push_back(trimmed(line.fields[place]));
    row(cells);
  }
}

}  // namespace

CodeTables load_codes(const std::string& directory, std::vector<Finding>& findings) {
  CodeTables out;
  std::error_code fault;
  std::vector<std::string> tables;
  for (const auto& entry : std::filesystem::directory_iterator(directory, fault)) {
    if (entry.path().extension() == ".yaml") tables.push_back(entry.path().string());
  }
  if (fault) {
    findings.push_back(Finding{directory, 0, 0, "file_missing", "The folder cannot be read.", "", "", ""});
    return out;
  }
  std::sort(tables.begin(), tables.end());
  for (const auto& path : tables) load_table(path, out, findings);
  load_csv(directory + "/region.csv", {"code", "name"}, findings,
           [&](const std::vector<std::string>& cells) { out.regions.emplace(cells[0], cells[1]); });
  const std::string abolished = directory + "/region_abolished.csv";
  load_csv(abolished, {"code", "successor"}, findings, [&](const std::vector<std::string>& cells) {
    if (!out.regions.contains(cells[1])) {
      findings.push_back(
          Finding{abolished, 0, 0, "code_unknown", "The successor " + cells[1] + " is no region.", "", "", ""});
    }
    out.successors.emplace(cells[0], cells[1]);
  });
  load_csv(directory + "/industry.csv", {"code", "section"}, findings, [&](const std::vector<std::string>& cells) {
    if (cells[0].size() > 1 && !cells[1].empty()) out.industries.emplace(cells[0], cells[1].front());
  });
  return out;
}

}  // namespace zhida::mapping
