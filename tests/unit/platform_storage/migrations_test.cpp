// A rule of the house: both dialects have the same migrations, numbered once each.
#include "platform/storage/migrations.h"

#include <boost/test/unit_test.hpp>
#include <regex>
#include <set>

using namespace zhida::storage;

BOOST_AUTO_TEST_CASE(both_dialects_have_the_same_migrations) {
  const auto names = [](Dialect dialect) {
    std::vector<std::string> result;
    for (const auto& migration : migrations(dialect)) result.emplace_back(migration.name);
    return result;
  };
  const auto sqlite = names(Dialect::sqlite);
  const auto postgresql = names(Dialect::postgresql);
  BOOST_TEST_INFO(
      "The hub keeps one schema in two dialects: write each migration for both, in files of the same name under "
      "hub/platform/storage/migrations/sqlite and .../postgresql.");
  BOOST_TEST(sqlite == postgresql, boost::test_tools::per_element());

  std::set<std::string> numbers;
  for (const auto& name : sqlite) {
    BOOST_TEST(std::regex_match(name, std::regex("[0-9]{4}_[a-z0-9_]+")), name << " is not named NNNN_words.sql");
    BOOST_TEST(numbers.insert(name.substr(0, 4)).second,
               name << ": its number is taken, so the order would be unclear");
  }
}
