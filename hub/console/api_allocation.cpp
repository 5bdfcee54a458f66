// REST: rounds of items whose places or money are limited. Handlers of the table in routes.cpp.
#include <charconv>
#include <utility>

#include "console/api.h"
#include "console/lists.h"
#include "flow/allocation_desk.h"

namespace zhida::console::api {
namespace {

using storage::Transaction;

Result<void> of_the_city(App& app, const Call& call) {
  if (call.person->sees(app.hub.rooms().city)) return ok();
  return refuse("division_not_yours", "Rounds concern all firms of the city; you see a part of it.");
}

Result<Json> shown(App& app, const std::string& id) {
  return read<Json>(app, [&](Transaction& transaction) { return flow::round_view(transaction, app.hub.rooms(), id); });
}

/// Some of the lines, and where the next ones begin: a round's lines are never changed, so that a number names them.
Result<Json> part_of(Json view, const Slice& slice) {
  const Json all = std::move(view["lines"]);
  std::size_t from = 0;
  if (!slice.after.empty()) {
    const std::string& text = slice.after.front();
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), from);
    if (fault != std::errc() || end != text.data() + text.size())
      return refuse("cursor_malformed", "The parameter \"cursor\" is none that this round gave.");
  }
  Json lines = Json::array();
  while (from < all.size() && static_cast<std::int64_t>(lines.size()) < slice.limit) lines.push_back(all[from++]);
  view["lines"] = std::move(lines);
  view["next"] = from < all.size() ? Json(cursor_of({std::to_string(from)})) : Json(nullptr);
  return view;
}

}  // namespace

Result<Json> allocations(App& app, const Call& call) {
  CHECK_OK(of_the_city(app, call));
  auto items = TRY(read<Json>(
      app, [&](Transaction& transaction) { return flow::rounds_view(transaction, call.parameter("policy")); }));
  return Json{{"items", std::move(items)}, {"next", nullptr}};
}

Result<Json> allocation(App& app, const Call& call) {
  CHECK_OK(of_the_city(app, call));
  auto view = TRY(shown(app, call.captures.at(0)));
  if (call.parameter("limit").empty() && call.parameter("cursor").empty()) return view;
  return part_of(std::move(view), TRY(slice_of(call)));
}

Result<Json> draw_up_allocation(App& app, const Call& call) {
  CHECK_OK(of_the_city(app, call));
  const auto at = TRY(Date::parse(TRY(get_string(call.body, "at"))));
  const auto id =
      TRY(app.hub.allocations().draw_up(PolicyId(TRY(get_string(call.body, "policy"))), at, call.person->actor()));
  return shown(app, id);
}

Result<Json> confirm_allocation(App& app, const Call& call) {
  CHECK_OK(of_the_city(app, call));
  const auto round = TRY(app.hub.allocations().confirm(*call.person, call.captures.at(0)));
  return shown(app, round.id);
}

Result<Json> discard_allocation(App& app, const Call& call) {
  CHECK_OK(of_the_city(app, call));
  CHECK_OK(app.hub.allocations().discard(*call.person, call.captures.at(0), TRY(reason_of(call))));
  return shown(app, call.captures.at(0));
}

}  // namespace zhida::console::api
