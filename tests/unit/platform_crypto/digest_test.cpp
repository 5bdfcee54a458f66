#include "platform/crypto/digest.h"

#include <boost/test/unit_test.hpp>

using namespace zhida;
using namespace zhida::crypto;

BOOST_AUTO_TEST_SUITE(digest)

BOOST_AUTO_TEST_CASE(hashes_give_the_published_answers) {
  BOOST_TEST(to_hex(sm3("abc")) == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
  BOOST_TEST(to_hex(sm3("abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd")) ==
             "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
  BOOST_TEST(to_hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  BOOST_TEST(to_hex(sm3("")) == "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b");
}

BOOST_AUTO_TEST_CASE(message_authentication_gives_the_answer_of_rfc_4231) {
  BOOST_TEST(to_hex(hmac_sha256(Bytes(20, '\x0b'), "Hi There")) ==
             "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  BOOST_TEST(to_hex(hmac_sha256("", "")) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

BOOST_AUTO_TEST_CASE(a_stream_gives_the_hash_of_the_whole_and_begins_anew) {
  Sm3Stream stream;
  for (const char c : std::string_view("abc")) stream.update(ByteView(&c, 1));
  BOOST_TEST(to_hex(stream.finish()) == to_hex(sm3("abc")));
  BOOST_TEST(to_hex(stream.finish()) == to_hex(sm3("")));
}

BOOST_AUTO_TEST_CASE(passwords_are_recognised_and_salted) {
  const std::string first = hash_password("正确 horse"), second = hash_password("正确 horse");
  BOOST_TEST(first.starts_with("$scrypt$ln=15,r=8,p=1$"));
  BOOST_TEST(first != second);
  BOOST_TEST(verify_password("正确 horse", first));
  BOOST_TEST(!verify_password("正确 Horse", first));
  BOOST_TEST(!verify_password("", first));
}

BOOST_AUTO_TEST_CASE(text_that_is_no_password_hash_never_verifies) {
  const std::string salt_and_hash = "AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  for (const std::string& text :
       {std::string(), std::string("secret"), std::string("$scrypt$"), "$scrypt$ln=30,r=8,p=1$" + salt_and_hash,
        "$scrypt$ln=15,r=9999,p=1$" + salt_and_hash, "$scrypt$ln=15,r=8,p=1$" + salt_and_hash,
        std::string("$scrypt$ln=15,r=8,p=1$!!$!!"), std::string("$scrypt$ln=15,r=8,p=1$AAAA")}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(!verify_password("secret", text));
      BOOST_TEST(!verify_password("", text));
    }
  }
}

BOOST_AUTO_TEST_CASE(comparison_and_randomness_do_what_they_say) {
  BOOST_TEST(constant_time_equal("abc", "abc"));
  BOOST_TEST(!constant_time_equal("abc", "abd"));
  BOOST_TEST(!constant_time_equal("abc", "ab"));
  BOOST_TEST(random_bytes(32).size() == 32u);
  BOOST_TEST(random_bytes(32) != random_bytes(32));
}

BOOST_AUTO_TEST_SUITE_END()
