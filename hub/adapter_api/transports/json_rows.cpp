#include "adapter_api/transports/json_rows.h"

#include <cstdint>
#include <utility>

namespace zhida::transports {
namespace {

constexpr int kDepthMax = 32;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void append_utf8(std::string& out, std::uint32_t point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | (point >> 6));
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | (point >> 12));
    out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (point >> 18));
    out += static_cast<char>(0x80 | ((point >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  }
}

// Length of the well-formed UTF-8 sequence at `text` (RFC 3629, no surrogates, no overlong forms), or 0.
std::size_t utf8_length(ByteView text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto next = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return next(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    return next(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF) && next(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    return next(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF) && next(2) && next(3) ? 4 : 0;
  }
  return 0;
}

// A reader over the text. Structure that makes no sense ends the whole answer; what is wrong inside a string or about
// the members of one row is that row's problem, because the row can still be told apart.
class Scanner {
 public:
  explicit Scanner(ByteView text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  Result<JsonAnswer> answer(std::string_view rows_name) {
    JsonAnswer answer;
    answer.rows_kind = "absent";
    skip_blanks();
    if (peek() != '{') return nonsense("the answer does not begin with an object");
    ++at_;
    skip_blanks();
    if (peek() == '}') {
      ++at_;
    } else {
      for (;;) {
        std::string problem;
        const auto name = TRY(string(problem));
        CHECK_OK(expect(':'));
        skip_blanks();
        if (name == rows_name && peek() == '[') {
          if (answer.has_rows) return nonsense("the list stands there twice");
          answer.has_rows = true;
          answer.rows_kind = "list";
          CHECK_OK(list(answer.rows));
        } else {
          const auto kind = kind_here();
          auto value = TRY(scalar_or_slice(problem, 1));
          if (name == rows_name) answer.rows_kind = kind;
          if (!problem.empty()) return nonsense(problem);
          if (!answer.members.emplace(name, std::move(value)).second) return nonsense("a member stands there twice");
        }
        skip_blanks();
        if (peek() == '}') {
          ++at_;
          break;
        }
        CHECK_OK(expect(','));
        skip_blanks();
      }
    }
    skip_blanks();
    if (at_ != text_.size()) return nonsense("text follows the end");
    return answer;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }
  Error nonsense(const std::string& what) const {
    return retry("source_malformed",
                 "The answer is not the JSON that was agreed: at octet " + std::to_string(at_ + 1) + ", " + what + ".");
  }
  Result<void> expect(char wanted) {
    skip_blanks();
    if (peek() != wanted) return nonsense(std::string("a ") + wanted + " is missing");
    ++at_;
    return ok();
  }
  std::string kind_here() const {
    switch (peek()) {
      case '"':
        return "string";
      case '{':
        return "object";
      case '[':
        return "list";
      case 'n':
        return "null";
      case 't':
      case 'f':
        return "boolean";
      default:
        return "number";
    }
  }

  Result<void> list(std::vector<JsonRow>& rows) {
    ++at_;
    skip_blanks();
    if (peek() == ']') {
      ++at_;
      return ok();
    }
    for (;;) {
      skip_blanks();
      const auto begin = at_;
      JsonRow row;
      if (peek() == '{') {
        CHECK_OK(members(row));
      } else {
        const auto kind = kind_here();
        std::string ignored;
        CHECK_OK(scalar_or_slice(ignored, 2));
        row.problem = "A " + kind + " stands where a record was expected.";
      }
      row.octets = text_.substr(begin, at_ - begin);
      if (!row.problem.empty()) row.columns.clear();
      rows.push_back(std::move(row));
      skip_blanks();
      if (peek() == ']') {
        ++at_;
        return ok();
      }
      CHECK_OK(expect(','));
    }
  }

  Result<void> members(JsonRow& row) {
    ++at_;
    skip_blanks();
    if (peek() == '}') {
      ++at_;
      return ok();
    }
    for (;;) {
      skip_blanks();
      const auto name = TRY(string(row.problem));
      CHECK_OK(expect(':'));
      skip_blanks();
      auto value = TRY(scalar_or_slice(row.problem, 3));
      if (!row.columns.emplace(name, std::move(value)).second && row.problem.empty())
        row.problem = "The member \"" + name + "\" stands there twice.";
      skip_blanks();
      if (peek() == '}') {
        ++at_;
        return ok();
      }
      CHECK_OK(expect(','));
    }
  }

  Result<std::optional<std::string>> scalar_or_slice(std::string& problem, int depth) {
    const auto begin = at_;
    const char first = peek();
    if (first == '"') return std::optional(TRY(string(problem)));
    if (first == 'n') {
      CHECK_OK(word("null"));
      return std::optional<std::string>();
    }
    if (first == '{' || first == '[') {
      CHECK_OK(nested(depth));
    } else if (first == 't' || first == 'f') {
      CHECK_OK(word(first == 't' ? "true" : "false"));
    } else {
      CHECK_OK(number());
    }
    return std::optional(std::string(text_.substr(begin, at_ - begin)));
  }

  Result<void> nested(int depth) {
    if (depth > kDepthMax) return nonsense("values are nested too deep");
    const bool object = peek() == '{';
    const char end = object ? '}' : ']';
    ++at_;
    skip_blanks();
    if (peek() == end) {
      ++at_;
      return ok();
    }
    std::string ignored;
    for (;;) {
      skip_blanks();
      if (object) {
        CHECK_OK(string(ignored));
        CHECK_OK(expect(':'));
        skip_blanks();
      }
      CHECK_OK(scalar_or_slice(ignored, depth + 1));
      skip_blanks();
      if (peek() == end) {
        ++at_;
        return ok();
      }
      CHECK_OK(expect(','));
    }
  }

  Result<void> word(std::string_view wanted) {
    if (text_.substr(at_, wanted.size()) != wanted) return nonsense("a value makes no sense");
    at_ += wanted.size();
    return ok();
  }

  Result<void> number() {
    if (peek() == '-') ++at_;
    if (!is_digit(peek())) return nonsense("a value makes no sense");
    if (peek() == '0') {
      ++at_;
    } else {
      while (is_digit(peek())) ++at_;
    }
    if (peek() == '.') {
      ++at_;
      if (!is_digit(peek())) return nonsense("a number ends in its point");
      while (is_digit(peek())) ++at_;
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!is_digit(peek())) return nonsense("a number ends in its exponent");
      while (is_digit(peek())) ++at_;
    }
    return ok();
  }

  Result<std::uint32_t> four_hex() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = peek();
      value <<= 4;
      if (is_digit(c)) {
        value |= static_cast<std::uint32_t>(c - '0');
      } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
        value |= static_cast<std::uint32_t>((c | 0x20) - 'a' + 10);
      } else {
        return nonsense("an escaped character has no four digits");
      }
    }
    return value;
  }

  Result<std::string> string(std::string& problem) {
    if (peek() != '"') return nonsense("a text is missing");
    ++at_;
    std::string out;
    const auto note = [&](const char* what) {
      if (problem.empty()) problem = what;
    };
    for (;;) {
      if (at_ >= text_.size()) return nonsense("a text has no end");
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return out;
      }
      if (c == '\\') {
        ++at_;
        const char escape = peek();
        ++at_;
        switch (escape) {
          case '"':
            out += '"';
            break;
          case '\\':
            out += '\\';
            break;
          case '/':
            out += '/';
            break;
          case 'b':
            out += '\b';
            break;
          case 'f':
            out += '\f';
            break;
          case 'n':
            out += '\n';
            break;
          case 'r':
            out += '\r';
            break;
          case 't':
            out += '\t';
            break;
          case 'u': {
            auto point = TRY(four_hex());
            if (point >= 0xD800 && point <= 0xDBFF && text_.substr(at_, 2) == "\\u") {
              at_ += 2;
              const auto low = TRY(four_hex());
              if (low >= 0xDC00 && low <= 0xDFFF) {
                point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
              } else {
                note("A text holds half a character (a lone surrogate).");
                point = 0xFFFD;
              }
            } else if (point >= 0xD800 && point <= 0xDFFF) {
              note("A text holds half a character (a lone surrogate).");
              point = 0xFFFD;
            }
            append_utf8(out, point);
            break;
          }
          default:
            return nonsense("an escaped character is unknown");
        }
        continue;
      }
      const auto length = utf8_length(text_.substr(at_, 4));
      if (length == 0) {
        note("A text is not UTF-8.");
        out += "\xEF\xBF\xBD";
        ++at_;
        continue;
      }
      if (static_cast<unsigned char>(c) < 0x20) note("A text holds a bare control character.");
      out.append(text_.substr(at_, length));
      at_ += length;
    }
  }

  ByteView text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<JsonAnswer> read_json_rows(ByteView text, std::string_view rows_name) {
  return Scanner(text).answer(rows_name);
}

}  // namespace zhida::transports
