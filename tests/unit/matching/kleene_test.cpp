#include "stages/matching/kleene.h"

#include "unit/matching/scene.h"

namespace zhida::matching::test {
namespace {

Verdict from(char c) {
  return c == 'T' ? Verdict::met : c == 'F' ? Verdict::not_met : Verdict::unknown;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kleene)

BOOST_AUTO_TEST_CASE(truth_tables_are_those_of_kleene) {
  struct Row {
    char left, right, both, either;
  };
  for (const auto& row : {Row{'T', 'T', 'T', 'T'}, Row{'T', 'F', 'F', 'T'}, Row{'T', 'U', 'U', 'T'},
                          Row{'F', 'T', 'F', 'T'}, Row{'F', 'F', 'F', 'F'}, Row{'F', 'U', 'F', 'U'},
                          Row{'U', 'T', 'U', 'T'}, Row{'U', 'F', 'F', 'U'}, Row{'U', 'U', 'U', 'U'}}) {
    BOOST_TEST_CONTEXT(row.left << " and " << row.right) {
      BOOST_TEST((both(from(row.left), from(row.right)) == from(row.both)));
      BOOST_TEST((either(from(row.left), from(row.right)) == from(row.either)));
    }
  }
  BOOST_TEST((opposite(Verdict::met) == Verdict::not_met));
  BOOST_TEST((opposite(Verdict::not_met) == Verdict::met));
  BOOST_TEST((opposite(Verdict::unknown) == Verdict::unknown));
}

BOOST_AUTO_TEST_CASE(the_laws_of_de_morgan_hold) {
  for (const char a : {'T', 'F', 'U'})
    for (const char b : {'T', 'F', 'U'})
      BOOST_TEST((opposite(both(from(a), from(b))) == either(opposite(from(a)), opposite(from(b)))));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::matching::test
