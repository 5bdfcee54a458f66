// Inside this folder only: what becomes of each record of one delivery, row by row.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "stages/intake/intake_stage.h"

namespace zhida::intake {

class Acceptance {
 public:
  Acceptance(storage::Transaction& transaction, const PreparedBatch& prepared, Instant now)
      : transaction_(transaction), prepared_(prepared), batch_(prepared.batch), now_(now) {}

  /// Everything but the batch row and the cursors; for a replay too.
  Result<void> records();
  Result<void> unreadable();
  Result<void> complete_lists();

  AcceptedBatch result;

 private:
  using Key = std::pair<std::string, std::string>;  // record type, record key

  struct Known {
    std::int64_t id = 0;
    std::string uscc, as_of, state;
    Bytes digest;
  };
  struct Waiting {  // An open row of the quarantine.
    std::int64_t id = 0;
    std::string columns;
  };
  struct Firm {
    std::string uscc;
    std::string matched_by;
  };

  Result<void> load_known();
  Result<void> load_firms();
  Result<void> one(std::size_t index);
  Result<void> withdraw(std::size_t index, Known* known);
  Result<void> duplicate(std::size_t index, Known& known);
  Result<void> take_in(std::size_t index, Known* known, const Firm& firm);
  Result<void> put_aside(std::size_t index, Known* known, const Finding& finding);
  Result<std::optional<Finding>> find_firm(std::size_t index, Firm& firm);
  Result<std::int64_t> store_record(std::size_t index, Known* known, const Firm& firm, const char* state);
  Result<void> close_waiting(const Key& key);
  Result<void> undo_name_matches();
  Result<void> complete_list(const std::string& record_type);
  Result<std::string> newest_complete(const std::string& record_type);

  ProfileOperation operation(std::size_t index, ProfileOperation::Kind kind) const;
  std::string as_of_text(std::size_t index) const;
  std::string division_of(const std::string& uscc, const FirmFacts& facts) const;
  void outcome(std::size_t index, RecordOutcome::Kind kind, const Finding* finding = nullptr);

  storage::Transaction& transaction_;
  const PreparedBatch& prepared_;
  const SourceBatch& batch_;
  const Instant now_;
  std::map<Key, Known> known_;
  std::map<Key, Waiting> waiting_;
  std::map<std::string, std::set<std::string>> by_organisation_code_, by_name_;
  std::map<Key, std::string> by_record_;
  std::map<std::string, std::string> divisions_;       // Of firms that are known.
  std::map<std::string, std::string> complete_since_;  // record type → day of the newest complete list
};

}  // namespace zhida::intake
