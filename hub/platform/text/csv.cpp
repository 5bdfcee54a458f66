#include "platform/text/csv.h"

#include <set>

namespace zhida::text {
namespace {

Error broken(std::size_t line, const std::string& what) {
  return refuse("csv_malformed", "Line " + std::to_string(line) + ": " + what);
}

struct RawRow {
  std::size_t line = 0, begin = 0, end = 0;
  std::vector<std::string> fields;
};

/// One pass over the text. A row ends at CRLF, LF or CR outside of quotes.
class Reader {
 public:
  Reader(const std::string& text, const CsvLimits& limits) : text_(text), limits_(limits) {}

  bool at_end() const { return at_ >= text_.size(); }

  Result<RawRow> row() {
    RawRow row;
    row.line = line_;
    row.begin = at_;
    while (true) {
      row.fields.push_back(TRY(field()));
      if (row.fields.size() > limits_.fields_max) {
        return refuse("csv_too_large", "Line " + std::to_string(row.line) + " has more than " +
                                           std::to_string(limits_.fields_max) + " fields.");
      }
      if (at_end() || text_[at_] != ',') break;
      ++at_;
    }
    row.end = at_;
    if (!at_end()) {
      if (text_[at_] == '\r') ++at_;
      if (!at_end() && text_[at_] == '\n') ++at_;
      ++line_;
    }
    return row;
  }

 private:
  Result<std::string> field() {
    std::string value;
    if (at_end() || text_[at_] != '"') {
      const std::size_t end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
      value = text_.substr(at_, end - at_);
      at_ = end;
      return checked(std::move(value));
    }
    const std::size_t opened = line_;
    for (++at_;; ++at_) {
      if (at_end()) return broken(opened, "the quote that opens here is never closed.");
      const char c = text_[at_];
      if (c == '"') {
        if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') break;
        ++at_;
      } else if (c == '\n') {
        ++line_;
      }
      value += c;
      if (value.size() > limits_.field_bytes_max) return checked(std::move(value));
    }
    ++at_;
    if (!at_end() && text_[at_] != ',' && text_[at_] != '\r' && text_[at_] != '\n')
      return broken(line_, "there is text after a closing quote.");
    return checked(std::move(value));
  }

  Result<std::string> checked(std::string value) const {
    if (value.size() > limits_.field_bytes_max) {
      return refuse("csv_too_large", "Line " + std::to_string(line_) + " has a field of more than " +
                                         std::to_string(limits_.field_bytes_max) + " octets.");
    }
    if (value.find('\0') != std::string::npos) return broken(line_, "there is a zero octet in a field.");
    return value;
  }

  const std::string& text_;
  const CsvLimits& limits_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

}  // namespace

Result<CsvTable> CsvTable::parse(Bytes bytes, const CsvLimits& limits) {
  if (bytes.size() > limits.bytes_max) {
    return refuse("csv_too_large", "The file has " + std::to_string(bytes.size()) + " octets; at most " +
                                       std::to_string(limits.bytes_max) + " are read.");
  }
  CsvTable table;
  table.text_ = std::make_unique<DecodedText>(TRY(DecodedText::detect(std::move(bytes))));
  Reader reader(table.text_->utf8(), limits);
  bool header_seen = false;
  while (!reader.at_end()) {
    RawRow raw = TRY(reader.row());
    if (raw.fields.size() == 1 && trim(raw.fields.front()).empty()) continue;
    if (!header_seen) {
      std::set<std::string> names;
      for (const auto& name : raw.fields) {
        table.header_.emplace_back(trim(name));
        if (!names.insert(table.header_.back()).second) {
          return refuse("csv_header_twice", "Line " + std::to_string(raw.line) + ": the column \"" +
                                                table.header_.back() + "\" stands in the header twice.");
        }
      }
      header_seen = true;
      continue;
    }
    if (table.rows_.size() >= limits.rows_max) {
      return refuse("csv_too_large", "The file has more than " + std::to_string(limits.rows_max) + " rows.");
    }
    CsvRow row;
    row.line = raw.line;
    row.octets = table.text_->original_slice(raw.begin, raw.end);
    if (raw.fields.size() != table.header_.size()) {
      row.fault = "Line " + std::to_string(raw.line) + " has " + std::to_string(raw.fields.size()) +
                  " fields where the header has " + std::to_string(table.header_.size()) + ".";
    }
    row.fields = std::move(raw.fields);
    table.rows_.push_back(std::move(row));
  }
  if (!header_seen) return refuse("csv_empty", "The file has no header line.");
  return table;
}

std::string csv_field(std::string_view value) {
  if (value.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(value);
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

}  // namespace zhida::text
