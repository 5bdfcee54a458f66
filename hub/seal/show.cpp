// A seal or a signature as people read it.
#include "seal/show.h"

namespace zhida::seal {
namespace {

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// What strangers wrote must not steer the terminal.
void line(std::string& out, const char* label, const std::string& value) {
  out += std::string(label) + ": ";
  for (const char c : value) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  out += "\n";
}

void certificate_lines(std::string& out, const char* label, const Json& certificate) {
  if (certificate.contains("unreadable")) {
    line(out, label, "unreadable: " + text_of(certificate["unreadable"]));
    return;
  }
  line(out, label, text_of(certificate["subject"]));
  line(out, "  issued by", text_of(certificate["issuer"]));
  line(out, "  serial", text_of(certificate["serial"]));
  line(out, "  valid", text_of(certificate["valid_from"]) + " to " + text_of(certificate["valid_to"]));
  line(out, "  SHA-256", text_of(certificate["fingerprint"]));
}

void timestamp_line(std::string& out, const char* label, const Json& timestamp) {
  if (timestamp.is_null()) return;
  line(out, label,
       timestamp.contains("unreadable") ? "unreadable: " + text_of(timestamp["unreadable"])
                                        : text_of(timestamp["time"]) + ", serial " + text_of(timestamp["serial"]) +
                                              ", " + text_of(timestamp["alg"]));
}

void seal_lines(std::string& out, const Json& seal) {
  line(out, "seal", text_of(seal["es_id"]) + " " + text_of(seal["name"]));
  line(out, "structure",
       "version " + text_of(seal["version"]) + ", vendor " + text_of(seal["vendor_id"]) + ", type " +
           text_of(seal["type"]));
  line(out, "made at", text_of(seal["created"]));
  line(out, "valid", text_of(seal["valid_from"]) + " to " + text_of(seal["valid_to"]));
  certificate_lines(out, "made by", seal["maker"]);
  line(out, "algorithm", text_of(seal["alg"]));
  timestamp_line(out, "seal time-stamped", seal["timestamp"]);
  const bool whole = seal["certificate_list_type"] == 1;
  line(out, "may be used by",
       std::to_string(seal["certificate_list"].size()) +
           (whole ? " certificates" : " certificates, listed by their hash"));
  for (const Json& item : seal["certificate_list"]) {
    if (whole) {
      certificate_lines(out, "-", item);
    } else {
      line(out, "-", text_of(item));
    }
  }
  const Json& picture = seal["picture"];
  line(out, "picture",
       text_of(picture["type"]) + ", " + text_of(picture["octets"]) + " octets, " + text_of(picture["width_mm"]) +
           " x " + text_of(picture["height_mm"]) + " mm");
}

}  // namespace

std::string as_text(const Json& description) {
  std::string out;
  if (description["kind"] == "seal") {
    seal_lines(out, description);
    return out;
  }
  line(out, "signed at", text_of(description["signed_at"]) + " (the signer's own word)");
  timestamp_line(out, "time-stamped", description["timestamp"]);
  certificate_lines(out, "signed by", description["signer"]);
  line(out, "algorithm", text_of(description["alg"]));
  line(out, "hash of the payload", text_of(description["data_hash"]));
  line(out, "about the payload", text_of(description["property_info"]));
  out += "\n";
  seal_lines(out, description["seal"]);
  return out;
}

std::string picture_suffix(const Picture& picture) {
  std::string suffix;
  for (const char c : picture.type) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) suffix += c;
    if (c >= 'A' && c <= 'Z') suffix += static_cast<char>(c - 'A' + 'a');
  }
  return suffix.empty() || suffix.size() > 8 ? ".picture" : "." + suffix;
}

}  // namespace zhida::seal
