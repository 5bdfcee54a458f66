#include "platform/text/xml_scan.h"

#include <algorithm>
#include <array>

namespace zhida::text {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_name_char(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == ':' || c == '-' || c == '.';
}
bool is_name_start(char c) {
  return is_name_char(c) && !(c >= '0' && c <= '9') && c != '-' && c != '.';
}

class Scanner {
 public:
  Scanner(const std::string& text, const XmlLimits& limits) : text_(text), limits_(limits) {}

  Result<std::vector<XmlSpan>> run() {
    while (at_ < text_.size()) {
      if (text_[at_] != '<') {
        CHECK_OK(character_data());
      } else if (looking_at("<!--")) {
        CHECK_OK(skip_past("-->", "a comment"));
      } else if (looking_at("<![CDATA[")) {
        if (open_.empty()) return malformed("a CDATA section stands outside of the root element");
        CHECK_OK(skip_past("]]>", "a CDATA section"));
      } else if (looking_at("<!")) {
        return error("xml_doctype_refused", "a document type or another declaration is not accepted");
      } else if (looking_at("<?")) {
        CHECK_OK(skip_past("?>", "a processing instruction"));
      } else if (looking_at("</")) {
        CHECK_OK(end_tag());
      } else {
        CHECK_OK(start_tag());
      }
    }
    if (!open_.empty()) return malformed("the document ends inside an element (cut off?)");
    if (spans_.empty()) return malformed("there is no root element");
    return std::move(spans_);
  }

 private:
  struct Open {
    std::size_t span;
    std::string_view name;
  };

  bool looking_at(std::string_view what) const { return std::string_view(text_).substr(at_, what.size()) == what; }

  Error error(const char* code, const std::string& what) {
    return refuse(code, "Line " + std::to_string(line_at(at_)) + ", offset " + std::to_string(at_) + ": " + what + ".");
  }
  Error malformed(const std::string& what) { return error("xml_malformed", what); }

  /// Lines are counted on the way; asked for in ascending order.
  std::size_t line_at(std::size_t offset) {
    line_ += static_cast<std::size_t>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(counted_),
                                                 text_.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
    counted_ = offset;
    return line_;
  }

  Result<void> skip_past(std::string_view end, const char* what) {
    const std::size_t found = text_.find(end, at_);
    if (found == std::string::npos) return malformed(std::string(what) + " is never closed");
    at_ = found + end.size();
    return ok();
  }

  Result<void> character_data() {
    const bool inside = !open_.empty();
    while (at_ < text_.size() && text_[at_] != '<') {
      const char c = text_[at_];
      if (c == '&') {
        CHECK_OK(reference());
        if (!inside) return malformed("there is text outside of the root element");
        continue;
      }
      if (!inside && !is_space(c)) return malformed("there is text outside of the root element");
      if (static_cast<unsigned char>(c) < 0x20 && !is_space(c)) return malformed("there is a control character");
      ++at_;
    }
    return ok();
  }

  Result<void> reference() {
    const std::size_t end = text_.find(';', at_);
    if (end == std::string::npos || end - at_ > 12) return malformed("an & does not begin a reference");
    const auto name = std::string_view(text_).substr(at_ + 1, end - at_ - 1);
    if (name.starts_with('#')) {
      const bool hex = name.starts_with("#x");
      const auto digits = name.substr(hex ? 2 : 1);
      unsigned long value = 0;
      for (const char c : digits) {
        const bool digit = c >= '0' && c <= '9';
        const char lower = static_cast<char>(c | 0x20);
        if (!digit && !(hex && lower >= 'a' && lower <= 'f')) return malformed("a character reference is not a number");
        value = value * (hex ? 16 : 10) + static_cast<unsigned long>(digit ? c - '0' : lower - 'a' + 10);
      }
      const bool allowed = value == 9 || value == 10 || value == 13 || (value >= 0x20 && value < 0xD800) ||
                           (value >= 0xE000 && value < 0xFFFE) || (value >= 0x10000 && value <= 0x10FFFF);
      if (digits.empty() || !allowed) return malformed("a character reference names no character of XML");
    } else {
      static constexpr std::array<std::string_view, 5> kKnown{"amp", "lt", "gt", "quot", "apos"};
      if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end())
        return error("xml_entity_refused", "the entity \"" + std::string(name.substr(0, 40)) + "\" is not accepted");
    }
    at_ = end + 1;
    return ok();
  }

  std::string_view name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_name_char(text_[at_])) ++at_;
    return std::string_view(text_).substr(begin, at_ - begin);
  }

  bool skip_space() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    return at_ != begin;
  }

  Result<void> start_tag() {
    const std::size_t begin = at_;
    if (open_.empty() && !spans_.empty()) return malformed("there is a second root element");
    if (spans_.size() >= limits_.elements_max)
      return error("xml_too_large", "there are more than " + std::to_string(limits_.elements_max) + " elements");
    if (open_.size() >= limits_.depth_max)
      return error("xml_too_deep", "elements are nested deeper than " + std::to_string(limits_.depth_max));
    ++at_;
    if (at_ >= text_.size() || !is_name_start(text_[at_])) return malformed("a < does not begin a tag");
    const auto tag = name();
    spans_.push_back({begin, 0, line_at(begin)});
    const std::size_t index = spans_.size() - 1;
    std::vector<std::string_view> attributes;
    while (true) {
      const bool spaced = skip_space();
      if (at_ >= text_.size()) return malformed("a tag is never closed (cut off?)");
      if (text_[at_] == '>') {
        ++at_;
        open_.push_back({index, tag});
        return ok();
      }
      if (looking_at("/>")) {
        at_ += 2;
        spans_[index].end = at_;
        return ok();
      }
      if (!spaced || !is_name_start(text_[at_])) return malformed("a tag is not well-formed");
      const auto attribute = name();
      if (std::find(attributes.begin(), attributes.end(), attribute) != attributes.end())
        return malformed("the attribute \"" + std::string(attribute.substr(0, 40)) + "\" stands twice in one tag");
      if (attributes.size() >= limits_.attributes_max)
        return error("xml_too_large",
                     "an element has more than " + std::to_string(limits_.attributes_max) + " attributes");
      attributes.push_back(attribute);
      skip_space();
      if (at_ >= text_.size() || text_[at_] != '=') return malformed("an attribute has no value");
      ++at_;
      skip_space();
      if (at_ >= text_.size() || (text_[at_] != '"' && text_[at_] != '\''))
        return malformed("an attribute's value is not quoted");
      const char quote = text_[at_++];
      while (at_ < text_.size() && text_[at_] != quote) {
        if (text_[at_] == '<') return malformed("there is a < in an attribute");
        if (text_[at_] == '&') {
          CHECK_OK(reference());
        } else {
          ++at_;
        }
      }
      if (at_ >= text_.size()) return malformed("an attribute is never closed (cut off?)");
      ++at_;
    }
  }

  Result<void> end_tag() {
    at_ += 2;
    const auto tag = name();
    skip_space();
    if (at_ >= text_.size() || text_[at_] != '>') return malformed("an end tag is not well-formed");
    if (open_.empty() || open_.back().name != tag)
      return malformed("the end tag \"" + std::string(tag.substr(0, 40)) + "\" closes nothing that is open");
    ++at_;
    spans_[open_.back().span].end = at_;
    open_.pop_back();
    return ok();
  }

  const std::string& text_;
  const XmlLimits& limits_;
  std::size_t at_ = 0;
  std::size_t counted_ = 0;
  std::size_t line_ = 1;
  std::vector<Open> open_;
  std::vector<XmlSpan> spans_;
};

}  // namespace

Result<std::vector<XmlSpan>> scan_xml(const std::string& utf8, const XmlLimits& limits) {
  return Scanner(utf8, limits).run();
}

std::string declared_encoding(ByteView bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  if (!bytes.starts_with("<?xml")) return {};
  const auto declaration = bytes.substr(0, std::min(bytes.find("?>"), std::size_t{256}));
  std::size_t at = declaration.find("encoding");
  if (at == ByteView::npos) return {};
  at = declaration.find_first_of("\"'", at);
  if (at == ByteView::npos) return {};
  const std::size_t end = declaration.find(declaration[at], at + 1);
  if (end == ByteView::npos) return {};
  std::string name(declaration.substr(at + 1, end - at - 1));
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return name;
}

}  // namespace zhida::text
