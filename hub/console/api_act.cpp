#include "audit/verify_log.h"
#include "console/api.h"
#include "console/scoped_status.h"
#include "console/views.h"
#include "flow/dead_letters.h"
#include "flow/desk.h"
#include "stages/casework/case_store.h"

namespace zhida::console::api {
namespace {

using storage::Transaction;

CaseId case_id(const Call& call) {
  return CaseId(call.captures.at(0));
}

/// The case after the act, as the list shows it.
Result<Json> answer(App& app, const Result<BenefitCase>& done) {
  if (!done) return done.error();
  return read<Json>(app,
                    [&](Transaction& transaction) { return case_item(transaction, app.hub.rooms(), done.value()); });
}

/// What may be said about an account at all; whether it is a good one, casework checks in a step of its own.
Result<PayeeAccount> payee_of(const Json& json) {
  for (const auto& [name, value] : json.items())
    if (name != "account_name" && name != "account_no" && name != "bank_name" && name != "bank_no")
      return refuse("field_unknown", "/payee/" + name + ": there is no such member here.");
  PayeeAccount payee;
  payee.name = TRY(get_string(json, "account_name"));
  payee.account_no = TRY(get_string(json, "account_no"));
  payee.bank_name = TRY(get_string(json, "bank_name"));
  payee.bank_no = TRY(get_string(json, "bank_no"));
  for (const auto* text : {&payee.name, &payee.account_no, &payee.bank_name, &payee.bank_no})
    if (text->size() > 300 || text->find('\0') != std::string::npos)
      return refuse("field_malformed", "/payee: a member is too long or not text.");
  for (const auto* text : {&payee.account_no, &payee.bank_no})
    for (const char c : *text)
      if (c < ' ' || c > '~') return refuse("field_malformed", "/payee: account and bank numbers are plain digits.");
  return payee;
}

Result<std::int64_t> number_of(const std::string& text, const char* code) {
  if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string::npos)
    return refuse(code, "There is no number \"" + text + "\" here.");
  return std::stoll(text);
}

Json summary_json(const PullSummary& summary) {
  return {{"received", summary.received},
          {"accepted", summary.accepted},
          {"duplicate", summary.duplicate},
          {"quarantined", summary.quarantined},
          {"batches", summary.batches}};
}

const char* outcome_text(RecordOutcome::Kind kind) {
  return kind == RecordOutcome::Kind::accepted    ? "accepted"
         : kind == RecordOutcome::Kind::duplicate ? "duplicate"
                                                  : "quarantined";
}

}  // namespace

Result<std::string> reason_of(const Call& call, const char* member) {
  const std::string reason = TRY(get_string(call.body, member));
  if (reason.find_first_not_of(" \t\r\n") == std::string::npos)
    return refuse("field_malformed", std::string("/") + member + ": say why.");
  return reason;
}

Result<Json> confirm(App& app, const Call& call) {
  const auto payee = TRY(payee_of(call.body.at("payee")));
  return answer(app, app.hub.desk().confirm(*call.person, case_id(call), payee));
}

Result<Json> decline(App& app, const Call& call) {
  return answer(app, app.hub.desk().decline(*call.person, case_id(call), TRY(reason_of(call))));
}

Result<Json> review(App& app, const Call& call) {
  const std::string department = TRY(get_string(call.body, "department")), step = TRY(get_string(call.body, "step"));
  const std::string decision = TRY(get_string(call.body, "decision"));
  const std::string reason = TRY(get_string_or(call.body, "reason", ""));
  if (decision != "approve") {
    CHECK_OK(reason_of(call));
  }
  const auto done = app.hub.desk().review(*call.person, case_id(call), department, step, decision, reason);
  if (done || done.error().fate == Fate::retry) return answer(app, done);
  // The same look again, after an answer that got lost: say so, instead of whose turn it is by now.
  const bool before = TRY(read<bool>(app, [&](Transaction& transaction) -> Result<bool> {
    const auto c = casework::load_case(transaction, case_id(call));
    if (!c || !call.person->sees(c.value().division)) return false;
    for (const auto& row : TRY(casework::load_reviews(transaction, case_id(call))))
      if (row.round == c.value().review_round && row.actor == call.person->actor() && row.department == department &&
          row.hand == (step == "make" ? "maker" : "checker"))
        return true;
    return false;
  }));
  if (before) return refuse("already_reviewed", "You have looked at this case already in this round.");
  return done.error();
}

Result<Json> object(App& app, const Call& call) {
  const std::string text = TRY(reason_of(call, "text"));
  const std::string id =
      TRY(app.hub.desk().object(*call.person, case_id(call), TRY(get_string_or(call.body, "raised_by", "")), text));
  return Json{{"id", id}, {"state", "open"}};
}

Result<Json> settle_objection(App& app, const Call& call) {
  const std::string reason = TRY(reason_of(call));
  const auto number = TRY(number_of(call.captures.at(1), "objection_not_found"));
  const auto id = TRY(read<std::string>(app, [&](Transaction& transaction) -> Result<std::string> {
    const auto c = TRY(casework::load_case(transaction, case_id(call)));
    const auto objections = TRY(casework::load_objections(transaction, case_id(call)));
    if (!call.person->sees(c.division) || number < 1 || number > static_cast<std::int64_t>(objections.size()))
      return refuse("objection_not_found", "This case has no objection " + std::to_string(number) + ".");
    return objections[static_cast<std::size_t>(number - 1)].id;
  }));
  const bool upheld = TRY(get_bool(call.body, "upheld"));
  return answer(app, app.hub.desk().settle_objection(*call.person, case_id(call), id, upheld, reason));
}

Result<Json> release(App& app, const Call& call) {
  return answer(app, app.hub.desk().release(*call.person, case_id(call)));
}

Result<Json> refuse_case(App& app, const Call& call) {
  return answer(app, app.hub.desk().refuse_case(*call.person, case_id(call), TRY(reason_of(call))));
}

Result<Json> correct(App& app, const Call& call) {
  return answer(app, app.hub.desk().correct(*call.person, case_id(call), TRY(reason_of(call, "note"))));
}

Result<Json> resolve_conflict(App& app, const Call& call) {
  const auto id = TRY(number_of(call.captures.at(0), "conflict_not_found"));
  CHECK_OK(app.hub.desk().resolve_conflict(*call.person, id, TRY(reason_of(call))));
  return Json{{"id", id}, {"state", "closed"}};
}

Result<Json> replay(App& app, const Call& call) {
  const auto id = TRY(read<std::int64_t>(app, [&](Transaction& transaction) -> Result<std::int64_t> {
    const Json row = TRY(quarantine_view(transaction, app.hub.rooms(), call.captures.at(0), *call.person));
    return row.at("id").get<std::int64_t>();
  }));
  const auto outcome = TRY(app.hub.source_door().replay(id, call.person->actor()));
  return Json{{"id", id},
              {"outcome", outcome_text(outcome.kind)},
              {"code", outcome.code},
              {"field", outcome.field},
              {"message", outcome.message}};
}

Result<Json> discard(App& app, const Call& call) {
  const std::string reason = TRY(reason_of(call));
  const auto id = TRY(read<std::int64_t>(app, [&](Transaction& transaction) -> Result<std::int64_t> {
    const Json row = TRY(quarantine_view(transaction, app.hub.rooms(), call.captures.at(0), *call.person));
    return row.at("id").get<std::int64_t>();
  }));
  CHECK_OK(app.hub.source_door().discard(id, call.person->actor(), reason));
  return Json{{"id", id}, {"state", "discarded"}};
}

Result<Json> replay_letter(App& app, const Call& call) {
  const auto id = TRY(read<std::int64_t>(app, [&](Transaction& transaction) -> Result<std::int64_t> {
    const Json letter = TRY(dead_letter_view(transaction, app.hub.rooms(), call.captures.at(0), *call.person));
    return letter.at("id").get<std::int64_t>();
  }));
  const auto replayed = TRY(app.hub.dead_letters().replay(id, call.person->actor()));
  return Json{{"id", id},
              {"replay", replayed.replay},
              {"result", replayed.done ? "done" : "refused"},
              {"state", replayed.done ? "replayed" : "open"},
              {"code", replayed.code},
              {"message", replayed.message}};
}

Result<Json> upload(App& app, const Call& call) {
  CHECK_OK(needs_whole_hub(app, *call.person));
  const std::string& name = call.captures.at(0);
  for (const char c : name)
    if (static_cast<unsigned char>(c) < ' ' || c == '/' || c == '\\')
      return refuse("file_name_wrong", "A file name has no slashes and no control characters.");
  const auto outcomes = TRY(app.hub.sources().upload("department_lists", name, call.request.body));
  std::int64_t accepted = 0, duplicate = 0, quarantined = 0;
  Json refused = Json::array();
  for (const auto& outcome : outcomes) {
    ++(outcome.kind == RecordOutcome::Kind::accepted    ? accepted
       : outcome.kind == RecordOutcome::Kind::duplicate ? duplicate
                                                        : quarantined);
    if (outcome.kind == RecordOutcome::Kind::quarantined && refused.size() < 100)
      refused.push_back({{"position", outcome.position},
                         {"code", outcome.code},
                         {"field", outcome.field},
                         {"message", outcome.message}});
  }
  return Json{{"file", name},
              {"outcomes", {{"accepted", accepted}, {"duplicate", duplicate}, {"quarantined", quarantined}}},
              {"quarantined", std::move(refused)}};
}

Result<Json> pull(App& app, const Call& call) {
  PullRequest request;
  request.uscc = TRY(get_string_or(call.body, "uscc", ""));
  CHECK_OK(may_pull(app, *call.person, request.uscc));
  request.ignore_cursor = call.body.value("ignore_cursor", false);
  if (call.body.contains("record_types"))
    for (const auto& type : call.body.at("record_types")) {
      if (!type.is_string()) return refuse("field_wrong_type", "/record_types: must be texts.");
      request.record_types.push_back(type.get<std::string>());
    }
  return summary_json(TRY(app.hub.sources().pull(call.captures.at(0), request)));
}

Result<Json> verify_audit(App& app, const Call&) {
  const auto trust = app.hub.rooms().trust.trust();
  return read<Json>(app, [&](Transaction& transaction) -> Result<Json> {
    return audit::to_json(
        TRY(audit::verify_log(transaction, {.trust = trust.get(), .now = app.hub.rooms().clock.now()})));
  });
}

}  // namespace zhida::console::api
