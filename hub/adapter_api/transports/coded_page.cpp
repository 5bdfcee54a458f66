#include "adapter_api/transports/coded_page.h"

#include <algorithm>

#include "adapter_api/transports/days.h"
#include "adapter_api/transports/json_rows.h"

namespace zhida::transports {
namespace {

std::int64_t whole_number(const std::string& text) {
  if (text.empty() || text.size() > 15 || text.find_first_not_of("0123456789") != std::string::npos) return -1;
  return std::stoll(text);
}

}  // namespace

Result<PageAnswer> decode_coded_page(const CodedGateway& gateway, const CodedList& list, ByteView body,
                                     const ReadCodedRow& read_row) {
  const auto answer = TRY(read_json_rows(body, "data"));
  const auto code = trimmed_cell(answer.members, "code");
  if (code != "00") {
    const auto sentence = std::string(gateway.name) + " refused " + list.path + " with code \"" + code +
                          "\": " + trimmed_cell(answer.members, "msg") + ".";
    // 97 a parameter is missing, 98 a parameter has the wrong type: asking again would not help.
    return code == "97" || code == "98" ? refuse("source_refused", sentence) : retry("source_refused", sentence);
  }
  PageAnswer page;
  if (const auto total = whole_number(trimmed_cell(answer.members, "total")); total >= 0) page.total = total;
  if (!answer.has_rows) {
    // Some answers spell "no rows" as null or as an empty text; with a total they make no sense.
    const bool nothing =
        answer.rows_kind == "null" || (gateway.empty_text_is_no_rows && trimmed_cell(answer.members, "data").empty());
    if (nothing && page.total == 0) return page;
    return retry("source_malformed", std::string(gateway.name) + " sent a " + answer.rows_kind + " where the rows of " +
                                         list.path + " should be.");
  }
  std::int64_t position = 0;
  for (const auto& row : answer.rows) {
    ++position;
    const auto unreadable = [&](std::string row_code, std::string message) {
      page.unreadable.push_back(
          {list.record_type, position, Bytes(row.octets), std::move(row_code), std::move(message)});
    };
    if (!row.problem.empty()) {
      unreadable("record_malformed", row.problem);
      continue;
    }
    auto read = read_row(row.columns);
    if (!read) {
      unreadable(read.error().code, read.error().message);
      continue;
    }
    page.newest = std::max(page.newest, sortable_time(read.value().updated));
    page.records.push_back(SourceRecord{.source = gateway.source,
                                        .record_type = list.record_type,
                                        .key = std::move(read.value().key),
                                        .change = read.value().change,
                                        .columns = row.columns,
                                        .body = Bytes(row.octets),
                                        .as_of = read.value().as_of,
                                        .position = position});
  }
  return page;
}

bool is_sample_of(std::string_view name, std::string_view path) {
  const auto underscore = name.find('_');
  return (underscore == std::string_view::npos ? name : name.substr(underscore + 1)).starts_with(path);
}

SourceBatch sample_batch(std::string_view source, std::string_view name, PageAnswer page) {
  SourceBatch batch;
  batch.source = source;
  batch.origin = name;
  batch.records = std::move(page.records);
  batch.unreadable = std::move(page.unreadable);
  return batch;
}

Error sample_unknown(std::string_view name) {
  return refuse("sample_unknown", std::string(name) + " does not say of which list it is a page.");
}

}  // namespace zhida::transports
