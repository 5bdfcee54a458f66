// Harmless dirt: spellings that a right mapping reads as the same value. Each function draws one spelling.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/town/random.h"
#include "base/time.h"

namespace zhida::town {

using Cell = std::optional<std::string>;

class Dirt {
 public:
  explicit Dirt(Random& random) : random_(random) {}

  std::string code(std::string_view text);  ///< Width, case, blanks, a zero-width space, hyphens.
  std::string word(std::string_view text);  ///< Blanks round it.
  std::string name(std::string_view text);  ///< Brackets of either width, trailing blanks.
  std::string date(Date day);
  Cell date_or_null(std::optional<Date> day);  ///< Null words for no day.
  std::string open_end();                      ///< `9999-9-9`, `2099-12-31`, `长期`, or blank.
  std::string year(int year);
  std::string month(int year, int month);         ///< `202509`, `2025-09`, `2025年9月`
  std::string yuan(std::int64_t fen);             ///< Two places.
  std::string wan(std::int64_t fen, int places);  ///< 万元; the value must come out in that many places.
  std::string count(std::int64_t number);
  Cell null_word();
  std::string yes_no(bool yes);
  std::string one_of(std::initializer_list<const char*> spellings);

 private:
  Random& random_;
};

std::string to_full_width(std::string_view ascii);
std::string to_lower(std::string_view ascii);
/// `91330502MA2B1234XY` → `913305******1234XY`
std::string masked(std::string_view uscc);
/// `123456789` with 4 places → `12345.6789`
std::string decimal(std::int64_t digits, int places);

}  // namespace zhida::town
