#pragma once
#include <string>
#include <string_view>

namespace zhida::matching {

/// Whether a GB/T 4754 code lies below another: `3411` below `34`, `C34` and `C`. Either may carry its section letter;
/// a section letter alone stands for its divisions (GB/T 4754-2017).
bool industry_below(std::string_view code, std::string_view above);

/// Whether a GB/T 2260 code is a region or lies below it: `330502` below `330500` and `330000`. Trailing pairs of zeros
/// say how wide the region is.
bool region_below(std::string_view code, std::string_view above);

/// `C`, `C34`, `3411`: a section letter, digits, or both.
bool is_industry_code(std::string_view code);
/// Six digits.
bool is_region_code(std::string_view code);

}  // namespace zhida::matching
