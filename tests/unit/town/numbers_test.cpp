// The town's own numbers against vectors that others made.
#include "adapters/town/numbers.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <set>
#include <sstream>

#include "adapters/town/dirt.h"
#include "adapters/town/names.h"
#include "base/bytes.h"

using namespace zhida;
using namespace zhida::town;

namespace {

/// Lines of a reference file, cut at commas, without the header; empty where the shared folder is absent.
std::vector<std::vector<std::string>> reference(const std::string& name) {
  const char* shared = std::getenv("ZHIDA_SHARED");
  const auto content = read_file((shared == nullptr ? "" : std::string(shared)) + "/domain/ref/" + name);
  std::vector<std::vector<std::string>> lines;
  if (!content) {
    BOOST_TEST_MESSAGE("SKIPPED: there is no " << name << " under ZHIDA_SHARED.");
    return lines;
  }
  std::istringstream stream(content.value());
  for (std::string line; std::getline(stream, line);) {
    std::vector<std::string> cells(1);
    for (const char letter : line) {
      if (letter == ',') {
        cells.emplace_back();
      } else {
        cells.back() += letter;
      }
    }
    lines.push_back(cells);
  }
  if (!lines.empty()) lines.erase(lines.begin());
  return lines;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(town_numbers)

BOOST_AUTO_TEST_CASE(credit_codes_agree_with_real_ones) {
  for (const auto& line : reference("uscc-vectors.csv")) {
    if (line[1] == "valid_after_normalise") continue;  // Reading dirt is the hub's work, not the town's.
    BOOST_TEST(is_uscc(line[0]) == (line[1] == "valid"), line[0]);
  }
}

BOOST_AUTO_TEST_CASE(organisation_codes_agree_with_real_ones) {
  for (const auto& line : reference("orgcode-vectors.csv")) {
    std::string digits = line[0];
    std::erase(digits, '-');
    BOOST_TEST((organisation_check(digits.substr(0, 8)) == digits[8]) == (line[1] == "valid"), line[0]);
  }
}

BOOST_AUTO_TEST_CASE(bank_numbers_agree_with_real_ones) {
  for (const auto& line : reference("cnaps-vectors.csv")) {
    BOOST_TEST((mod_11_10_check(line[0].substr(0, 11)) == line[0][11]) == (line[1] == "valid"), line[0]);
  }
  BOOST_TEST(make_bank_number("313", "3360", 7157) == "313336071575");
}

BOOST_AUTO_TEST_CASE(registration_numbers_agree_with_real_ones) {
  for (const auto& line : reference("regno15-vectors.csv")) {
    if (line[0].size() != 15) continue;
    BOOST_TEST((mod_11_10_check(line[0].substr(0, 14)) == line[0][14]) == (line[1] == "valid"), line[0]);
  }
}

BOOST_AUTO_TEST_CASE(industries_are_classes_of_the_standard) {
  std::set<std::string> classes;
  for (const auto& line : reference("gbt4754-2017.csv")) {
    if (line.size() > 3 && line[1] == "4") classes.insert(line[3] + line[0]);
  }
  if (classes.empty()) return;
  for (const Industry& industry : industries()) BOOST_TEST(classes.contains(industry.code), industry.code);
}

BOOST_AUTO_TEST_CASE(the_same_seed_draws_the_same_numbers) {
  Random first(1);
  // From the reference implementation of splitmix64 with seed 1.
  BOOST_TEST(first.next() == 0x910A2DEC89025CC1ull);
  BOOST_TEST(first.next() == 0xBEEB8DA1658EEC67ull);
  Random one = Random::stream(7, "tax", 3);
  Random same = Random::stream(7, "tax", 3);
  Random other = Random::stream(7, "tax", 4);
  const auto drawn = one.next();
  BOOST_TEST(drawn == same.next());
  BOOST_TEST(drawn != other.next());
}

BOOST_AUTO_TEST_CASE(amounts_are_spelled_to_the_fen) {
  BOOST_TEST(decimal(123456789, 4) == "12345.6789");
  BOOST_TEST(decimal(-5, 2) == "-0.05");
  BOOST_TEST(to_full_width("A1.") == "Ａ１．");
  BOOST_TEST(masked("91330502MA2B1234XY") == "913305******1234XY");
}

BOOST_AUTO_TEST_SUITE_END()
