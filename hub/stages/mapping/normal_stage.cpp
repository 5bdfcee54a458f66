#include "stages/mapping/normal_stage.h"

#include "platform/text/encoding.h"

namespace zhida::mapping {

std::string plain(std::string_view utf8) {
  return text::plain(utf8);
}

std::string code_key(std::string_view utf8) {
  std::string out = text::plain(utf8);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

std::string name_key(std::string_view utf8) {
  return text::name_key(utf8);
}
std::string tidy_name(std::string_view utf8) {
  return text::tidy_name(utf8);
}
std::string trimmed(std::string_view utf8) {
  return std::string(text::trim(utf8));
}
bool is_null_word(std::string_view utf8) {
  return text::is_null_word(utf8);
}

}  // namespace zhida::mapping
