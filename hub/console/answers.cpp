#include "console/answers.h"

namespace zhida::console {

Result<std::optional<StoredAnswer>> find_answer(const flow::Rooms& rooms, const AnswerKey& key,
                                                const std::string& request_digest) {
  std::optional<StoredAnswer> found;
  const std::int64_t oldest = to_millis(rooms.clock.now() - kAnswersKept);
  CHECK_OK(rooms.database.read([&](storage::Transaction& transaction) -> Result<void> {
    const auto rows = TRY(transaction.query(
        "SELECT request_digest, status, body FROM console_answer WHERE person = ? AND route = ? AND key = ? AND at > ?",
        {key.person, key.route, key.key, oldest}, "tit"));
    if (rows.empty()) return ok();
    if (rows.front().text(0) != request_digest)
      return refuse("idempotency_key_reused", "This Idempotency-Key came with another request before: use a new one.");
    found = StoredAnswer{static_cast<int>(rows.front().integer(1)), rows.front().text(2)};
    return ok();
  }));
  return found;
}

Result<void> keep_answer(const flow::Rooms& rooms, const AnswerKey& key, const std::string& request_digest,
                         const StoredAnswer& answer) {
  const Instant now = rooms.clock.now();
  return flow::commit(rooms.writer, "console", {}, [&, now](storage::Transaction& transaction) -> Result<void> {
    CHECK_OK(transaction.execute("DELETE FROM console_answer WHERE at <= ?", {to_millis(now - kAnswersKept)}));
    CHECK_OK(transaction.execute(
        "INSERT INTO console_answer (person, route, key, request_digest, status, body, at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (person, route, key) DO NOTHING",
        {key.person, key.route, key.key, request_digest, std::int64_t{answer.status}, answer.body, to_millis(now)}));
    return ok();
  });
}

bool RunningRequests::begin(const AnswerKey& key) {
  const Lock lock(mutex_);
  return keys_.insert(key).second;
}

void RunningRequests::end(const AnswerKey& key) {
  const Lock lock(mutex_);
  keys_.erase(key);
}

}  // namespace zhida::console
