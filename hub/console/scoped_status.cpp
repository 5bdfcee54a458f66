#include "console/scoped_status.h"

#include "console/lists.h"

namespace zhida::console {
namespace {

using storage::Transaction;

/// Counts within a scope; `where` ends before the scope's condition.
Result<std::int64_t> count(Transaction& transaction, const Scope& scope, const std::string& from) {
  const auto rows = TRY(transaction.query("SELECT count(*) FROM " + from + scope.condition, scope.values, "i"));
  return rows.front().integer(0);
}

Result<Json> count_by(Transaction& transaction, const Scope& scope, const std::string& column, const std::string& table,
                      Json counts) {
  for (const auto& row : TRY(transaction.query(
           "SELECT " + column + ", count(*) FROM " + table + " WHERE " + scope.condition + " GROUP BY " + column,
           scope.values, "ti")))
    counts[row.text(0)] = row.integer(1);
  return counts;
}

Result<Json> payments_of(Transaction& transaction, const Scope& scope) {
  std::int64_t requests = 0, settled = 0, returned = 0, sent_back = 0, open = 0, conflict = 0, settled_fen = 0;
  for (const auto& row :
       TRY(transaction.query("SELECT state, count(*), CAST(coalesce(sum(paid_fen - returned_fen), 0) AS BIGINT), "
                             "CAST(coalesce(sum(frozen), 0) AS BIGINT) FROM payment_attempt WHERE " +
                                 scope.condition + " GROUP BY state",
                             scope.values, "tiii"))) {
    const std::string& state = row.text(0);
    requests += row.integer(1);
    conflict += row.integer(3);
    if (state == "settled") {
      settled += row.integer(1);
      settled_fen += row.integer(2);
    } else if (state == "returned") {
      returned += row.integer(1);
    } else if (state == "rejected") {
      sent_back += row.integer(1);
    } else if (state != "cancelled") {
      open += row.integer(1);
    }
  }
  return Json{{"requests", requests}, {"settled", settled},   {"returned", returned},      {"sent_back", sent_back},
              {"open", open},         {"conflict", conflict}, {"settled_fen", settled_fen}};
}

}  // namespace

Result<Json> status_for(App& app, const flow::Person& person) {
  const Json whole = TRY(app.hub.status());
  const auto& rooms = app.hub.rooms();
  if (person.sees(rooms.city)) return whole;
  Json status = TRY(read<Json>(app, [&](Transaction& transaction) -> Result<Json> {
    const Scope scope = scope_of(person, rooms.city);
    Json own = Json::object();
    own["profiles"] = TRY(count(transaction, scope, "enterprise WHERE "));
    own["verdicts"] =
        TRY(count_by(transaction, scope, "verdict", "entitlement", {{"met", 0}, {"not_met", 0}, {"unknown", 0}}));
    own["cases"] = TRY(count_by(transaction, scope, "state", "benefit_case", Json::object()));
    own["payments"] = TRY(payments_of(transaction, scope));
    own["decisions_to_fund"] = TRY(
        count(transaction, scope,
              "benefit_case WHERE channel = 'social_insurance_fund' AND state IN ('sent_to_fund', 'decided') AND "));
    own["reliefs"] = TRY(count(transaction, scope, "benefit_case WHERE channel = 'relief' AND state = 'decided' AND "));
    own["audit"]["records"] = TRY(count(transaction, scope, "audit_record WHERE "));
    own["quarantine_open"] = TRY(count(transaction, scope, "quarantine WHERE state = 'open' AND "));
    own["rejected_messages"] = TRY(count(transaction, scope, "outbox WHERE state = 'rejected' AND "));
    return own;
  }));
  for (const char* member : {"clock", "idle"}) status[member] = whole.at(member);
  Json sources = Json::array();
  for (const auto& source : whole.at("sources")) {
    Json seen = Json::object();
    for (const char* member : {"name", "title", "paused", "first_sweep_done", "last_success"})
      seen[member] = source.at(member);
    seen["last_error"] = source.at("last_error").is_null() ? Json(nullptr) : Json("读取失败，由市级运行人员处理");
    sources.push_back(std::move(seen));
  }
  status["sources"] = std::move(sources);
  return status;
}

Result<void> needs_whole_hub(const App& app, const flow::Person& person) {
  if (person.sees(app.hub.rooms().city)) return ok();
  return refuse("division_not_yours", "This changes the data of every division of the hub; somebody of division " +
                                          app.hub.rooms().city + " must do it.");
}

Result<void> may_pull(App& app, const flow::Person& person, const std::string& uscc) {
  if (uscc.empty() || person.sees(app.hub.rooms().city)) return needs_whole_hub(app, person);
  const bool seen = TRY(read<bool>(app, [&](Transaction& transaction) -> Result<bool> {
    const Scope scope = scope_of(person, app.hub.rooms().city);
    storage::Values values = scope.values;
    values.emplace_back(uscc);
    return !TRY(transaction.query("SELECT 1 FROM enterprise WHERE " + scope.condition + " AND uscc = ?", values, "i"))
                .empty();
  }));
  if (seen) return ok();
  return refuse("division_not_yours", "The firm " + uscc + " is in none of your divisions.");
}

}  // namespace zhida::console
