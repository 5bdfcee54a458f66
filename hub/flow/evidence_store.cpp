#include "flow/evidence_store.h"

namespace zhida::flow {

Result<std::optional<StoredStatement>> last_statement(storage::Transaction& transaction, const std::string& case_id) {
  const auto found = TRY(transaction.query(
      "SELECT version, payload, seal FROM evidence_statement WHERE case_id = ? ORDER BY version DESC LIMIT 1",
      {case_id}, "itb"));
  if (found.empty()) return std::optional<StoredStatement>();
  StoredStatement statement{found.front().integer(0), found.front().text(1), found.front().blob(2), {}};
  for (const auto& row : TRY(transaction.query(
           "SELECT name, value, salt FROM evidence_fact WHERE case_id = ? AND version = ? ORDER BY position",
           {case_id, statement.version}, "ttb"))) {
    auto value = TRY(parse_json(row.text(1)));
    statement.facts.push_back({row.text(0), std::move(value), row.blob(2)});
  }
  return std::optional(std::move(statement));
}

Result<void> store_statement(storage::Transaction& transaction, const std::string& case_id,
                             const StoredStatement& statement, Instant at) {
  CHECK_OK(transaction.execute(
      "INSERT INTO evidence_statement (case_id, version, leaves, payload, seal, at) VALUES (?, ?, ?, ?, ?, ?)",
      {case_id, statement.version, static_cast<std::int64_t>(statement.facts.size()), statement.payload,
       storage::Blob{statement.seal}, to_millis(at)}));
  std::int64_t position = 0;
  for (const auto& fact : statement.facts) {
    const auto value = TRY(canonical_json(fact.value));
    CHECK_OK(transaction.execute(
        "INSERT INTO evidence_fact (case_id, version, position, name, value, salt) VALUES (?, ?, ?, ?, ?, ?)",
        {case_id, statement.version, position++, fact.name, value, storage::Blob{fact.salt}}));
  }
  return ok();
}

}  // namespace zhida::flow
