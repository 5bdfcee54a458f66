#include "adapters/budget/decode.h"

#include <algorithm>

#include "adapter_api/transports/days.h"
#include "adapter_api/transports/json_rows.h"

namespace zhida::adapters::budget {
namespace {

std::int64_t whole_number(const std::string& text) {
  if (text.empty() || text.size() > 15 || text.find_first_not_of("0123456789") != std::string::npos) return -1;
  return std::stoll(text);
}

}  // namespace

const std::vector<Resource>& resources() {
  static const std::vector<Resource> kResources{
      {"appropriations", "budget.appropriation", "BGT_ID"},
      {"payments", "budget.payment", "PAY_APP_NO"},
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
    const auto sentence = "The budget system refused " + std::string(resource.path) + " with code \"" + code +
                          "\": " + transports::trimmed_cell(answer.members, "msg") + ".";
    return code == "97" || code == "98" ? refuse("source_refused", sentence) : retry("source_refused", sentence);
  }
  transports::PageAnswer page;
  if (const auto total = whole_number(transports::trimmed_cell(answer.members, "total")); total >= 0)
    page.total = total;
  if (!answer.has_rows) {
    if (answer.rows_kind == "null" && page.total == 0) return page;
    return retry("source_malformed", "The budget system sent a " + answer.rows_kind + " where the rows of " +
                                         resource.path + " should be.");
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
    auto key = transports::trimmed_cell(row.columns, resource.key_column);
    if (key.empty()) {
      unreadable("key_missing", std::string("The row has no ") + resource.key_column + ".");
      continue;
    }
    // 1 deleted, 2 not. Anything else could hide a deletion, and a deleted appropriation must not be paid from.
    const auto deleted = transports::code_form(transports::trimmed_cell(row.columns, "IS_DELETED"));
    if (deleted != "1" && deleted != "2") {
      unreadable("delete_flag_unknown", "IS_DELETED of " + key + " is \"" + deleted + "\", neither 1 nor 2.");
      continue;
    }
    const auto updated = transports::trimmed_cell(row.columns, "UPDATE_TIME");
    page.newest = std::max(page.newest, transports::sortable_time(updated));
    page.records.push_back(SourceRecord{.source = "budget",
                                        .record_type = resource.record_type,
                                        .key = std::move(key),
                                        .change = deleted == "1" ? Change::withdraw : Change::upsert,
                                        .columns = row.columns,
                                        .body = Bytes(row.octets),
                                        .as_of = transports::read_day(updated),
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
    batch.source = "budget";
    batch.origin = std::string(name);
    batch.records = std::move(page.records);
    batch.unreadable = std::move(page.unreadable);
    return batch;
  }
  return refuse("sample_unknown", std::string(name) + " does not say of which list it is a page.");
}

}  // namespace zhida::adapters::budget
