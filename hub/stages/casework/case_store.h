// SQL of cases and nothing else.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/benefit_case.h"
#include "platform/storage/database.h"

namespace zhida::casework {

using storage::Transaction;

/// The case's number follows from what it is about, so that a hub restored from an older copy gives the same benefit
/// the same number again, and the treasury, which never pays a number twice, knows it. 26 ASCII characters: letters and
/// digits of the item's id, a hyphen, and 17 or more characters of Crockford's base 32 (85 bits or more of SM3). Cases
/// of older stores keep the ULIDs that they have.
CaseId case_id_of(const std::string& uscc, const PolicyId& policy, const std::string& period,
                  const std::string& tranche);

/// Error `case_not_found`.
Result<BenefitCase> load_case(Transaction& transaction, const CaseId& id);
/// Cases of one firm and item.
Result<std::vector<BenefitCase>> load_cases(Transaction& transaction, const std::string& uscc, const PolicyId& policy);

struct CaseFilter {
  std::string division;  ///< Exactly this, or every division that begins with it where it ends in `%`. Empty: all.
  std::string uscc;
  std::string policy;
  std::string state;
  bool only_frozen = false;
  std::string after_id;  ///< Pages: cases are ordered by id.
  std::int64_t limit = 50;
};
Result<std::vector<BenefitCase>> find_cases(Transaction& transaction, const CaseFilter& filter);

/// Cases by state, for overviews.
struct StateCount {
  std::string state;
  std::int64_t cases = 0;
  std::int64_t fen = 0;
};
Result<std::vector<StateCount>> count_by_state(Transaction& transaction, const std::string& division);

struct CaseEventRow {
  std::int64_t seq = 0;
  std::string event, from_state, to_state, actor, role, department, reason, trace_id;
  Instant at{};
};
Result<std::vector<CaseEventRow>> load_events(Transaction& transaction, const CaseId& id);

struct ReviewRow {
  std::int64_t round = 1;
  std::string department, hand, actor, decision, reason;
  Instant at{};
};
Result<std::vector<ReviewRow>> load_reviews(Transaction& transaction, const CaseId& id);

struct ObjectionRow {
  std::string id;
  CaseId case_id;
  std::string raised_by, reason, evidence_digest, state, decided_by, decision_reason;
  std::string on_behalf_of;  ///< Whose it is, where somebody wrote it down for another.
  Instant raised_at{};
};
Result<std::vector<ObjectionRow>> load_objections(Transaction& transaction, const CaseId& id);

struct NoticeRow {
  std::string id;
  CaseId case_id;
  std::string kind, recipient, content, state, reason;
  Instant created_at{};
};
Result<std::vector<NoticeRow>> load_notices(Transaction& transaction, const CaseId& id);

/// A message about a case that its receiver refused for good, as long as the question is open.
struct RefusedMessage {
  std::int64_t outbox_id = 0;
  std::string message_id, address, subject, code, reason;
  bool leaves_again = false;  ///< Somebody had it sent again, and its receiver has not answered yet.
  Instant asked_at{};
};
Result<std::vector<RefusedMessage>> load_refused_messages(Transaction& transaction, const CaseId& id);
/// What the person types who has such a message sent again.
std::string send_again_command(std::int64_t outbox_id);

/// Writes a new row (version 1). Error `storage_unique` when firm, item, period and tranche have a case already.
Result<void> insert_case(Transaction& transaction, const BenefitCase& benefit_case, Instant now);
/// Writes the row where it still has benefit_case.version, and counts the version up in place. Error `case_changed`
/// (retry) where somebody else was first; `four_eyes` where the database refused the state for want of hands.
Result<void> save_case(Transaction& transaction, BenefitCase& benefit_case);

Result<void> append_event(Transaction& transaction, const CaseId& id, CaseEvent event, CaseState from, CaseState to,
                          const std::string& actor, const std::string& role, const std::string& department,
                          const std::string& reason, Instant at, const std::string& trace_id);

}  // namespace zhida::casework
