#include "audit/audit_record.h"

namespace zhida::audit {
namespace {

// RFC 8785 strings: only what JSON demands is escaped, in the shortest way.
void append_escaped(std::string& out, char c) {
  static constexpr char kHex[] = "0123456789abcdef";
  static constexpr std::string_view kShort = "\"\"\\\\\bb\ff\nn\rr\tt";  // What it is, and its letter.
  for (std::size_t i = 0; i < kShort.size(); i += 2) {
    if (kShort[i] != c) continue;
    out += '\\';
    out += kShort[i + 1];
    return;
  }
  out += "\\u00";
  out += kHex[static_cast<unsigned char>(c) >> 4];
  out += kHex[c & 15];
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t plain = 0;  // Most text needs no escapes and is copied in one piece.
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    append_escaped(out, c);
    plain = i + 1;
  }
  out.append(text, plain);
  out += '"';
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  out += '"';
  out += name;
  out += "\":";
  append_string(out, text);
  out += ',';
}

}  // namespace

const char* const kAllColumns =
    "seq, at, kind, actor, subject_type, subject_id, case_id, uscc, division, trace_id, detail, payload_digest, "
    "prev_hash, record_hash, leaf_hash";
const char* const kAllColumnTypes = "iittttttttttbbb";

Result<AuditRecord> read_row(const storage::Row& row) {
  AuditRecord record;
  record.seq = row.integer(0);
  record.at = from_millis(row.integer(1));
  AuditEntry& entry = record.entry;
  entry.kind = row.text(2);
  entry.actor = row.text(3);
  entry.subject_type = row.text(4);
  entry.subject_id = row.text(5);
  entry.case_id = row.text(6);
  entry.uscc = row.text(7);
  entry.division = row.text(8);
  entry.trace_id = row.text(9);
  auto detail = parse_json(row.text(10));
  if (!detail) {
    return refuse("audit_row_unreadable", "Audit record " + std::to_string(record.seq) +
                                              " has a detail that is not JSON: " + detail.error().message);
  }
  entry.detail = std::move(detail.value());
  entry.payload_digest = row.text(11);
  record.prev_hash = row.blob(12);
  record.record_hash = row.blob(13);
  record.leaf_hash = row.blob(14);
  return record;
}

RecordText text_of(const AuditEntry& entry, std::string_view canonical_detail) {
  return {entry.kind, entry.actor,    entry.subject_type, entry.subject_id, entry.case_id,
          entry.uscc, entry.division, entry.trace_id,     canonical_detail, entry.payload_digest};
}

// Written out by hand, keys in order: building a JSON value only to sort it again would cost more than the hash.
void append_canonical_form(std::string& out, std::int64_t seq, std::int64_t at_millis, const RecordText& text,
                           ByteView prev_hash) {
  out.reserve(out.size() + 448 + text.detail.size());
  out += '{';
  append_member(out, "actor", text.actor);
  out += "\"at\":" + std::to_string(at_millis) + ',';
  append_member(out, "case_id", text.case_id);
  out += "\"detail\":";
  out += text.detail;
  out += ',';
  append_member(out, "division", text.division);
  append_member(out, "kind", text.kind);
  append_member(out, "payload_digest", text.payload_digest);
  append_member(out, "prev_hash", to_hex(prev_hash));
  out += "\"seq\":" + std::to_string(seq) + ',';
  append_member(out, "subject_id", text.subject_id);
  append_member(out, "subject_type", text.subject_type);
  append_member(out, "trace_id", text.trace_id);
  append_member(out, "uscc", text.uscc);
  out.back() = '}';
}

Result<std::string> canonical_record(const AuditRecord& record) {
  const std::string detail = TRY(canonical_json(record.entry.detail));
  std::string out;
  append_canonical_form(out, record.seq, to_millis(record.at), text_of(record.entry, detail), record.prev_hash);
  return out;
}

}  // namespace zhida::audit
