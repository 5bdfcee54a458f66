#include "console/lists.h"

#include <algorithm>

#include "console/views.h"
#include "console/words.h"
#include "ledger/ledger.h"
#include "stages/casework/case_store.h"
#include "stages/profile/profile_store.h"

namespace zhida::console {
namespace {

using storage::Transaction;
using storage::Values;

/// A statement that is put together from constant pieces; what varies is a value.
struct Query {
  std::string sql;
  Values values;

  void add(std::string_view piece) { sql += piece; }
  void add(std::string_view piece, const std::string& value) {
    if (value.empty()) return;
    sql += piece;
    values.emplace_back(value);
  }
  void within(const Scope& scope) {
    sql += " AND " + scope.condition;
    values.insert(values.end(), scope.values.begin(), scope.values.end());
  }
  /// One row more than wanted tells whether there is a next page.
  void order(std::string_view by, std::int64_t limit) {
    sql += std::string(" ORDER BY ") + std::string(by) + " LIMIT ?";
    values.emplace_back(limit + 1);
  }
};

/// Cuts the row too many off and says where to go on.
Json page_of(Json items, const Slice& slice, const std::function<std::vector<std::string>(const Json&)>& key) {
  Json next = nullptr;
  if (static_cast<std::int64_t>(items.size()) > slice.limit) {
    items.erase(items.size() - 1);
    next = cursor_of(key(items.back()));
  }
  return {{"items", std::move(items)}, {"next", std::move(next)}};
}

std::string first_of(const Slice& slice) {
  return slice.after.empty() ? std::string() : slice.after.front();
}

Result<std::int64_t> number_of(const Slice& slice) {
  const std::string text = first_of(slice);
  if (text.empty()) return 0;
  if (text.size() > 18 || !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return refuse("cursor_malformed", "This cursor is not one of ours.");
  return std::stoll(text);
}

Json time_or_null(const storage::Row& row, std::size_t column) {
  return row.is_null(column) ? Json(nullptr) : Json(to_rfc3339(from_millis(row.integer(column))));
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

std::string yuan(std::int64_t fen) {
  return Money::from_fen(fen).to_yuan();
}

/// `%` and `_` are what they are.
std::string like_anywhere(const std::string& text) {
  std::string pattern = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '!') pattern += '!';
    pattern += c;
  }
  return pattern + "%";
}

}  // namespace

std::string cursor_of(const std::vector<std::string>& key) {
  std::string joined;
  for (std::size_t i = 0; i < key.size(); ++i) joined += (i == 0 ? "" : "\n") + key[i];
  std::string text = to_base64(joined);
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

Result<std::vector<std::string>> key_of(const std::string& cursor, std::size_t parts) {
  if (cursor.empty()) return std::vector<std::string>{};
  std::string text = cursor;
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  while (text.size() % 4 != 0) text += '=';
  const auto joined = from_base64(text);
  const auto wrong = refuse("cursor_malformed", "This cursor is not one of ours.");
  if (!joined || joined.value().find('\0') != std::string::npos) return wrong;
  std::vector<std::string> key;
  std::size_t at = 0;
  while (at <= joined.value().size()) {
    const auto end = std::min(joined.value().find('\n', at), joined.value().size());
    key.push_back(joined.value().substr(at, end - at));
    at = end + 1;
  }
  if (key.size() != parts) return wrong;
  return key;
}

Scope scope_of(const flow::Person& person, const std::string& city, const std::string& column) {
  Scope scope;
  const auto add = [&](const char* test, std::string value) {
    scope.condition += (scope.condition.empty() ? "(" : " OR ") + column + test;
    scope.values.emplace_back(std::move(value));
  };
  for (const auto& own : person.divisions) {
    if (own.size() == 6 && own.ends_with("0000"))
      add(" LIKE ?", own.substr(0, 2) + "%");
    else if (own.size() == 6 && own.ends_with("00"))
      add(" LIKE ?", own.substr(0, 4) + "%");
    else
      add(" = ?", own);
  }
  if (person.sees(city)) add(" = ?", "");
  scope.condition = scope.condition.empty() ? "1 = 0" : scope.condition + ")";
  return scope;
}

Result<Json> list_cases(Transaction& transaction, const flow::Rooms& rooms, const flow::Person& person,
                        const CaseQuery& wanted, const Slice& slice) {
  Query query{"SELECT id FROM benefit_case WHERE id > ?", {first_of(slice)}};
  query.add(" AND state = ?", wanted.state);
  query.add(" AND policy_id = ?", wanted.policy);
  query.add(" AND uscc = ?", wanted.uscc);
  query.within(scope_of(person, rooms.city));
  query.order("id", slice.limit);
  Json items = Json::array();
  for (const auto& row : TRY(transaction.query(query.sql, query.values, "t"))) {
    const auto c = TRY(casework::load_case(transaction, CaseId(row.text(0))));
    items.push_back(TRY(case_item(transaction, rooms, c)));
  }
  return page_of(std::move(items), slice,
                 [](const Json& last) { return std::vector<std::string>{last.at("id").get<std::string>()}; });
}

Result<Json> list_entitlements(Transaction& transaction, const flow::Rooms& rooms, const flow::Person& person,
                               const EntitlementQuery& wanted, const Slice& slice) {
  const bool begun = slice.after.size() == 2;
  Query query{
      "SELECT uscc, policy_id, policy_version, division, verdict, amount_fen, evaluated_on FROM entitlement "
      "WHERE (uscc, policy_id) > (?, ?)",
      {begun ? slice.after[0] : "", begun ? slice.after[1] : ""}};
  query.add(" AND policy_id = ?", wanted.policy);
  query.add(" AND verdict = ?", wanted.verdict);
  query.add(" AND uscc = ?", wanted.uscc);
  query.within(scope_of(person, rooms.city));
  query.order("uscc, policy_id", slice.limit);
  Json items = Json::array();
  for (const auto& row : TRY(transaction.query(query.sql, query.values, "tttttit")))
    items.push_back({{"uscc", row.text(0)},
                     {"policy", row.text(1)},
                     {"policy_version", row.text(2)},
                     {"division", row.text(3)},
                     {"verdict", row.text(4)},
                     {"amount_fen", row.is_null(5) ? Json(nullptr) : Json(std::to_string(row.integer(5)))},
                     {"evaluated_on", row.text(6)}});
  return page_of(std::move(items), slice, [](const Json& last) {
    return std::vector<std::string>{last.at("uscc").get<std::string>(), last.at("policy").get<std::string>()};
  });
}

Result<Json> list_profiles(Transaction& transaction, const flow::Rooms& rooms, const flow::Person& person,
                           const std::string& text, const Slice& slice) {
  Query query{"SELECT uscc, name, division, kind, sequence, updated_at FROM enterprise WHERE uscc > ?",
              {first_of(slice)}};
  if (!text.empty()) {
    query.add(" AND (uscc = ? OR name LIKE ? ESCAPE '!')");
    query.values.emplace_back(text);
    query.values.emplace_back(like_anywhere(text));
  }
  query.within(scope_of(person, rooms.city));
  query.order("uscc", slice.limit);
  Json items = Json::array();
  for (const auto& row : TRY(transaction.query(query.sql, query.values, "ttttii")))
    items.push_back({{"uscc", row.text(0)},
                     {"name", row.text(1)},
                     {"division", row.text(2)},
                     {"kind", text_or_null(row.text(3))},
                     {"sequence", row.integer(4)},
                     {"updated_at", time_or_null(row, 5)}});
  return page_of(std::move(items), slice,
                 [](const Json& last) { return std::vector<std::string>{last.at("uscc").get<std::string>()}; });
}

Result<std::map<std::string, std::string>> names_of(Transaction& transaction, const std::vector<std::string>& usccs) {
  std::map<std::string, std::string> names;
  if (usccs.empty()) return names;
  std::string places;
  storage::Values values;
  for (const auto& uscc : usccs) {
    places += places.empty() ? "?" : ", ?";
    values.emplace_back(uscc);
  }
  for (const auto& row :
       TRY(transaction.query("SELECT uscc, name FROM enterprise WHERE uscc IN (" + places + ")", values, "tt")))
    names.emplace(row.text(0), row.text(1));
  return names;
}

Result<Json> list_quarantine(Transaction& transaction, const flow::Rooms& rooms, const flow::Person& person,
                             const QuarantineQuery& wanted, const Slice& slice) {
  const auto after = TRY(number_of(slice));
  Query query{
      "SELECT id, source, record_type, record_key, code, field, value, message, state, first_at, last_at, attempts "
      "FROM quarantine WHERE id > ?",
      {after}};
  query.add(" AND source = ?", wanted.source);
  query.add(" AND code = ?", wanted.code);
  query.add(" AND state = ?", wanted.state);
  query.within(scope_of(person, rooms.city));
  query.order("id", slice.limit);
  Json items = Json::array();
  for (const auto& row : TRY(transaction.query(query.sql, query.values, "ittttttttiii")))
    items.push_back({{"id", row.integer(0)},
                     {"source", row.text(1)},
                     {"record_type", row.text(2)},
                     {"record_key", row.text(3)},
                     {"code", row.text(4)},
                     {"field", row.text(5)},
                     {"value", row.text(6)},
                     {"message", row.text(7)},
                     {"state", row.text(8)},
                     {"first_at", time_or_null(row, 9)},
                     {"last_at", time_or_null(row, 10)},
                     {"attempts", row.integer(11)}});
  return page_of(std::move(items), slice,
                 [](const Json& last) { return std::vector<std::string>{last.at("id").dump()}; });
}

Result<Json> list_payments(Transaction& transaction, const flow::Rooms& rooms, const flow::Person& person,
                           const std::string& state, const Slice& slice) {
  Query query{
      "SELECT business_no, case_id, attempt, division, uscc, payee_name, payee_account_no, bgt_id, amount_fen, state, "
      "state_at, created_at, pay_cert_no, agent_business_no, paid_on, reason, paid_fen, returned_fen, frozen, use_des "
      "FROM payment_attempt WHERE business_no > ?",
      {first_of(slice)}};
  query.add(" AND state = ?", state);
  query.within(scope_of(person, rooms.city));
  query.order("business_no", slice.limit);
  Json items = Json::array();
  for (const auto& row : TRY(transaction.query(query.sql, query.values, "ttitttttitiittttiiit")))
    items.push_back({{"business_no", row.text(0)},
                     {"case_id", row.text(1)},
                     {"attempt", row.integer(2)},
                     {"division", row.text(3)},
                     {"uscc", row.text(4)},
                     {"payee", {{"account_name", row.text(5)}, {"account_no", masked_account(row.text(6))}}},
                     {"appropriation", row.text(7)},
                     {"amount", yuan(row.integer(8))},
                     {"state", row.text(9)},
                     {"state_at", time_or_null(row, 10)},
                     {"created_at", time_or_null(row, 11)},
                     {"pay_cert_no", text_or_null(row.text(12))},
                     {"agent_business_no", text_or_null(row.text(13))},
                     {"paid_on", row.is_null(14) ? Json(nullptr) : Json(row.text(14))},
                     {"reason", text_or_null(row.text(15))},
                     {"paid", yuan(row.integer(16))},
                     {"returned", yuan(row.integer(17))},
                     {"frozen", row.integer(18) == 1},
                     {"purpose", row.text(19)}});
  return page_of(std::move(items), slice,
                 [](const Json& last) { return std::vector<std::string>{last.at("business_no").get<std::string>()}; });
}

Result<Json> list_appropriations(Transaction& transaction, const flow::Rooms& rooms, const flow::Person& person,
                                 const Slice& slice) {
  ledger::Ledger book(transaction, rooms.clock);
  Json items = Json::array();
  for (const auto& balance : TRY(book.balances("", 0))) {
    const auto& report = balance.last_report;
    if (!person.sees(report.division) || report.id.str() <= first_of(slice)) continue;
    if (static_cast<std::int64_t>(items.size()) > slice.limit) break;
    items.push_back({{"id", report.id.str()},
                     {"division", report.division},
                     {"year", report.fiscal_year},
                     {"pro_code", report.pro_code},
                     {"pro_name", report.pro_name},
                     {"agency", report.agency_name},
                     {"total", balance.total.to_yuan()},
                     {"others", balance.others.to_yuan()},
                     {"held", balance.reserved.to_yuan()},
                     {"spent", balance.spent.to_yuan()},
                     {"available", balance.available.to_yuan()},
                     {"closed", balance.closed},
                     {"report_parked", balance.report_parked}});
  }
  return page_of(std::move(items), slice,
                 [](const Json& last) { return std::vector<std::string>{last.at("id").get<std::string>()}; });
}

Result<Json> list_dead_letters(Transaction& transaction, const flow::Rooms& rooms, const flow::Person& person,
                               const std::string& state, const Slice& slice) {
  if (!person.sees(rooms.city)) return Json{{"items", Json::array()}, {"next", nullptr}};
  const auto after = TRY(number_of(slice));
  Query query{
      "SELECT id, peer, message_id, door, code, message, attempts, state, created_at, last_at, address, replays, "
      "replayed_at, replay_result FROM dead_letter WHERE id > ?",
      {after}};
  query.add(" AND state = ?", state);
  query.order("id", slice.limit);
  Json items = Json::array();
  for (const auto& row : TRY(transaction.query(query.sql, query.values, "itttttitiitiit")))
    items.push_back({{"id", row.integer(0)},
                     {"peer", row.text(1)},
                     {"message_id", row.text(2)},
                     {"door", row.text(3)},
                     {"code", row.text(4)},
                     {"message", row.text(5)},
                     {"attempts", row.integer(6)},
                     {"state", row.text(7)},
                     {"created_at", time_or_null(row, 8)},
                     {"last_at", time_or_null(row, 9)},
                     {"address", row.text(10)},
                     {"replays", row.integer(11)},
                     {"replayed_at", time_or_null(row, 12)},
                     {"replay_result", text_or_null(row.text(13))}});
  return page_of(std::move(items), slice,
                 [](const Json& last) { return std::vector<std::string>{last.at("id").dump()}; });
}

Result<Json> timeline(Transaction& transaction, const flow::Rooms& rooms, const flow::Person& person,
                      const std::string& trace_id) {
  Json items = Json::array();
  const auto collect = [&](const char* sql) -> Result<void> {
    for (const auto& row : TRY(transaction.query(sql, {trace_id}, "itttt"))) {
      const std::string division = row.text(4);
      if (!person.sees(division.empty() ? rooms.city : division)) continue;
      items.push_back({{"at", to_rfc3339(from_millis(row.integer(0)))},
                       {"kind", row.text(1)},
                       {"id", row.text(2)},
                       {"what", row.text(3)}});
    }
    return ok();
  };
  CHECK_OK(
      collect("SELECT received_at, 'batch', batch_id, source || ': ' || origin, '' FROM intake_batch "
              "WHERE trace_id = ? LIMIT 200"));
  CHECK_OK(
      collect("SELECT at, 'audit', cast(seq AS TEXT), kind || ' ' || subject_type || ' ' || subject_id, division "
              "FROM audit_record WHERE trace_id = ? AND trace_id <> '' ORDER BY seq LIMIT 500"));
  CHECK_OK(
      collect("SELECT created_at, 'sent', message_id, subject || ' → ' || address || ' (' || state || ')', "
              "division FROM outbox WHERE trace_id = ? LIMIT 200"));
  CHECK_OK(
      collect("SELECT m.received_at, 'treasury', m.message_id, m.answer || ' ' || m.business_no, "
              "coalesce(a.division, '') FROM treasury_message m LEFT JOIN payment_attempt a "
              "ON a.business_no = m.business_no WHERE m.trace_id = ? LIMIT 200"));
  std::stable_sort(items.begin(), items.end(),
                   [](const Json& left, const Json& right) { return left.at("at") < right.at("at"); });
  return Json{{"items", std::move(items)}, {"next", nullptr}};
}

}  // namespace zhida::console
