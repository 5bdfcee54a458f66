// SQL of departments' decisions and their seals, and nothing else.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "flow/office_document.h"
#include "platform/storage/database.h"

namespace zhida::flow {

/// A decision of a department and what is known of one seal over it.
struct OfficeDecision {
  std::int64_t id = 0;
  CaseId case_id;
  std::int64_t round = 1, step = 0;
  std::string department;
  std::string holder;  ///< Whose seal: empty: the department's, else that of the actor who decided, `user:zhang`.
  std::string hand, decision, message_id;
  bool required = false;  ///< As the settings were when it was decided.
  Bytes body;
  std::string digest;  ///< `sm3:<hex>` of the body.
  Instant asked_at{};
  std::string state;  ///< `asked`, `refused` (asked again, with pauses), `sealed`
  std::int64_t attempts = 0;
  std::string code, error;  ///< Why there is no seal yet.
  bool late = false;
  Bytes seal;
  std::string es_id;
  std::optional<Instant> signed_at, sealed_at;
};

/// For people and programs: `department`, or the person's actor.
inline std::string holder_text(const std::string& holder) {
  return holder.empty() ? "department" : holder;
}

/// What a department decided in the case's round of now, by `holder` where that is not empty, that no document of this
/// holder tells yet; in order.
Result<std::vector<OfficeStep>> steps_without(storage::Transaction& transaction, const CaseId& id,
                                              const std::string& department, const std::string& holder);
/// The step of the next decision of a round that is not in the book of reviews.
Result<std::int64_t> next_step_beside(storage::Transaction& transaction, const CaseId& id, std::int64_t round);
/// Cases that somebody looked at in their round of now and whose money was not asked for.
Result<std::vector<CaseId>> reviewed_and_unpaid(storage::Transaction& transaction);
/// Written with the decision itself.
Result<void> insert_decision(storage::Transaction& transaction, const OfficeDecision& decision);
/// In the order of rounds and steps; the department's before the person's.
Result<std::vector<OfficeDecision>> decisions_of(storage::Transaction& transaction, const CaseId& id);
/// Those of a department that this holder has not sealed yet, oldest first.
Result<std::vector<OfficeDecision>> unsealed(storage::Transaction& transaction, const std::string& department,
                                             const std::string& holder, std::int64_t limit);

/// False where a seal is kept already: that one counts.
Result<bool> keep_seal(storage::Transaction& transaction, std::int64_t id, const Bytes& seal, const std::string& es_id,
                       Instant signed_at, Instant now);
/// A question that brought nothing. `refused`: not for want of a connection.
Result<void> note_failure(storage::Transaction& transaction, std::int64_t id, bool refused, const std::string& code,
                          const std::string& error, Instant now);
/// What came instead of a seal, at most `kWrongAnswersMax` a decision; false where these octets (or enough others) are
/// kept already.
inline constexpr std::int64_t kWrongAnswersMax = 20;
Result<bool> keep_wrong(storage::Transaction& transaction, std::int64_t id, const std::string& code,
                        const std::string& detail, const Bytes& answer, Instant now);
Result<void> mark_late(storage::Transaction& transaction, std::int64_t id);

struct OfficeCount {
  std::string department, holder;
  std::int64_t asked = 0, refused = 0, sealed = 0, wrong = 0;
  std::optional<Instant> oldest;  ///< Decided then and still without its seal.
  std::string code, error;        ///< Of that one.
};
Result<std::vector<OfficeCount>> count_offices(storage::Transaction& transaction);

}  // namespace zhida::flow
