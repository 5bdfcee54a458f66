#include "stages/matching/code_names.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "platform/text/csv.h"

namespace zhida::matching {
namespace {

/// Calls `row` with the cells of these columns; rows that cannot be read are left to mapping, which names them.
Result<void> for_each_row(const std::string& path, const std::vector<std::string>& columns,
                          const std::function<void(const std::vector<std::string>&)>& row) {
  const auto table = TRY(text::CsvTable::parse(TRY(read_file(path))));
  std::vector<std::size_t> places;
  for (const auto& name : columns) {
    const auto found = std::ranges::find(table.header(), name);
    if (found == table.header().end())
      return refuse("column_missing", path + ": the header lacks the column " + name + ".");
    places.push_back(static_cast<std::size_t>(found - table.header().begin()));
  }
  for (const auto& line : table.rows()) {
    if (!line.fault.empty()) continue;
    std::vector<std::string> cells;
    for (const auto place : places) cells.push_back(line.fields[place]);
    row(cells);
  }
  return ok();
}

bool is_letter(char c) {
  return c >= 'A' && c <= 'Z';
}

/// What stands between a province and its counties where there is no city.
bool is_no_city(std::string_view name) {
  return name == "市辖区" || name == "县" || name.ends_with("直辖县级行政区划");
}

}  // namespace

Result<CodeNames> CodeNames::load(const std::string& folder) {
  CodeNames out;
  CHECK_OK(for_each_row(folder + "/industry.csv", {"code", "name"},
                        [&](const std::vector<std::string>& cells) { out.industries_.emplace(cells[0], cells[1]); }));
  std::map<std::string, std::pair<std::string, std::string>, std::less<>> regions;  // Name, and what it lies in.
  CHECK_OK(for_each_row(folder + "/region.csv", {"code", "name", "parent"}, [&](const std::vector<std::string>& cells) {
    regions.emplace(cells[0], std::pair(cells[1], cells[2]));
  }));
  for (const auto& [code, region] : regions) {
    auto above = regions.find(region.second);
    if (above != regions.end() && is_no_city(above->second.first)) above = regions.find(above->second.second);
    const bool says_where = (!code.ends_with("00") || is_no_city(region.first)) && above != regions.end();
    out.regions_.emplace(code, (says_where ? above->second.first : "") + region.first);
  }
  return out;
}

std::string CodeNames::industry(const std::string& code) const {
  const bool lettered = code.size() > 1 && is_letter(code.front());
  const auto found = industries_.find(std::string_view(code).substr(lettered ? 1 : 0));
  return found == industries_.end() ? code : found->second + "（" + code + "）";
}

std::string CodeNames::region(const std::string& code) const {
  const auto found = regions_.find(code);
  return found == regions_.end() ? code : found->second + "（" + code + "）";
}

std::string CodeNames::of_field(std::string_view field, const std::string& code) const {
  if (field.ends_with(".industry_code")) return industry(code);
  return field.ends_with(".region_code") ? region(code) : code;
}

}  // namespace zhida::matching
