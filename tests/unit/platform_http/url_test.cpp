#include "platform/http/url.h"

#include <boost/test/unit_test.hpp>

using namespace zhida::http;

BOOST_AUTO_TEST_CASE(percent_signs_are_resolved_strictly) {
  struct Case {
    std::string_view text, decoded;
    bool good;
  };
  const Case cases[] = {
      {"plain", "plain", true},
      {"%E7%A8%8E", "税", true},
      {"a%20b", "a b", true},
      {"a+b", "a+b", true},
      {"%", "", false},
      {"%4", "", false},
      {"%4g", "", false},
      {"%%41", "", false},
      {"%00", "", false},
      {"%0a", "", false},
      {"%7F", "", false},
      {"%C0%AF", "", false},
      {"%ED%A0%80", "", false},
      {"%FF", "", false},
      {"%E7%A8", "", false},
      {"%F4%90%80%80", "", false},
      {"\xE7\xA8\x8E", "税", true},
      {"%F0%9F%98%80", "😀", true},
  };
  for (const auto& one : cases) {
    const auto result = percent_decode(one.text);
    BOOST_TEST_CONTEXT(one.text) {
      BOOST_TEST(result.has_value() == one.good);
      if (result)
        BOOST_TEST(result.value() == one.decoded);
      else
        BOOST_TEST(result.error().code == "url_malformed");
    }
  }
  BOOST_TEST(percent_encode("税 a-b_c.d~e/f+g&h=i%") == "%E7%A8%8E%20a-b_c.d~e%2Ff%2Bg%26h%3Di%25");
  BOOST_TEST(percent_decode(percent_encode("税 /?&=+%")).value() == "税 /?&=+%");
}

BOOST_AUTO_TEST_CASE(a_query_gives_every_name_and_value) {
  const auto query = parse_query("a=1&b=%E7%A8%8E+x&a=2&flag&&e=").value();
  BOOST_TEST(query.size() == 5u);
  BOOST_TEST(query.count("a") == 2u);
  BOOST_TEST(query.find("b")->second == "税 x");
  BOOST_TEST(query.find("flag")->second == "");
  BOOST_TEST(query.find("e")->second == "");
  BOOST_TEST(!parse_query("a=%zz"));
  BOOST_TEST(build_query({{"b", "税 x"}, {"a", "1&2"}}) == "b=%E7%A8%8E%20x&a=1%262");
}

BOOST_AUTO_TEST_CASE(a_path_has_one_meaning_only) {
  BOOST_TEST(parse_path("/").value() == "/");
  BOOST_TEST(parse_path("/api/v1/cases/").value() == "/api/v1/cases/");
  BOOST_TEST(parse_path("/%E4%BC%81%E4%B8%9A/a+b").value() == "/企业/a+b");
  for (const std::string_view bad :
       {"", "x", "/../etc/passwd", "/a/..", "/a/./b", "/a/%2e%2e/b", "/a/%2E./b", "/a%2fb", "/a%5Cb", "/a\\b",
        "//host/x", "/a//b", "/%00", "/a%0d%0aX: y", "http://host/a", "*"}) {
    BOOST_TEST(!parse_path(bad), bad);
  }
}
