// Reading CSV after RFC 4180, as strangers write it: CRLF or LF, quoted fields over several lines, a byte order mark,
// UTF-8 or GB18030.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "platform/text/encoding.h"

namespace zhida::text {

struct CsvLimits {
  std::size_t bytes_max = 256u << 20;
  std::size_t rows_max = 5'000'000;
  std::size_t fields_max = 256;  ///< Of one row.
  std::size_t field_bytes_max = 65536;
};

struct CsvRow {
  std::size_t line = 0;  ///< Of its first character, from 1.
  std::vector<std::string> fields;
  ByteView octets;    ///< The row as received, without its line end; valid as long as the table.
  std::string fault;  ///< Not empty: the row could be told apart but not read (`csv_field_count`); says why.
};

/// A table with a header line. A row with another number of fields than the header keeps its octets and carries a
/// fault, so that one bad row does not cost the others; empty lines are skipped.
class CsvTable {
 public:
  /// Errors `csv_malformed` (a quote never closed, text after a closing quote; with line), `csv_too_large`,
  /// `csv_empty` (no header), `csv_header_twice` (a column name twice), `encoding_unknown`.
  static Result<CsvTable> parse(Bytes bytes, const CsvLimits& limits = {});
  CsvTable(CsvTable&&) noexcept = default;
  CsvTable& operator=(CsvTable&&) noexcept = default;

  const std::vector<std::string>& header() const { return header_; }  ///< Trimmed.
  const std::vector<CsvRow>& rows() const { return rows_; }
  Encoding encoding() const { return text_->encoding(); }

 private:
  CsvTable() = default;
  std::unique_ptr<DecodedText> text_;  // The rows point into it; its place stays when the table is moved.
  std::vector<std::string> header_;
  std::vector<CsvRow> rows_;
};

/// One field, quoted where it must be.
std::string csv_field(std::string_view value);

}  // namespace zhida::text
