#include "flow/receipt_keeper.h"

#include <algorithm>
#include <set>
#include <utility>

#include "audit/audit_trail.h"
#include "base/json.h"
#include "flow/policy_book.h"
#include "flow/source_door.h"
#include "platform/crypto/digest.h"
#include "stages/casework/case_store.h"
#include "stages/matching/exclusion.h"
#include "stages/matching/list_file.h"
#include "stages/matching/person_store.h"
#include "stages/matching/persons.h"
#include "stages/matching/policy_store.h"
#include "stages/matching/receipt_store.h"
#include "stages/matching/wanted_store.h"

namespace zhida::flow {
namespace {

constexpr const char* kForgottenDay = "persons_forgotten_day";  // Days since 1970 of the last day that was done.
constexpr std::int64_t kOlderAtOnce = 1'000;

bool received(CaseState state) {
  return state == CaseState::paid || state == CaseState::decided;
}
bool will_not_be_had(CaseState state) {
  return state == CaseState::refused || state == CaseState::lapsed || state == CaseState::voided;
}

std::int64_t to_number(Date day) {
  return day.days().time_since_epoch().count();
}

/// What the item gives, also where this version is not in force any more.
Result<std::vector<std::string>> benefits_of(storage::Transaction& transaction, const Rooms& rooms,
                                             const BenefitCase& c) {
  const auto policy = rooms.policies.find(c.policy);
  if (policy != nullptr && policy->version == c.policy_version) return matching::benefits_given(*policy);
  std::vector<std::string> out{c.policy.str()};
  const auto body = TRY(matching::read_policy_body(transaction, c.policy, c.policy_version));
  if (!body) return out;
  const auto item = TRY(parse_json(*body));
  for (const auto& name : item.value("benefits", Json::array())) out.push_back(name.get<std::string>());
  for (const auto& rule : item.value("persons", Json::array()))
    if (const auto name = rule.value("benefit", std::string()); !name.empty()) out.push_back(name);
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

audit::AuditEntry entry_of(const Rooms& rooms, std::string kind, std::string subject_type, std::string subject_id,
                           const std::string& actor) {
  audit::AuditEntry entry;
  entry.kind = std::move(kind);
  entry.actor = actor;
  entry.subject_type = std::move(subject_type);
  entry.subject_id = std::move(subject_id);
  entry.division = rooms.city;
  return entry;
}

}  // namespace

ReceiptKeeper::ReceiptKeeper(const Rooms& rooms, Secret<std::string> salt)
    : rooms_(rooms), salt_(std::move(salt)), worker_("receipt_keeper", rooms.clock, 5s, [this] { return round(); }) {}

Result<void> ReceiptKeeper::record(storage::Transaction& transaction, const BenefitCase& c, Date on) const {
  matching::Receipt receipt;
  receipt.subject = c.uscc;
  receipt.reference = c.id.str();
  receipt.received_on = on;
  receipt.source = "hub";
  receipt.award = matching::award_of(c.uscc, c.policy, c.period);
  const auto given = TRY(benefits_of(transaction, rooms_, c));
  for (const auto& benefit : given) {
    receipt.benefit = benefit;
    CHECK_OK(matching::record_receipt(transaction, receipt));
  }
  return matching::claims_received(transaction, receipt.reference, on);
}

Result<void> ReceiptKeeper::on_case_moved(storage::Transaction& transaction, const BenefitCase& now,
                                          CaseState before) const {
  const auto reference = now.id.str();
  const bool had = received(before), has = received(now.state);
  auto others = std::vector<std::string>{};
  if (has && !had) {
    Date on = rooms_.clock.today();
    // The day of the payment is the treasury's word, not the day on which its answer arrived.
    const auto paid = TRY(transaction.query(
        "SELECT paid_on FROM payment_attempt WHERE case_id = ? AND state = 'settled' AND paid_on IS NOT NULL",
        {reference}, "t"));
    if (!paid.empty()) on = TRY(Date::parse(paid.front().text(0)));
    CHECK_OK(record(transaction, now, on));
    others = TRY(matching::firms_sharing_persons(transaction, reference));
  } else if (had && !has) {
    CHECK_OK(matching::take_back_receipts(transaction, reference, rooms_.clock.today()));
  } else if (will_not_be_had(now.state)) {
    others = TRY(matching::firms_sharing_persons(transaction, reference));
    (void)TRY(matching::free_claims(transaction, reference));
  }
  for (const auto& uscc : others) {
    CHECK_OK(matching::ask_for_match(transaction, uscc));
  }
  // Who asks for what was received, and items that must give way to this one or that this one gave way to.
  const auto policy = rooms_.policies.find(now.policy);
  const bool stands_otherwise = has != had || now.state == CaseState::approved || will_not_be_had(now.state);
  bool concerns = policy != nullptr && matching::has_relations(matching::relations_of(*policy)) && stands_otherwise;
  if (!concerns && has != had) {
    const auto given = TRY(benefits_of(transaction, rooms_, now));
    const auto& items = rooms_.policies.all();
    const auto asked = matching::benefits_asked({items.data(), items.size()});
    concerns = std::ranges::any_of(
        given, [&](const std::string& benefit) { return std::ranges::find(asked, benefit) != asked.end(); });
  }
  return concerns ? matching::ask_for_match(transaction, now.uscc) : Result<void>(ok());
}

Result<void> ReceiptKeeper::vouched(storage::Transaction& transaction, const std::string& benefit,
                                    const std::string& source, Date as_of, const std::string& actor) const {
  CHECK_OK(matching::vouch_for_history(transaction, benefit, source, as_of));
  auto entry = entry_of(rooms_, "history_vouched", "benefit", benefit, actor);
  entry.detail = {{"vouched_by", source}, {"as_of", as_of.to_string()}};
  (void)TRY(rooms_.trail.append(transaction, entry));
  // Now that none means never, every firm may be concerned.
  const auto wanted = TRY(matching::read_match_cursor(transaction, kRoundsWanted));
  return matching::save_match_cursor(transaction, kRoundsWanted, wanted + 1);
}

Result<void> ReceiptKeeper::vouch(const std::string& benefit, const std::string& source, Date as_of,
                                  const std::string& actor) const {
  if (benefit.empty() || source.empty())
    return refuse("config_missing", "It must be said which benefit, and who vouches.");
  return commit(rooms_.writer, "desk", {},
                [&](storage::Transaction& transaction) { return vouched(transaction, benefit, source, as_of, actor); });
}

Result<ListOutcome> ReceiptKeeper::import_receipts(const ReceiptList& list, Bytes content,
                                                   const std::string& actor) const {
  if (list.benefit.empty() || list.source.empty())
    return refuse("config_missing", "It must be said which benefit was received, and who says so.");
  ListOutcome out;
  const auto today = rooms_.clock.today();
  const auto digest = "sm3:" + to_hex(crypto::sm3(content));
  const auto lines = matching::read_receipts(list.file, std::move(content), today, out.findings);
  std::vector<matching::Receipt> receipts;
  for (const auto& line : lines) {
    matching::Receipt receipt;
    receipt.benefit = list.benefit;
    receipt.is_person = line.uscc.empty();
    receipt.reference = "list:" + list.source + "/" + line.reference;
    receipt.received_on = line.received_on;
    receipt.source = list.source;
    if (receipt.is_person) {
      if (salt_.reveal().empty())
        return refuse("salt_missing", "The list names persons: set `persons.salt` first, and never change it.");
      if (!list.keep_until)
        return refuse("retention_missing", "The list names persons: say until when their digests are kept.");
      receipt.subject = matching::person_digest(salt_.reveal(), line.identity_number);
      receipt.keep_until = list.keep_until;
    } else {
      receipt.subject = line.uscc;
    }
    receipts.push_back(std::move(receipt));
  }
  if (!out.findings.empty()) return out;
  CHECK_OK(commit(rooms_.writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
    out.rows = std::ssize(receipts);
    out.fresh = 0;
    for (const auto& receipt : receipts) {
      if (TRY(matching::knows_receipt(transaction, receipt))) continue;
      ++out.fresh;
      CHECK_OK(matching::record_receipt(transaction, receipt));
      if (!receipt.is_person) {
        CHECK_OK(matching::ask_for_match(transaction, receipt.subject));
      } else {
        for (const auto& row :
             TRY(transaction.query("SELECT DISTINCT uscc FROM person_row WHERE digest = ?", {receipt.subject}, "t"))) {
          CHECK_OK(matching::ask_for_match(transaction, row.text(0)));
        }
      }
    }
    auto entry = entry_of(rooms_, "receipts_imported", "benefit", list.benefit, actor);
    entry.payload_digest = digest;
    entry.detail = {{"source", list.source}, {"rows", out.rows}, {"new", out.fresh}};
    if (out.fresh > 0) (void)TRY(rooms_.trail.append(transaction, entry));
    return list.complete_as_of ? vouched(transaction, list.benefit, list.source, *list.complete_as_of, actor)
                               : Result<void>(ok());
  }));
  return out;
}

Result<ListOutcome> ReceiptKeeper::import_persons(const PersonList& list, Bytes content,
                                                  const std::string& actor) const {
  const auto policy = rooms_.policies.find(list.policy);
  if (policy == nullptr) return refuse("policy_unknown", "No item " + list.policy.str() + " is in force.");
  if (policy->persons.empty())
    return refuse("policy_without_persons", "The item " + list.policy.str() + " asks about no persons.");
  if (salt_.reveal().empty())
    return refuse("salt_missing", "Set `persons.salt` first, and never change it: only salted digests are kept.");
  ListOutcome out;
  const auto digest = "sm3:" + to_hex(crypto::sm3(content));
  auto lines = matching::read_persons(list.file, std::move(content), matching::person_fields(*policy), out.findings);
  if (!out.findings.empty()) return out;
  std::vector<matching::KeptPerson> rows;
  std::map<std::string, std::vector<std::string>> by_firm;
  for (auto& line : lines) {
    matching::KeptPerson row{line.uscc, list.policy.str(), {}, list.as_of, list.source, list.keep_until};
    row.person.digest = matching::person_digest(salt_.reveal(), line.identity_number);
    for (auto& [name, data] : line.fields) {
      FieldState state;
      state.value.emplace().data = std::move(data);
      row.person.fields[name] = std::move(state);
    }
    by_firm[row.uscc].push_back(row.person.digest);
    rows.push_back(std::move(row));
  }
  CHECK_OK(commit(rooms_.writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
    out.rows = std::ssize(rows);
    out.fresh = out.dropped = 0;
    std::set<std::string> changed;
    for (const auto& row : rows) {
      if (!TRY(matching::keep_person(transaction, row))) continue;
      ++out.fresh;
      changed.insert(row.uscc);
    }
    for (const auto& [uscc, digests] : by_firm) {
      const auto dropped = TRY(matching::drop_persons(transaction, uscc, list.policy.str(), digests));
      out.dropped += dropped;
      if (dropped > 0) changed.insert(uscc);
    }
    for (const auto& uscc : changed) {
      CHECK_OK(matching::ask_for_match(transaction, uscc));
    }
    if (changed.empty()) return ok();
    auto entry = entry_of(rooms_, "persons_imported", "policy", list.policy.str(), actor);
    entry.payload_digest = digest;
    entry.detail = {{"source", list.source}, {"rows", out.rows}, {"new", out.fresh}, {"dropped", out.dropped}};
    (void)TRY(rooms_.trail.append(transaction, entry));
    return ok();
  }));
  return out;
}

Result<bool> ReceiptKeeper::record_older(storage::Transaction& transaction) const {
  const auto rows = TRY(transaction.query(
      "SELECT c.id, (SELECT max(a.paid_on) FROM payment_attempt a WHERE a.case_id = c.id AND a.state = 'settled'), "
      "c.state_since FROM benefit_case c WHERE c.state IN ('paid', 'decided') AND NOT EXISTS (SELECT 1 FROM "
      "received_benefit r WHERE r.reference = c.id) ORDER BY c.id LIMIT ?",
      {kOlderAtOnce}, "tti"));
  for (const auto& row : rows) {
    const auto c = TRY(casework::load_case(transaction, CaseId(row.text(0))));
    const auto on = row.is_null(1) ? Date::of(from_millis(row.integer(2))) : TRY(Date::parse(row.text(1)));
    CHECK_OK(record(transaction, c, on));
    CHECK_OK(matching::ask_for_match(transaction, c.uscc));
  }
  return std::ssize(rows) == kOlderAtOnce;
}

Result<bool> ReceiptKeeper::round() {
  const auto today = rooms_.clock.today();
  if (done_on_ == today) return false;
  bool more = false;
  CHECK_OK(commit(rooms_.writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
    more = TRY(record_older(transaction));
    if (TRY(matching::read_match_cursor(transaction, kForgottenDay)) >= to_number(today)) return ok();
    const auto forgotten = TRY(matching::forget_persons(transaction, today));
    CHECK_OK(matching::save_match_cursor(transaction, kForgottenDay, to_number(today)));
    if (forgotten == 0) return ok();
    auto entry = entry_of(rooms_, "persons_forgotten", "persons", today.to_string(), "system");
    entry.detail = {{"count", forgotten}};
    (void)TRY(rooms_.trail.append(transaction, entry));
    return ok();
  }));
  if (!more) done_on_ = today;
  return more;
}

}  // namespace zhida::flow
