#include "platform/config/yaml.h"

#include <boost/test/unit_test.hpp>
#include <chrono>

#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::config;

namespace {

ConfigNode parsed(std::string_view text) {
  auto node = parse_yaml(text, "t.yaml");
  BOOST_REQUIRE_MESSAGE(node, (node ? std::string() : node.error().message));
  return std::move(node).value();
}

std::string refusal(const Result<ConfigNode>& result) {
  return result ? "" : result.error().code + " " + result.error().message;
}

}  // namespace

BOOST_AUTO_TEST_CASE(values_keep_their_order_their_text_and_their_place) {
  const auto root = parsed(
      "# a mapping\n"
      "mapping: tax.credit_grade\n"
      "version: 2\n"
      "fields:\n"
      "  税务等级: { from: \"Ａ级\", codes: '007' }\n"
      "  empty:\n"
      "list:\n"
      "  - one\n"
      "  - [2, three]\n"
      "  - name: 企业\n"
      "text: |\n"
      "  line 1\n"
      "  line 2\n");
  BOOST_TEST((root.keys() == std::vector<std::string>{"mapping", "version", "fields", "list", "text"}));
  BOOST_TEST(root.string("mapping").value() == "tax.credit_grade");
  BOOST_TEST(root.integer("version").value() == 2);

  const auto grade = root.find("fields")->find("税务等级").value();
  BOOST_TEST(grade.path() == "fields.税务等级");
  BOOST_TEST(grade.key_where() == "t.yaml:5:3");
  BOOST_TEST(grade.where() == "t.yaml:5:9");  // Counted in characters.
  BOOST_TEST(grade.find("from")->quoted());
  BOOST_TEST(grade.find("from")->text() == "Ａ级");
  BOOST_TEST(grade.find("codes")->where() == "t.yaml:5:30");
  BOOST_TEST(grade.string("codes").value() == "007");
  BOOST_TEST(root.find("fields")->find("empty")->is_null());
  BOOST_TEST(!root.find("mapping")->quoted());

  const auto list = root.find("list").value();
  BOOST_TEST(list.size() == 3u);
  BOOST_TEST((list.items()[1].as_strings().value() == std::vector<std::string>{"2", "three"}));
  BOOST_TEST(list.items()[1].items()[1].path() == "list[1][1]");
  BOOST_TEST(list.items()[2].find("name")->path() == "list[2].name");
  BOOST_TEST(root.find("text")->text() == "line 1\nline 2\n");
  BOOST_TEST(root.find("text")->quoted());
}

BOOST_AUTO_TEST_CASE(typed_access_says_what_is_wrong_and_where) {
  const auto root =
      parsed("a: x\nn: 12\nq: \"12\"\nb: yes\nt: true\nl: [1, 2]\nbig: 99999999999999999999\nz: ~\nneg: -5\n");
  BOOST_TEST(root.integer("n").value() == 12);
  BOOST_TEST(root.integer("neg").value() == -5);
  BOOST_TEST(root.boolean_or("t", false).value());
  BOOST_TEST(root.boolean_or("z", true).value());
  BOOST_TEST(root.integer_or("absent", 7).value() == 7);
  BOOST_TEST(root.string_or("z", "else").value() == "else");
  BOOST_TEST(root.string("t").value() == "true");
  BOOST_TEST((root.strings_or_empty("a").value() == std::vector<std::string>{"x"}));
  BOOST_TEST(root.strings_or_empty("absent").value().empty());

  BOOST_TEST(root.integer("a").error().message == "t.yaml:1:4: a: x is not a whole number.");
  BOOST_TEST(root.integer("q").error().message == "t.yaml:3:4: q: A number stands without quotes.");
  BOOST_TEST(root.integer("big").error().message == "t.yaml:7:6: big: 99999999999999999999 is too large.");
  BOOST_TEST(root.boolean_or("b", false).error().message == "t.yaml:4:4: b: yes is not true or false.");
  BOOST_TEST(root.string("l").error().code == "config_wrong_type");
  BOOST_TEST(root.string("z").error().code == "config_wrong_type");
  BOOST_TEST(root.string("absent").error().message == "t.yaml:1:1: absent is missing.");
  BOOST_TEST(root.string("absent").error().code == "config_missing");
  BOOST_TEST(root.find("a")->string("x").error().code == "config_wrong_type");
  const auto unknown = parsed("vresion: 1\n").only_keys({"version", "mapping"});
  BOOST_TEST(unknown.error().message == "t.yaml:1:1: vresion: This name is not known. Did you mean version?");
  BOOST_TEST(unknown.error().code == "config_unknown_key");
  BOOST_TEST(parsed("a: {quite_other: 1}").find("a")->only_keys({"version", "key"}).error().message ==
             "t.yaml:1:5: a.quite_other: This name is not known. Known here: version, key.");
}

BOOST_AUTO_TEST_CASE(what_is_not_plain_yaml_is_refused_with_its_place) {
  struct Case {
    std::string text, refusal;
  };
  const Case cases[] = {
      {"a: &x 1\nb: *x\n",
       "yaml_malformed t.yaml:1:4: Anchors (&name) are not read: write the value out where it is needed."},
      {"b: *x\n", "yaml_malformed t.yaml:1:4: This is not YAML: the referenced anchor is not defined."},
      {"a: &x\n", "yaml_malformed"},
      {"a: &x [*x]\n", "yaml_malformed"},
      {"a: !!python/object:os.system x\n", "yaml_malformed t.yaml:1:4: Tags"},
      {"!!map {a: 1}\n", "yaml_malformed t.yaml:1:1: Tags"},
      {"a: 1\nb: 2\na: 3\n", "yaml_malformed t.yaml:3:1: The key a stands twice in the same map."},
      {"a: 1\n---\nb: 2\n", "yaml_malformed t.yaml:2:1: A file holds one document"},
      {"[a]: 1\n", "yaml_malformed t.yaml:1:1: A key must be a plain word."},
      {"? {a: 1}\n: 2\n", "yaml_malformed"},
      {": 2\n", "yaml_malformed"},
      {"a: [1, 2\n", "yaml_malformed t.yaml:"},
      {"a: \"open\n", "yaml_malformed t.yaml:1:4: The quote that begins here is never closed."},
      {"a: 'open\nb: 1\n\n", "yaml_malformed t.yaml:1:4: The quote"},
      {"a: \"open", "yaml_malformed t.yaml:1:"},
      {"a: b: c\n", "yaml_malformed t.yaml:1:"},
      {"a:\n\t- 1\n", "yaml_malformed t.yaml:"},
      {"%YAML 9.0\n---\na: 1\n", "yaml_malformed"},
      {std::string("a: \0b\n", 6), "yaml_malformed t.yaml:1:1: Byte 4"},
      {"a: 1\nb: \xC3\x28\n", "yaml_malformed t.yaml:2:1: Byte 9"},
      {"\xFF\xFE\x61\x00", "yaml_malformed t.yaml:1:1: Byte 1"},
      {"a: \xED\xA0\x80\n", "yaml_malformed"},
      {"a: \xC0\xAF\n", "yaml_malformed"},
      {std::string(33, '[') + std::string(33, ']'),
       "yaml_too_large t.yaml:1:33: Values are nested deeper than 32 levels."},
      {std::string((1 << 20) + 1, ' '), "yaml_too_large t.yaml: 1048577 bytes"},
  };
  for (const auto& one : cases) {
    const auto said = refusal(parse_yaml(one.text, "t.yaml"));
    BOOST_TEST(said.starts_with(one.refusal), one.text.substr(0, 40) << " gave " << said);
  }
}

BOOST_AUTO_TEST_CASE(bombs_are_refused_quickly) {
  std::string laughs = "a: &a [x, x, x]\n";
  for (char c = 'b'; c <= 'z'; ++c) {
    laughs += std::string(1, c) + ": &" + c + " [*" + char(c - 1) + ", *" + char(c - 1) + ", *" + char(c - 1) + "]\n";
  }
  constexpr std::size_t kSize = (1u << 20) - 10;
  const auto repeated = [](std::string_view piece) {
    std::string text;
    while (text.size() + piece.size() < kSize) text += piece;
    return text;
  };
  std::string staircase;
  for (int i = 0; staircase.size() + 2000 < kSize && i < 1000; ++i)
    staircase += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  for (const auto& text : {laughs,
                           repeated("["),
                           repeated("{"),
                           repeated("{a: "),
                           repeated("- "),
                           repeated("? "),
                           repeated("[],"),
                           "[" + repeated("1,"),
                           repeated("a: 1\n"),
                           staircase,
                           repeated("- - - -\n"),
                           repeated("'"),
                           repeated("\""),
                           repeated("&a "),
                           repeated("!a "),
                           repeated("- |\n"),
                           repeated("---\n"),
                           repeated("{}\n"),
                           repeated("{\n"),
                           "a: \"" + repeated("\\U0001F600"),
                           repeated("*a "),
                           repeated(":"),
                           repeated(", ")}) {
    const auto before = std::chrono::steady_clock::now();
    const auto result = parse_yaml(text, "bomb.yaml");
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - before;
    BOOST_TEST(!result, text.substr(0, 20));
    BOOST_TEST(seconds.count() < 20, text.substr(0, 20) << " took " << seconds.count());
    if (seconds.count() > 1) BOOST_TEST_MESSAGE(text.substr(0, 20) << " took " << seconds.count() << " s");
  }
}

BOOST_AUTO_TEST_CASE(odd_but_honest_files_are_read) {
  BOOST_TEST(parsed("").is_null());
  BOOST_TEST(parsed("# nothing here\n").is_null());
  BOOST_TEST(parsed("---\na: 1\n...\n").integer("a").value() == 1);
  BOOST_TEST(parsed("\xEF\xBB\xBF"
                    "a: 1\r\nb: x\r\n")
                 .find("b")
                 ->where() == "t.yaml:2:4");
  BOOST_TEST(parsed("\xEF\xBB\xBF"
                    "a: 1\r\nb: x\r\n")
                 .string("b")
                 .value() == "x");
  BOOST_TEST(parsed("a: 'it''s'\n").string("a").value() == "it's");
  BOOST_TEST(parsed("- 1\n- 2\n").size() == 2u);
  BOOST_TEST(parsed("just text").text() == "just text");
  BOOST_TEST(parsed("a: \"\"\n").find("a")->is_scalar());
  const auto kept = [] {
    return parsed("a: {b: 1}").find("a")->find("b").value();
  }();  // The node keeps the file alive.
  BOOST_TEST(kept.as_integer().value() == 1);
}

BOOST_AUTO_TEST_CASE(files_are_read_with_their_name_in_every_message) {
  test::TempFolder folder;
  const auto path = folder.write("policies/x.yaml", "a: [\n");
  const auto result = read_yaml(path);
  BOOST_TEST((!result && result.error().message.starts_with(path + ":")));
  BOOST_TEST(read_yaml(folder.file("none.yaml")).error().code == "file_missing");
}
