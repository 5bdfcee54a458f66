// Why an item that is in force waits, and for whom.
#pragma once
#include <string>

#include "base/json.h"
#include "console/app.h"
#include "console/pages/html.h"

namespace zhida::console::pages {

/// Of flow::troubles(): one line for lists, `待重新确认数据（数据管理）`.
std::string trouble_text(const Json& trouble);
/// The coloured word beside the item's state.
Html trouble_badge(const Json& trouble);
/// How many items wait, which, and for whom; nothing where none does. `list`: with a link to the list of those.
Html show_waiting_items(const Call& call, const Json& troubles, bool list);

/// On an item's page. `view` as flow::item_view gives it; `all`: for who sees how items are published, with what
/// differs and what the program says.
Html show_trouble(const Json& view, bool all);

}  // namespace zhida::console::pages
