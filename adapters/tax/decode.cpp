#include "adapters/tax/decode.h"

#include <algorithm>

#include "adapter_api/transports/days.h"
#include "adapter_api/transports/json_rows.h"

namespace zhida::adapters::tax {
namespace {

std::optional<Date> as_of(const Resource& resource, const Columns& columns) {
  const auto cell = transports::trimmed_cell(columns, resource.as_of_column);
  switch (resource.vouches) {
    case Resource::Vouches::day:
      return transports::read_day(cell);
    case Resource::Vouches::month_end:
      return transports::read_month_end(cell);
    case Resource::Vouches::year_end:
      return transports::read_year_end(cell);
  }
  return std::nullopt;
}

std::string key_of(const Resource& resource, const Columns& columns) {
  std::string key;
  for (const auto* column : resource.key_columns) {
    const auto part = transports::trimmed_cell(columns, column);
    if (part.empty()) return {};
    if (!key.empty()) key += '-';
    key += part;
  }
  return key;
}

// A registration number that some spreadsheet took for a number: 1.01192E+19. Its last digits are gone for good.
bool lost_digits(const std::string& number) {
  return number.find_first_of(".eE") != std::string::npos;
}

std::int64_t whole_number(const std::string& text) {
  if (text.empty() || text.size() > 15 || text.find_first_not_of("0123456789") != std::string::npos) return -1;
  return std::stoll(text);
}

}  // namespace

const std::vector<Resource>& resources() {
  using Vouches = Resource::Vouches;
  static const std::vector<Resource> kResources{
      {"registration", "tax.registration", {"djxh"}, Vouches::day, "gxsj"},
      {"credit_grade", "tax.credit_grade", {"djxh", "evalua_year"}, Vouches::day, "evalua_result_start"},
      {"arrears", "tax.arrears", {"djxh"}, Vouches::day, "tjrq"},
      {"sales", "tax.sales", {"djxh", "ssq"}, Vouches::month_end, "ssq"},
      {"paid_year", "tax.paid_year", {"djxh", "nd"}, Vouches::year_end, "nd"},
      {"per_mu", "tax.per_mu", {"djxh", "pjnd"}, Vouches::day, "fbrq"},
      {"rd_deduction", "tax.rd_deduction", {"djxh", "nd"}, Vouches::year_end, "nd"},
  };
  return kResources;
}

const Resource* resource_of(std::string_view record_type) {
  const auto found = std::find_if(resources().begin(), resources().end(),
                                  [&](const Resource& resource) { return resource.record_type == record_type; });
  return found == resources().end() ? nullptr : &*found;
}

Result<transports::PageAnswer> decode_page(const Resource& resource, ByteView body) {
  const auto answer = TRY(transports::read_json_rows(body, "data"));
  const auto code = transports::trimmed_cell(answer.members, "code");
  if (code != "00") {
    const auto sentence = "The tax gateway refused " + std::string(resource.path) + " with code \"" + code +
                          "\": " + transports::trimmed_cell(answer.members, "msg") + ".";
    // 97 a parameter is missing, 98 a parameter has the wrong type: asking again would not help.
    return code == "97" || code == "98" ? refuse("source_refused", sentence) : retry("source_refused", sentence);
  }
  transports::PageAnswer page;
  if (const auto total = whole_number(transports::trimmed_cell(answer.members, "total")); total >= 0)
    page.total = total;
  if (!answer.has_rows) {
    // Some answers spell "no rows" as null or as an empty text; with a total they make no sense.
    const bool nothing = answer.rows_kind == "null" || transports::trimmed_cell(answer.members, "data").empty();
    if (nothing && page.total == 0) return page;
    return retry("source_malformed",
                 "The tax gateway sent a " + answer.rows_kind + " where the rows of " + resource.path + " should be.");
  }
  std::int64_t position = 0;
  for (const auto& row : answer.rows) {
    ++position;
    const auto unreadable = [&](std::string row_code, std::string message) {
      page.unreadable.push_back(
          {resource.record_type, position, Bytes(row.octets), std::move(row_code), std::move(message)});
    };
    if (!row.problem.empty()) {
      unreadable("record_malformed", row.problem);
      continue;
    }
    const auto number = transports::trimmed_cell(row.columns, "djxh");
    auto key = key_of(resource, row.columns);
    if (key.empty()) {
      unreadable("key_missing", "The row lacks a part of its key (djxh and the period).");
      continue;
    }
    if (lost_digits(number)) {
      unreadable("key_lost_digits",
                 "djxh " + number + " was stored as a floating-point number; its last digits are lost.");
      continue;
    }
    page.newest = std::max(page.newest, transports::sortable_time(transports::trimmed_cell(row.columns, "gxsj")));
    page.records.push_back(SourceRecord{.source = "tax",
                                        .record_type = resource.record_type,
                                        .key = std::move(key),
                                        .change = Change::upsert,
                                        .columns = row.columns,
                                        .body = Bytes(row.octets),
                                        .as_of = as_of(resource, row.columns),
                                        .position = position});
  }
  return page;
}

Result<SourceBatch> decode_sample(std::string_view name, ByteView body) {
  const auto underscore = name.find('_');
  const auto rest = underscore == std::string_view::npos ? name : name.substr(underscore + 1);
  for (const auto& resource : resources()) {
    if (!rest.starts_with(resource.path)) continue;
    auto page = TRY(decode_page(resource, body));
    SourceBatch batch;
    batch.source = "tax";
    batch.origin = std::string(name);
    batch.records = std::move(page.records);
    batch.unreadable = std::move(page.unreadable);
    return batch;
  }
  return refuse("sample_unknown", std::string(name) + " does not say of which list it is a page.");
}

}  // namespace zhida::adapters::tax
