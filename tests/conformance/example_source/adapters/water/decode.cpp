#include "adapters/water/decode.h"

#include "adapter_api/transports/days.h"
#include "platform/text/csv.h"

namespace zhida::adapters::water {

Result<SourceBatch> decode_file(std::string_view name, ByteView content) {
  const auto table = TRY(text::CsvTable::parse(Bytes(content)));
  if (table.header().empty() || table.header().front() != "户号")
    return refuse("file_malformed", std::string(name) + " does not begin with the column 户号.");
  SourceBatch batch;
  batch.source = "water";
  batch.origin = std::string(name);
  for (const auto& row : table.rows()) {
    const auto position = static_cast<std::int64_t>(row.line);
    if (!row.fault.empty()) {
      batch.unreadable.push_back({"water.usage", position, Bytes(row.octets), "field_count", row.fault});
      continue;
    }
    SourceRecord record;
    record.source = "water";
    record.record_type = "water.usage";
    record.body = Bytes(row.octets);
    record.position = position;
    for (std::size_t i = 0; i < table.header().size(); ++i) record.columns[table.header()[i]] = row.fields[i];
    record.key =
        transports::trimmed_cell(record.columns, "户号") + "-" + transports::trimmed_cell(record.columns, "月份");
    record.as_of = transports::read_month_end(transports::trimmed_cell(record.columns, "月份"));
    batch.records.push_back(std::move(record));
  }
  return batch;
}

}  // namespace zhida::adapters::water
