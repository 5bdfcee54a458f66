#include "platform/messaging/envelope.h"

#include <cstdint>
#include <utility>
#include <vector>

#include <openssl/evp.h>

#include "base/assert.h"

namespace zhida::messaging {
namespace {

// Section descriptors, AMQP 1.0 part 3, section 3.2.
enum Section : std::uint8_t {
  kHeader = 0x70,
  kDeliveryAnnotations = 0x71,
  kMessageAnnotations = 0x72,
  kProperties = 0x73,
  kApplicationProperties = 0x74,
  kData = 0x75,
  kSequence = 0x76,
  kValue = 0x77,
  kFooter = 0x78,
};

// Constructors, AMQP 1.0 part 1, section 1.6.
enum Code : std::uint8_t {
  kNull = 0x40,
  kTrue = 0x41,
  kFalse = 0x42,
  kUint0 = 0x43,
  kUlong0 = 0x44,
  kList0 = 0x45,
  kUbyte = 0x50,
  kByte = 0x51,
  kSmallUint = 0x52,
  kSmallUlong = 0x53,
  kSmallInt = 0x54,
  kSmallLong = 0x55,
  kBoolean = 0x56,
  kUshort = 0x60,
  kShort = 0x61,
  kUint = 0x70,
  kInt = 0x71,
  kUlong = 0x80,
  kLong = 0x81,
  kUuid = 0x98,
  kBinary8 = 0xa0,
  kString8 = 0xa1,
  kSymbol8 = 0xa3,
  kBinary32 = 0xb0,
  kString32 = 0xb1,
  kSymbol32 = 0xb3,
  kList8 = 0xc0,
  kMap8 = 0xc1,
  kList32 = 0xd0,
  kMap32 = 0xd1,
};

constexpr std::size_t kMessageIdBytesMax = 1'024;
constexpr int kNestingMax = 16;

Error malformed(const char* what) {
  return refuse("message_malformed", std::string("Message is malformed: ") + what + ".");
}

std::uint64_t big_endian(ByteView bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

std::int64_t signed_big_endian(ByteView bytes) {
  const auto unused = static_cast<unsigned>(64 - 8 * bytes.size());
  return static_cast<std::int64_t>(big_endian(bytes) << unused) >> unused;
}

/// Text that a database of either dialect can hold: UTF-8 without NUL.
bool is_clean_text(ByteView text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<std::uint8_t>(text[i]);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xc2 && lead < 0xe0 ? 2
                               : (lead & 0xf0) == 0xe0       ? 3
                               : lead >= 0xf0 && lead < 0xf5 ? 4
                                                             : 0;
    if (length == 0 || lead == 0 || text.size() - i < length) return false;
    std::uint32_t point = length == 1 ? lead : lead & (0x7fu >> length);
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<std::uint8_t>(text[i + k]);
      if ((next & 0xc0) != 0x80) return false;
      point = point << 6 | (next & 0x3f);
    }
    if ((length == 3 && point < 0x800) || (length == 4 && (point < 0x10000 || point > 0x10ffff)) ||
        (point >= 0xd800 && point < 0xe000))
      return false;
    i += length;
  }
  return true;
}

/// One encoded value: its constructor and its content, which points into the message. For lists and maps the content
/// holds count and items.
struct Item {
  std::uint8_t code = kNull;
  ByteView content;
  std::uint64_t count = 0;  // Lists and maps.

  bool is_binary() const { return code == kBinary8 || code == kBinary32; }
  bool is_string() const { return code == kString8 || code == kString32; }
  bool is_text() const { return is_string() || code == kSymbol8 || code == kSymbol32; }
  bool is_list() const { return code == kList0 || code == kList8 || code == kList32; }
  bool is_map() const { return code == kMap8 || code == kMap32; }
};

/// Walks over encoded values without copying. Every step checks its bounds; malformed input ends in `false`.
class Cursor {
 public:
  explicit Cursor(ByteView bytes) : bytes_(bytes) {}
  bool at_end() const { return position_ == bytes_.size(); }
  std::size_t position() const { return position_; }

  /// The descriptor of a section: a small or a full ulong.
  bool section(std::uint64_t& code) {
    const ByteView rest = bytes_.substr(position_);
    if (rest.size() >= 3 && rest[0] == 0 && static_cast<std::uint8_t>(rest[1]) == kSmallUlong) {
      code = static_cast<std::uint8_t>(rest[2]);
      position_ += 3;
      return true;
    }
    if (rest.size() >= 10 && rest[0] == 0 && static_cast<std::uint8_t>(rest[1]) == kUlong) {
      code = big_endian(rest.substr(2, 8));
      position_ += 10;
      return true;
    }
    return false;
  }

  bool item(Item& out, int depth = 0) {
    std::uint64_t code = 0;
    if (depth > kNestingMax || !number(1, code)) return false;
    out = Item{static_cast<std::uint8_t>(code), {}, 0};
    std::uint64_t size = 0;
    switch (code >> 4) {
      case 0x0: {  // A described value: the descriptor says nothing to us, the value does.
        Item descriptor;
        return code == 0 && item(descriptor, depth + 1) && item(out, depth + 1);
      }
      case 0x4:
        return true;
      case 0x5:
        size = 1;
        break;
      case 0x6:
        size = 2;
        break;
      case 0x7:
        size = 4;
        break;
      case 0x8:
        size = 8;
        break;
      case 0x9:
        size = 16;
        break;
      case 0xa:
      case 0xc:
      case 0xe:
        if (!number(1, size)) return false;
        break;
      case 0xb:
      case 0xd:
      case 0xf:
        if (!number(4, size)) return false;
        break;
      default:
        return false;
    }
    if (size > bytes_.size() - position_) return false;
    out.content = bytes_.substr(position_, size);
    position_ += size;
    if (out.code >= 0xc0) {
      const std::size_t width = out.code >> 4 == 0xc || out.code >> 4 == 0xe ? 1 : 4;
      if (out.content.size() < width) return false;
      out.count = big_endian(out.content.substr(0, width));
      out.content.remove_prefix(width);
      if (out.code < 0xe0 && out.count > out.content.size()) return false;  // Each item takes at least its constructor.
    }
    return true;
  }

 private:
  bool number(std::size_t width, std::uint64_t& value) {
    if (bytes_.size() - position_ < width) return false;
    value = big_endian(bytes_.substr(position_, width));
    position_ += width;
    return true;
  }

  ByteView bytes_;
  std::size_t position_ = 0;
};

/// The items of a list or map, all of them and nothing behind.
bool items_of(const Item& compound, std::size_t at_most, std::vector<Item>& out) {
  if (compound.count > at_most) return false;
  Cursor cursor(compound.content);
  out.resize(compound.count);
  for (Item& item : out)
    if (!cursor.item(item)) return false;
  return cursor.at_end();
}

bool id_text(const Item& item, std::string& out) {
  switch (item.code) {
    case kNull:
      out.clear();
      return true;
    case kUlong0:
      out = "n:0";
      return true;
    case kSmallUlong:
    case kUlong:
      out = "n:" + std::to_string(big_endian(item.content));
      return true;
    case kUuid:
      out = "u:" + to_hex(item.content);
      return true;
    case kBinary8:
    case kBinary32:
      out = "b:" + to_hex(item.content);
      return true;
    case kString8:
    case kString32:
      out = item.content;
      return is_clean_text(item.content);
    default:
      return false;
  }
}

bool plain_text(const Item& item, std::string& out) {
  if (item.code == kNull) {
    out.clear();
    return true;
  }
  if (!item.is_text() || !is_clean_text(item.content)) return false;
  out = item.content;
  return true;
}

/// Numbers and booleans as text, since our own properties are text; false for what has no such form.
bool property_text(const Item& item, std::string& out) {
  switch (item.code) {
    case kTrue:
      out = "true";
      return true;
    case kFalse:
      out = "false";
      return true;
    case kBoolean:
      out = item.content == std::string_view("\0", 1) ? "false" : "true";
      return true;
    case kUint0:
    case kUlong0:
      out = "0";
      return true;
    case kUbyte:
    case kUshort:
    case kSmallUint:
    case kUint:
    case kSmallUlong:
    case kUlong:
      out = std::to_string(big_endian(item.content));
      return true;
    case kByte:
    case kShort:
    case kSmallInt:
    case kInt:
    case kSmallLong:
    case kLong:
      out = std::to_string(signed_big_endian(item.content));
      return true;
    default:
      return item.code != kNull && plain_text(item, out);
  }
}

struct Parts {
  Item properties;
  Item application_properties;
  std::size_t bare_begin = 0;
  std::size_t bare_end = 0;
  std::size_t body_bytes = 0;
  std::size_t body_sections = 0;
  std::string message_id;
  std::string group_id;
};

/// Finds the sections and checks their order and the message-id. `each_body` gets every piece of the body.
template <class EachBody>
Result<Parts> scan(ByteView message, EachBody each_body) {
  if (message.empty()) return malformed("it is empty");
  Parts parts;
  bool bare = false;
  std::uint64_t last = 0;
  Cursor cursor(message);
  std::vector<Item> fields;
  while (!cursor.at_end()) {
    const std::size_t begin = cursor.position();
    std::uint64_t code = 0;
    if (!cursor.section(code) || code < kHeader || code > kFooter) return malformed("something that is not a section");
    if (code < last || (code == last && code != kData)) return malformed("its sections are out of order");
    if ((code == kValue || code == kSequence) && parts.body_sections > 0) return malformed("it has two kinds of body");
    Item item;
    if (!cursor.item(item)) return malformed("a section is cut short or has an unknown type");
    switch (code) {
      case kProperties:
        if (!item.is_list() || !items_of(item, 13, fields))
          return malformed("properties is not a list of at most 13 fields");
        if (!fields.empty() && !id_text(fields[0], parts.message_id))
          return malformed("message-id is of a wrong type or not UTF-8");
        if (fields.size() > 10 && !plain_text(fields[10], parts.group_id))
          return malformed("group-id is not UTF-8 text");
        parts.properties = item;
        break;
      case kApplicationProperties:
        if (!item.is_map()) return malformed("application-properties is not a map");
        parts.application_properties = item;
        break;
      case kSequence:
        return malformed("an amqp-sequence is not a body here, send one data section");
      case kData:
        if (!item.is_binary()) return malformed("a data section is not binary");
        break;
      case kValue:
        if (!item.is_binary() && !item.is_string()) return malformed("its amqp-value is neither binary nor text");
        break;
      default:
        break;
    }
    if (code == kData || code == kValue) {
      ++parts.body_sections;
      parts.body_bytes += item.content.size();
      each_body(item.content);
    }
    if (code >= kProperties && code <= kValue) {
      if (!std::exchange(bare, true)) parts.bare_begin = begin;
      parts.bare_end = cursor.position();
    }
    last = code;
  }
  if (parts.message_id.empty())
    return refuse("message_id_missing", "Message has no message-id: set one that is never used again.");
  if (parts.message_id.size() > kMessageIdBytesMax) return malformed("message-id is longer than 1024 bytes");
  if (parts.body_bytes == 0)
    return refuse("body_missing", "Message has no body: put the payload into one data section.");
  return parts;
}

// ---- writing
// ------------------------------------------------------------------------------------------------------------------

void append_number(Bytes& out, std::size_t value, int width) {
  for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift & 0xff));
}

/// `code8` and the same type's 32-bit form, which is always 0x10 above.
void append_variable(Bytes& out, std::uint8_t code8, ByteView content) {
  const bool small = content.size() <= 0xff;
  out.push_back(static_cast<char>(small ? code8 : code8 + 0x10));
  append_number(out, content.size(), small ? 1 : 4);
  out.append(content);
}

void append_compound(Bytes& out, std::uint8_t code8, std::size_t count, ByteView items) {
  const bool small = items.size() < 0xff && count <= 0xff;
  out.push_back(static_cast<char>(small ? code8 : code8 + 0x10));
  append_number(out, items.size() + (small ? 1 : 4), small ? 1 : 4);
  append_number(out, count, small ? 1 : 4);
  out.append(items);
}

void append_section(Bytes& out, Section section) {
  const char descriptor[] = {0, kSmallUlong, static_cast<char>(section)};
  out.append(descriptor, sizeof descriptor);
}

}  // namespace

Bytes encode(const Envelope& envelope) {
  Bytes out;
  out.reserve(envelope.body.size() + envelope.seal.size() + 512);
  append_section(out, kHeader);
  out.append("\xc0\x02\x01\x41", 4);  // durable=true

  // message-id, user-id, to, subject, reply-to, correlation-id, content-type, content-encoding, two times, group-id.
  struct Field {
    const std::string* text;
    std::uint8_t code;
  };
  const Field fields[] = {{&envelope.message_id, kString8},
                          {nullptr, 0},
                          {&envelope.address, kString8},
                          {&envelope.subject, kString8},
                          {&envelope.reply_to, kString8},
                          {&envelope.correlation_id, kString8},
                          {&envelope.content_type, kSymbol8},
                          {nullptr, 0},
                          {nullptr, 0},
                          {nullptr, 0},
                          {&envelope.group_id, kString8}};
  Bytes items;
  std::size_t count = 0;
  std::size_t index = 0;
  std::size_t end = 0;
  for (const Field& field : fields) {
    ++index;
    if (field.text == nullptr || field.text->empty()) {
      items.push_back(static_cast<char>(kNull));
      continue;
    }
    append_variable(items, field.code, *field.text);
    count = index;
    end = items.size();
  }
  append_section(out, kProperties);
  append_compound(out, kList8, count, ByteView(items).substr(0, end));

  items.clear();
  count = 0;
  for (const auto& [name, value] : envelope.properties) {
    if (name == "seal") continue;  // The name is taken by the seal itself.
    append_variable(items, kString8, name);
    append_variable(items, kString8, value);
    count += 2;
  }
  if (!envelope.seal.empty()) {
    append_variable(items, kString8, "seal");
    append_variable(items, kBinary8, envelope.seal);
    count += 2;
  }
  if (count > 0) {
    append_section(out, kApplicationProperties);
    append_compound(out, kMap8, count, items);
  }
  append_section(out, kData);
  append_variable(out, kBinary8, envelope.body);
  return out;
}

Result<Envelope> decode(ByteView message) {
  Envelope envelope;
  Parts parts = TRY(scan(message, [&](ByteView piece) { envelope.body.append(piece); }));
  std::vector<Item> items;
  if (!items_of(parts.properties, 13, items)) return malformed("properties is not a list of at most 13 fields");
  envelope.message_id = std::move(parts.message_id);
  const auto text_at = [&](std::size_t index, std::string& out) {
    return index >= items.size() || plain_text(items[index], out);
  };
  if (!text_at(2, envelope.address) || !text_at(3, envelope.subject) || !text_at(4, envelope.reply_to) ||
      !text_at(6, envelope.content_type) || !text_at(10, envelope.group_id))
    return malformed("a field of properties is not UTF-8 text");
  if (items.size() > 5 && !id_text(items[5], envelope.correlation_id))
    return malformed("correlation-id is of a wrong type or not UTF-8");

  if (parts.application_properties.code == kNull) return envelope;
  if (parts.application_properties.count % 2 != 0 || !items_of(parts.application_properties, 2'000, items))
    return malformed("application-properties is not a map of at most 1000 entries");
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    std::string name;
    if (!items[i].is_text() || !plain_text(items[i], name))
      return malformed("the name of an application property is not UTF-8 text");
    const Item& value = items[i + 1];
    if (name == "seal") {  // Some brokers hand binary on as text.
      if (!value.is_binary() && !value.is_text()) return malformed("the application property seal is not binary");
      if (!envelope.seal.empty()) return malformed("the application property seal is there twice");
      envelope.seal = value.content;
      continue;
    }
    std::string text;
    if (!property_text(value, text)) {
      if (value.is_text()) return malformed("an application property is not UTF-8");
      continue;
    }
    if (!envelope.properties.emplace(std::move(name), std::move(text)).second)
      return malformed("an application property is there twice");
  }
  return envelope;
}

Result<BareMessage> bare_message(ByteView message) {
  Parts parts = TRY(scan(message, [](ByteView) {}));
  return BareMessage{message.substr(parts.bare_begin, parts.bare_end - parts.bare_begin), std::move(parts.message_id),
                     std::move(parts.group_id)};
}

Bytes sha256(ByteView bytes) {
  Bytes digest(32, '\0');
  unsigned length = 0;
  const int done = EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &length,
                              EVP_sha256(), nullptr);
  ZHIDA_ASSERT(done == 1 && length == 32);
  return digest;
}

}  // namespace zhida::messaging
