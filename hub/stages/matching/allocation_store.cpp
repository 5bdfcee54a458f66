#include "stages/matching/allocation_store.h"

#include <utility>

namespace zhida::matching {
namespace {

constexpr const char* kRound =
    "SELECT id, policy_id, policy_version, period, at_day, profile_sequence, inputs_digest, body, state, drawn_by, "
    "drawn_at, decided_at FROM allocation_round WHERE ";
constexpr const char* kRoundColumns = "tttttittttii";

Result<StoredRound> round_from(const storage::Row& row) {
  StoredRound out;
  out.id = row.text(0);
  out.policy = PolicyId(row.text(1));
  out.policy_version = row.text(2);
  out.period = row.text(3);
  out.at = TRY(Date::parse(row.text(4)));
  out.profile_sequence = row.integer(5);
  out.inputs_digest = row.text(6);
  out.body = row.text(7);
  out.state = row.text(8);
  out.drawn_by = row.text(9);
  out.drawn_at = from_millis(row.integer(10));
  if (!row.is_null(11)) out.decided_at = from_millis(row.integer(11));
  return out;
}

constexpr const char* kLine =
    "SELECT uscc, best, worst, outcome, reason, wanted_fen, given_fen FROM allocation_line WHERE round_id = ? ";
constexpr const char* kLineColumns = "tiittii";

RoundLine line_from(const storage::Row& row) {
  RoundLine out;
  out.uscc = row.text(0);
  out.best = row.integer(1);
  out.worst = row.integer(2);
  out.outcome = row.text(3) == "met" ? Verdict::met : row.text(3) == "not_met" ? Verdict::not_met : Verdict::unknown;
  out.reason = row.text(4);
  out.wanted = Money::from_fen(row.integer(5));
  out.given = Money::from_fen(row.integer(6));
  return out;
}

}  // namespace

Result<std::optional<std::string>> insert_round(storage::Transaction& transaction, const StoredRound& round,
                                                const std::vector<RoundLine>& lines) {
  std::optional<std::string> thrown_away;
  const auto drafts =
      TRY(transaction.query("SELECT id FROM allocation_round WHERE policy_id = ? AND period = ? AND state = 'draft'",
                            {round.policy.str(), round.period}, "t"));
  if (!drafts.empty()) {
    thrown_away = drafts.front().text(0);
    CHECK_OK(discard_round(transaction, *thrown_away));
  }
  CHECK_OK(transaction.execute(
      "INSERT INTO allocation_round (id, policy_id, policy_version, period, at_day, profile_sequence, inputs_digest, "
      "body, state, drawn_by, drawn_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'draft', ?, ?)",
      {round.id, round.policy.str(), round.policy_version, round.period, round.at.to_string(), round.profile_sequence,
       round.inputs_digest, round.body, round.drawn_by, to_millis(round.drawn_at)}));
  for (const auto& line : lines) {
    CHECK_OK(transaction.execute(
        "INSERT INTO allocation_line (round_id, uscc, best, worst, outcome, reason, wanted_fen, given_fen) VALUES (?, "
        "?, ?, ?, ?, ?, ?, ?)",
        {round.id, line.uscc, line.best, line.worst, std::string(zhida::to_text(line.outcome)), line.reason,
         line.wanted.fen(), line.given.fen()}));
  }
  return thrown_away;
}

Result<StoredRound> load_round(storage::Transaction& transaction, const std::string& id) {
  const auto rows = TRY(transaction.query(std::string(kRound) + "id = ?", {id}, kRoundColumns));
  if (rows.empty()) return refuse("round_not_found", "There is no round " + id + ".");
  return round_from(rows.front());
}

Result<std::vector<StoredRound>> list_rounds(storage::Transaction& transaction, const std::string& policy) {
  const auto rows =
      policy.empty()
          ? TRY(transaction.query(std::string(kRound) + "id <> '' ORDER BY drawn_at DESC, id", {}, kRoundColumns))
          : TRY(transaction.query(std::string(kRound) + "policy_id = ? ORDER BY drawn_at DESC, id", {policy},
                                  kRoundColumns));
  std::vector<StoredRound> out;
  for (const auto& row : rows) out.push_back(TRY(round_from(row)));
  return out;
}

Result<std::optional<StoredRound>> decided_round(storage::Transaction& transaction, const PolicyId& policy,
                                                 const std::string& period) {
  const auto rows = TRY(transaction.query(std::string(kRound) + "policy_id = ? AND period = ? AND state = 'decided'",
                                          {policy.str(), period}, kRoundColumns));
  if (rows.empty()) return std::optional<StoredRound>();
  return std::optional(TRY(round_from(rows.front())));
}

Result<std::vector<RoundLine>> load_lines(storage::Transaction& transaction, const std::string& round) {
  std::vector<RoundLine> out;
  const auto rows = TRY(transaction.query(std::string(kLine) + "ORDER BY best, worst, uscc", {round}, kLineColumns));
  for (const auto& row : rows) out.push_back(line_from(row));
  return out;
}

Result<std::optional<RoundLine>> find_line(storage::Transaction& transaction, const std::string& round,
                                           const std::string& uscc) {
  const auto rows = TRY(transaction.query(std::string(kLine) + "AND uscc = ?", {round, uscc}, kLineColumns));
  return rows.empty() ? std::optional<RoundLine>() : std::optional(line_from(rows.front()));
}

Result<std::vector<Confirmation>> load_confirmations(storage::Transaction& transaction, const std::string& round) {
  std::vector<Confirmation> out;
  const auto rows = TRY(transaction.query(
      "SELECT actor, role, department, at FROM allocation_confirmation WHERE round_id = ? ORDER BY at, actor", {round},
      "ttti"));
  for (const auto& row : rows) out.push_back({row.text(0), row.text(1), row.text(2), from_millis(row.integer(3))});
  return out;
}

Result<void> insert_confirmation(storage::Transaction& transaction, const std::string& round,
                                 const Confirmation& confirmation) {
  CHECK_OK(transaction.execute(
      "INSERT INTO allocation_confirmation (round_id, actor, role, department, at) VALUES (?, ?, ?, ?, ?)",
      {round, confirmation.actor, confirmation.role, confirmation.department, to_millis(confirmation.at)}));
  return ok();
}

Result<void> decide_round(storage::Transaction& transaction, const StoredRound& round, Instant now) {
  const auto done = transaction.savepoint([&]() -> Result<void> {
    CHECK_OK(transaction.execute(
        "UPDATE allocation_round SET state = 'superseded' WHERE policy_id = ? AND period = ? AND state = 'decided'",
        {round.policy.str(), round.period}));
    CHECK_OK(transaction.execute("UPDATE allocation_round SET state = 'decided', decided_at = ? WHERE id = ?",
                                 {to_millis(now), round.id}));
    return ok();
  });
  if (!done && done.error().message.find("four_eyes") != std::string::npos)
    return refuse("four_eyes", "Two persons must have confirmed the round before it holds.");
  return done;
}

Result<void> discard_round(storage::Transaction& transaction, const std::string& id) {
  CHECK_OK(
      transaction.execute("UPDATE allocation_round SET state = 'discarded' WHERE id = ? AND state = 'draft'", {id}));
  return ok();
}

}  // namespace zhida::matching
