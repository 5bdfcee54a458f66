#include "platform/storage/placeholders.h"

#include <boost/test/unit_test.hpp>

using zhida::storage::number_placeholders;

BOOST_AUTO_TEST_CASE(question_marks_become_numbers_but_not_in_quotes_and_comments) {
  struct Case {
    std::string_view sql, numbered;
    std::size_t values;
  };
  const Case cases[] = {
      {"", "", 0},
      {"SELECT 1", "SELECT 1", 0},
      {"VALUES (?, ?)", "VALUES ($1, $2)", 2},
      {"a = '?' AND b = ?", "a = '?' AND b = $1", 1},
      {"a = 'it''s ?' AND b = ?", "a = 'it''s ?' AND b = $1", 1},
      {"\"od?d\" = ?", "\"od?d\" = $1", 1},
      {"? -- why?\n, ?", "$1 -- why?\n, $2", 2},
      {"? -- the end?", "$1 -- the end?", 1},
      {"/* ? /* ? */ ? */ ?", "/* ? /* ? */ ? */ $1", 1},
      {"/* open ?", "/* open ?", 0},
      {"$$ ? $$ ?", "$$ ? $$ $1", 1},
      {"$body$ ? $$ ? $body$, ?", "$body$ ? $$ ? $body$, $1", 1},
      {"'open ?", "'open ?", 0},
      {"'惠' || ?", "'惠' || $1", 1},
  };
  for (const auto& one : cases) {
    const auto result = number_placeholders(one.sql);
    BOOST_TEST(result.sql == one.numbered);
    BOOST_TEST(result.values == one.values);
  }
}
