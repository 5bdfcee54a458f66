// The normal forms of platform/text, for the pure files of this folder.
#pragma once
#include <string>
#include <string_view>

namespace zhida::mapping {

/// Blanks at the ends, zero-width characters and full-width forms gone: how codes, numbers and dates are read.
std::string plain(std::string_view utf8);
/// plain() in upper case: how code words are looked up.
std::string code_key(std::string_view utf8);
std::string name_key(std::string_view utf8);
std::string tidy_name(std::string_view utf8);
/// Blanks at the ends gone, all else as spelled.
std::string trimmed(std::string_view utf8);
bool is_null_word(std::string_view utf8);

}  // namespace zhida::mapping
