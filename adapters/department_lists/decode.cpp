#include "adapters/department_lists/decode.h"

#include <algorithm>
#include <map>

#include "adapter_api/transports/days.h"
#include "base/json.h"
#include "platform/text/csv.h"

namespace zhida::adapters::department_lists {
namespace {

std::string cell(const SourceRecord& record, const char* column) {
  return transports::trimmed_cell(record.columns, column);
}

/// What tells the rows of a list apart. Department files have no row number of their own.
std::string key_of(const List& list, const SourceRecord& record) {
  const std::string name(list.name);
  if (name == "hnte") return cell(record, "证书编号");
  if (name == "patents") return cell(record, "专利号");
  const std::string firm =
      cell(record, "统一社会信用代码").empty() ? cell(record, "企业名称") : cell(record, "统一社会信用代码");
  const std::string year = cell(record, name == "new_above_scale" ? "入统年度" : "认定年度");
  return firm.empty() ? std::string() : firm + "/" + year;
}

std::string key_name(const List& list) {
  const std::string name(list.name);
  if (name == "hnte") return "证书编号";
  if (name == "patents") return "专利号";
  return "统一社会信用代码 or 企业名称";
}

std::string stem_of(const std::string& file_name) {
  const auto slash = file_name.rfind('/');
  const auto base = slash == std::string::npos ? file_name : file_name.substr(slash + 1);
  return base.substr(0, base.find('.'));
}

}  // namespace

const std::vector<List>& lists() {
  static const std::vector<List> kLists{
      {"hnte",
       "department_lists.hnte",
       {"企业名称", "统一社会信用代码", "认定年度", "证书编号", "发证日期", "有效期至", "首次认定"}},
      {"srdi", "department_lists.srdi", {"企业名称", "统一社会信用代码", "级别", "认定年度", "首次认定"}},
      {"little_giant",
       "department_lists.little_giant",
       {"企业名称", "统一社会信用代码", "批次", "认定年度", "首次认定"}},
      {"new_above_scale",
       "department_lists.new_above_scale",
       {"企业名称", "统一社会信用代码", "入统年度", "首次入统", "履行填报义务"}},
      {"patents", "department_lists.patents", {"企业名称", "统一社会信用代码", "专利号", "国家", "授权日期"}},
  };
  return kLists;
}

Result<SourceBatch> decode_list(const std::string& file_name, ByteView content) {
  const std::string stem = stem_of(file_name);
  const List* list = nullptr;
  for (const auto& candidate : lists())
    if (stem.starts_with(std::string(candidate.name) + "_")) list = &candidate;
  if (list == nullptr)
    return refuse(
        "list_unknown",
        file_name + ": the name must begin with one of hnte_, srdi_, little_giant_, new_above_scale_, patents_.");
  const auto day = transports::read_day(stem.substr(std::string(list->name).size() + 1, 8));
  if (!day)
    return refuse("list_day_missing",
                  file_name + ": the name must go on with the day of the list, as in " + list->name + "_20251103.csv.");

  const auto table = TRY(text::CsvTable::parse(Bytes(content)));
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < table.header().size(); ++i) places[table.header()[i]] = i;
  for (const auto* column : list->columns)
    if (!places.contains(column))
      return refuse("list_column_missing", file_name + ", line 1: the column " + column + " is missing.");

  SourceBatch batch;
  batch.source = "department_lists";
  batch.origin = file_name;
  for (const auto& row : table.rows()) {
    SourceRecord record;
    record.source = batch.source;
    record.record_type = list->record_type;
    record.position = static_cast<std::int64_t>(row.line);
    record.body = Bytes(row.octets);
    record.as_of = *day;
    const auto unreadable = [&](const char* code, const std::string& message) {
      batch.unreadable.push_back({list->record_type, record.position, record.body, code, message});
    };
    if (!row.fault.empty()) {
      unreadable("row_unreadable", row.fault);
      continue;
    }
    for (const auto* column : list->columns) record.columns[column] = row.fields[places.at(column)];
    record.key = key_of(*list, record);
    if (record.key.empty()) {
      unreadable("key_missing", "Line " + std::to_string(row.line) + ": the row has no " + key_name(*list) +
                                    ", which tells rows apart.");
      continue;
    }
    batch.records.push_back(std::move(record));
  }
  // The list as a whole: absent from it now means not on it.
  SourceRecord coverage;
  coverage.source = batch.source;
  coverage.record_type = kCoverage;
  coverage.key = list->name;
  coverage.as_of = *day;
  coverage.position = static_cast<std::int64_t>(table.rows().size()) + 2;
  coverage.columns = {
      {"list_id", list->name}, {"as_of", day->to_string()}, {"rows", std::to_string(table.rows().size())}};
  coverage.body =
      TRY(canonical_json(Json{{"list_id", list->name}, {"as_of", day->to_string()}, {"rows", table.rows().size()}}));
  batch.records.push_back(std::move(coverage));
  batch.complete_for = {list->record_type};
  return batch;
}

Result<SourceBatch> decode_sample(std::string_view name, ByteView content) {
  // Fixtures are named 001_hnte_20251103_what.in.csv: the number is not part of the list's name. Uploads have none.
  const auto from = name.find('_');
  const bool numbered =
      from != std::string_view::npos && name.substr(0, from).find_first_not_of("0123456789") == std::string_view::npos;
  return decode_list(std::string(numbered ? name.substr(from + 1) : name), content);
}

}  // namespace zhida::adapters::department_lists
