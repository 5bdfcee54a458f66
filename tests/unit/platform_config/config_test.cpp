#include "platform/config/config.h"

#include <boost/test/unit_test.hpp>

#include "support/temp_folder.h"

using namespace zhida;
using namespace std::chrono_literals;

namespace {

struct TlsConfig : ConfigSpec {
  Field<Path> key_file{this, "key_file", "The private key."};
  Field<bool> strict{this, "strict", "Whether strangers are refused.", true};
};

struct PeerConfig : ConfigSpec {
  Field<std::string> name{this, "name", "Who it is.", required, not_empty()};
  Field<std::int64_t> weight{this, "weight", "How much it counts.", 1, at_least(1), at_most(10)};
};

struct TaxConfig : ConfigSpec {
  Field<Url> endpoint{this, "endpoint", "Address of the gateway."};
  Field<Duration> interval{this, "pull_interval", "Pause between two pulls.", 60s, at_least(5s)};
  Field<Secret<std::string>> token{this, "token", "Access token."};
  Field<std::string> mode{this, "mode", "How it pulls.", "full", one_of({"full", "changes"})};
  Field<std::vector<std::string>> divisions{this, "divisions", "Whose firms.", std::vector<std::string>{"110101"}};
  Field<std::optional<std::int64_t>> limit{this, "limit", "Most rows."};
  Section<TlsConfig> tls{this, "tls", "Who we are."};
  Sections<PeerConfig> peers{this, "peers", "Who else."};
  RawSection adapters{this, "adapters", "Read by the adapters."};

  std::vector<std::string> contradictions() const override {
    if (*mode == "changes" && *limit == std::optional<std::int64_t>(0))
      return {"limit 0 makes no sense with mode changes."};
    return {};
  }
};

constexpr auto kGood =
    "endpoint: https://tax.example:8443/api?x=1\n"
    "token: env:TAX_TOKEN\n"
    "pull_interval: 2h\n"
    "divisions: [330106, '330108']\n"
    "tls: { key_file: keys/tax.key }\n"
    "peers:\n"
    "  - name: one\n"
    "  - { name: two, weight: 3 }\n"
    "adapters: { tax: { anything: 1 } }\n";

ConfigContext context() {
  ConfigContext context;
  context.folder = "/etc/zhida";
  context.environment["TAX_TOKEN"] = "hush";
  return context;
}

Result<void> read(ConfigSpec& config, std::string_view text, const ConfigContext& with = context()) {
  return config.read(config::parse_yaml(text, "zhida.yaml").value(), with);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_good_file_is_read_and_defaults_fill_the_rest) {
  TaxConfig config;
  const auto result = read(config, kGood);
  BOOST_REQUIRE_MESSAGE(result, (result ? std::string() : result.error().message));
  BOOST_TEST(config.endpoint->host == "tax.example");
  BOOST_TEST(config.endpoint->port == 8443);
  BOOST_TEST(config.endpoint->path == "/api?x=1");
  BOOST_TEST((*config.interval == 2h));
  BOOST_TEST(config.token->reveal() == "hush");
  BOOST_TEST(*config.mode == "full");
  BOOST_TEST((*config.divisions == std::vector<std::string>{"330106", "330108"}));
  BOOST_TEST(!config.limit->has_value());
  BOOST_TEST(config.tls->key_file->path == "/etc/zhida/keys/tax.key");
  BOOST_TEST(*config.tls->strict);
  BOOST_TEST(config.peers->size() == 2u);
  BOOST_TEST(*(*config.peers)[1]->weight == 3);
  BOOST_TEST((*config.adapters)->find("tax")->integer("anything").value() == 1);
}

BOOST_AUTO_TEST_CASE(every_mistake_is_named_with_its_place) {
  struct Case {
    std::string line, code, message;
  };
  const Case cases[] = {
      {"endpont: https://x\n", "config_unknown_key",
       "zhida.yaml:1:1: endpont is not a setting. Did you mean endpoint?"},
      {"quite_other: 1\n", "config_unknown_key",
       "zhida.yaml:1:1: quite_other is not a setting. Known here: endpoint, "},
      {"", "config_missing", "endpoint is missing: Address of the gateway."},
      {"endpoint: tax.example\n", "config_wrong_type", "zhida.yaml:1:11: endpoint: tax.example is not an address"},
      {"endpoint: https://user:pass@x/\n", "config_wrong_type", "zhida.yaml:1:11: endpoint: An address holds no user"},
      {"endpoint: https://x:0/\n", "config_wrong_type", "its port is a number"},
      {"endpoint: https:///x\n", "config_wrong_type", "its host is missing"},
      {"pull_interval: 5\n", "config_wrong_type", "zhida.yaml:1:16: pull_interval: 5 is not a duration"},
      {"pull_interval: -5s\n", "config_wrong_type", "-5s is not a duration"},
      {"pull_interval: 1w\n", "config_wrong_type", "1w is not a duration"},
      {"pull_interval: 9223372036854775807d\n", "config_wrong_type", "is too long"},
      {"pull_interval: 4999ms\n", "config_bound", "zhida.yaml:1:16: pull_interval: The value must be at least 5s."},
      {"mode: other\n", "config_bound", "zhida.yaml:1:7: mode: The value must be one of full, changes."},
      {"limit: many\n", "config_wrong_type", "many is not a whole number"},
      {"divisions: { a: 1 }\n", "config_wrong_type", "zhida.yaml:1:12: divisions: Here stands a map"},
      {"tls: [1]\n", "config_wrong_type", "zhida.yaml:1:6: tls: Here stands a list"},
      {"tls: { key_file: k, strict: 1 }\n", "config_wrong_type",
       "zhida.yaml:1:29: tls.strict: 1 is not true or false."},
      {"tls: { strict: true }\n", "config_missing", "zhida.yaml:1:6: tls.key_file is missing: The private key."},
      {"tls: { key_fil: k }\n", "config_unknown_key",
       "zhida.yaml:1:8: tls.key_fil is not a setting. Did you mean key_file?"},
      {"peers: x\n", "config_wrong_type", "zhida.yaml:1:8: peers: Here stands a single value"},
      {"peers: [{}]\n", "config_missing", "zhida.yaml:1:9: peers[].name is missing"},
      {"peers: [{name: ''}]\n", "config_bound", "zhida.yaml:1:16: peers[0].name: The value must be not empty."},
      {"peers: [{name: a, weight: 11}]\n", "config_bound", "The value must be at most 10."},
      {"token: hush-hush\n", "config_secret", "zhida.yaml:1:8: token: A secret does not stand in this file"},
      {"token: env:ABSENT\n", "config_secret", "The environment variable ABSENT is not set."},
      {"token: file:/no/such/file\n", "config_secret", "/no/such/file"},
  };
  for (const auto& one : cases) {
    TaxConfig config;
    BOOST_TEST_CONTEXT(one.line) {
      const auto problems = config.read_all(config::parse_yaml(one.line, "zhida.yaml").value(), context());
      const bool found = std::ranges::any_of(problems, [&one](const Error& problem) {
        return problem.code == one.code && problem.message.find(one.message) != std::string::npos;
      });
      std::string all;
      for (const auto& problem : problems) all += problem.code + " " + problem.message + "\n";
      BOOST_TEST(found, all);
      BOOST_TEST(all.find("hush-hush") == std::string::npos);
      BOOST_TEST(all.find("pass@") == std::string::npos);
    }
  }
  TaxConfig config;
  const auto result = read(config, std::string(kGood) + "mode: changes\nlimit: 0\n");
  BOOST_TEST(result.error().code == "config_contradiction");
}

BOOST_AUTO_TEST_CASE(environment_variables_replace_settings_and_say_so) {
  auto with = context();
  with.environment["ZHIDA_PULL_INTERVAL"] = "10m";
  with.environment["ZHIDA_TLS_STRICT"] = "false";
  with.environment["ZHIDA_DIVISIONS"] = "1,2";
  TaxConfig config;
  BOOST_REQUIRE(read(config, kGood, with));
  BOOST_TEST((*config.interval == 10min));
  BOOST_TEST(!*config.tls->strict);
  BOOST_TEST(config.divisions->size() == 2u);
  std::map<std::string, std::pair<std::string, std::string>> shown;
  for (const auto& line : config.show()) shown[line.name] = {line.value, line.origin};
  BOOST_TEST(shown["pull_interval"].first == "10m");
  BOOST_TEST(shown["pull_interval"].second == "environment ZHIDA_PULL_INTERVAL");
  BOOST_TEST(shown["endpoint"].second == "zhida.yaml:1:11");
  BOOST_TEST(shown["mode"].second == "default");
  BOOST_TEST(shown["token"].first == "****");
  BOOST_TEST(shown["token"].second == "zhida.yaml:2:8, env:TAX_TOKEN");
  BOOST_TEST(shown["peers[1].weight"].first == "3");
  BOOST_TEST(config.redacted().dump().find("hush") == std::string::npos);

  with.environment["ZHIDA_PULL_INTERVAL"] = "1s";
  TaxConfig refused;
  BOOST_TEST(read(refused, kGood, with).error().message ==
             "Environment variable ZHIDA_PULL_INTERVAL: The value must be at least 5s.");
}

BOOST_AUTO_TEST_CASE(secrets_come_from_files_too) {
  const test::TempFolder folder;
  folder.write("token", "from file\n");
  folder.write("empty", "\n");
  auto with = context();
  with.folder = folder.path().string();
  TaxConfig config;
  BOOST_REQUIRE(read(config, "endpoint: https://x\ntoken: file:token\ntls: {key_file: k}\n", with));
  BOOST_TEST(config.token->reveal() == "from file");
  TaxConfig empty;
  BOOST_TEST(read(empty, "endpoint: https://x\ntoken: file:empty\ntls: {key_file: k}\n", with).error().code ==
             "config_secret");
}

BOOST_AUTO_TEST_CASE(the_declaration_documents_itself) {
  const auto table = TaxConfig().as_markdown();
  BOOST_TEST(table.find("| `endpoint` | address | (required) | Address of the gateway. |\n") != std::string::npos);
  BOOST_TEST(table.find("| `pull_interval` | duration, at least 5s | `1m` | Pause between two pulls. |\n") !=
             std::string::npos);
  BOOST_TEST(table.find("| `tls.strict` | true or false | `true` | Whether strangers are refused. |\n") !=
             std::string::npos);
  BOOST_TEST(table.find("| `peers[].name` | text, not empty | (required) | Who it is. |\n") != std::string::npos);

  // The example is a file that can be read: what is missing is only what must be given.
  const auto example = TaxConfig().as_example();
  const auto node = config::parse_yaml(example, "example.yaml");
  BOOST_REQUIRE_MESSAGE(node, (node ? std::string() : node.error().message + "\n" + example));
  TaxConfig again;
  for (const auto& problem : again.read_all(node.value(), context()))
    BOOST_TEST(problem.code == "config_missing", problem.message);
  BOOST_TEST((*again.interval == 60s));
  BOOST_TEST((*again.divisions == std::vector<std::string>{"110101"}));
}

BOOST_AUTO_TEST_CASE(durations_and_addresses_are_shown_as_they_are_written) {
  for (const std::string text : {"0s", "1ms", "999ms", "1s", "90s", "10m", "2h", "30d"}) {
    BOOST_TEST(show_duration(parse_duration(text).value()) == text);
  }
  BOOST_TEST(show_duration(120s) == "2m");
  BOOST_TEST(parse_url("https://[::1]:8443/x").value().host == "::1");
  BOOST_TEST(parse_url("https://[::1]:8443/x").value().port == 8443);
  BOOST_TEST(parse_url("amqps://hub.example").value().port == 5671);
  BOOST_TEST(parse_url("sqlite:///var/lib/zhida/hub.db").value().path == "/var/lib/zhida/hub.db");
  BOOST_TEST(!parse_url("https://a b/"));
  BOOST_TEST(!parse_url("HTTPS://a/"));
  BOOST_TEST(!parse_url("https://[::1/"));
}
