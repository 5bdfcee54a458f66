#include "platform/crypto/der.h"

#include <boost/test/unit_test.hpp>

using namespace zhida;
using namespace zhida::crypto;

BOOST_AUTO_TEST_SUITE(strict_der)

struct Case {
  const char* what;
  const char* hex;
  bool strict;
};

const Case kCases[] = {
    {"an empty sequence", "3000", true},
    {"a small integer", "020105", true},
    {"an integer with a needed zero", "02020080", true},
    {"a negative integer", "0201ff", true},
    {"a long length that is needed", "048180" /* 128 octets follow */, true},
    {"an explicit tag", "a003020101", true},
    {"true and false", "30060101ff010100", true},
    {"a GeneralizedTime", "180f32303235313130333031303030305a", true},
    {"an object id", "06082a811ccf55018375", true},
    {"nothing", "", false},
    {"a tag alone", "30", false},
    {"a byte behind the outer element", "300000", false},
    {"an indefinite length", "30800000", false},
    {"a length on two octets that fits one", "04810100", false},
    {"a length with a leading zero", "0482000500", false},
    {"a length of five octets", "04850000000001ff", false},
    {"a length beyond the end", "0405ff", false},
    {"a tag of several octets", "1f8101020101", false},
    {"an empty integer", "0200", false},
    {"an integer that is not minimal", "02020001", false},
    {"a negative integer that is not minimal", "0202ff80", false},
    {"a boolean that is neither", "010101", false},
    {"a boolean of two octets", "0102ffff", false},
    {"an empty bit string", "0300", false},
    {"a bit string with unused bits", "030204f0", false},
    {"a constructed octet string", "2403040101", false},
    {"a primitive sequence", "1000", false},
    {"a primitive set", "1100", false},
    {"an end-of-contents mark", "30020000", false},
    {"a null with content", "050100", false},
    {"an empty object id", "0600", false},
    {"an object id with a padded part", "06032a8001", false},
    {"an object id cut off inside a part", "06022a81", false},
    {"a time with a fraction", "181132303235313130333031303030302e355a", false},
    {"a time without Z", "180e3230323531313033303130303030", false},
    {"a time on a day that is not", "180f32303235303233303031303030305a", false},
};

BOOST_AUTO_TEST_CASE(only_the_one_right_encoding_is_accepted) {
  for (const Case& one : kCases) {
    Bytes text = from_hex(one.hex).value();
    if (text == from_hex("048180").value()) text += Bytes(128, 'x');
    BOOST_TEST_CONTEXT(one.what) {
      BOOST_TEST(der::check_strict(text).has_value() == one.strict);
    }
  }
}

BOOST_AUTO_TEST_CASE(nesting_has_a_limit) {
  Bytes text = der::write_integer(1);
  for (int depth = 0; depth < der::kDepthMax; ++depth) text = der::write(der::kSequence, text);
  BOOST_TEST(der::check_strict(text).has_value());
  BOOST_TEST(!der::check_strict(der::write(der::kSequence, text)).has_value());
  // So deep that a recursion without a limit would end the process.
  Bytes deep;
  for (int depth = 0; depth < 200'000; ++depth) deep += "\x30\x80";
  BOOST_TEST(!der::check_strict(deep).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_written_is_strict_and_reads_back) {
  for (const std::int64_t number : {0LL, 1LL, 127LL, 128LL, 255LL, 256LL, 65535LL, 2147483647LL}) {
    const Bytes text = der::write_integer(number);
    BOOST_TEST(der::check_strict(text).has_value());
    BOOST_TEST(der::Reader(text).integer("n").value() == number);
  }
  for (const char* id : {"1.2.156.10197.1.501", "1.2.840.10045.4.3.2", "2.16.840.1.101.3.4.2.1", "2.999.1", "0.0"}) {
    const Bytes text = der::write_object_id(id);
    BOOST_TEST(der::check_strict(text).has_value());
    BOOST_TEST(der::Reader(text).object_id("id").value() == id);
  }
  for (const std::size_t size : {0u, 127u, 128u, 255u, 256u, 65535u, 65536u, 70000u}) {
    const Bytes text = der::write(der::kOctetString, Bytes(size, 'x'));
    BOOST_TEST(der::check_strict(text).has_value());
    BOOST_TEST(der::Reader(text).octet_string("o").value().size() == size);
  }
  const Instant moment = parse_rfc3339("2025-11-03T09:00:00+08:00").value();
  const Bytes time = der::write_time(moment);
  BOOST_TEST(to_millis(der::Reader(time).time("t").value()) == to_millis(moment));
}

BOOST_AUTO_TEST_CASE(text_must_be_what_its_tag_says) {
  const auto utf8 = [](const char* hex) {
    const Bytes text = der::write(der::kUtf8String, from_hex(hex).value());
    return der::Reader(text).utf8("t").has_value();
  };
  for (const char* good : {"", "61", "e5b882", "f09f9880", "efbfbd"}) BOOST_TEST(utf8(good), good);
  for (const char* bad : {"ff", "c080", "e5b8", "eda080", "f4908080", "80", "e08080"}) BOOST_TEST(!utf8(bad), bad);
  const Bytes beyond_ascii = der::write(der::kIa5String, "\xc3\xa9");
  BOOST_TEST(!der::Reader(beyond_ascii).ia5("t").has_value());
  const Bytes big = der::write(der::kInteger, from_hex("0080000000").value());
  BOOST_TEST(!der::Reader(big).integer("n").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
