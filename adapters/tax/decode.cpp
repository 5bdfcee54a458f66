#include "adapters/tax/decode.h"

#include <algorithm>

#include "adapter_api/transports/coded_page.h"
#include "adapter_api/transports/days.h"

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
  static constexpr transports::CodedGateway kGateway{"tax", "The tax gateway", true};
  return transports::decode_coded_page(
      kGateway, {resource.path, resource.record_type}, body,
      [&](const Columns& columns) -> Result<transports::CodedRow> {
        transports::CodedRow row;
        row.key = key_of(resource, columns);
        if (row.key.empty()) return refuse("key_missing", "The row lacks a part of its key (djxh and the period).");
        if (const auto number = transports::trimmed_cell(columns, "djxh"); lost_digits(number))
          return refuse("key_lost_digits",
                        "djxh " + number + " was stored as a floating-point number; its last digits are lost.");
        row.as_of = as_of(resource, columns);
        row.updated = transports::trimmed_cell(columns, "gxsj");
        return row;
      });
}

Result<SourceBatch> decode_sample(std::string_view name, ByteView body) {
  for (const auto& resource : resources())
    if (transports::is_sample_of(name, resource.path))
      return transports::sample_batch("tax", name, TRY(decode_page(resource, body)));
  return transports::sample_unknown(name);
}

}  // namespace zhida::adapters::tax
