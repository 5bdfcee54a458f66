#include "platform/crypto/der.h"

#include <charconv>
#include <optional>
#include <vector>

#include "base/assert.h"

namespace zhida::crypto::der {
namespace {

std::uint8_t octet(char c) {
  return static_cast<std::uint8_t>(c);
}

Error malformed(std::string message) {
  return refuse("der_malformed", std::move(message));
}

struct Header {
  std::uint8_t tag = 0;
  std::size_t header_size = 0;
  std::size_t content_size = 0;
};

// The header of the element that `text` begins with, or the complaint.
Result<Header> read_header(ByteView text) {
  if (text.size() < 2) return malformed("the text ends inside an element");
  Header header;
  header.tag = octet(text[0]);
  if ((header.tag & 0x1f) == 0x1f) return malformed("a tag of several octets");
  const std::uint8_t first = octet(text[1]);
  header.header_size = 2;
  header.content_size = first;
  if (first == 0x80) return malformed("an indefinite length");
  if (first > 0x80) {
    const std::size_t count = first & 0x7fu;
    if (count > 4) return malformed("a length of more than four octets");
    if (text.size() < 2 + count) return malformed("the text ends inside a length");
    if (octet(text[2]) == 0) return malformed("a length that is not minimal");
    std::size_t size = 0;
    for (std::size_t i = 0; i < count; ++i) size = size << 8 | octet(text[2 + i]);
    if (size < 0x80) return malformed("a length that is not minimal");
    header.header_size += count;
    header.content_size = size;
  }
  if (text.size() - header.header_size < header.content_size) return malformed("a length beyond the end");
  return header;
}

bool sound_object_id(ByteView content) {
  if (content.empty() || (octet(content.back()) & 0x80) != 0) return false;
  bool begins = true;
  for (const char c : content) {
    if (begins && octet(c) == 0x80) return false;  // A leading zero group.
    begins = (octet(c) & 0x80) == 0;
  }
  return true;
}

// `20251103010000.25Z`: a fraction has no trailing zeros, and is not empty.
std::optional<Instant> fractional_time(ByteView content) {
  if (content.size() < 17 || content.size() > 32 || content[14] != '.' || content.back() != 'Z') return std::nullopt;
  const ByteView fraction = content.substr(15, content.size() - 16);
  if (fraction.back() == '0') return std::nullopt;
  int millis = 0, places = 0;
  for (const char c : fraction) {
    if (c < '0' || c > '9') return std::nullopt;
    if (places++ < 3) millis = millis * 10 + (c - '0');
  }
  for (; places < 3; ++places) millis *= 10;
  const auto seconds = parse_generalized_time(Bytes(content.substr(0, 14)) + "Z");
  if (!seconds) return std::nullopt;
  return seconds.value() + std::chrono::milliseconds(millis);
}

bool sound_time(ByteView content, Times times) {
  return parse_generalized_time(content).has_value() ||
         (times == Times::fractions_too && fractional_time(content).has_value());
}

const char* complaint_about(std::uint8_t tag, ByteView content, Times times) {
  switch (tag) {
    case kBoolean:
      return content.size() == 1 && (octet(content[0]) == 0x00 || octet(content[0]) == 0xff)
                 ? nullptr
                 : "a BOOLEAN that is neither 00 nor FF";
    case kInteger:
      if (content.empty()) return "an empty INTEGER";
      if (content.size() > 1 && ((octet(content[0]) == 0x00 && (octet(content[1]) & 0x80) == 0) ||
                                 (octet(content[0]) == 0xff && (octet(content[1]) & 0x80) != 0))) {
        return "an INTEGER that is not minimal";
      }
      return nullptr;
    case kBitString:
      return !content.empty() && octet(content[0]) == 0 ? nullptr : "a BIT STRING that is not whole octets";
    case kNull:
      return content.empty() ? nullptr : "a NULL with content";
    case kObjectId:
      return sound_object_id(content) ? nullptr : "an OBJECT IDENTIFIER that is not minimal";
    case kGeneralizedTime:
      return sound_time(content, times) ? nullptr : "a GeneralizedTime that is not YYYYMMDDHHMMSSZ";
    default:
      return nullptr;
  }
}

Result<void> walk(ByteView text, std::size_t base, int depth, Times times) {
  if (depth > kDepthMax)
    return malformed("nesting deeper than " + std::to_string(kDepthMax) + " at offset " + std::to_string(base));
  std::size_t at = 0;
  while (at < text.size()) {
    const auto complain = [&](const std::string& what) {
      return malformed("Not strict DER: " + what + " at offset " + std::to_string(base + at) + ".");
    };
    const auto header = read_header(text.substr(at));
    if (!header) return complain(header.error().message);
    const auto& [tag, header_size, content_size] = header.value();
    const ByteView content = text.substr(at + header_size, content_size);
    const bool universal = (tag & 0xc0) == 0;
    if ((tag & 0x20) != 0) {
      if (universal && tag != kSequence && tag != kSet) return complain("a constructed string");
      CHECK_OK(walk(content, base + at + header_size, depth + 1, times));
    } else {
      if (universal && (tag == 0x00 || tag == 0x10 || tag == 0x11)) return complain("a tag that cannot be primitive");
      if (const char* complaint = complaint_about(tag, content, times)) return complain(complaint);
    }
    at += header_size + content_size;
  }
  return ok();
}

bool well_formed_utf8(ByteView text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::uint8_t lead = octet(text[i]);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4 || text.size() - i <= more) return false;
    std::uint32_t point = lead & (0x3fu >> more);
    for (std::size_t k = 1; k <= more; ++k) {
      if ((octet(text[i + k]) & 0xc0) != 0x80) return false;
      point = point << 6 | (octet(text[i + k]) & 0x3fu);
    }
    constexpr std::uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
    if (point < kLeast[more] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
    i += more + 1;
  }
  return true;
}

}  // namespace

Result<void> check_strict(ByteView text, Times times) {
  const auto header = read_header(text);
  if (!header) return malformed("Not strict DER: " + header.error().message + " at offset 0.");
  if (header.value().header_size + header.value().content_size != text.size()) {
    return malformed("Not strict DER: octets follow the outer element.");
  }
  return walk(text, 0, 0, times);
}

Result<Element> Reader::any(std::string_view what) {
  if (rest_.empty()) return malformed(std::string(what) + " is missing.");
  const auto header = read_header(rest_);
  if (!header) return malformed(std::string(what) + ": " + header.error().message + ".");
  const auto& [tag, header_size, content_size] = header.value();
  Element element{tag, rest_.substr(0, header_size + content_size), rest_.substr(header_size, content_size)};
  rest_.remove_prefix(header_size + content_size);
  return element;
}

Result<Element> Reader::expect(Tag tag, std::string_view what) {
  if (!rest_.empty() && octet(rest_[0]) != tag) {
    return malformed(std::string(what) + " has tag " + to_hex(rest_.substr(0, 1)) + " in the place of " +
                     to_hex(std::string(1, static_cast<char>(tag))) + ".");
  }
  return any(what);
}

Result<std::int64_t> Reader::integer(std::string_view what) {
  const ByteView content = TRY(expect(kInteger, what)).content;
  if (content.empty() || content.size() > 4 || (octet(content[0]) & 0x80) != 0) {
    return malformed(std::string(what) + " is not a whole number from 0 to 2147483647.");
  }
  std::int64_t value = 0;
  for (const char c : content) value = value << 8 | octet(c);
  return value;
}

Result<std::string> Reader::object_id(std::string_view what) {
  const ByteView content = TRY(expect(kObjectId, what)).content;
  std::string dotted;
  std::uint64_t value = 0;
  for (const char c : content) {
    if (value > (UINT64_MAX >> 7)) return malformed(std::string(what) + " has a part beyond 64 bits.");
    value = value << 7 | (octet(c) & 0x7fu);
    if ((octet(c) & 0x80) != 0) continue;
    if (dotted.empty()) {
      const std::uint64_t first = value < 80 ? value / 40 : 2;
      dotted = std::to_string(first) + "." + std::to_string(value - 40 * first);
    } else {
      dotted += "." + std::to_string(value);
    }
    value = 0;
  }
  return dotted;
}

Result<std::string> Reader::ia5(std::string_view what) {
  const ByteView content = TRY(expect(kIa5String, what)).content;
  for (const char c : content) {
    if (octet(c) >= 0x80) return malformed(std::string(what) + " has octets beyond ASCII.");
  }
  return std::string(content);
}

Result<std::string> Reader::utf8(std::string_view what) {
  const ByteView content = TRY(expect(kUtf8String, what)).content;
  if (!well_formed_utf8(content)) return malformed(std::string(what) + " is not well-formed UTF-8.");
  return std::string(content);
}

Result<ByteView> Reader::bits(std::string_view what) {
  const ByteView content = TRY(expect(kBitString, what)).content;
  if (content.empty() || content[0] != '\0') return malformed(std::string(what) + " is not whole octets.");
  return content.substr(1);
}

Result<ByteView> Reader::octet_string(std::string_view what) {
  return TRY(expect(kOctetString, what)).content;
}

Result<Instant> Reader::time(std::string_view what) {
  if (next_tag() == kUtcTime) {
    return malformed(std::string(what) + " is a UTCTime, as in the 2014 structure; version 4 uses GeneralizedTime.");
  }
  const ByteView content = TRY(expect(kGeneralizedTime, what)).content;
  const auto moment = parse_generalized_time(content);
  if (!moment) return malformed(std::string(what) + " is not YYYYMMDDHHMMSSZ.");
  return moment.value();
}

Result<Instant> Reader::time_with_fraction(std::string_view what) {
  const ByteView content = TRY(expect(kGeneralizedTime, what)).content;
  if (const auto whole = parse_generalized_time(content)) return whole.value();
  const auto moment = fractional_time(content);
  if (!moment) return malformed(std::string(what) + " is not YYYYMMDDHHMMSS[.f]Z.");
  return *moment;
}

Result<void> Reader::end(std::string_view what) {
  if (!at_end()) return malformed(std::string(what) + " has more elements than the structure allows.");
  return ok();
}

Bytes write(std::uint8_t tag, ByteView content) {
  Bytes out(1, static_cast<char>(tag));
  if (content.size() < 0x80) {
    out += static_cast<char>(content.size());
  } else {
    Bytes length;
    for (std::size_t size = content.size(); size != 0; size >>= 8)
      length.insert(length.begin(), static_cast<char>(size & 0xff));
    out += static_cast<char>(0x80 | length.size());
    out += length;
  }
  out += content;
  return out;
}

Bytes write_integer(std::int64_t value) {
  ZHIDA_ASSERT(value >= 0);
  Bytes content;
  do {
    content.insert(content.begin(), static_cast<char>(value & 0xff));
    value >>= 8;
  } while (value != 0);
  if ((octet(content[0]) & 0x80) != 0) content.insert(content.begin(), '\0');
  return write(kInteger, content);
}

Bytes write_object_id(std::string_view dotted) {
  std::vector<std::uint64_t> parts;
  while (!dotted.empty()) {
    std::uint64_t part = 0;
    const auto [end, error] = std::from_chars(dotted.data(), dotted.data() + dotted.size(), part);
    ZHIDA_ASSERT(error == std::errc());
    parts.push_back(part);
    dotted.remove_prefix(static_cast<std::size_t>(end - dotted.data()));
    if (dotted.starts_with('.')) dotted.remove_prefix(1);
  }
  ZHIDA_ASSERT(parts.size() >= 2);
  parts[1] += 40 * parts[0];
  Bytes content;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    Bytes group(1, static_cast<char>(parts[i] & 0x7f));
    for (std::uint64_t rest = parts[i] >> 7; rest != 0; rest >>= 7) {
      group.insert(group.begin(), static_cast<char>(0x80 | (rest & 0x7f)));
    }
    content += group;
  }
  return write(kObjectId, content);
}

Bytes write_bits(ByteView octets) {
  return write(kBitString, Bytes(1, '\0').append(octets));
}

Bytes write_time(Instant moment) {
  return write(kGeneralizedTime, to_generalized_time(moment));
}

}  // namespace zhida::crypto::der
