#include "adapters/town/numbers.h"

#include <array>

#include "base/assert.h"

namespace zhida::town {

namespace {
constexpr std::string_view kUsccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";

int organisation_value(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  return letter >= 'A' && letter <= 'Z' ? letter - 'A' + 10 : -1;
}
}  // namespace

char organisation_check(std::string_view eight) {
  static constexpr std::array<int, 8> kWeights{3, 7, 9, 10, 5, 8, 4, 2};
  int sum = 0;
  for (std::size_t i = 0; i < kWeights.size(); ++i) sum += kWeights[i] * organisation_value(eight[i]);
  const int check = 11 - sum % 11;
  if (check == 10) return 'X';
  return check == 11 ? '0' : static_cast<char>('0' + check);
}

char uscc_check(std::string_view seventeen) {
  int sum = 0;
  int weight = 1;
  for (std::size_t i = 0; i < 17; ++i) {
    sum += weight * static_cast<int>(kUsccAlphabet.find(seventeen[i]));
    weight = weight * 3 % 31;
  }
  return kUsccAlphabet[static_cast<std::size_t>((31 - sum % 31) % 31)];
}

bool is_uscc(std::string_view text) {
  if (text.size() != 18 || text.find_first_not_of(kUsccAlphabet) != std::string_view::npos) return false;
  return organisation_check(text.substr(8, 8)) == text[16] && uscc_check(text.substr(0, 17)) == text[17];
}

std::string make_uscc(std::string_view kind, std::string_view division, std::string_view eight) {
  std::string code = std::string(kind) + std::string(division) + std::string(eight);
  code += organisation_check(eight);
  code += uscc_check(code);
  ZHIDA_ASSERT(is_uscc(code));
  return code;
}

char mod_11_10_check(std::string_view digits) {
  int product = 10;
  for (const char digit : digits) {
    int sum = (product + (digit - '0')) % 10;
    if (sum == 0) sum = 10;
    product = sum * 2 % 11;
  }
  return static_cast<char>('0' + (11 - product) % 10);
}

std::string make_registration_number(std::string_view division, std::int64_t serial) {
  std::string number = std::string(division) + padded(serial % 100'000'000, 8);
  return number + mod_11_10_check(number);
}

std::string make_bank_number(std::string_view bank, std::string_view area, std::int64_t branch) {
  std::string number = std::string(bank) + std::string(area) + padded(branch % 10'000, 4);
  return number + mod_11_10_check(number);
}

std::string padded(std::int64_t number, int width) {
  std::string text = std::to_string(number);
  if (static_cast<int>(text.size()) < width) text.insert(0, static_cast<std::size_t>(width) - text.size(), '0');
  return text;
}

}  // namespace zhida::town
