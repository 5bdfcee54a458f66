#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "adapters/town/random.h"

namespace zhida::town {

/// One class of GB/T 4754-2017 with the word it puts into a firm's name and how often it is met (per thousand).
struct Industry {
  const char* code;  ///< `C3411`
  const char* word;
  unsigned weight;
};
const std::vector<Industry>& industries();
const Industry& pick_industry(Random& random);

std::string brand(Random& random, int characters);
/// A brand with a character that GBK lacks.
std::string brand_beyond_gbk(Random& random);
std::string person_name(Random& random);
std::string address(Random& random, std::string_view division);
/// `330503` → `南浔`
std::string place_name(std::string_view division);

}  // namespace zhida::town
