// Which rows of which sources the values of a case came from, as they were then, and where they stand in their batches.
// For the sources of this folder only.
#pragma once
#include <map>
#include <set>
#include <string>

#include "domain/entitlement.h"
#include "flow/evidence_facts.h"

namespace zhida::flow {

class EvidenceRows {
 public:
  /// Adds the facts `profile.…` and `row.…`, the rows and their batches to `out`.
  EvidenceRows(storage::Transaction& transaction, const Rooms& rooms, CaseFacts& out)
      : transaction_(transaction), rooms_(rooms), out_(out) {}
  /// `fields`: those that could change the outcome; `said`: what the clauses said of them.
  Result<void> gather(std::set<std::string> fields, const std::map<std::string, ClauseVerdict>& said);

 private:
  struct Row {
    std::string source, record_type, record_key, batch_id, trace_id, as_of, columns;
    Bytes body;
    Instant received{};
  };
  Result<void> one_field(const std::string& name, const ClauseVerdict* said);
  Result<Json> rows_of(const std::string& field, const std::string& source, std::set<std::string>& texts);
  Result<Json> row_of_list(const std::string& list, const std::string& source);
  Result<std::optional<Row>> row_at(std::int64_t record_id, const std::string& trace_id);
  Result<std::string> keep(const Row& row);
  Result<const EvidenceBatch*> batch_of(const Row& row);
  Result<void> prove(EvidenceRow& row, const Row& from);

  storage::Transaction& transaction_;
  const Rooms& rooms_;
  CaseFacts& out_;
  std::map<std::pair<std::string, std::string>, std::size_t> batches_;
};

}  // namespace zhida::flow
