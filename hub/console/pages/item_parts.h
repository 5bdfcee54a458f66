// Parts of an item's page.
#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "console/pages/html.h"

namespace zhida::flow {
class PeopleBook;
}

namespace zhida::console::pages {

/// One line of an item's text, with what another version makes of it.
struct TextLine {
  enum class Change { same, added, gone };
  std::string text;
  int depth = 0;  ///< 0: a statement; from 1 on: a condition, so deep below its groups.
  Change change = Change::same;
};
/// The lines of `now`, without its title; with `before` those that are new and those that are gone are marked.
std::vector<TextLine> compared(const std::string& before, const std::string& now);
Html show_text(const std::vector<TextLine>& lines);

/// Which data decide, from where, and for how long they count.
Html show_needed_data(const Json& data);
/// Who did what and when.
Html show_steps(const flow::PeopleBook& people, const Json& steps);
/// What putting the item in force, or taking it out, would do to the firms as they were on that day.
Html show_back_test(const Json& back_test, bool repeal);

}  // namespace zhida::console::pages
