#include "adapters/social_security/decode.h"

#include <array>

#include "adapter_api/transports/days.h"
#include "base/money.h"
#include "platform/text/encoding.h"
#include "platform/text/xml.h"

namespace zhida::adapters::social_security {
namespace {

struct Table {
  const char* element;
  const char* record_type;
  const char* key;
  const char* amount;  ///< Counts towards JEHJ; null where the table has none.
  std::vector<const char*> columns;
};

const std::array<Table, 3>& tables() {
  static const std::array<Table, 3> kTables{{
      {"CBXX101",
       kUnit,
       "AAB001",
       "ui_contribution_prev_year",
       {"AAB001", "AAB998", "AAB003", "AAB004", "AAB301", "AAB065", "ui_avg_headcount", "ui_new_benefit",
        "ui_paid_months", "ui_contribution_prev_year", "arrears_amt"}},
      {"JFXX101", kPayment, "AAZ083", "AAE080", {"AAZ083", "AAB001", "AAB998", "AAE140", "AAE003", "AAB119", "AAE080"}},
      {"JDHZ101", kDecisionReport, "id", nullptr, {"id", "case_id", "state", "reference", "at"}},
  }};
  return kTables;
}

const Table* table_of(std::string_view element) {
  for (const auto& table : tables())
    if (element == table.element) return &table;
  return nullptr;
}

/// An amount as the totals of both sides count it; what is no amount counts as nothing.
std::int64_t fen_of(const std::optional<std::string>& cell) {
  if (!cell) return 0;
  std::string digits;
  for (const char c : text::plain(*cell))
    if (c != ',') digits += c;
  const auto money = Money::parse_decimal(digits, 100, Rounding::half_up);
  return money ? money.value().fen() : 0;
}

Error malformed(const std::string& file_name, const std::string& why) {
  return refuse("package_malformed", file_name + ": " + why);
}

}  // namespace

Result<SourceBatch> decode_package(const std::string& file_name, ByteView content) {
  auto parsed = text::XmlDocument::parse(Bytes(content));
  if (!parsed) return malformed(file_name, parsed.error().message);
  const auto& document = parsed.value();
  const auto root = document.root();
  const auto head = root.child("HEAD");
  if (root.name() != "SJB" || !head)
    return malformed(file_name, "The file is no data package: SJB with a HEAD is expected.");
  const auto number = head->child_text("SJBBH");
  const auto count = head->child_text("JLS");
  const auto dated = transports::read_day(head->child_text("SCRQ").value_or(""));
  if (!number || number->empty() || !count) return malformed(file_name, "HEAD lacks SJBBH or JLS.");
  if (!dated) return malformed(file_name, "SCRQ in HEAD is not a day.");

  SourceBatch batch;
  batch.source = "social_security";
  batch.batch_id = "package:" + *number;
  batch.origin = file_name + " (" + *number + ")";
  std::int64_t records = 0;
  std::int64_t total_fen = 0;
  for (const auto& list : root.children()) {
    if (list.name() == "HEAD") continue;
    const Table* table = table_of(list.name());
    if (table == nullptr)
      return malformed(file_name,
                       "Unknown table " + std::string(list.name()) + " in line " + std::to_string(list.line()) + ".");
    for (const auto& element : list.children("RECORD")) {
      ++records;
      SourceRecord record;
      record.source = batch.source;
      record.record_type = table->record_type;
      record.position = records;
      record.body = Bytes(element.octets());
      record.as_of = *dated;
      for (const auto* column : table->columns) record.columns[column] = element.child_text(column);
      record.key = transports::trimmed_cell(record.columns, table->key);
      if (table->amount != nullptr) total_fen += fen_of(record.columns[table->amount]);
      if (record.key.empty()) {
        batch.unreadable.push_back(
            {table->record_type, records, record.body, "key_missing",
             "Line " + std::to_string(element.line()) + ": the record has no " + table->key + "."});
        continue;
      }
      batch.records.push_back(std::move(record));
    }
  }
  if (std::to_string(records) != *count)
    return refuse("package_count_differs",
                  file_name + ": JLS says " + *count + " records, the package holds " + std::to_string(records) + ".");
  if (const auto total = head->child_text("JEHJ"); total && !total->empty() && fen_of(total) != total_fen)
    return refuse("package_total_differs", file_name + ": JEHJ says " + *total + ", the records add up to " +
                                               Money::from_fen(total_fen).to_yuan() + ".");
  return batch;
}

Result<SourceBatch> decode_sample(std::string_view name, ByteView content) {
  return decode_package(std::string(name), content);
}

Result<Bytes> feedback(const SourceBatch& batch, const std::vector<RecordOutcome>& outcomes) {
  std::size_t taken = 0;
  std::string errors;
  for (const auto& outcome : outcomes) {
    if (outcome.kind != RecordOutcome::Kind::quarantined) {
      ++taken;
      continue;
    }
    errors += "    <RECORD>\n      <RECORD_INDEX>" + std::to_string(outcome.position) + "</RECORD_INDEX>\n      <SJX>" +
              text::xml_escape(outcome.field) + "</SJX>\n      <SJXNR>" + text::xml_escape(outcome.value) +
              "</SJXNR>\n      <RKHJYSBYY>" + text::xml_escape(outcome.code + " " + outcome.message) +
              "</RKHJYSBYY>\n    </RECORD>\n";
  }
  return text::utf8_to_gb18030("<?xml version=\"1.0\" encoding=\"GB18030\"?>\n<SJBFK>\n  <HEAD>\n    <SJBBH>" +
                               text::xml_escape(batch.batch_id.substr(batch.batch_id.find(':') + 1)) +
                               "</SJBBH>\n    <JSJG>1</JSJG>\n    <JLS>" + std::to_string(outcomes.size()) +
                               "</JLS>\n    <RKS>" + std::to_string(taken) + "</RKS>\n  </HEAD>\n  <YWJY101>\n" +
                               errors + "  </YWJY101>\n</SJBFK>\n");
}

Result<Bytes> refusal(const std::string& file_name, const Error& error) {
  return text::utf8_to_gb18030("<?xml version=\"1.0\" encoding=\"GB18030\"?>\n<SJBFK>\n  <HEAD>\n    <WJM>" +
                               text::xml_escape(file_name) + "</WJM>\n    <JSJG>0</JSJG>\n    <YY>" +
                               text::xml_escape(error.code + " " + error.message) + "</YY>\n  </HEAD>\n</SJBFK>\n");
}

}  // namespace zhida::adapters::social_security
