// Items: proposed, tried, approved, confirmed; and decisions explained.
#include "console/api.h"
#include "console/scoped_status.h"
#include "flow/decisions.h"
#include "flow/policy_desk.h"
#include "stages/profile/profile_store.h"

namespace zhida::console::api {
namespace {

using storage::Transaction;

PolicyId policy_id(const Call& call) {
  return PolicyId(call.captures.at(0));
}

}  // namespace

Result<Json> publishing(App& app, const Call& call) {
  CHECK_OK(needs_whole_hub(app, *call.person));
  return read<Json>(app, [&](Transaction& transaction) { return app.hub.policy_desk().status_of_all(transaction); });
}

Result<Json> publishing_of(App& app, const Call& call) {
  CHECK_OK(needs_whole_hub(app, *call.person));
  return read<Json>(
      app, [&](Transaction& transaction) { return app.hub.policy_desk().status(transaction, policy_id(call)); });
}

Result<Json> propose(App& app, const Call& call) {
  const auto reason = TRY(get_string_or(call.body, "reason", ""));
  if (call.body.value("repeal", false))
    return app.hub.policy_desk().propose_repeal(*call.person, policy_id(call), reason);
  const auto version = TRY(get_string_or(call.body, "version", ""));
  return app.hub.policy_desk().propose(*call.person, policy_id(call), version, reason);
}

Result<Json> back_test(App& app, const Call& call) {
  return app.hub.policy_desk().try_again(*call.person, policy_id(call));
}

Result<Json> approve(App& app, const Call& call) {
  const auto version = TRY(get_string(call.body, "version")), reason = TRY(get_string_or(call.body, "reason", ""));
  return app.hub.policy_desk().approve(*call.person, policy_id(call), version, reason);
}

Result<Json> confirm_policy(App& app, const Call& call) {
  const auto version = TRY(get_string(call.body, "version")), what = TRY(get_string(call.body, "what"));
  return app.hub.policy_desk().confirm(*call.person, policy_id(call), version, what);
}

Result<Json> withdraw_proposal(App& app, const Call& call) {
  const auto reason = TRY(reason_of(call));
  return app.hub.policy_desk().withdraw(*call.person, policy_id(call), reason);
}

Result<Json> decision(App& app, const Call& call) {
  CHECK_OK(needs_whole_hub(app, *call.person));
  const auto& rooms = app.hub.rooms();
  flow::Today today;
  today.fields = &rooms.rules.catalogue;
  today.names = rooms.code_names;
  today.code_lists = TRY(flow::code_lists_of(app.hub.config().mappings_folder));
  return read<Json>(
      app, [&](Transaction& transaction) { return flow::explain_decision(transaction, call.captures.at(0), today); });
}

}  // namespace zhida::console::api
