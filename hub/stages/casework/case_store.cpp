#include "stages/casework/case_store.h"

#include "platform/crypto/digest.h"

namespace zhida::casework {
namespace {

constexpr std::string_view kColumns =
    "id, uscc, enterprise_name, division, policy_id, policy_version, title, tranche, period, channel, amount_fen, "
    "state, state_since, due_on, profile_sequence, payee_name, payee_account_no, payee_bank_name, payee_bank_no, "
    "confirmed_by, frozen, reason, review_round, publicity_ended, approved_once, recheck_passed, trace_id, version";
constexpr std::string_view kLetters = "ttttttttttitititttttitiiiiti";

std::string channel_text(Channel channel) {
  switch (channel) {
    case Channel::appropriation:
      return "appropriation";
    case Channel::social_insurance_fund:
      return "social_insurance_fund";
    case Channel::relief:
      break;
  }
  return "relief";
}

Result<BenefitCase> read_case(const storage::Row& row) {
  BenefitCase c;
  c.id = CaseId(row.text(0));
  c.uscc = row.text(1);
  c.enterprise_name = row.text(2);
  c.division = row.text(3);
  c.policy = PolicyId(row.text(4));
  c.policy_version = row.text(5);
  c.title = row.text(6);
  c.tranche = row.text(7);
  c.period = row.text(8);
  c.channel = row.text(9) == "relief"                  ? Channel::relief
              : row.text(9) == "social_insurance_fund" ? Channel::social_insurance_fund
                                                       : Channel::appropriation;
  if (!row.is_null(10)) c.amount = Money::from_fen(row.integer(10));
  const auto state = case_state_from(row.text(11));
  if (!state) return refuse("storage_failed", "Case " + row.text(0) + " has the unknown state " + row.text(11) + ".");
  c.state = *state;
  c.state_since = from_millis(row.integer(12));
  if (!row.is_null(13)) c.due_on = TRY(Date::parse(row.text(13)));
  c.profile_sequence = row.integer(14);
  if (!row.is_null(16)) c.payee = PayeeAccount{row.text(15), row.text(16), row.text(17), row.text(18)};
  c.confirmed_by = row.text(19);
  c.frozen = row.integer(20) != 0;
  c.reason = row.text(21);
  c.review_round = row.integer(22);
  c.publicity_ended = row.integer(23) != 0;
  c.approved_once = row.integer(24) != 0;
  c.recheck_passed = row.integer(25) != 0;
  c.trace_id = row.text(26);
  c.version = row.integer(27);
  return c;
}

Result<std::vector<BenefitCase>> read_cases(Transaction& transaction, const std::string& condition,
                                            const storage::Values& values) {
  const std::string sql = "SELECT " + std::string(kColumns) + " FROM benefit_case WHERE " + condition;
  const auto rows = TRY(transaction.query(sql, values, kLetters));
  std::vector<BenefitCase> cases;
  cases.reserve(rows.size());
  for (const auto& row : rows) cases.push_back(TRY(read_case(row)));
  return cases;
}

storage::Value text_or_null(const std::optional<PayeeAccount>& payee, std::string PayeeAccount::*member) {
  if (!payee) return nullptr;
  return (*payee).*member;
}

std::int64_t flag(bool value) {
  return value ? 1 : 0;
}

}  // namespace

CaseId case_id_of(const std::string& uscc, const PolicyId& policy, const std::string& period,
                  const std::string& tranche) {
  constexpr std::size_t kLength = 26, kPrefixMax = 8;
  constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string id;
  for (const char c : policy.str()) {
    const char upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    const bool plain = (upper >= 'A' && upper <= 'Z') || (upper >= '0' && upper <= '9');
    if (plain && id.size() < kPrefixMax) id += upper;
  }
  id += '-';
  // Each part with its length in front: no two lists of parts are written alike.
  Bytes text = "zhida case 1";
  for (const std::string& part : {uscc, policy.str(), period, tranche})
    text += "\n" + std::to_string(part.size()) + ":" + part;
  const Bytes digest = crypto::sm3(text);
  std::uint32_t bits = 0;
  int held = 0;
  for (std::size_t i = 0; id.size() < kLength; ++i) {
    bits = (bits << 8) | static_cast<unsigned char>(digest[i]);
    for (held += 8; held >= 5 && id.size() < kLength; held -= 5) id += kCrockford[(bits >> (held - 5)) & 31];
  }
  return CaseId(id);
}

Result<BenefitCase> load_case(Transaction& transaction, const CaseId& id) {
  auto cases = TRY(read_cases(transaction, "id = ?", {id.str()}));
  if (cases.empty()) return refuse("case_not_found", "There is no case " + id.str() + ".");
  return std::move(cases.front());
}

Result<std::vector<BenefitCase>> load_cases(Transaction& transaction, const std::string& uscc, const PolicyId& policy) {
  return read_cases(transaction, "uscc = ? AND policy_id = ? ORDER BY id", {uscc, policy.str()});
}

Result<std::vector<BenefitCase>> find_cases(Transaction& transaction, const CaseFilter& filter) {
  std::string condition = "id > ?";
  storage::Values values = {filter.after_id};
  const auto add = [&](const char* text, const std::string& value) {
    if (value.empty()) return;
    condition += text;
    values.emplace_back(value);
  };
  add(filter.division.ends_with('%') ? " AND division LIKE ?" : " AND division = ?", filter.division);
  add(" AND uscc = ?", filter.uscc);
  add(" AND policy_id = ?", filter.policy);
  add(" AND state = ?", filter.state);
  if (filter.only_frozen) condition += " AND frozen = 1";
  values.emplace_back(filter.limit);
  return read_cases(transaction, condition + " ORDER BY id LIMIT ?", values);
}

Result<std::vector<StateCount>> count_by_state(Transaction& transaction, const std::string& division) {
  const auto rows = TRY(transaction.query(
      std::string("SELECT state, count(*), CAST(coalesce(sum(amount_fen), 0) AS BIGINT) FROM benefit_case WHERE "
                  "(? = '' OR division ") +
          (division.ends_with('%') ? "LIKE" : "=") + " ?) GROUP BY state ORDER BY state",
      {division, division}, "tii"));
  std::vector<StateCount> counts;
  for (const auto& row : rows) counts.push_back({row.text(0), row.integer(1), row.integer(2)});
  return counts;
}

Result<std::vector<CaseEventRow>> load_events(Transaction& transaction, const CaseId& id) {
  const auto rows = TRY(transaction.query(
      "SELECT seq, event, from_state, to_state, actor, role, department, reason, trace_id, at FROM case_event "
      "WHERE case_id = ? ORDER BY seq",
      {id.str()}, "itttttttti"));
  std::vector<CaseEventRow> events;
  for (const auto& row : rows) {
    events.push_back({row.integer(0), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5), row.text(6),
                      row.text(7), row.text(8), from_millis(row.integer(9))});
  }
  return events;
}

Result<std::vector<ReviewRow>> load_reviews(Transaction& transaction, const CaseId& id) {
  const auto rows = TRY(transaction.query(
      "SELECT round, department, hand, actor, decision, reason, at FROM case_review WHERE case_id = ? ORDER BY id",
      {id.str()}, "ittttti"));
  std::vector<ReviewRow> reviews;
  for (const auto& row : rows) {
    reviews.push_back(
        {row.integer(0), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5), from_millis(row.integer(6))});
  }
  return reviews;
}

Result<std::vector<ObjectionRow>> load_objections(Transaction& transaction, const CaseId& id) {
  const auto rows = TRY(
      transaction.query("SELECT id, case_id, raised_by, reason, evidence_digest, state, decided_by, decision_reason, "
                        "on_behalf_of, raised_at FROM objection WHERE case_id = ? ORDER BY id",
                        {id.str()},
                        "ttttttt"
                        "tti"));
  std::vector<ObjectionRow> objections;
  for (const auto& row : rows) {
    objections.push_back({row.text(0), CaseId(row.text(1)), row.text(2), row.text(3), row.text(4), row.text(5),
                          row.text(6), row.text(7), row.text(8), from_millis(row.integer(9))});
  }
  return objections;
}

Result<std::vector<NoticeRow>> load_notices(Transaction& transaction, const CaseId& id) {
  const auto rows = TRY(transaction.query(
      "SELECT id, case_id, kind, recipient, content, state, reason, created_at FROM notice WHERE case_id = ? "
      "ORDER BY id",
      {id.str()}, "ttttttti"));
  std::vector<NoticeRow> notices;
  for (const auto& row : rows) {
    notices.push_back({row.text(0), CaseId(row.text(1)), row.text(2), row.text(3), row.text(4), row.text(5),
                       row.text(6), from_millis(row.integer(7))});
  }
  return notices;
}

Result<std::vector<RefusedMessage>> load_refused_messages(Transaction& transaction, const CaseId& id) {
  const auto rows = TRY(transaction.query(
      "SELECT o.id, o.message_id, o.address, o.subject, o.reason_code, o.reason, o.state, q.asked_at FROM outbox o "
      "JOIN refused_message q ON q.outbox_id = o.id WHERE o.case_id = ? AND o.case_id <> '' AND q.closed_at IS NULL "
      "ORDER BY o.id",
      {id.str()}, "itttttti"));
  std::vector<RefusedMessage> messages;
  for (const auto& row : rows) {
    messages.push_back({row.integer(0), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5),
                        row.text(6) == "unsent", from_millis(row.integer(7))});
  }
  return messages;
}

std::string send_again_command(std::int64_t outbox_id) {
  return "zhida outbox send-again " + std::to_string(outbox_id);
}

Result<void> insert_case(Transaction& transaction, const BenefitCase& c, Instant now) {
  CHECK_OK(transaction.execute(
      "INSERT INTO benefit_case (id, uscc, enterprise_name, division, policy_id, policy_version, title, tranche, "
      "period, channel, amount_fen, state, state_since, due_on, profile_sequence, trace_id, opened_at) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {c.id.str(), c.uscc, c.enterprise_name, c.division, c.policy.str(), c.policy_version, c.title, c.tranche,
       c.period, channel_text(c.channel), c.amount ? storage::Value(c.amount->fen()) : storage::Value(nullptr),
       std::string(to_text(c.state)), to_millis(now),
       c.due_on ? storage::Value(c.due_on->to_string()) : storage::Value(nullptr), c.profile_sequence, c.trace_id,
       to_millis(now)}));
  return ok();
}

Result<void> save_case(Transaction& transaction, BenefitCase& c) {
  auto touched = transaction.execute(
      "UPDATE benefit_case SET enterprise_name = ?, division = ?, policy_version = ?, title = ?, amount_fen = ?, "
      "state = ?, state_since = ?, due_on = ?, profile_sequence = ?, payee_name = ?, payee_account_no = ?, "
      "payee_bank_name = ?, payee_bank_no = ?, confirmed_by = ?, frozen = ?, reason = ?, review_round = ?, "
      "publicity_ended = ?, approved_once = ?, recheck_passed = ?, trace_id = ?, version = version + 1 "
      "WHERE id = ? AND version = ?",
      {c.enterprise_name,
       c.division,
       c.policy_version,
       c.title,
       c.amount ? storage::Value(c.amount->fen()) : storage::Value(nullptr),
       std::string(to_text(c.state)),
       to_millis(c.state_since),
       c.due_on ? storage::Value(c.due_on->to_string()) : storage::Value(nullptr),
       c.profile_sequence,
       text_or_null(c.payee, &PayeeAccount::name),
       text_or_null(c.payee, &PayeeAccount::account_no),
       text_or_null(c.payee, &PayeeAccount::bank_name),
       text_or_null(c.payee, &PayeeAccount::bank_no),
       c.confirmed_by,
       flag(c.frozen),
       c.reason,
       c.review_round,
       flag(c.publicity_ended),
       flag(c.approved_once),
       flag(c.recheck_passed),
       c.trace_id,
       c.id.str(),
       c.version});
  if (!touched) {
    if (touched.error().message.find("four_eyes") != std::string::npos) {
      return refuse("four_eyes", "Case " + c.id.str() +
                                     ": maker, checker and releaser must be three persons, and all must have agreed.");
    }
    if (touched.error().message.find("award_cap") != std::string::npos) {
      return refuse("award_cap", "Case " + c.id.str() + ": the tranches would come to more than the award.");
    }
    return std::move(touched).error();
  }
  if (touched.value() == 0) return retry("case_changed", "Case " + c.id.str() + " was changed by somebody else.");
  ++c.version;
  return ok();
}

Result<void> append_event(Transaction& transaction, const CaseId& id, CaseEvent event, CaseState from, CaseState to,
                          const std::string& actor, const std::string& role, const std::string& department,
                          const std::string& reason, Instant at, const std::string& trace_id) {
  CHECK_OK(transaction.execute(
      "INSERT INTO case_event (case_id, seq, event, from_state, to_state, actor, role, department, reason, at, "
      "trace_id) SELECT ?, coalesce(max(seq), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM case_event WHERE case_id = ?",
      {id.str(), std::string(to_text(event)), std::string(to_text(from)), std::string(to_text(to)), actor, role,
       department, reason, to_millis(at), trace_id, id.str()}));
  return ok();
}

}  // namespace zhida::casework
