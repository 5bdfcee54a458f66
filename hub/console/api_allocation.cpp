// REST: rounds of items whose places or money are limited. Handlers of the table in routes.cpp.
#include "console/api.h"
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

}  // namespace

Result<Json> allocations(App& app, const Call& call) {
  CHECK_OK(of_the_city(app, call));
  auto items = TRY(read<Json>(
      app, [&](Transaction& transaction) { return flow::rounds_view(transaction, call.parameter("policy")); }));
  return Json{{"items", std::move(items)}, {"next", nullptr}};
}

Result<Json> allocation(App& app, const Call& call) {
  CHECK_OK(of_the_city(app, call));
  return shown(app, call.captures.at(0));
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
