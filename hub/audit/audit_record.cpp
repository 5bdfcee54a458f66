#include "audit/audit_record.h"

namespace zhida::audit {
namespace {

// RFC 8785 strings: only what JSON demands is escaped, in the shortest way.
void append_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += kHex[static_cast<unsigned char>(c) >> 4];
          out += kHex[c & 15];
        } else {
          out += c;
        }
    }
  }
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

// Written out by hand, keys in order: building a JSON value only to sort it again would cost more than the hash.
std::string canonical_form(std::int64_t seq, Instant at, const AuditEntry& entry, ByteView prev_hash,
                           std::string_view canonical_detail) {
  std::string out;
  out.reserve(384 + canonical_detail.size());
  out += '{';
  append_member(out, "actor", entry.actor);
  out += "\"at\":" + std::to_string(to_millis(at)) + ',';
  append_member(out, "case_id", entry.case_id);
  out += "\"detail\":";
  out += canonical_detail;
  out += ',';
  append_member(out, "division", entry.division);
  append_member(out, "kind", entry.kind);
  append_member(out, "payload_digest", entry.payload_digest);
  append_member(out, "prev_hash", to_hex(prev_hash));
  out += "\"seq\":" + std::to_string(seq) + ',';
  append_member(out, "subject_id", entry.subject_id);
  append_member(out, "subject_type", entry.subject_type);
  append_member(out, "trace_id", entry.trace_id);
  append_member(out, "uscc", entry.uscc);
  out.back() = '}';
  return out;
}

Result<std::string> canonical_record(const AuditRecord& record) {
  const std::string detail = TRY(canonical_json(record.entry.detail));
  return canonical_form(record.seq, record.at, record.entry, record.prev_hash, detail);
}

}  // namespace zhida::audit
