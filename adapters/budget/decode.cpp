#include "adapters/budget/decode.h"

#include <algorithm>

#include "adapter_api/transports/coded_page.h"
#include "adapter_api/transports/days.h"

namespace zhida::adapters::budget {

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
  static constexpr transports::CodedGateway kGateway{"budget", "The budget system"};
  return transports::decode_coded_page(
      kGateway, {resource.path, resource.record_type}, body,
      [&](const Columns& columns) -> Result<transports::CodedRow> {
        transports::CodedRow row;
        row.key = transports::trimmed_cell(columns, resource.key_column);
        if (row.key.empty()) return refuse("key_missing", std::string("The row has no ") + resource.key_column + ".");
        // 1 deleted, 2 not. Anything else could hide a deletion, and a deleted appropriation must not be paid from.
        const auto deleted = transports::code_form(transports::trimmed_cell(columns, "IS_DELETED"));
        if (deleted != "1" && deleted != "2")
          return refuse("delete_flag_unknown",
                        "IS_DELETED of " + row.key + " is \"" + deleted + "\", neither 1 nor 2.");
        row.change = deleted == "1" ? Change::withdraw : Change::upsert;
        row.updated = transports::trimmed_cell(columns, "UPDATE_TIME");
        row.as_of = transports::read_day(row.updated);
        return row;
      });
}

Result<SourceBatch> decode_sample(std::string_view name, ByteView body) {
  for (const auto& resource : resources())
    if (transports::is_sample_of(name, resource.path))
      return transports::sample_batch("budget", name, TRY(decode_page(resource, body)));
  return transports::sample_unknown(name);
}

}  // namespace zhida::adapters::budget
