#include "platform/text/encoding.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

#include <unicode/normalizer2.h>
#include <unicode/ucnv.h>
#include <unicode/unistr.h>

namespace zhida::text {
namespace {

struct Decoded {
  char32_t character = 0;
  std::size_t length = 0;  ///< 0: malformed.
};

/// One character of UTF-8 at `at`, after RFC 3629.
Decoded decode_one(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + length > text.size()) return {};
  char32_t value = lead & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return {};
    value = (value << 6) | (byte(at + i) & 0x3F);
  }
  constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  if (value < kLeast[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {};
  return {value, length};
}

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

Error malformed(std::size_t offset, const char* encoding) {
  return refuse("encoding_malformed",
                "The octet at offset " + std::to_string(offset) + " does not belong to valid " + encoding + " text.");
}

/// Converters are not shared between threads: each call opens its own (ICU caches the tables behind it).
class Converter {
 public:
  explicit Converter(const char* name) : handle_(ucnv_open(name, &status_)) {
    if (handle_ == nullptr) return;
    ucnv_setFallback(handle_, 0);
    ucnv_setToUCallBack(handle_, UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status_);
    ucnv_setFromUCallBack(handle_, UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status_);
  }
  ~Converter() { ucnv_close(handle_); }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  UConverter* get() { return handle_; }
  bool usable() const { return handle_ != nullptr && U_SUCCESS(status_) != 0; }

 private:
  UErrorCode status_ = U_ZERO_ERROR;
  UConverter* handle_;
};

Error no_converter(const char* name) {
  return refuse("encoding_unknown",
                std::string("The text library of this machine lacks a converter for ") + name + ".");
}

Result<std::string> to_utf8(ByteView bytes, const char* name, const char* label) {
  if (is_ascii(bytes)) return std::string(bytes);
  Converter converter(name);
  if (!converter.usable()) return no_converter(label);
  std::string out;
  out.reserve(bytes.size() * 3 / 2 + 16);
  std::array<UChar, 4096> buffer;
  const char* source = bytes.data();
  const char* const end = bytes.data() + bytes.size();
  char16_t high = 0;
  for (bool more = true; more;) {
    UChar* target = buffer.data();
    UErrorCode status = U_ZERO_ERROR;
    ucnv_toUnicode(converter.get(), &target, buffer.data() + buffer.size(), &source, end, nullptr, 1, &status);
    for (const UChar* c = buffer.data(); c < target; ++c) {
      if (U16_IS_LEAD(*c)) {
        high = *c;
      } else if (U16_IS_TRAIL(*c) && high != 0) {
        append_utf8(out, static_cast<char32_t>(U16_GET_SUPPLEMENTARY(high, *c)));
        high = 0;
      } else {
        append_utf8(out, *c);
      }
    }
    if (status == U_BUFFER_OVERFLOW_ERROR) continue;
    if (U_FAILURE(status) != 0) {
      // The source pointer stands behind the octets that cannot be read.
      std::array<char, 16> wrong;
      auto length = static_cast<std::int8_t>(wrong.size());
      UErrorCode ignored = U_ZERO_ERROR;
      ucnv_getInvalidChars(converter.get(), wrong.data(), &length, &ignored);
      const auto read = static_cast<std::size_t>(source - bytes.data());
      const auto back = static_cast<std::size_t>(std::max<int>(length, 0));
      return malformed(read >= back ? read - back : 0, label);
    }
    more = false;
  }
  return out;
}

std::string shown(char32_t c) {
  std::array<char, 16> code;
  std::snprintf(code.data(), code.size(), "U+%04X", static_cast<unsigned>(c));
  std::string out;
  append_utf8(out, c);
  return out + " (" + code.data() + ")";
}

/// Characters that code page 936 knows and GBK does not.
bool outside_gbk(char32_t c) {
  return (c >= 0xE000 && c <= 0xF8FF) || c == 0x20AC || (c >= 0x80 && c <= 0x9F);
}

Result<Bytes> from_utf8(std::string_view utf8, const char* name, const char* label, bool gbk) {
  if (is_ascii(utf8)) return Bytes(utf8);
  CHECK_OK(check_utf8(utf8));
  Converter converter(name);
  if (!converter.usable()) return no_converter(label);
  Bytes out;
  out.reserve(utf8.size());
  std::size_t number = 0;
  for (std::size_t at = 0; at < utf8.size();) {
    const auto decoded = decode_one(utf8, at);
    at += decoded.length;
    ++number;
    if (decoded.character < 0x80) {
      out += static_cast<char>(decoded.character);
      continue;
    }
    std::array<UChar, 2> units;
    int count = 0;
    if (decoded.character >= 0x10000) {
      units[0] = U16_LEAD(decoded.character);
      units[1] = U16_TRAIL(decoded.character);
      count = 2;
    } else {
      units[0] = static_cast<UChar>(decoded.character);
      count = 1;
    }
    std::array<char, 8> octets;
    char* target = octets.data();
    const UChar* source = units.data();
    UErrorCode status = U_ZERO_ERROR;
    if (!gbk || !outside_gbk(decoded.character)) {
      ucnv_fromUnicode(converter.get(), &target, octets.data() + octets.size(), &source, units.data() + count, nullptr,
                       1, &status);
    } else {
      status = U_INVALID_CHAR_FOUND;
    }
    if (U_FAILURE(status) != 0) {
      return refuse(
          gbk ? "char_not_in_gbk" : "char_not_in_gb18030",
          shown(decoded.character) + " at character " + std::to_string(number) + " has no place in " + label + ".");
    }
    out.append(octets.data(), static_cast<std::size_t>(target - octets.data()));
  }
  return out;
}

/// Length of the character that begins with these octets in GBK or GB18030.
std::size_t gb_length(ByteView octets, std::size_t at) {
  const auto byte = [&](std::size_t i) { return i < octets.size() ? static_cast<unsigned char>(octets[i]) : 0; };
  if (byte(at) < 0x81) return 1;
  return byte(at + 1) >= 0x30 && byte(at + 1) <= 0x39 ? 4 : 2;
}

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kMarkEvery = 4096;

bool is_zero_width(char32_t c) {
  return (c >= 0x200B && c <= 0x200D) || c == 0x2060 || c == 0xFEFF;
}
bool is_blank(char32_t c) {
  return c <= 0x20 || c == 0x7F || c == 0xA0 || (c >= 0x2000 && c <= 0x200B) || c == 0x3000 || c == 0xFEFF;
}

template <class Visit>
void each_character(std::string_view utf8, Visit visit) {
  for (std::size_t at = 0; at < utf8.size();) {
    const auto decoded = decode_one(utf8, at);
    const std::size_t length = decoded.length == 0 ? 1 : decoded.length;
    visit(decoded.length == 0 ? U'\uFFFD' : decoded.character, utf8.substr(at, length));
    at += length;
  }
}

}  // namespace

const char* to_text(Encoding encoding) {
  switch (encoding) {
    case Encoding::utf8:
      return "UTF-8";
    case Encoding::gb18030:
      return "GB18030";
    case Encoding::gbk:
      return "GBK";
  }
  return "";
}

Result<std::string> gb18030_to_utf8(ByteView bytes) {
  return to_utf8(bytes, "gb18030", "GB18030");
}
Result<std::string> gbk_to_utf8(ByteView bytes) {
  return to_utf8(bytes, "windows-936", "GBK");
}
Result<Bytes> utf8_to_gb18030(std::string_view utf8) {
  return from_utf8(utf8, "gb18030", "GB18030", false);
}
Result<Bytes> utf8_to_gbk(std::string_view utf8) {
  return from_utf8(utf8, "windows-936", "GBK", true);
}

Result<void> check_utf8(ByteView bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto decoded = decode_one(bytes, at);
    if (decoded.length == 0) return malformed(at, "UTF-8");
    at += decoded.length;
  }
  return ok();
}

Result<DecodedText> DecodedText::decode(Bytes bytes, Encoding encoding) {
  DecodedText text;
  text.encoding_ = encoding;
  text.original_ = std::move(bytes);
  if (encoding == Encoding::utf8) {
    if (text.original_.starts_with(kByteOrderMark)) text.prefix_ = kByteOrderMark.size();
    CHECK_OK(check_utf8(text.original_));
    text.utf8_ = text.original_.substr(text.prefix_);
    return text;
  }
  text.utf8_ = TRY(encoding == Encoding::gbk ? gbk_to_utf8(text.original_) : gb18030_to_utf8(text.original_));
  std::size_t original = 0;
  std::size_t next_mark = 0;
  for (std::size_t at = 0; at < text.utf8_.size();) {
    if (at >= next_mark) {
      text.marks_.push_back({at, original});
      next_mark = at + kMarkEvery;
    }
    original += gb_length(text.original_, original);
    at += decode_one(text.utf8_, at).length;
  }
  return text;
}

Result<DecodedText> DecodedText::detect(Bytes bytes) {
  if (bytes.starts_with(kByteOrderMark) || check_utf8(bytes)) return decode(std::move(bytes), Encoding::utf8);
  auto text = decode(std::move(bytes), Encoding::gb18030);
  if (!text) {
    return refuse("encoding_unknown", "The text is neither UTF-8 nor GB18030: " + text.error().message);
  }
  return text;
}

std::size_t DecodedText::original_offset(std::size_t utf8_offset) const {
  if (encoding_ == Encoding::utf8) return prefix_ + utf8_offset;
  if (utf8_offset >= utf8_.size()) return original_.size();
  const auto after = std::upper_bound(marks_.begin(), marks_.end(), utf8_offset,
                                      [](std::size_t offset, const Mark& mark) { return offset < mark.utf8; });
  auto [at, original] = *(after - 1);
  while (at < utf8_offset) {
    original += gb_length(original_, original);
    at += std::max<std::size_t>(decode_one(utf8_, at).length, 1);
  }
  return original;
}

ByteView DecodedText::original_slice(std::size_t begin, std::size_t end) const {
  const std::size_t from = original_offset(begin);
  return ByteView(original_).substr(from, original_offset(end) - from);
}

std::string half_width(std::string_view utf8) {
  if (is_ascii(utf8)) return std::string(utf8);
  std::string out;
  out.reserve(utf8.size());
  each_character(utf8, [&](char32_t c, std::string_view octets) {
    if (c >= 0xFF01 && c <= 0xFF5E) {
      out += static_cast<char>(c - 0xFEE0);
    } else if (c == 0x3000) {
      out += ' ';
    } else {
      out += octets;
    }
  });
  return out;
}

std::string_view trim(std::string_view utf8) {
  while (!utf8.empty()) {
    const auto first = decode_one(utf8, 0);
    if (first.length == 0 || !is_blank(first.character)) break;
    utf8.remove_prefix(first.length);
  }
  while (!utf8.empty()) {
    std::size_t begin = utf8.size() - 1;
    while (begin > 0 && (static_cast<unsigned char>(utf8[begin]) & 0xC0) == 0x80 && utf8.size() - begin < 4) --begin;
    const auto last = decode_one(utf8, begin);
    if (last.length != utf8.size() - begin || !is_blank(last.character)) break;
    utf8.remove_suffix(last.length);
  }
  return utf8;
}

std::string without_zero_width(std::string_view utf8) {
  if (is_ascii(utf8)) return std::string(utf8);
  std::string out;
  out.reserve(utf8.size());
  each_character(utf8, [&](char32_t c, std::string_view octets) {
    if (!is_zero_width(c)) out += octets;
  });
  return out;
}

std::string plain(std::string_view utf8) {
  if (is_ascii(utf8)) return std::string(trim(utf8));
  const std::string half = half_width(without_zero_width(utf8));
  return std::string(trim(half));
}

std::string nfkc(std::string_view utf8) {
  if (is_ascii(utf8)) return std::string(utf8);
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* const form = icu::Normalizer2::getNFKCInstance(status);
  if (U_FAILURE(status) != 0) return std::string(utf8);
  const auto source =
      icu::UnicodeString::fromUTF8(icu::StringPiece(utf8.data(), static_cast<std::int32_t>(utf8.size())));
  std::string out;
  form->normalize(source, status).toUTF8String(out);
  return U_FAILURE(status) != 0 ? std::string(utf8) : out;
}

std::string name_key(std::string_view utf8) {
  const std::string folded = is_ascii(utf8) ? std::string(utf8) : nfkc(utf8);
  std::string out;
  out.reserve(folded.size());
  each_character(folded, [&](char32_t c, std::string_view octets) {
    if (is_blank(c) || is_zero_width(c)) return;
    switch (c) {
      case U'[':
      case U'{':
      case U'〔':
      case U'【':
      case U'〈':
      case U'《':
        out += '(';
        return;
      case U']':
      case U'}':
      case U'〕':
      case U'】':
      case U'〉':
      case U'》':
        out += ')';
        return;
      default:
        break;
    }
    if (c >= U'a' && c <= U'z') {
      out += static_cast<char>(c - U'a' + U'A');
    } else {
      out += octets;
    }
  });
  return out;
}

std::string tidy_name(std::string_view utf8) {
  std::string out;
  bool blank = false;
  each_character(utf8, [&](char32_t c, std::string_view octets) {
    if (is_zero_width(c)) return;
    if (is_blank(c)) {
      blank = !out.empty();
      return;
    }
    if (blank) out += ' ';
    blank = false;
    if (c == U'(') {
      out += "（";
    } else if (c == U')') {
      out += "）";
    } else {
      out += octets;
    }
  });
  return out;
}

bool is_null_word(std::string_view utf8) {
  const std::string_view quick = trim(utf8);
  if (quick.empty()) return true;
  if (quick.size() > 12) return false;
  std::string word = plain(quick);
  for (char& c : word) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  static constexpr std::array<std::string_view, 29> kWords{
      "",       "无",     "暂无", "空",   "空值", "未知", "不详", "不明",  "无数据", "未填",
      "未填报", "待补充", "待定", "NULL", "NIL",  "NONE", "N/A",  "NA",    "NAN",    "-",
      "--",     "---",    "—",    "——",   "/",    "\\",   "\\N",  "\\\\N", "?"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

std::size_t characters(std::string_view utf8) {
  std::size_t count = 0;
  each_character(utf8, [&](char32_t, std::string_view) { ++count; });
  return count;
}

}  // namespace zhida::text
