#include "stages/matching/wanted_store.h"

namespace zhida::matching {

Result<void> ask_for_match(storage::Transaction& transaction, const std::string& uscc) {
  CHECK_OK(
      transaction.execute("INSERT INTO match_wanted (uscc, asked) VALUES (?, 1) ON CONFLICT (uscc) DO UPDATE SET asked "
                          "= match_wanted.asked + 1",
                          {uscc}));
  return ok();
}

Result<std::vector<WantedMatch>> wanted_matches(storage::Transaction& transaction, std::int64_t count_max) {
  std::vector<WantedMatch> out;
  const auto rows =
      TRY(transaction.query("SELECT uscc, asked FROM match_wanted ORDER BY uscc LIMIT ?", {count_max}, "ti"));
  for (const auto& row : rows) out.push_back({row.text(0), row.integer(1)});
  return out;
}

Result<void> matched_as_wanted(storage::Transaction& transaction, const std::vector<WantedMatch>& wanted) {
  for (const auto& one : wanted) {
    CHECK_OK(transaction.execute("DELETE FROM match_wanted WHERE uscc = ? AND asked = ?", {one.uscc, one.asked}));
  }
  return ok();
}

Result<bool> first_asked(storage::Transaction& transaction, const std::string& question, Instant now) {
  return TRY(transaction.execute(
             "INSERT INTO asked_once (question, asked_at) VALUES (?, ?) ON CONFLICT (question) DO NOTHING",
             {question, to_millis(now)})) > 0;
}

}  // namespace zhida::matching
