// Text made fit for HTML, in one place for all pages.
#pragma once
#include <string>
#include <string_view>

namespace zhida::text {

/// `& < > " '` as character references: right in text and in quoted attributes. Control characters become U+FFFD.
std::string html_escape(std::string_view text);

}  // namespace zhida::text
