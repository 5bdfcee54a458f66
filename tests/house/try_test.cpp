// TRY leaves the function in the middle of an expression. What was made before it inside the braces of an initialiser
// is then never given back (docs/HOUSE.md), so there it stands first or not at all.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

/// The same text with comments and the insides of literals blanked out; lines and columns stay.
std::string without_words(const std::string& text) {
  static const std::regex words(R"re(R"(\w*)\([\s\S]*?\)\1"|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])')re");
  std::string out = text;
  for (std::sregex_iterator it(text.begin(), text.end(), words), end; it != end; ++it) {
    const auto from = static_cast<std::size_t>(it->position());
    for (std::size_t i = from; i < from + static_cast<std::size_t>(it->length()); ++i)
      if (out[i] != '\n') out[i] = text[from] == '/' ? ' ' : 'x';
  }
  return out;
}

/// Whether the brace opens statements, and not an initialiser.
bool opens_block(const std::string& text, std::size_t brace) {
  static const std::regex ends_a_head(
      R"((^|\b)(else|do|try|const|noexcept|override|mutable)$|->\s*[\w:<>*& ,]+$|\b(namespace|struct|class|enum|union)\b[^;(){}]*$)");
  std::size_t last = brace;
  while (last > 0 && std::isspace(static_cast<unsigned char>(text[last - 1]))) --last;
  if (last > 0 && text[last - 1] == '{') return opens_block(text, last - 1);
  if (last == 0 || std::string(";}):").find(text[last - 1]) != std::string::npos) return true;
  const std::size_t begin = text.find_last_of(";{}", last - 1);
  const std::size_t from = begin == std::string::npos ? 0 : begin + 1;
  return std::regex_search(text.substr(from, last - from), ends_a_head);
}

/// Whether something stands before the TRY in an initialiser's braces around it.
bool comes_late(const std::string& text, std::size_t at) {
  int closed = 0;
  bool after_comma = false;
  for (std::size_t i = at; i-- > 0;) {
    const char c = text[i];
    if (c == ')' || c == ']' || c == '}') {
      ++closed;
    } else if (c == '(' || c == '[' || c == '{') {
      if (closed > 0) {
        --closed;
      } else if (c == '{') {
        if (opens_block(text, i)) return false;
        if (after_comma) return true;
      }
    } else if (closed == 0 && c == ',') {
      after_comma = true;
    } else if (closed == 0 && c == ';') {
      return false;
    }
  }
  return false;
}

std::vector<std::size_t> late_ones(const std::string& text) {
  static const std::regex word(R"(\bTRY\()");
  std::vector<std::size_t> lines;
  for (std::sregex_iterator it(text.begin(), text.end(), word), end; it != end; ++it) {
    const auto at = static_cast<std::size_t>(it->position());
    if (comes_late(text, at))
      lines.push_back(1 + static_cast<std::size_t>(std::count(text.begin(), text.begin() + it->position(), '\n')));
  }
  return lines;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(house)

BOOST_AUTO_TEST_CASE(the_finder_tells_initialisers_from_blocks) {
  for (const char* late : {"return A{one(), TRY(two())};", "out.push_back({one, f(TRY(two()))});",
                           "A a = {.x = one,\n .y = TRY(two())};", "std::vector<A> all{{b, TRY(c())}};"})
    BOOST_TEST(late_ones(late).size() == 1u, late);
  for (const char* fine :
       {"return A{TRY(two()), one()};", "f(one, TRY(two()));", "if (a, b) { TRY(c()); }",
        "g(a, [&]() -> Result<void> { return TRY(c()); });", "h({a, b}, TRY(c()));", "f(a, [&] { x = TRY(c()); });"})
    BOOST_TEST(late_ones(fine).empty(), fine);
}

BOOST_AUTO_TEST_CASE(try_stands_first_in_braces_or_not_at_all) {
  std::size_t files = 0;
  for (const char* folder : {"hub", "adapters"})
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(ZHIDA_SOURCE_DIR) / folder)) {
      const auto kind = entry.path().extension();
      if (!entry.is_regular_file() || (kind != ".cpp" && kind != ".h")) continue;
      ++files;
      std::ifstream in(entry.path());
      std::stringstream text;
      text << in.rdbuf();
      for (const std::size_t line : late_ones(without_words(text.str())))
        BOOST_ERROR(entry.path().string() << ":" << line << ": TRY stands behind something else in braces.");
    }
  BOOST_TEST(files > 300u);
}

BOOST_AUTO_TEST_SUITE_END()
