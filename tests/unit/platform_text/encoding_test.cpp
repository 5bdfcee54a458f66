#include "platform/text/encoding.h"

#include <boost/test/unit_test.hpp>

using namespace zhida;
using namespace zhida::text;

BOOST_AUTO_TEST_CASE(gb18030_and_gbk_go_both_ways) {
  const std::string words = "湖州 Ａ（甲）类 〔2025〕1号";
  BOOST_TEST(gb18030_to_utf8(utf8_to_gb18030(words).value()).value() == words);
  BOOST_TEST(gbk_to_utf8(utf8_to_gbk(words).value()).value() == words);
  BOOST_TEST(utf8_to_gbk("中").value() == "\xD6\xD0");
  BOOST_TEST(utf8_to_gb18030("㐀").value() == "\x81\x39\xEE\x39");
  BOOST_TEST(gb18030_to_utf8("\x81\x39\xEE\x39").value() == "㐀");
  BOOST_TEST(gb18030_to_utf8(utf8_to_gb18030("𠮷").value()).value() == "𠮷");
  // More than one converter buffer, with characters of four octets across its edges.
  std::string long_text;
  for (int i = 0; i < 5000; ++i) long_text += i % 3 == 0 ? "𠮷" : "湖a";
  BOOST_TEST((gb18030_to_utf8(utf8_to_gb18030(long_text).value()).value() == long_text));
}

BOOST_AUTO_TEST_CASE(a_character_that_gbk_lacks_is_named_with_its_place) {
  const auto error = [](const char* text) { return utf8_to_gbk(text).error(); };
  BOOST_TEST(error("ab㐀c").code == "char_not_in_gbk");
  BOOST_TEST(error("ab㐀c").message.find("㐀 (U+3400) at character 3") != std::string::npos, error("ab㐀c").message);
  BOOST_TEST(error("湖𠮷").message.find("𠮷 (U+20BB7) at character 2") != std::string::npos);
  BOOST_TEST(error("€").code == "char_not_in_gbk");
  BOOST_TEST(error("\xEE\x80\x80").code == "char_not_in_gbk");  // U+E000, private use
  BOOST_TEST(error("\xFF").code == "encoding_malformed");
}

BOOST_AUTO_TEST_CASE(octets_that_are_no_text_are_refused_with_their_offset) {
  const auto offset = [](const Result<std::string>& result) {
    return result ? std::string("good") : result.error().message;
  };
  BOOST_TEST(offset(gb18030_to_utf8("abc\xD6")).find("offset 3") != std::string::npos,
             offset(gb18030_to_utf8("abc\xD6")));
  BOOST_TEST(offset(gb18030_to_utf8("ab\xFF\xFFzz")).find("offset 2") != std::string::npos);
  BOOST_TEST(offset(gbk_to_utf8("\xD6\xD0\xD6")).find("offset 2") != std::string::npos);
  BOOST_TEST(!check_utf8("\xC0\x80"));
  BOOST_TEST(!check_utf8("\xED\xA0\x80"));
  BOOST_TEST(!check_utf8("\xF5\x80\x80\x80"));
  BOOST_TEST(!check_utf8("\xE6\xB9"));
  BOOST_TEST(!!check_utf8("湖𠮷a"));
}

BOOST_AUTO_TEST_CASE(the_encoding_of_a_file_is_found_and_its_octets_stay_traceable) {
  const std::string words = "第一行\n𠮷第二行";
  const auto gb = DecodedText::detect(utf8_to_gb18030(words).value()).value();
  BOOST_TEST((gb.encoding() == Encoding::gb18030));
  BOOST_TEST(gb.utf8() == words);
  const auto at = words.find("𠮷");
  BOOST_TEST(gb.original_slice(at, at + 4) == utf8_to_gb18030("𠮷").value());
  const auto marked = DecodedText::detect("\xEF\xBB\xBF" + words).value();
  BOOST_TEST(marked.had_byte_order_mark());
  BOOST_TEST(marked.utf8() == words);
  BOOST_TEST(marked.original_slice(0, 3) == "第");
  BOOST_TEST(DecodedText::detect("\xFF\xFE\x00").error().code == "encoding_unknown");
  std::string many;
  for (int i = 0; i < 20000; ++i) many += i % 7 == 0 ? "𠮷" : i % 2 == 0 ? "湖" : "x";
  const auto large = DecodedText::detect(utf8_to_gb18030(many).value()).value();
  for (const std::size_t place : {std::size_t{0}, many.find("湖", 9000), many.find("𠮷", 30000)})
    BOOST_TEST((large.original_slice(place, many.size()) == utf8_to_gb18030(many.substr(place)).value()));
}

BOOST_AUTO_TEST_CASE(normal_forms_do_what_they_say) {
  BOOST_TEST(half_width("Ａｂ１（　湖") == "Ab1( 湖");
  BOOST_TEST(trim("　\t 湖 州\xC2\xA0\n") == "湖 州");
  BOOST_TEST(plain("　Ａ\xE2\x80\x8B级 ") == "A级");
  BOOST_TEST(nfkc("㈱") == "(株)");
  BOOST_TEST(tidy_name(" 湖州　某某 (普通合伙) ") == "湖州 某某 （普通合伙）");
  BOOST_TEST(name_key("湖州某某（普通合伙）") == name_key(" 湖州 某某(普通合伙)　"));
  BOOST_TEST(name_key("ＡＢＣ公司") == name_key("abc 公司"));
  BOOST_TEST(name_key("甲【乙】") == "甲(乙)");
  BOOST_TEST(characters("湖a𠮷") == 3u);
  for (const char* word :
       {"", "  ", "　", "无", "暂无", "NULL", "null", "Null", "—", "-", "/", "\\n", "\\N", "n/a", "ＮＵＬＬ"})
    BOOST_TEST(is_null_word(word), word);
  for (const char* word : {"0", "否", "无锡某公司", "无限", "a"}) BOOST_TEST(!is_null_word(word), word);
}
