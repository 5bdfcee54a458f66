#include "console/views.h"

#include <algorithm>

#include "console/firm_outlook.h"
#include "console/words.h"
#include "flow/office_view.h"
#include "flow/policy_book.h"
#include "platform/messaging/dead_letter.h"
#include "stages/casework/case_store.h"
#include "stages/intake/intake_store.h"
#include "stages/matching/code_names.h"
#include "stages/matching/evaluate.h"
#include "stages/matching/explain.h"
#include "stages/matching/policy_store.h"
#include "stages/matching/share_store.h"
#include "stages/profile/profile_store.h"
#include "stages/treasury/treasury_store.h"

namespace zhida::console {
namespace {

Json yuan(const std::optional<Money>& amount) {
  return amount ? Json(amount->to_yuan()) : Json(nullptr);
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

/// Who acts next on a case and what: the state alone says it, but for reviews, whose order the item's handling gives.
Result<Json> next_of(storage::Transaction& transaction, const flow::Rooms& rooms, const BenefitCase& c) {
  Json reviews = Json::array();
  const auto next = [&](const char* action, Json who) {
    return Json{{"action", action}, {"who", std::move(who)}, {"reviews", reviews}};
  };
  if (c.frozen) return next("wait", {"treasury_officer"});
  switch (c.state) {
    case CaseState::notified:
      return next("confirm", {"portal"});
    case CaseState::payee_repair:
      return next("repair_account", {"portal", "finance_releaser"});
    case CaseState::in_review: {
      const auto handling = rooms.policies.handling(c.policy);
      if (!handling) return next("wait", {"policy_officer"});
      const auto done = TRY(
          transaction.query("SELECT count(*) FROM case_review WHERE case_id = ? AND round = ? AND hand <> 'releaser'",
                            {c.id.str(), c.review_round}, "i"));
      const auto step_number = static_cast<std::size_t>(done.front().integer(0));
      if (step_number >= handling->reviews.size()) return next("approve", {"finance_releaser"});
      const auto& step = handling->reviews[step_number];
      const bool makes = step.hand == Hand::maker;
      reviews.push_back({{"department", step.department}, {"step", makes ? "make" : "check"}});
      return next("review", {step.department, makes ? "reviewer_maker" : "reviewer_checker"});
    }
    case CaseState::publicity:
      if (c.publicity_ended) return next("approve", {"finance_releaser"});
      return next("wait_publicity", {"system"});
    case CaseState::held:
      return next("settle_objection", {"reviewer_checker"});
    case CaseState::matched:
    case CaseState::confirmed:
    case CaseState::payee_check:
    case CaseState::approved:
    case CaseState::rechecking:
      return next("wait", {"system"});
    case CaseState::requested:
    case CaseState::sent_to_fund: {
      const auto refused = TRY(casework::load_refused_messages(transaction, c.id));
      for (const auto& message : refused)
        if (!message.leaves_again) return next("send_again", {"operator"});
      return next("wait", {c.state == CaseState::requested ? "treasury" : "fund"});
    }
    default:
      return next("none", Json::array());
  }
}

Json clause_json(const flow::Rooms& rooms, const matching::Policy* policy, const ClauseVerdict& clause) {
  return {{"id", clause.id},
          {"text", clause.text},
          {"verdict", to_text(clause.verdict)},
          {"field", text_or_null(clause.field)},
          {"value", text_or_null(clause.value)},
          {"threshold", text_or_null(clause.threshold)},
          {"gap", text_or_null(clause.gap)},
          {"source", text_or_null(clause.source)},
          {"as_of", text_or_null(clause.as_of)},
          {"unknown_reason", text_or_null(clause.unknown_reason)},
          {"sentence", policy == nullptr ? clause.text : matching::explain_clause(*policy, clause, rooms.code_names)}};
}

Json payment_json(const PaymentAttempt& attempt) {
  return {{"business_no", attempt.request.business_no.str()},
          {"attempt", attempt.request.attempt},
          {"state", to_text(attempt.state)},
          {"amount", attempt.request.amount.to_yuan()},
          {"appropriation", attempt.request.appropriation.str()},
          {"created_at", to_rfc3339(attempt.created_at)},
          {"state_at", to_rfc3339(attempt.state_at)},
          {"paid_on", attempt.paid_on ? Json(attempt.paid_on->to_string()) : Json(nullptr)},
          {"paid", attempt.paid.to_yuan()},
          {"returned", attempt.returned.to_yuan()},
          {"pay_cert_no", text_or_null(attempt.pay_cert_no)},
          {"agent_business_no", text_or_null(attempt.agent_business_no)},
          {"reason", text_or_null(attempt.reason)},
          {"frozen", attempt.frozen},
          {"digest", attempt.digest}};
}

/// A value as the API says it: money in yuan, everything else as stored.
std::string value_text(const FieldSpec& spec, const FieldData& data) {
  const auto* number = std::get_if<std::int64_t>(&data);
  if (spec.type == FieldType::money_fen && number != nullptr) return Money::from_fen(*number).to_yuan();
  return to_text(data);
}

Json field_json(const FieldSpec& spec, const FieldState* state, const matching::CodeNames* names) {
  const bool personal = spec.sensitivity == Sensitivity::personal;
  const bool money = spec.type == FieldType::money_fen;
  Json json = {{"field", spec.name},
               {"title", spec.title},
               {"value", nullptr},
               {"shown", nullptr},
               {"unit", money ? "元" : spec.unit},
               {"state", "missing"},
               {"source", nullptr},
               {"as_of", nullptr},
               {"fresh_until", nullptr},
               {"record_id", nullptr},
               {"sensitivity", to_text(spec.sensitivity)},
               {"set_aside", Json::array()}};
  if (state == nullptr) return json;
  const auto say = [&](const ProfileValue& value) {
    const std::string text = value_text(spec, value.data);
    return personal ? masked_text(text) : text;
  };
  const auto show = [&](const ProfileValue& value) {
    return personal ? say(value) : matching::people_text(value.data, spec, names);
  };
  if (state->value) {
    const auto& value = *state->value;
    json["state"] = "known";
    json["value"] = say(value);
    json["shown"] = show(value);
    json["source"] = value.source;
    json["as_of"] = value.as_of.to_string();
    if (spec.fresh_for_days > 0) json["fresh_until"] = value.as_of.plus_days(spec.fresh_for_days).to_string();
    if (value.record_id > 0) json["record_id"] = value.record_id;
  } else {
    json["state"] = to_text(state->reason);
  }
  for (const auto& value : state->set_aside)
    json["set_aside"].push_back(
        {{"value", say(value)}, {"shown", show(value)}, {"source", value.source}, {"as_of", value.as_of.to_string()}});
  return json;
}

}  // namespace

Result<Json> case_item(storage::Transaction& transaction, const flow::Rooms& rooms, const BenefitCase& c) {
  const auto next = TRY(next_of(transaction, rooms, c));
  return Json{{"id", c.id.str()},
              {"uscc", c.uscc},
              {"name", c.enterprise_name},
              {"division", c.division},
              {"policy", c.policy.str()},
              {"title", c.title},
              {"tranche", c.tranche},
              {"period", c.period},
              {"channel", to_text(c.channel)},
              {"amount", yuan(c.amount)},
              {"state", to_text(c.state)},
              {"state_since", to_rfc3339(c.state_since)},
              {"due_on", c.due_on ? Json(c.due_on->to_string()) : Json(nullptr)},
              {"frozen", c.frozen},
              {"reason", text_or_null(c.reason)},
              {"next", next}};
}

Result<Json> case_view(storage::Transaction& transaction, const flow::Rooms& rooms, const CaseId& id,
                       const flow::Person* person) {
  const auto c = TRY(casework::load_case(transaction, id));
  if (person != nullptr && !person->sees(c.division))
    return refuse("case_not_found", "There is no case " + id.str() + " in your divisions.");
  Json view = TRY(case_item(transaction, rooms, c));
  view["policy_version"] = c.policy_version;
  view["review_round"] = c.review_round;
  view["publicity_ended"] = c.publicity_ended;
  view["profile_sequence"] = c.profile_sequence;
  view["trace_id"] = c.trace_id;
  view["shares"] = Json::array();
  for (const auto& share : TRY(matching::load_shares(transaction, c.id)))
    view["shares"].push_back(
        {{"payer", share.payer}, {"share_ppm", share.share_ppm}, {"amount", share.amount.to_yuan()}});
  view["version"] = c.version;

  const auto policy = rooms.policies.find(c.policy);
  Json clauses = Json::array();
  view["verdict"] = nullptr;
  view["amount_trace"] = nullptr;
  view["evaluated_on"] = nullptr;
  if (const auto entitlement = TRY(matching::read_entitlement(transaction, c.uscc, c.policy))) {
    for (const auto& clause : entitlement->clauses) clauses.push_back(clause_json(rooms, policy.get(), clause));
    view["verdict"] = to_text(entitlement->verdict);
    view["amount_trace"] = text_or_null(entitlement->amount_trace);
    view["evaluated_on"] = entitlement->evaluated_on.to_string();
  }
  view["clauses"] = std::move(clauses);

  Json events = Json::array();
  for (const auto& event : TRY(casework::load_events(transaction, id)))
    events.push_back({{"seq", event.seq},
                      {"event", event.event},
                      {"from", event.from_state},
                      {"to", event.to_state},
                      {"actor", event.actor},
                      {"role", event.role},
                      {"department", text_or_null(event.department)},
                      {"reason", text_or_null(event.reason)},
                      {"at", to_rfc3339(event.at)},
                      {"trace_id", text_or_null(event.trace_id)}});
  view["events"] = std::move(events);

  view["office_seals"] = TRY(flow::office_seals_of(transaction, rooms, id));

  Json reviews = Json::array();
  for (const auto& review : TRY(casework::load_reviews(transaction, id)))
    reviews.push_back({{"round", review.round},
                       {"department", review.department},
                       {"step", review.hand == "maker"     ? "make"
                                : review.hand == "checker" ? "check"
                                                           : "release"},
                       {"decision", review.decision == "agree" ? "approve" : review.decision},
                       {"actor", review.actor},
                       {"reason", text_or_null(review.reason)},
                       {"at", to_rfc3339(review.at)}});
  view["reviews"] = std::move(reviews);

  Json objections = Json::array();
  int number = 0;
  for (const auto& objection : TRY(casework::load_objections(transaction, id)))
    objections.push_back({{"number", ++number},
                          {"id", objection.id},
                          {"raised_by", objection.raised_by},
                          {"on_behalf_of", text_or_null(objection.on_behalf_of)},
                          {"text", objection.reason},
                          {"state", objection.state},
                          {"raised_at", to_rfc3339(objection.raised_at)},
                          {"decided_by", text_or_null(objection.decided_by)},
                          {"decision_reason", text_or_null(objection.decision_reason)}});
  view["objections"] = std::move(objections);

  Json notices = Json::array();
  for (const auto& notice : TRY(casework::load_notices(transaction, id)))
    notices.push_back({{"kind", notice.kind},
                       {"state", notice.state},
                       {"content", notice.content},
                       {"reason", text_or_null(notice.reason)},
                       {"created_at", to_rfc3339(notice.created_at)}});
  view["notices"] = std::move(notices);

  Json refused = Json::array();
  for (const auto& message : TRY(casework::load_refused_messages(transaction, id)))
    refused.push_back(
        {{"outbox", message.outbox_id},
         {"message_id", message.message_id},
         {"address", message.address},
         {"message", message.subject},
         {"code", message.code},
         {"reason", text_or_null(message.reason)},
         {"asked_at", to_rfc3339(message.asked_at)},
         {"leaves_again", message.leaves_again},
         {"do", message.leaves_again ? Json(nullptr) : Json(casework::send_again_command(message.outbox_id))}});
  view["refused_messages"] = std::move(refused);

  Json payments = Json::array(), documents = Json::array();
  for (const auto& attempt : TRY(treasury::load_attempts(transaction, id))) {
    payments.push_back(payment_json(attempt));
    documents.push_back(
        {{"kind", "payment_request"}, {"id", attempt.request.business_no.str()}, {"digest", attempt.digest}});
  }
  for (const auto& row :
       TRY(transaction.query("SELECT message_id, digest FROM fund_decision WHERE case_id = ?", {id.str()}, "tt")))
    documents.push_back({{"kind", "fund_decision"}, {"id", row.text(0)}, {"digest", row.text(1)}});
  view["payments"] = std::move(payments);
  view["documents"] = std::move(documents);
  view["payee"] = nullptr;
  if (c.payee)
    view["payee"] = {{"account_name", c.payee->name},
                     {"account_no", masked_account(c.payee->account_no)},
                     {"bank_name", c.payee->bank_name},
                     {"bank_no", c.payee->bank_no}};
  return view;
}

std::string region_text(const flow::Rooms& rooms, const std::string& code) {
  return rooms.code_names == nullptr ? code : rooms.code_names->region(code);
}

Result<Json> profile_view(storage::Transaction& transaction, const flow::Rooms& rooms, const std::string& uscc,
                          const flow::Person* person) {
  const auto profile = TRY(profile::load_profile(transaction, uscc, rooms.clock.today(), rooms.rules));
  if (person != nullptr && !person->sees(profile.division))
    return refuse("enterprise_unknown", "There is no firm " + uscc + " in your divisions.");
  Json fields = Json::array();
  for (const auto& [name, spec] : rooms.rules.catalogue.all())
    fields.push_back(field_json(spec, profile.find(name), rooms.code_names));

  Json cases = Json::array();
  casework::CaseFilter filter;
  filter.uscc = uscc;
  filter.limit = 500;
  const auto of_firm = TRY(casework::find_cases(transaction, filter));
  for (const auto& c : of_firm) cases.push_back(TRY(case_item(transaction, rooms, c)));

  auto outcomes = TRY(matching::read_entitlements(transaction, uscc));
  // Of an item that never concerned the firm nothing is stored; what it comes to can be said all the same.
  for (const auto& policy : rooms.policies.all())
    if (std::ranges::none_of(outcomes, [&](const auto& stored) { return stored.entitlement.policy == policy.id; }))
      outcomes.push_back({matching::evaluate(policy, profile, rooms.clock.today()), {}, {}});
  Json entitlements = Json::array();
  std::vector<Entitlement> verdicts;
  for (const auto& stored : outcomes) {
    const auto& e = stored.entitlement;
    verdicts.push_back(e);
    const auto policy = rooms.policies.find(e.policy);
    entitlements.push_back({{"policy", e.policy.str()},
                            {"title", policy == nullptr ? e.policy.str() : policy->title},
                            {"policy_version", e.policy_version},
                            {"verdict", to_text(e.verdict)},
                            {"amount", yuan(e.amount)},
                            {"amount_fen", e.amount ? Json(std::to_string(e.amount->fen())) : Json(nullptr)},
                            {"evaluated_on", e.evaluated_on.to_string()}});
  }
  Json view = {{"uscc", profile.uscc},
               {"name", profile.name},
               {"division", profile.division},
               {"division_shown", region_text(rooms, profile.division)},
               {"sequence", profile.sequence},
               {"as_of", profile.as_of.to_string()},
               {"fields", std::move(fields)},
               {"cases", std::move(cases)},
               {"entitlements", std::move(entitlements)}};
  CHECK_OK(put_outlook(transaction, rooms, profile, verdicts, of_firm, view));
  return view;
}

Result<Json> quarantine_view(storage::Transaction& transaction, const flow::Rooms& rooms, const std::string& id,
                             const flow::Person& person) {
  const auto unknown = refuse("quarantine_unknown", "There is no kept row " + id + " in your divisions.");
  if (id.empty() || id.size() > 18 || id.find_first_not_of("0123456789") != std::string::npos) return unknown;
  const auto row = TRY(intake::find_quarantined(transaction, std::stoll(id)));
  if (!row || !person.sees(row->division.empty() ? rooms.city : row->division)) return unknown;
  Json columns = nullptr;
  if (row->has_columns) {
    columns = Json::object();
    for (const auto& [name, value] : row->record.columns)
      columns[shown_bytes(name)] = value ? Json(shown_bytes(*value)) : Json(nullptr);
  }
  return Json{{"id", row->id},
              {"source", row->record.source},
              {"record_type", row->record.record_type},
              {"record_key", row->record.key},
              {"batch_id", row->batch_id},
              {"position", row->record.position},
              {"code", row->code},
              {"field", row->field},
              {"value", row->value},
              {"message", row->message},
              {"rule", row->file.empty() ? Json(nullptr) : Json(row->file + ":" + std::to_string(row->line))},
              {"state", row->state},
              {"attempts", row->attempts},
              {"first_at", to_rfc3339(row->first_at)},
              {"last_at", to_rfc3339(row->last_at)},
              {"trace_id", row->trace_id},
              {"uscc", text_or_null(row->uscc)},
              {"columns", std::move(columns)},
              {"body", shown_bytes(row->record.body.substr(0, 16'384))},
              {"body_bytes", row->record.body.size()}};
}

Result<Json> dead_letter_view(storage::Transaction& transaction, const flow::Rooms& rooms, const std::string& id,
                              const flow::Person& person) {
  const auto unknown = refuse("dead_letter_unknown", "There is no dead letter " + id + " that you may see.");
  if (id.empty() || id.size() > 18 || id.find_first_not_of("0123456789") != std::string::npos) return unknown;
  const auto letter = TRY(messaging::find_dead_letter(transaction, std::stoll(id)));
  if (!letter || !person.sees(rooms.city)) return unknown;
  return Json{{"id", letter->id},
              {"peer", letter->peer},
              {"message_id", letter->message_id},
              {"door", letter->door},
              {"address", letter->address},
              {"code", letter->code},
              {"message", letter->message},
              {"attempts", letter->attempts},
              {"state", letter->state},
              {"created_at", to_rfc3339(letter->created_at)},
              {"last_at", to_rfc3339(letter->last_at)},
              {"replays", letter->replays},
              {"replayed_at", letter->replayed_at ? Json(to_rfc3339(*letter->replayed_at)) : Json(nullptr)},
              {"replay_result", text_or_null(letter->replay_result)},
              {"body", shown_bytes(letter->body.substr(0, 16'384))},
              {"body_bytes", letter->body.size()}};
}

Result<Json> policy_view(const flow::Rooms& rooms, const PolicyId& id) {
  const auto policy = rooms.policies.find(id);
  if (policy == nullptr) return refuse("policy_unknown", "No item " + id.str() + " is in force.");
  Json clauses = Json::array();
  matching::for_each_clause(policy->when, [&](const matching::Clause& clause) {
    if (clause.kind != matching::Clause::Kind::condition) return;
    clauses.push_back({{"id", clause.id},
                       {"text", clause.text},
                       {"field", clause.field},
                       {"operator", matching::to_text(clause.op)},
                       {"threshold", clause.threshold}});
  });
  const auto handling = matching::handling_settings(*policy);
  Json reviews = Json::array();
  for (const auto& step : handling.reviews)
    reviews.push_back({{"department", step.department}, {"step", step.hand == Hand::maker ? "make" : "check"}});
  return Json{{"id", policy->id.str()},
              {"version", policy->version},
              {"title", policy->title},
              {"issuer", policy->issuer},
              {"document", policy->document},
              {"document_number", policy->document_number},
              {"valid_from", policy->valid_from ? Json(policy->valid_from->to_string()) : Json(nullptr)},
              {"valid_to", policy->valid_to ? Json(policy->valid_to->to_string()) : Json(nullptr)},
              {"channel", to_text(policy->handling.channel)},
              {"clauses", std::move(clauses)},
              {"text", matching::render(*policy, rooms.code_names)},
              {"handling",
               {{"period", handling.period},
                {"reviews", reviews},
                {"confirm_days", handling.confirm_days},
                {"review_days", handling.review_days},
                {"publicity_days", handling.publicity_days}}}};
}

}  // namespace zhida::console
