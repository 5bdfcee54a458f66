// Messages that a receiver refused for good. Nothing of a case moves by that (money that was reserved stays reserved:
// silence and refusals of a transport are no answer); but a person must know, once for each refusal.
#include "stages/casework/casework_step.h"

namespace zhida::casework {
namespace {

// A question is closed when the receiver has the message, or when what it was about came all the same: the treasury
// answered the request (its own, or the one that a query is about), the fund acknowledged, the firm confirmed.
constexpr const char* kClosable =
    " FROM refused_message q JOIN outbox o ON o.id = q.outbox_id LEFT JOIN payment_attempt a ON a.message_id IN "
    "(o.message_id, o.correlation_id) LEFT JOIN benefit_case c ON c.id = o.case_id WHERE q.closed_at IS NULL AND "
    "(o.state = 'sent' OR a.state NOT IN ('queued', 'sent') OR (o.subject = 'decision/1' AND c.state = 'decided') OR "
    "(o.subject = 'notice/1' AND c.state NOT IN ('matched', 'notified')))";
constexpr const char* kUnasked =
    " FROM outbox o WHERE o.state = 'rejected' AND NOT EXISTS (SELECT 1 FROM refused_message q WHERE q.outbox_id = "
    "o.id AND q.refused_at = coalesce(o.settled_at, 0))";
constexpr std::int64_t kAtOnce = 500;

}  // namespace

Result<bool> Casework::has_refusals_to_note(Transaction& transaction) const {
  for (const char* const condition : {kUnasked, kClosable}) {
    if (!TRY(transaction.query(std::string("SELECT 1") + condition + " LIMIT 1", {}, "i")).empty()) return true;
  }
  return false;
}

Result<RefusalNotes> Casework::note_refusals(Transaction& transaction) {
  RefusalNotes notes;
  const std::int64_t now = to_millis(parts_.clock.now());
  const auto entry_of = [&](const char* kind, const std::string& message_id, const std::string& case_id,
                            const std::string& division, const std::string& trace_id) {
    audit::AuditEntry entry;
    entry.kind = kind;
    entry.actor = kSystem.name;
    entry.subject_type = "message";
    entry.subject_id = message_id;
    entry.division = division;
    entry.trace_id = trace_id;
    if (case_id.empty()) return entry;
    entry.case_id = case_id;
    if (const auto c = load_case(transaction, CaseId(case_id))) entry.uscc = c.value().uscc;
    return entry;
  };

  const auto closable =
      TRY(transaction.query(std::string("SELECT o.id, o.message_id, o.case_id, o.division, o.trace_id, o.state") +
                                kClosable + " ORDER BY o.id LIMIT ?",
                            {kAtOnce},
                            "itttt"
                            "t"));
  for (const auto& row : closable) {
    CHECK_OK(transaction.execute("UPDATE refused_message SET closed_at = ? WHERE outbox_id = ? AND closed_at IS NULL",
                                 {now, row.integer(0)}));
    auto entry = entry_of("question_closed", row.text(1), row.text(2), row.text(3), row.text(4));
    entry.detail = {{"code", "message_refused"},
                    {"outbox", row.integer(0)},
                    {"because", row.text(5) == "sent" ? "accepted" : "answered"}};
    CHECK_OK(parts_.trail.append(transaction, entry));
    ++notes.closed;
  }

  const auto unasked = TRY(transaction.query(
      std::string("SELECT o.id, o.message_id, o.case_id, o.division, o.trace_id, o.address, o.subject, o.reason_code, "
                  "o.reason, coalesce(o.settled_at, 0)") +
          kUnasked + " ORDER BY o.id LIMIT ?",
      {kAtOnce},
      "ittttttt"
      "ti"));
  for (const auto& row : unasked) {
    // Refused once more, after somebody had it sent again: the older question is answered by this one.
    CHECK_OK(transaction.execute("UPDATE refused_message SET closed_at = ? WHERE outbox_id = ? AND closed_at IS NULL",
                                 {now, row.integer(0)}));
    CHECK_OK(transaction.execute("INSERT INTO refused_message (outbox_id, refused_at, asked_at) VALUES (?, ?, ?)",
                                 {row.integer(0), row.integer(9), now}));
    auto entry = entry_of("person_asked", row.text(1), row.text(2), row.text(3), row.text(4));
    entry.detail = {{"code", "message_refused"}, {"outbox", row.integer(0)},
                    {"address", row.text(5)},    {"message", row.text(6)},
                    {"refusal", row.text(7)},    {"reason", row.text(8)},
                    {"who", "operator"},         {"do", send_again_command(row.integer(0))}};
    CHECK_OK(parts_.trail.append(transaction, entry));
    ++notes.asked;
  }
  return notes;
}

}  // namespace zhida::casework
