#include "stages/matching/policy_store.h"

#include <utility>

#include "base/bytes.h"
#include "base/json.h"
#include "platform/crypto/digest.h"

namespace zhida::matching {
namespace {

using storage::Row;
using storage::Transaction;
using storage::Value;

constexpr std::string_view kColumns =
    "uscc, policy_id, policy_version, division, evaluated_on, profile_sequence, verdict, amount_fen, tranches, "
    "clauses, "
    "amount_trace, trace_id";
constexpr std::string_view kColumnTypes = "tttttitittttt";

Error malformed(const std::string& what) {
  return refuse("entitlement_malformed", "A stored entitlement cannot be read back: " + what + ".");
}

Result<Verdict> verdict_from(std::string_view text) {
  for (const auto verdict : {Verdict::met, Verdict::not_met, Verdict::unknown})
    if (text == zhida::to_text(verdict)) return verdict;
  return malformed("verdict \"" + std::string(text) + "\"");
}

Result<Channel> channel_from(std::string_view text) {
  for (const auto channel : {Channel::appropriation, Channel::social_insurance_fund, Channel::relief})
    if (text == to_text(channel)) return channel;
  return malformed("channel \"" + std::string(text) + "\"");
}

std::string tranches_to_text(const std::vector<Tranche>& tranches) {
  Json out = Json::array();
  for (const auto& tranche : tranches) out.push_back({{"id", tranche.id}, {"amount_fen", tranche.amount.fen()}});
  return out.dump();
}

Result<std::vector<Tranche>> tranches_from(const std::string& text) {
  std::vector<Tranche> out;
  const auto list = TRY(parse_json(text));
  if (!list.is_array()) return malformed("tranches");
  for (const auto& item : list) {
    auto id = TRY(get_string(item, "id"));
    const auto fen = TRY(get_int(item, "amount_fen"));
    out.push_back({std::move(id), Money::from_fen(fen)});
  }
  return out;
}

Result<std::vector<ClauseVerdict>> clauses_from(const std::string& text) {
  std::vector<ClauseVerdict> out;
  const auto list = TRY(parse_json(text));
  if (!list.is_array()) return malformed("clauses");
  for (const auto& item : list) {
    ClauseVerdict clause;
    clause.id = TRY(get_string(item, "id"));
    clause.verdict = TRY(verdict_from(TRY(get_string(item, "verdict"))));
    clause.text = TRY(get_string_or(item, "text", ""));
    clause.field = TRY(get_string_or(item, "field", ""));
    clause.value = TRY(get_string_or(item, "value", ""));
    clause.threshold = TRY(get_string_or(item, "threshold", ""));
    clause.gap = TRY(get_string_or(item, "gap", ""));
    clause.source = TRY(get_string_or(item, "source", ""));
    clause.as_of = TRY(get_string_or(item, "as_of", ""));
    clause.unknown_reason = TRY(get_string_or(item, "unknown_reason", ""));
    out.push_back(std::move(clause));
  }
  return out;
}

/// Columns as in kColumns, then the channel where the table has one.
Result<StoredEntitlement> read_row(const Row& row, bool with_channel) {
  StoredEntitlement out;
  auto& entitlement = out.entitlement;
  entitlement.uscc = row.text(0);
  entitlement.policy = PolicyId(row.text(1));
  entitlement.policy_version = row.text(2);
  entitlement.division = row.text(3);
  entitlement.evaluated_on = TRY(Date::parse(row.text(4)));
  entitlement.profile_sequence = row.integer(5);
  entitlement.verdict = TRY(verdict_from(row.text(6)));
  if (!row.is_null(7)) entitlement.amount = Money::from_fen(row.integer(7));
  entitlement.tranches = TRY(tranches_from(row.text(8)));
  out.clauses_text = row.text(9);
  entitlement.amount_trace = row.text(10);
  out.trace_id = row.text(11);
  if (with_channel) entitlement.channel = TRY(channel_from(row.text(12)));
  return out;
}

Result<std::vector<StoredEntitlement>> read_where(Transaction& transaction, std::string_view condition,
                                                  storage::Values values) {
  const auto rows = TRY(transaction.query(
      "SELECT " + std::string(kColumns) + ", channel FROM entitlement WHERE " + std::string(condition), values,
      kColumnTypes));
  std::vector<StoredEntitlement> out;
  out.reserve(rows.size());
  for (const auto& row : rows) out.push_back(TRY(read_row(row, true)));
  return out;
}

Value fen_or_null(const std::optional<Money>& amount) {
  return amount ? Value(amount->fen()) : Value(nullptr);
}

Result<std::vector<Decision>> read_decisions_where(Transaction& transaction, std::string_view condition,
                                                   storage::Values values) {
  const auto rows = TRY(transaction.query("SELECT " + std::string(kColumns) +
                                              ", channel, id, purpose, case_id, facts, code_lists, program, at FROM "
                                              "entitlement_history WHERE " +
                                              std::string(condition) + " ORDER BY id",
                                          values, std::string(kColumnTypes) + "ittttti"));
  std::vector<Decision> out;
  for (const auto& row : rows) {
    Decision decision;
    // Rows of an older program do not name the channel.
    auto stored = TRY(read_row(row, !row.text(12).empty()));
    stored.entitlement.clauses = TRY(clauses_from(stored.clauses_text));
    decision.entitlement = std::move(stored.entitlement);
    decision.trace_id = std::move(stored.trace_id);
    decision.id = row.integer(13);
    decision.purpose = row.text(14);
    decision.case_id = row.text(15);
    if (!row.is_null(16)) decision.facts = row.text(16);
    decision.context = {row.text(17), row.text(18)};
    decision.at = from_millis(row.integer(19));
    out.push_back(std::move(decision));
  }
  return out;
}

}  // namespace

Result<std::vector<StoredPolicy>> list_policies(Transaction& transaction) {
  const auto rows = TRY(transaction.query(
      "SELECT id, version, title, state, published_at FROM policy ORDER BY id, published_at, version", {}, "tttti"));
  std::vector<StoredPolicy> out;
  for (const auto& row : rows)
    out.push_back({PolicyId(row.text(0)), row.text(1), row.text(2), row.text(3), from_millis(row.integer(4))});
  return out;
}

Result<std::optional<std::string>> read_policy_body(Transaction& transaction, const PolicyId& id,
                                                    const std::string& version) {
  const auto rows =
      TRY(transaction.query("SELECT body FROM policy WHERE id = ? AND version = ?", {id.str(), version}, "t"));
  if (rows.empty()) return std::optional<std::string>();
  return std::optional<std::string>(rows.front().text(0));
}

Result<bool> put_in_force(Transaction& transaction, const Policy& policy, const std::string& body, Instant at) {
  const auto known = TRY(transaction.query("SELECT state FROM policy WHERE id = ? AND version = ?",
                                           {policy.id.str(), policy.version}, "t"));
  if (!known.empty() && known.front().text(0) == "in_force") return false;
  CHECK_OK(transaction.execute("UPDATE policy SET state = 'superseded' WHERE id = ? AND state = 'in_force'",
                               {policy.id.str()}));
  if (known.empty()) {
    CHECK_OK(transaction.execute(
        "INSERT INTO policy (id, version, title, body, published_at, state) VALUES (?, ?, ?, ?, ?, 'in_force')",
        {policy.id.str(), policy.version, policy.title, body, to_millis(at)}));
  } else {
    // An earlier version comes back; its body is the same by its hash.
    CHECK_OK(transaction.execute("UPDATE policy SET state = 'in_force' WHERE id = ? AND version = ?",
                                 {policy.id.str(), policy.version}));
  }
  return true;
}

Result<bool> take_out_of_force(Transaction& transaction, const PolicyId& id) {
  const auto touched =
      TRY(transaction.execute("UPDATE policy SET state = 'withdrawn' WHERE id = ? AND state = 'in_force'", {id.str()}));
  return touched > 0;
}

Result<std::vector<StoredEntitlement>> read_entitlements(Transaction& transaction, const std::string& uscc) {
  return read_where(transaction, "uscc = ? ORDER BY policy_id", {uscc});
}

Result<std::vector<StoredEntitlement>> read_entitlements_of_policy(Transaction& transaction, const PolicyId& policy) {
  return read_where(transaction, "policy_id = ? ORDER BY uscc", {policy.str()});
}

Result<std::vector<StoredVerdict>> read_verdicts(Transaction& transaction, const PolicyId& policy, Verdict verdict,
                                                 const VerdictPlace& after, std::size_t count_max) {
  const auto rows = TRY(transaction.query(
      "SELECT division, uscc, policy_version FROM entitlement WHERE policy_id = ? AND verdict = ? AND (division, uscc) "
      "> (?, ?) ORDER BY division, uscc LIMIT ?",
      {policy.str(), std::string(zhida::to_text(verdict)), after.division, after.uscc,
       static_cast<std::int64_t>(count_max)},
      "ttt"));
  std::vector<StoredVerdict> out;
  out.reserve(rows.size());
  for (const auto& row : rows) out.push_back({row.text(0), row.text(1), row.text(2)});
  return out;
}

Result<std::vector<std::string>> not_judged(Transaction& transaction, std::span<const std::string> usccs,
                                            std::size_t items) {
  std::vector<std::string> out;
  if (usccs.empty()) return out;
  const auto rows = TRY(transaction.query(
      "SELECT e.uscc, count(*) FROM entitlement e JOIN policy p ON p.id = e.policy_id AND p.version = e.policy_version "
      "AND p.state = 'in_force' WHERE e.uscc >= ? AND e.uscc <= ? GROUP BY e.uscc ORDER BY e.uscc",
      {usccs.front(), usccs.back()}, "ti"));
  auto row = rows.begin();
  for (const auto& uscc : usccs) {
    while (row != rows.end() && row->text(0) < uscc) ++row;
    const bool judged =
        row != rows.end() && row->text(0) == uscc && row->integer(1) == static_cast<std::int64_t>(items);
    if (!judged) out.push_back(uscc);
  }
  return out;
}

Result<std::optional<Entitlement>> read_entitlement(Transaction& transaction, const std::string& uscc,
                                                    const PolicyId& policy) {
  auto found = TRY(read_where(transaction, "uscc = ? AND policy_id = ?", {uscc, policy.str()}));
  if (found.empty()) return std::optional<Entitlement>();
  found.front().entitlement.clauses = TRY(clauses_from(found.front().clauses_text));
  return std::optional<Entitlement>(std::move(found.front().entitlement));
}

Result<std::vector<Entitlement>> read_history(Transaction& transaction, const std::string& uscc,
                                              const PolicyId& policy) {
  const auto rows = TRY(transaction.query("SELECT " + std::string(kColumns) +
                                              " FROM entitlement_history WHERE uscc = ? AND policy_id = ? AND purpose "
                                              "IN ('matched', 'withdrawn') ORDER BY id",
                                          {uscc, policy.str()}, kColumnTypes.substr(0, 12)));
  std::vector<Entitlement> out;
  for (const auto& row : rows) {
    auto stored = TRY(read_row(row, false));
    stored.entitlement.clauses = TRY(clauses_from(stored.clauses_text));
    out.push_back(std::move(stored.entitlement));
  }
  return out;
}

std::string clauses_to_text(const std::vector<ClauseVerdict>& clauses) {
  Json out = Json::array();
  for (const auto& clause : clauses) {
    Json item = {{"id", clause.id}, {"text", clause.text}, {"verdict", zhida::to_text(clause.verdict)}};
    const auto put = [&](const char* name, const std::string& value) {
      if (!value.empty()) item[name] = value;
    };
    put("field", clause.field);
    put("value", clause.value);
    put("threshold", clause.threshold);
    put("gap", clause.gap);
    put("source", clause.source);
    put("as_of", clause.as_of);
    put("unknown_reason", clause.unknown_reason);
    out.push_back(std::move(item));
  }
  return out.dump();
}

Result<void> save_entitlement(Transaction& transaction, const Entitlement& entitlement, const std::string& clauses_text,
                              const std::string& trace_id) {
  CHECK_OK(transaction.execute(
      "INSERT INTO entitlement (" + std::string(kColumns) +
          ", channel) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (uscc, policy_id) DO UPDATE SET "
          "policy_version = excluded.policy_version, division = excluded.division, "
          "evaluated_on = excluded.evaluated_on, profile_sequence = excluded.profile_sequence, "
          "verdict = excluded.verdict, amount_fen = excluded.amount_fen, tranches = excluded.tranches, "
          "clauses = excluded.clauses, amount_trace = excluded.amount_trace, trace_id = excluded.trace_id, "
          "channel = excluded.channel",
      {entitlement.uscc, entitlement.policy.str(), entitlement.policy_version, entitlement.division,
       entitlement.evaluated_on.to_string(), entitlement.profile_sequence,
       std::string(zhida::to_text(entitlement.verdict)), fen_or_null(entitlement.amount),
       tranches_to_text(entitlement.tranches), clauses_text, entitlement.amount_trace, trace_id,
       std::string(to_text(entitlement.channel))}));
  return ok();
}

Result<void> touch_entitlement(Transaction& transaction, const Entitlement& entitlement) {
  CHECK_OK(transaction.execute(
      "UPDATE entitlement SET evaluated_on = ?, profile_sequence = ?, division = ? WHERE uscc = ? AND policy_id = ?",
      {entitlement.evaluated_on.to_string(), entitlement.profile_sequence, entitlement.division, entitlement.uscc,
       entitlement.policy.str()}));
  return ok();
}

Result<void> append_history(Transaction& transaction, const Decision& decision) {
  const auto& entitlement = decision.entitlement;
  CHECK_OK(transaction.execute(
      "INSERT INTO entitlement_history (" + std::string(kColumns) +
          ", at, purpose, case_id, channel, facts, code_lists, program) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
          "?, ?, ?, ?, ?, ?)",
      {entitlement.uscc, entitlement.policy.str(), entitlement.policy_version, entitlement.division,
       entitlement.evaluated_on.to_string(), entitlement.profile_sequence,
       std::string(zhida::to_text(entitlement.verdict)), fen_or_null(entitlement.amount),
       tranches_to_text(entitlement.tranches), clauses_to_text(entitlement.clauses), entitlement.amount_trace,
       decision.trace_id, to_millis(decision.at), decision.purpose, decision.case_id,
       std::string(to_text(entitlement.channel)), decision.facts ? Value(*decision.facts) : Value(nullptr),
       decision.context.code_lists, decision.context.program}));
  return ok();
}

Result<std::vector<Decision>> read_decisions(Transaction& transaction, const std::string& uscc,
                                             const PolicyId& policy) {
  return read_decisions_where(transaction, "uscc = ? AND policy_id = ?", {uscc, policy.str()});
}

Result<std::vector<Decision>> read_decisions_of_case(Transaction& transaction, const CaseId& id) {
  return read_decisions_where(transaction, "case_id = ? AND case_id <> ''", {id.str()});
}

Result<std::optional<Decision>> read_decision(Transaction& transaction, std::int64_t id) {
  auto found = TRY(read_decisions_where(transaction, "id = ?", {id}));
  if (found.empty()) return std::optional<Decision>();
  return std::optional<Decision>(std::move(found.front()));
}

Result<std::string> save_code_lists(Transaction& transaction, const std::string& files, Instant at) {
  const auto digest = to_hex(crypto::sha256(files));
  CHECK_OK(
      transaction.execute("INSERT INTO code_lists (digest, files, first_used) VALUES (?, ?, ?) ON CONFLICT (digest) DO "
                          "NOTHING",
                          {digest, files, to_millis(at)}));
  return digest;
}

Result<std::optional<std::string>> read_code_lists(Transaction& transaction, const std::string& digest) {
  const auto rows = TRY(transaction.query("SELECT files FROM code_lists WHERE digest = ?", {digest}, "t"));
  if (rows.empty()) return std::optional<std::string>();
  return std::optional<std::string>(rows.front().text(0));
}

Result<std::int64_t> read_match_cursor(Transaction& transaction, const std::string& name) {
  const auto rows = TRY(transaction.query("SELECT sequence FROM match_cursor WHERE name = ?", {name}, "i"));
  return rows.empty() ? 0 : rows.front().integer(0);
}

Result<void> save_match_cursor(Transaction& transaction, const std::string& name, std::int64_t sequence) {
  CHECK_OK(transaction.execute(
      "INSERT INTO match_cursor (name, sequence) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET sequence = "
      "excluded.sequence",
      {name, sequence}));
  return ok();
}

}  // namespace zhida::matching
