// Reading XML that strangers wrote. No document type, no entities but the five of XML itself, no nesting or size beyond
// the limits: bombs and external entities are refused before a tree is built.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "platform/text/encoding.h"

namespace pugi {
struct xml_node_struct;
}

namespace zhida::text {

struct XmlLimits {
  std::size_t bytes_max = 64u << 20;
  std::size_t depth_max = 32;
  std::size_t elements_max = 2'000'000;
  std::size_t attributes_max = 64;  ///< Of one element.
};

class XmlDocument;

/// A handle to one element; valid as long as its document. Copy it freely.
class XmlElement {
 public:
  std::string_view name() const;
  /// The text directly inside, with references resolved; empty for an empty element.
  std::string text() const;
  std::optional<std::string> attribute(const std::string& name) const;
  std::optional<XmlElement> child(const std::string& name) const;  ///< The first of that name.
  std::vector<XmlElement> children() const;
  std::vector<XmlElement> children(const std::string& name) const;
  /// The child's text; nullopt when there is no such child.
  std::optional<std::string> child_text(const std::string& name) const;
  /// The child's text. Error `xml_element_missing` names the child, this element and its line.
  Result<std::string> required_text(const std::string& name) const;
  std::size_t line() const;    ///< From 1.
  std::size_t offset() const;  ///< Of the `<`, in the octets as received.
  ByteView octets() const;     ///< The whole element as received, tags included.

 private:
  friend class XmlDocument;
  XmlElement(const XmlDocument* document, pugi::xml_node_struct* node) : document_(document), node_(node) {}
  const XmlDocument* document_;
  pugi::xml_node_struct* node_;
};

/// A whole document in memory.
class XmlDocument {
 public:
  /// The declaration's encoding (UTF-8, GB18030, GBK, GB2312; none means UTF-8) is obeyed. Errors: `xml_malformed`,
  /// `xml_doctype_refused`, `xml_entity_refused`, `xml_too_deep`, `xml_too_large`, `xml_encoding_unknown`,
  /// `encoding_malformed`; each with line and byte offset.
  static Result<XmlDocument> parse(Bytes bytes, const XmlLimits& limits = {});
  XmlDocument(XmlDocument&&) noexcept;
  XmlDocument& operator=(XmlDocument&&) noexcept;
  ~XmlDocument();

  XmlElement root() const;
  Encoding encoding() const;

 private:
  friend class XmlElement;
  struct Tree;
  explicit XmlDocument(std::unique_ptr<Tree> tree);
  std::unique_ptr<Tree> tree_;
};

/// `&`, `<`, `>`, `"` and control characters as references, for text and attributes.
std::string xml_escape(std::string_view utf8);

}  // namespace zhida::text
