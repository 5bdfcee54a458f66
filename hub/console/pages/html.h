// HTML, escaped in one place. Markup comes from literals of this program alone; everything else is text.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/json.h"
#include "platform/text/html_escape.h"

namespace zhida::console {

/// A piece of markup. `add("<td>{}</td>", value)` puts text in for each `{}`, escaped; another Html goes in as it is.
class Html {
 public:
  /// Only literals: what was computed can never be taken for markup.
  struct Literal {
    template <std::size_t Size>
    consteval Literal(const char (&literal)[Size]) : text(literal, Size - 1) {}  // NOLINT: implicit on purpose.
    std::string_view text;
  };
  class Piece {
   public:
    Piece(const Html& html) : text_(html.text_) {}                      // NOLINT
    Piece(std::string_view text) : text_(text::html_escape(text)) {}    // NOLINT
    Piece(const std::string& text) : text_(text::html_escape(text)) {}  // NOLINT
    Piece(const char* text) : text_(text::html_escape(text)) {}         // NOLINT
    Piece(std::int64_t number) : text_(std::to_string(number)) {}       // NOLINT
    Piece(int number) : text_(std::to_string(number)) {}                // NOLINT
    /// Text or number as it is; null is an em dash.
    Piece(const Json& json);  // NOLINT
    const std::string& markup() const { return text_; }

   private:
    std::string text_;
  };

  Html() = default;
  template <class... Pieces>
  explicit Html(Literal literal, const Pieces&... pieces) {
    add(literal, pieces...);
  }
  template <class... Pieces>
  Html& add(Literal literal, const Pieces&... pieces) {
    put(literal.text, {Piece(pieces)...});
    return *this;
  }
  const std::string& markup() const { return text_; }
  bool empty() const { return text_.empty(); }

 private:
  void put(std::string_view format, std::initializer_list<Piece> pieces);
  std::string text_;
};

}  // namespace zhida::console
