// Inside platform/text only: walks over XML before a tree is built, and refuses what is dangerous or not well-formed.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "platform/text/xml.h"

namespace zhida::text {

/// Where an element lies in the UTF-8 text; in document order, so sorted by `begin`.
struct XmlSpan {
  std::size_t begin = 0;  ///< Of the `<`.
  std::size_t end = 0;    ///< Behind the last `>`.
  std::size_t line = 0;
};

Result<std::vector<XmlSpan>> scan_xml(const std::string& utf8, const XmlLimits& limits);

/// The encoding that the declaration names (upper case), empty when it names none. Looks at the first octets only.
std::string declared_encoding(ByteView bytes);

}  // namespace zhida::text
