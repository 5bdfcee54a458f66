#include "platform/text/xml.h"

#include <boost/test/unit_test.hpp>

using namespace zhida;
using namespace zhida::text;

namespace {

std::string fault(const std::string& xml, const XmlLimits& limits = {}) {
  const auto document = XmlDocument::parse(xml, limits);
  return document ? "good" : document.error().code;
}

}  // namespace

BOOST_AUTO_TEST_CASE(elements_are_read_with_their_octets_and_lines) {
  const std::string text =
      "<?xml version=\"1.0\" encoding=\"GB18030\"?>\n<PACK no=\"1\">\n <ROW><NAME>湖州&amp;某</NAME></ROW>\n <ROW>"
      "<NAME><![CDATA[<甲>]]></NAME><EMPTY/></ROW>\n</PACK>\n";
  const Bytes octets = utf8_to_gb18030(text).value();
  const auto document = XmlDocument::parse(octets).value();
  BOOST_TEST((document.encoding() == Encoding::gb18030));
  const auto root = document.root();
  BOOST_TEST(root.name() == "PACK");
  BOOST_TEST(root.attribute("no").value() == "1");
  const auto rows = root.children("ROW");
  BOOST_REQUIRE(rows.size() == 2u);
  BOOST_TEST(rows[0].required_text("NAME").value() == "湖州&某");
  BOOST_TEST(rows[0].line() == 3u);
  BOOST_TEST(rows[0].octets() == utf8_to_gb18030("<ROW><NAME>湖州&amp;某</NAME></ROW>").value());
  BOOST_TEST(octets.compare(rows[1].offset(), 5, "<ROW>") == 0);
  BOOST_TEST(rows[1].child_text("NAME").value() == "<甲>");
  BOOST_TEST(rows[1].child("EMPTY")->octets() == "<EMPTY/>");
  BOOST_TEST(rows[1].line() == 4u);
  const auto missing = rows[0].required_text("CODE");
  BOOST_TEST(missing.error().code == "xml_element_missing");
  BOOST_TEST(missing.error().message.find("Line 3") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(hostile_documents_are_refused_before_a_tree_is_built) {
  BOOST_TEST(fault("<a>1</a>") == "good");
  BOOST_TEST(fault("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>") == "xml_doctype_refused");
  BOOST_TEST(fault("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>") == "xml_doctype_refused");
  BOOST_TEST(fault("<a>&x;</a>") == "xml_entity_refused");
  BOOST_TEST(fault("<a b=\"&x;\"/>") == "xml_entity_refused");
  BOOST_TEST(fault("<a>&#0;</a>") == "xml_malformed");
  BOOST_TEST(fault("<a>&#x110000;</a>") == "xml_malformed");
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "<a>";
  BOOST_TEST(fault(deep) == "xml_too_deep");
  std::string wide = "<r>";
  for (int i = 0; i < 1000; ++i) wide += "<a/>";
  XmlLimits limits;
  limits.elements_max = 500;
  BOOST_TEST(fault(wide + "</r>", limits) == "xml_too_large");
  limits.bytes_max = 100;
  BOOST_TEST(fault(wide + "</r>", limits) == "xml_too_large");
  std::string many = "<a";
  for (int i = 0; i < 100; ++i) many += " x" + std::to_string(i) + "=\"\"";
  BOOST_TEST(fault(many + "/>") == "xml_too_large");
  BOOST_TEST(fault("<?xml version=\"1.0\" encoding=\"UTF-7\"?><a/>") == "xml_encoding_unknown");
  BOOST_TEST(fault("<a>\xFF</a>") == "encoding_malformed");
}

BOOST_AUTO_TEST_CASE(what_is_not_well_formed_is_refused_with_its_line) {
  for (const char* xml : {"", "text", "<a>", "<a><b></a></b>", "<a/><b/>", "<a></a>x", "<a b></a>", "<a b=c/>",
                          "<a b=\"1\" b=\"2\"/>", "<a", "<1/>", "<a>&</a>", "<a><![CDATA[</a>", "<!-- ", "<a>\x01</a>",
                          "<a b=\"<\"/>", "</a>", "<a b=\"1\"c=\"2\"/>"})
    BOOST_TEST(fault(xml) == "xml_malformed", xml);
  const auto error = XmlDocument::parse("<a>\n<b>\n</c></a>").error();
  BOOST_TEST(error.message.find("Line 3") != std::string::npos, error.message);
}

BOOST_AUTO_TEST_CASE(escaped_text_reads_back_as_it_was) {
  const std::string text = "<甲 & \"乙\">\n\t";
  const auto document = XmlDocument::parse("<a b=\"" + xml_escape(text) + "\">" + xml_escape(text) + "</a>").value();
  BOOST_TEST(document.root().text() == text);
  BOOST_TEST(document.root().attribute("b").value() == text);
}
