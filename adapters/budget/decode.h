#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "adapter_api/transports/paged_http.h"

namespace zhida::adapters::budget {

/// One list of the budget system.
struct Resource {
  const char* path;         ///< `appropriations`
  const char* record_type;  ///< `budget.appropriation`
  const char* key_column;   ///< `BGT_ID`
};
const std::vector<Resource>& resources();
const Resource* resource_of(std::string_view record_type);

/// One page. Pure. IS_DELETED 1 makes a row a withdrawal. Errors as of the tax gateway: `source_malformed`,
/// `source_refused`.
Result<transports::PageAnswer> decode_page(const Resource& resource, ByteView body);

/// `001_appropriations_cut.in.json` is a page of appropriations.
Result<SourceBatch> decode_sample(std::string_view name, ByteView body);

}  // namespace zhida::adapters::budget
