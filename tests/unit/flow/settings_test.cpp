// zhida.yaml: what contradicts itself is said before anything starts.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "flow/hub_settings.h"
#include "flow/office_keeper.h"
#include "flow/people.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::flow;

namespace {

constexpr const char* kRest =
    "city: \"330500\"\n"
    "database: { url: sqlite://hub.db }\n"
    "mappings: mappings\ngrants: grants.yaml\npeers: peers.yaml\npeople: people.yaml\n"
    "amqp: { tls: { certificate: a, key: a, authority: a } }\n"
    "http: { tls: { certificate: a, key: a, authority: a } }\n"
    "seal: { seal: a, key: a, certificate: a, roots: a }\n";

/// What is wrong with these settings; empty: nothing.
std::string problems(const test::TempFolder& folder, const std::string& offices) {
  const auto path = folder.write("zhida.yaml", kRest + ("offices:\n" + offices));
  const auto loaded = load_settings(path, {});
  return loaded ? "" : loaded.error().message;
}

/// One entry; `more` are further lines.
std::string entry(const std::string& department, const std::string& seal, const std::string& more = {},
                  const std::string& url = "https://seals.example/v1/seals") {
  return "  - { department: " + department + ", seal: " + seal + ", url: \"" + url +
         "\", authorisation: \"env:ZHIDA_TEST_AUTHORISATION\"" + (more.empty() ? "" : ", " + more) + " }\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(settings)

BOOST_AUTO_TEST_CASE(offices_and_persons_that_contradict_each_other_are_named) {
  ::setenv("ZHIDA_TEST_AUTHORISATION", "let-me", 1);
  const test::TempFolder folder;
  struct Row {
    const char* what;
    std::string offices;
    std::vector<std::string> told;  ///< Parts of the message; none: the settings are fine.
  };
  const Row rows[] = {
      {"a department", entry("科技局", "KJJ-1"), {}},
      {"a department and one of its people",
       entry("科技局", "KJJ-1") + entry("科技局", "ZHANG-1", "person: zhang"),
       {}},
      {"one person for two departments",
       entry("科技局", "ZHANG-1", "person: zhang") + entry("财政局", "ZHANG-1", "person: zhang"),
       {}},
      {"a department twice", entry("科技局", "KJJ-1") + entry("科技局", "KJJ-2"), {"`offices` names 科技局 twice."}},
      {"a person twice for one department",
       entry("科技局", "ZHANG-1", "person: zhang") + entry("科技局", "ZHANG-2", "person: zhang"),
       {"`offices` names zhang of 科技局 twice."}},
      {"the department's seal for a person",
       entry("科技局", "KJJ-1") + entry("科技局", "KJJ-1", "person: zhang"),
       {"KJJ-1 cannot be both a department's seal and that of zhang."}},
      {"another department's seal for a person",
       entry("科技局", "ZHANG-1", "person: zhang") + entry("财政局", "ZHANG-1"),
       {"ZHANG-1 cannot be both a department's seal and that of zhang."}},
      {"a name instead of an id",
       entry("科技局", "ZHANG-1", "person: 张三"),
       {"(张三)", "`person` is an id of people.yaml"}},
      {"an id with a blank", entry("科技局", "ZHANG-1", "person: \"zh ang\""), {"`person` is an id of people.yaml"}},
      {"a seal's name instead of its id", entry("科技局", "科技局印章"), {"`seal` is an esID"}},
      {"an authorisation in the clear",
       entry("科技局", "KJJ-1", {}, "http://seals.example/v1/seals"),
       {"`url` must begin with https://"}},
      {"a certificate without its key",
       entry("科技局", "KJJ-1", "certificate: zhida.yaml"),
       {"`certificate` and `key` are needed together."}},
      {"two faults at once",
       entry("科技局", "KJJ-1") + entry("科技局", "KJJ-1", "person: zhang") + entry("科技局", "KJJ-3"),
       {"`offices` names 科技局 twice.", "KJJ-1 cannot be both"}},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.what) {
      const auto message = problems(folder, row.offices);
      BOOST_TEST(message.empty() == row.told.empty(), message);
      for (const auto& part : row.told)
        BOOST_TEST((message.find(part) != std::string::npos), part << " not in: " << message);
    }
  }
}

BOOST_AUTO_TEST_CASE(persons_whose_decisions_cannot_come_are_named) {
  Person zhang;
  zhang.id = "zhang";
  zhang.departments = {"科技局"};
  Person wang;
  wang.id = "wang";
  wang.departments = {"*"};
  const PeopleBook people({zhang, wang});
  const auto office = [](const char* department, const char* person) {
    OfficeSettings settings;
    settings.department = department;
    settings.person = person;
    return settings;
  };
  BOOST_TEST(
      persons_without_decisions(people, {office("科技局", ""), office("科技局", "zhang"), office("财政局", "wang")})
          .empty());
  const auto told = persons_without_decisions(people, {office("财政局", "zhang"), office("科技局", "li")});
  BOOST_REQUIRE(told.size() == 2u);
  BOOST_TEST(told.at(0) == "zhang does not act for 财政局 in people.yaml.");
  BOOST_TEST(told.at(1) == "li (for 科技局) is not in people.yaml.");
}

BOOST_AUTO_TEST_SUITE_END()
