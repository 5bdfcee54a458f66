// Chinese words for the page in an evidence pack. For the sources of this folder only.
#pragma once
#include <string>
#include <string_view>

namespace zhida::flow {

/// `kind`: `state`, `event`, `role`, `source`, `channel`, `tranche`, `verdict`, `payment`, `answer`, `hand`. A word
/// that is not known comes back as it is, escaped for HTML.
std::string words(std::string_view kind, std::string_view word);
const char* level_words(std::string_view level);

}  // namespace zhida::flow
