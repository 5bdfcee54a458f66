// Pages of the gateways that answer {"code":"00","msg":…,"total":…,"data":[…]}: what surrounds the rows is read here,
// what a row means is its adapter's.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "adapter_api/transports/paged_http.h"
#include "base/time.h"
#include "domain/source_record.h"

namespace zhida::transports {

struct CodedGateway {
  const char* source;                  ///< `tax`
  const char* name;                    ///< For sentences: `The tax gateway`.
  bool empty_text_is_no_rows = false;  ///< With a total of 0, "data":"" means the same as null.
};
/// One of its lists.
struct CodedList {
  const char* path;         ///< `credit_grade`
  const char* record_type;  ///< `tax.credit_grade`
};

/// What an adapter makes of a row.
struct CodedRow {
  std::string key;
  Change change = Change::upsert;
  std::optional<Date> as_of{};
  std::string updated{};  ///< When the source last changed it, as it is spelled there; empty where it does not tell.
};
/// Pure. An error says why the row cannot be read; its code goes into quarantine with the row.
using ReadCodedRow = std::function<Result<CodedRow>(const Columns& columns)>;

/// One page. Pure. Errors: `source_malformed` (no JSON, a log-in page, something else than rows), `source_refused`
/// (a code other than 00 inside HTTP 200; Fate::refuse for 97 and 98, which say that the request itself is wrong).
Result<PageAnswer> decode_coded_page(const CodedGateway& gateway, const CodedList& list, ByteView body,
                                     const ReadCodedRow& read_row);

/// Whether a sample's name, such as `001_credit_grade_full_width.in.json`, says that it is a page of that list.
bool is_sample_of(std::string_view name, std::string_view path);
SourceBatch sample_batch(std::string_view source, std::string_view name, PageAnswer page);
Error sample_unknown(std::string_view name);

}  // namespace zhida::transports
