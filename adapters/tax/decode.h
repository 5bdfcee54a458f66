#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "adapter_api/transports/paged_http.h"

namespace zhida::adapters::tax {

/// One list of the gateway: its path, what it becomes here, and how its rows tell who and when.
struct Resource {
  const char* path;                      ///< `credit_grade`
  const char* record_type;               ///< `tax.credit_grade`
  std::vector<const char*> key_columns;  ///< Joined with `-`, each trimmed.
  enum class Vouches { day, month_end, year_end } vouches;
  const char* as_of_column;
};
const std::vector<Resource>& resources();
const Resource* resource_of(std::string_view record_type);

/// One page of the gateway. Pure. Errors: `source_malformed` (no JSON, a log-in page), `source_refused` (code other
/// than 00 inside HTTP 200; Fate::refuse for 97 and 98, which say that the request itself is wrong).
Result<transports::PageAnswer> decode_page(const Resource& resource, ByteView body);

/// For fixtures, fuzzers and replays: `001_credit_grade_full_width.in.json` is a page of credit_grade.
Result<SourceBatch> decode_sample(std::string_view name, ByteView body);

}  // namespace zhida::adapters::tax
