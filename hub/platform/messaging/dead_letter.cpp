#include "platform/messaging/dead_letter.h"

namespace zhida::messaging {

using storage::Transaction;

Result<std::optional<DeadLetter>> find_dead_letter(Transaction& transaction, std::int64_t id) {
  const auto rows = TRY(
      transaction.query("SELECT id, peer, message_id, door, address, code, message, state, attempts, replays, "
                        "created_at, last_at, replayed_at, replay_result, sha256, body FROM dead_letter WHERE id = ?",
                        {id}, "itttttttiiiiitbb"));
  std::optional<DeadLetter> out;
  if (rows.empty()) return out;
  const auto& row = rows.front();
  out.emplace();
  out->id = row.integer(0);
  out->peer = row.text(1);
  out->message_id = row.text(2);
  out->door = row.text(3);
  out->address = row.text(4);
  out->code = row.text(5);
  out->message = row.text(6);
  out->state = row.text(7);
  out->attempts = row.integer(8);
  out->replays = row.integer(9);
  out->created_at = from_millis(row.integer(10));
  out->last_at = from_millis(row.integer(11));
  if (!row.is_null(12)) out->replayed_at = from_millis(row.integer(12));
  out->replay_result = row.text(13);
  out->digest = row.blob(14);
  out->body = row.blob(15);
  return out;
}

Result<std::vector<std::int64_t>> open_dead_letters(Transaction& transaction) {
  std::vector<std::int64_t> ids;
  for (const auto& row : TRY(transaction.query("SELECT id FROM dead_letter WHERE state = 'open' ORDER BY id", {}, "i")))
    ids.push_back(row.integer(0));
  return ids;
}

Result<std::optional<int>> next_replay(Transaction& transaction, const DeadLetter& letter) {
  const auto rows = TRY(transaction.query("SELECT replay FROM inbox WHERE peer = ? AND message_id = ? AND sha256 = ?",
                                          {letter.peer, letter.message_id, storage::Blob{letter.digest}}, "i"));
  std::optional<int> number;
  if (!rows.empty()) number = static_cast<int>(rows.front().integer(0)) + 1;
  return number;
}

Result<void> note_replay(Transaction& transaction, std::int64_t id, int replay, const std::string& result,
                         Instant now) {
  const auto touched = TRY(transaction.execute(
      "UPDATE dead_letter SET replays = ?, replayed_at = ?, replay_result = ?, last_at = ?, state = ? WHERE id = ? AND "
      "state = 'open'",
      {std::int64_t{replay}, to_millis(now), result, to_millis(now),
       std::string(result == "done" ? "replayed" : "open"), id}));
  if (touched != 1)
    return refuse("dead_letter_not_open", "Dead letter " + std::to_string(id) + " is not open any more.");
  return ok();
}

}  // namespace zhida::messaging
