#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <iostream>
#include <sstream>

#include "base/bytes.h"
#include "domain/uscc.h"

using namespace zhida;

namespace {

/// The lines of a table of domain/ref, cells split at commas outside of quotes; nothing where the table is absent.
std::vector<std::vector<std::string>> vectors(const std::string& name) {
  const char* const shared = std::getenv("ZHIDA_SHARED");
  const auto bytes = read_file(std::string(shared == nullptr ? "../shared" : shared) + "/domain/ref/" + name);
  std::vector<std::vector<std::string>> rows;
  if (!bytes) {
    std::cout << "SKIPPED: " << name << " is not here.\n";
    return rows;
  }
  std::string line;
  std::istringstream lines(bytes.value());
  for (bool header = true; std::getline(lines, line); header = false) {
    if (header) continue;
    if (line.ends_with('\r')) line.pop_back();
    std::vector<std::string> cells(1);
    bool quoted = false;
    for (const char c : line) {
      if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        cells.emplace_back();
      } else {
        cells.back() += c;
      }
    }
    rows.push_back(std::move(cells));
  }
  BOOST_TEST(!rows.empty());
  return rows;
}

}  // namespace

BOOST_AUTO_TEST_CASE(credit_codes_pass_exactly_when_both_checks_hold) {
  for (const auto& row : vectors("uscc-vectors.csv")) {
    BOOST_TEST_CONTEXT(row[0]) {
      const auto code = parse_uscc(row[0]);
      BOOST_TEST(!!code == (row[1] != "invalid"));
      if (code) BOOST_TEST(code.value() == row[2]);
      static const std::map<std::string, UsccFault> kReasons{{"check_digit", UsccFault::check_digit},
                                                             {"org_check", UsccFault::organisation_check},
                                                             {"bad_char", UsccFault::character},
                                                             {"length", UsccFault::length},
                                                             {"masked", UsccFault::masked},
                                                             {"null_word", UsccFault::missing},
                                                             {"null", UsccFault::missing}};
      if (!code && row[3] != "check_digit") BOOST_TEST((read_uscc(row[0]).fault == kReasons.at(row[3])));
    }
  }
  for (const char* text : {"", " ", "无", "NULL", "—"}) BOOST_TEST(parse_uscc(text).error().code == "uscc_missing");
  BOOST_TEST(parse_uscc("330203000030639").error().code == "uscc_invalid");
  BOOST_TEST(parse_uscc(std::string(100000, '9')).error().code == "uscc_invalid");
}

BOOST_AUTO_TEST_CASE(organisation_codes_pass_with_and_without_hyphen) {
  for (const auto& row : vectors("orgcode-vectors.csv")) {
    BOOST_TEST(!!parse_organisation_code(row[0]) == (row[1] == "valid"), row[0]);
  }
  BOOST_TEST(parse_organisation_code("19220382-1").value() == "192203821");
  BOOST_TEST(parse_organisation_code("914403001922038216").value() == "192203821");
  BOOST_TEST(parse_organisation_code("暂无").error().code == "organisation_code_missing");
  BOOST_TEST(organisation_code_of("914403001922038216") == "192203821");
}

BOOST_AUTO_TEST_CASE(registration_numbers_pass_with_their_check_digit_or_from_before_it) {
  for (const auto& row : vectors("regno15-vectors.csv")) {
    BOOST_TEST(!!parse_registration_number(row[0]) == (row[1] != "invalid"), row[0]);
  }
}

BOOST_AUTO_TEST_CASE(bank_numbers_pass_with_their_check_digit) {
  for (const auto& row : vectors("cnaps-vectors.csv")) {
    BOOST_TEST(!!parse_bank_number(row[0]) == (row[1] == "valid"), row[0]);
  }
  BOOST_TEST(!parse_bank_number("10210009999"));
}

BOOST_AUTO_TEST_CASE(card_numbers_pass_the_luhn_check) {
  for (const auto& row : vectors("bankcard-luhn-vectors.csv")) {
    if (row[1] != "valid" && row[1] != "invalid") continue;
    BOOST_TEST(passes_luhn(row[0]) == (row[1] == "valid"), row[0]);
  }
  BOOST_TEST(!passes_luhn(""));
  BOOST_TEST(!passes_luhn("62 22"));
}

BOOST_AUTO_TEST_CASE(amounts_are_written_in_words_as_vouchers_want_them) {
  for (const auto& row : vectors("rmb-words-vectors.csv")) {
    const auto words = rmb_in_words(Money::from_fen(std::atoll(row[0].c_str())));
    BOOST_REQUIRE(words);
    BOOST_TEST(("|" + row[1] + "|").find("|" + words.value() + "|") != std::string::npos,
               row[0] + " gives " + words.value() + " and not " + row[1]);
  }
  BOOST_TEST(rmb_in_words(Money::from_fen(10'000'000'100)).value() == "人民币壹亿零壹元整");
  BOOST_TEST(rmb_in_words(Money::from_fen(100'010'000'000)).value() == "人民币壹拾亿零壹拾万元整");
  BOOST_TEST(rmb_in_words(Money::from_fen(-1)).error().code == "amount_not_in_words");
  BOOST_TEST(!!rmb_in_words(Money::from_fen(99'999'999'999'999)));
  BOOST_TEST(!rmb_in_words(Money::from_fen(100'000'000'000'000)));
}
