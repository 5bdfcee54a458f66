#include "platform/text/xml.h"

#include <algorithm>
#include <cstdio>
#include <pugixml.hpp>

#include "platform/text/xml_scan.h"

namespace zhida::text {

struct XmlDocument::Tree {
  DecodedText text;
  std::vector<XmlSpan> spans;
  pugi::xml_document document;

  const XmlSpan& span_of(const pugi::xml_node& node) const {
    // pugixml counts from the element's name, one behind the `<`.
    const auto name = static_cast<std::size_t>(node.offset_debug());
    const auto found = std::upper_bound(spans.begin(), spans.end(), name,
                                        [](std::size_t offset, const XmlSpan& span) { return offset < span.begin; });
    return *(found - 1);
  }
};

XmlDocument::XmlDocument(std::unique_ptr<Tree> tree) : tree_(std::move(tree)) {}
XmlDocument::XmlDocument(XmlDocument&&) noexcept = default;
XmlDocument& XmlDocument::operator=(XmlDocument&&) noexcept = default;
XmlDocument::~XmlDocument() = default;

Result<XmlDocument> XmlDocument::parse(Bytes bytes, const XmlLimits& limits) {
  if (bytes.size() > limits.bytes_max) {
    return refuse("xml_too_large", "The document has " + std::to_string(bytes.size()) + " octets; at most " +
                                       std::to_string(limits.bytes_max) + " are read.");
  }
  const std::string name = declared_encoding(bytes);
  Encoding encoding = Encoding::utf8;
  if (name == "GB18030" || name == "GB2312") {
    encoding = Encoding::gb18030;
  } else if (name == "GBK") {
    encoding = Encoding::gbk;
  } else if (!name.empty() && name != "UTF-8" && name != "UTF8") {
    return refuse("xml_encoding_unknown", "The document declares the encoding \"" + name.substr(0, 40) +
                                              "\"; UTF-8, GB18030, GBK and GB2312 are read.");
  }
  auto tree = std::make_unique<Tree>();
  tree->text = TRY(DecodedText::decode(std::move(bytes), encoding));
  tree->spans = TRY(scan_xml(tree->text.utf8(), limits));
  const auto& utf8 = tree->text.utf8();
  const auto parsed = tree->document.load_buffer(utf8.data(), utf8.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) {
    return refuse("xml_malformed", "Offset " + std::to_string(parsed.offset) + ": " + parsed.description() + ".");
  }
  return XmlDocument(std::move(tree));
}

XmlElement XmlDocument::root() const {
  return XmlElement(this, tree_->document.document_element().internal_object());
}
Encoding XmlDocument::encoding() const {
  return tree_->text.encoding();
}

std::string_view XmlElement::name() const {
  return pugi::xml_node(node_).name();
}

std::string XmlElement::text() const {
  std::string out;
  for (const auto& part : pugi::xml_node(node_).children()) {
    if (part.type() == pugi::node_pcdata || part.type() == pugi::node_cdata) out += part.value();
  }
  return out;
}

std::optional<std::string> XmlElement::attribute(const std::string& name) const {
  const auto found = pugi::xml_node(node_).attribute(name.c_str());
  if (!found) return std::nullopt;
  return std::string(found.value());
}

std::optional<XmlElement> XmlElement::child(const std::string& name) const {
  const auto found = pugi::xml_node(node_).child(name.c_str());
  if (!found) return std::nullopt;
  return XmlElement(document_, found.internal_object());
}

std::vector<XmlElement> XmlElement::children() const {
  std::vector<XmlElement> out;
  for (const auto& node : pugi::xml_node(node_).children()) {
    if (node.type() == pugi::node_element) out.push_back(XmlElement(document_, node.internal_object()));
  }
  return out;
}

std::vector<XmlElement> XmlElement::children(const std::string& name) const {
  std::vector<XmlElement> out;
  for (const auto& node : pugi::xml_node(node_).children(name.c_str())) {
    out.push_back(XmlElement(document_, node.internal_object()));
  }
  return out;
}

std::optional<std::string> XmlElement::child_text(const std::string& name) const {
  const auto found = child(name);
  if (!found) return std::nullopt;
  return found->text();
}

Result<std::string> XmlElement::required_text(const std::string& name) const {
  const auto found = child(name);
  if (!found) {
    return refuse("xml_element_missing", "Line " + std::to_string(line()) + ": the element <" +
                                             std::string(this->name()) + "> lacks <" + name + ">.");
  }
  return found->text();
}

std::size_t XmlElement::line() const {
  return document_->tree_->span_of(pugi::xml_node(node_)).line;
}
std::size_t XmlElement::offset() const {
  const auto& tree = *document_->tree_;
  return tree.text.original_offset(tree.span_of(pugi::xml_node(node_)).begin);
}
ByteView XmlElement::octets() const {
  const auto& tree = *document_->tree_;
  const auto& span = tree.span_of(pugi::xml_node(node_));
  return tree.text.original_slice(span.begin, span.end);
}

std::string xml_escape(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size() + 16);
  for (const char c : utf8) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\t':
      case '\n':
      case '\r':
        out += "&#" + std::to_string(static_cast<int>(c)) + ";";
        break;
      default:
        // Other control characters do not exist in XML 1.0, not even as references.
        if (static_cast<unsigned char>(c) >= 0x20) out += c;
    }
  }
  return out;
}

}  // namespace zhida::text
