#include "console/routes.h"

#include <algorithm>

#include "console/api.h"
#include "console/health.h"
#include "console/pages/pages.h"

namespace zhida::console {
namespace {

using Roles = std::vector<std::string_view>;

const Roles kOpen = {};
const Roles kEverybody = {"integration_admin", "operator",         "policy_officer", "policy_approver",
                          "data_officer",      "portal",           "reviewer_maker", "reviewer_checker",
                          "finance_releaser",  "treasury_officer", "auditor"};
const Roles kStaff = {"integration_admin", "operator",         "policy_officer",   "policy_approver",  "data_officer",
                      "reviewer_maker",    "reviewer_checker", "finance_releaser", "treasury_officer", "auditor"};
const Roles kTechnicians = {"integration_admin", "operator", "auditor"};
const Roles kPublishing = {"policy_officer", "policy_approver", "data_officer", "auditor"};
const Roles kMoney = {"finance_releaser", "treasury_officer", "auditor", "operator"};

std::vector<std::string> steps_of(std::string_view path) {
  std::vector<std::string> steps;
  std::size_t at = 1;
  while (at <= path.size()) {
    const auto end = std::min(path.find('/', at), path.size());
    steps.emplace_back(path.substr(at, end - at));
    at = end + 1;
  }
  return steps;
}

bool is_capture(std::string_view step) {
  return step.starts_with('{');
}

}  // namespace

std::span<const Route> routes() {
  static const std::vector<Route> table = {
      {"GET", "/api/v1/me", kEverybody, "", &api::me, "Who I am here: roles, departments, divisions."},
      {"GET", "/api/v1/status", kEverybody, "", &api::status,
       "The whole flow in numbers: records, profiles, verdicts, cases, payments, sources, and what is still waiting."},
      {"GET", "/api/v1/entitlements", kEverybody,
       "policy:string verdict:string uscc:string limit:integer cursor:string", &api::entitlements,
       "Verdicts of firms and items; amounts in fen as text."},
      {"GET", "/api/v1/profiles", kEverybody, "q:string limit:integer cursor:string", &api::profiles,
       "Firms, by code or by a part of the name."},
      {"GET", "/api/v1/profiles/{uscc}", kEverybody, "", &api::profile,
       "One firm: each field with its source, its day and how long it stays fresh; its cases and entitlements."},
      {"GET", "/api/v1/policies", kEverybody, "", &api::policies, "The policy items in force."},
      {"GET", "/api/v1/policies/{id}", kEverybody, "", &api::policy,
       "One item: its conditions as text, and how it is handled here."},
      {"GET", "/api/v1/publishing", kPublishing, "", &api::publishing,
       "Every item in force or proposed: who proposed, approved and confirmed it, and what is missing."},
      {"GET", "/api/v1/policies/{id}/publishing", kPublishing, "", &api::publishing_of,
       "The same of one item, with its back-test, its checks and the data that decide it."},
      {"POST",
       "/api/v1/policies/{id}/propose",
       {"policy_officer"},
       "version:string reason:string repeal:boolean",
       &api::propose,
       "Proposes the item as it stands in the folder, or that it goes out of force; a back-test is drawn up."},
      {"POST",
       "/api/v1/policies/{id}/back-test",
       {"policy_officer"},
       "",
       &api::back_test,
       "Draws up another back-test of what is proposed, against the profiles of today."},
      {"POST", "/api/v1/policies/{id}/approve", kStaff, "version:string! reason:string", &api::approve,
       "A second person approves this version; the settings say which roles do."},
      {"POST",
       "/api/v1/policies/{id}/confirm",
       {"policy_officer", "data_officer"},
       "version:string! what:string!",
       &api::confirm_policy,
       "A reviewing department confirms the `conditions`, the data department the `data`; then the item is in force."},
      {"POST", "/api/v1/policies/{id}/withdraw", kStaff, "reason:string!", &api::withdraw_proposal,
       "The proposal is withdrawn."},
      {"GET",
       "/api/v1/decisions/{id}",
       {"auditor"},
       "",
       &api::decision,
       "Why a case was decided as it was, from what is stored alone, and whether the same comes out of it again."},
      {"GET", "/api/v1/cases", kEverybody, "state:string policy:string uscc:string limit:integer cursor:string",
       &api::cases, "Cases, oldest first, each with who acts next."},
      {"GET", "/api/v1/cases/{id}", kEverybody, "", &api::benefit_case,
       "One case: why, where it stands, who acts next, and everything that happened."},
      {"POST",
       "/api/v1/cases/{id}/confirm",
       {"portal"},
       "payee:object!",
       &api::confirm,
       "The firm wants the benefit and names the account to pay to."},
      {"POST",
       "/api/v1/cases/{id}/decline",
       {"portal"},
       "reason:string!",
       &api::decline,
       "The firm does not want the benefit."},
      {"POST",
       "/api/v1/cases/{id}/payee",
       {"portal"},
       "payee:object!",
       &api::confirm,
       "The firm puts its account right after a failed check or a payment that came back."},
      {"POST",
       "/api/v1/cases/{id}/reviews",
       {"reviewer_maker", "reviewer_checker"},
       "department:string! step:string! decision:string! reason:string",
       &api::review,
       "One department's look: step `make` or `check`, decision `approve` or `refuse`."},
      {"POST",
       "/api/v1/cases/{id}/objections",
       {"portal"},
       "raised_by:string text:string!",
       &api::object,
       "Somebody objects to a published case."},
      {"POST",
       "/api/v1/cases/{id}/objections/{number}/settle",
       {"reviewer_checker"},
       "upheld:boolean! reason:string!",
       &api::settle_objection,
       "An objection is upheld (the case ends) or dismissed."},
      {"POST", "/api/v1/cases/{id}/release", {"finance_releaser"}, "", &api::release, "The final yes."},
      {"POST", "/api/v1/cases/{id}/refuse", {"finance_releaser"}, "reason:string!", &api::refuse_case, "The final no."},
      {"POST",
       "/api/v1/cases/{id}/correct",
       {"finance_releaser"},
       "note:string!",
       &api::correct,
       "What the treasury sent back was put right: ask anew."},
      {"GET", "/api/v1/allocations", kStaff, "policy:string", &api::allocations,
       "Rounds of items whose places or money are limited, newest first."},
      {"GET", "/api/v1/allocations/{id}", kStaff, "limit:integer cursor:string", &api::allocation,
       "One round: places, sums, who confirmed, and whether drawing it up again gives the same; all of its lines, or "
       "as "
       "many as asked for."},
      {"POST",
       "/api/v1/allocations",
       {"policy_officer"},
       "policy:string! at:string!",
       &api::draw_up_allocation,
       "Draws up places and sums of an item from what is known now, as a draft."},
      {"POST",
       "/api/v1/allocations/{id}/confirm",
       {"reviewer_maker", "reviewer_checker", "finance_releaser"},
       "",
       &api::confirm_allocation,
       "One of the two persons who must agree to a draft; refused where what it was drawn up from changed."},
      {"POST",
       "/api/v1/allocations/{id}/discard",
       {"policy_officer", "finance_releaser"},
       "reason:string!",
       &api::discard_allocation,
       "Throws a draft away."},
      {"GET", "/api/v1/quarantine", kTechnicians, "source:string code:string state:string limit:integer cursor:string",
       &api::quarantine, "Rows that were kept out, with the reason; all states unless one is named."},
      {"GET", "/api/v1/quarantine/{id}", kTechnicians, "", &api::quarantined, "One row with all that came."},
      {"POST",
       "/api/v1/quarantine/{id}/replay",
       {"integration_admin", "operator"},
       "",
       &api::replay,
       "Runs the row through today's mapping once more."},
      {"POST",
       "/api/v1/quarantine/{id}/discard",
       {"integration_admin"},
       "reason:string!",
       &api::discard,
       "The row stays out."},
      {"POST",
       "/api/v1/uploads/department_lists/{file_name}",
       {"integration_admin", "operator"},
       "",
       &api::upload,
       "A department's list as a CSV file; takes the same way as a dropped one."},
      {"GET", "/api/v1/log/head", kOpen, "size:integer", &api::log_head,
       "The log's newest sealed head, or the one of this size, with its time-stamp and countersignatures."},
      {"GET", "/api/v1/log/inclusion", kOpen, "seq:integer! size:integer", &api::log_inclusion,
       "Proof that a record is under a head (RFC 9162)."},
      {"GET", "/api/v1/log/consistency", kOpen, "from:integer! to:integer!", &api::log_consistency,
       "Proof that a head goes on from an earlier one (RFC 9162)."},
      {"GET", "/api/v1/log/witnesses", kOpen, "", &api::log_witnesses,
       "The newest head that each peer countersigned: who saw how much of the log."},
      {"POST", "/api/v1/log/countersignatures", kOpen, "size:integer! seal:string!", &api::log_countersign,
       "A peer, known by its certificate, seals a head's text with its own seal: it saw that head."},
      {"GET", "/api/v1/adapters", kStaff, "", &api::adapters, "The sources, and how each is doing."},
      {"POST",
       "/api/v1/adapters/{name}/pull",
       {"integration_admin", "operator"},
       "record_types:array uscc:string ignore_cursor:boolean",
       &api::pull,
       "Pulls a source now."},
      {"GET", "/api/v1/payments", kMoney, "state:string limit:integer cursor:string", &api::payments,
       "Payment requests and what the treasury said."},
      {"GET", "/api/v1/appropriations", kMoney, "limit:integer cursor:string", &api::appropriations,
       "The budget book: total, others' spending, held, spent, available."},
      {"GET",
       "/api/v1/reconciliations/{day}",
       {"finance_releaser", "treasury_officer", "auditor"},
       "division:string",
       &api::reconciliation,
       "One day: our book against the treasury's word, to the fen."},
      {"POST",
       "/api/v1/conflicts/{id}/resolve",
       {"treasury_officer"},
       "reason:string!",
       &api::resolve_conflict,
       "A person settles a contradiction of the treasury."},
      {"GET", "/api/v1/messages", kTechnicians, "trace:string!", &api::messages,
       "Everything that carries one trace id, by time."},
      {"GET", "/api/v1/dead-letters", kTechnicians, "state:string limit:integer cursor:string", &api::dead_letters,
       "Messages that no door could take, with the reason and what became of their replay."},
      {"GET", "/api/v1/dead-letters/{id}", kTechnicians, "", &api::dead_letter, "One of them with its octets."},
      {"POST",
       "/api/v1/dead-letters/{id}/replay",
       {"integration_admin", "operator"},
       "",
       &api::replay_letter,
       "Puts the message through its door once more; what is still refused stays open."},
      {"GET",
       "/api/v1/audit/records",
       {"auditor", "operator", "integration_admin"},
       "case:string uscc:string trace:string after:integer limit:integer cursor:string",
       &api::audit_records,
       "The trail, oldest first."},
      {"POST",
       "/api/v1/audit/verify",
       {"auditor", "operator"},
       "asked_at:string",
       &api::verify_audit,
       "Recomputes every hash of the trail."},

      {"GET", "/livez", kOpen, "", &health::livez, "The process is alive."},
      {"GET", "/readyz", kOpen, "", &health::readyz, "Whether the hub can work, check by check; 503 when not."},
      {"GET", "/metrics", kOpen, "", &health::metrics, "Numbers for Prometheus."},
      {"GET", "/openapi.json", kOpen, "", &health::openapi, "This table as OpenAPI 3.1."},
      {"GET", "/problems/{code}", kOpen, "", &pages::problem, "What an error code means."},
      {"GET", "/style.css", kOpen, "", &pages::style, "The pages' stylesheet."},

      {"GET", "/sign-in", kOpen, "next:string", &pages::sign_in_form, "Sign-in for local accounts."},
      {"POST", "/sign-in", kOpen, "", &pages::sign_in, "Signs in."},
      {"POST", "/sign-out", kEverybody, "", &pages::sign_out, "Signs out."},
      {"GET", "/", kEverybody, "", &pages::overview, "The flow moving, and the sources."},
      {"GET", "/firms", kEverybody, "q:string cursor:string", &pages::firms, "Firms."},
      {"GET", "/firms/{uscc}", kEverybody, "", &pages::firm, "One firm."},
      {"GET", "/cases", kEverybody, "state:string cursor:string", &pages::cases, "Cases."},
      {"GET", "/cases/{id}", kEverybody, "done:string", &pages::benefit_case,
       "One case, and the form of whoever is to act."},
      {"POST",
       "/cases/{id}",
       {"reviewer_maker", "reviewer_checker", "finance_releaser"},
       "",
       &pages::decide,
       "Decides a case."},
      {"POST",
       "/evidence/{id}",
       {"auditor", "integration_admin"},
       "",
       &pages::export_evidence,
       "A pack of evidence for an auditor, the firm or the public; who got it is in the trail."},
      {"GET", "/items", kStaff, "state:string", &pages::items,
       "Items: in force for everybody of the staff; proposed, drafts and repealed ones for who publishes or audits."},
      {"GET", "/items/{id}", kStaff, "done:string", &pages::item,
       "One item: what it says, and for who publishes or audits where it stands, its back-test and their own steps."},
      {"POST", "/items/{id}", kStaff, "", &pages::act_on_item,
       "One step of publishing; the settings say which roles approve, the desk refuses everybody else."},
      {"GET", "/rounds", kStaff, "policy:string", &pages::rounds, "Rounds of items whose places or money are limited."},
      {"POST", "/rounds", {"policy_officer"}, "", &pages::draw_up_round, "Draws up a round as a draft."},
      {"GET", "/rounds/{id}", kStaff, "done:string from:integer", &pages::round,
       "One round: places, sums, why not, who confirmed."},
      {"POST",
       "/rounds/{id}",
       {"reviewer_maker", "reviewer_checker", "finance_releaser", "policy_officer"},
       "",
       &pages::act_on_round,
       "Confirms a draft, or throws it away."},
      {"GET", "/quarantine", kTechnicians, "source:string code:string state:string cursor:string", &pages::quarantine,
       "Rows that were kept out."},
      {"GET", "/quarantine/{id}", kTechnicians, "done:string", &pages::quarantined, "One row that was kept out."},
      {"POST", "/quarantine/{id}", {"integration_admin", "operator"}, "", &pages::replay, "Tries the row again."},
      {"GET", "/dead-letters", kTechnicians, "state:string cursor:string", &pages::dead_letters,
       "Messages that no door could take."},
      {"GET", "/dead-letters/{id}", kTechnicians, "done:string", &pages::dead_letter, "One such message."},
      {"POST",
       "/dead-letters/{id}",
       {"integration_admin", "operator"},
       "",
       &pages::replay_letter,
       "Puts the message through its door once more."},
      {"GET", "/money", kMoney, "state:string cursor:string", &pages::money, "Appropriations and payments."},
  };
  return table;
}

Found find_route(std::string_view method, std::string_view path) {
  Found found;
  const auto steps = steps_of(path);
  for (const auto& route : routes()) {
    const auto wanted = steps_of(route.pattern);
    if (wanted.size() != steps.size()) continue;
    std::vector<std::string> captures;
    const bool fits =
        std::equal(wanted.begin(), wanted.end(), steps.begin(), [&](const auto& pattern, const auto& step) {
          if (!is_capture(pattern)) return pattern == step;
          if (step.empty() || step.size() > 200) return false;
          captures.push_back(step);
          return true;
        });
    if (!fits) continue;
    if (method == route.method) {
      found.route = &route;
      found.captures = std::move(captures);
      return found;
    }
    found.other_methods.emplace_back(route.method);
  }
  return found;
}

bool may(const Route& route, const flow::Person& person) {
  return std::any_of(route.roles.begin(), route.roles.end(),
                     [&](std::string_view role) { return person.has_role(std::string(role)); });
}

std::vector<Member> members_of(const Route& route) {
  std::vector<Member> members;
  std::string_view rest = route.takes;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(' '), rest.size());
    auto word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    Member member;
    member.required = word.ends_with('!');
    if (member.required) word.remove_suffix(1);
    const auto colon = word.find(':');
    member.name = word.substr(0, colon);
    member.type = word.substr(colon + 1);
    members.push_back(std::move(member));
  }
  return members;
}

Result<void> check_body(const Route& route, const Json& body) {
  const auto members = members_of(route);
  for (const auto& [name, value] : body.items()) {
    const auto known = std::find_if(members.begin(), members.end(), [&](const auto& one) { return one.name == name; });
    if (known == members.end()) return refuse("field_unknown", "/" + name + ": there is no such member here.");
    const bool fits = (known->type == "string" && value.is_string()) ||
                      (known->type == "boolean" && value.is_boolean()) ||
                      (known->type == "integer" && value.is_number_integer()) ||
                      (known->type == "object" && value.is_object()) || (known->type == "array" && value.is_array());
    if (!fits) return refuse("field_wrong_type", "/" + name + ": must be of type " + known->type + ".");
    const std::size_t most = name == "seal" ? 40'000 : 4'000;  // A seal brings its picture.
    if (value.is_string() && value.get_ref<const std::string&>().size() > most)
      return refuse("field_too_long", "/" + name + ": at most " + std::to_string(most) + " octets.");
  }
  for (const auto& member : members)
    if (member.required && !body.contains(member.name))
      return refuse("field_missing", "/" + member.name + ": is needed.");
  return ok();
}

Result<void> check_query(const Route& route, const http::Query& query) {
  const auto members = members_of(route);
  for (const auto& [name, value] : query) {
    const auto known =
        std::find_if(members.begin(), members.end(), [&, key = name](const auto& one) { return one.name == key; });
    if (known == members.end()) return refuse("parameter_unknown", "There is no parameter \"" + name + "\" here.");
    if (query.count(name) > 1) return refuse("parameter_malformed", "The parameter \"" + name + "\" came twice.");
    if (known->type == "integer" &&
        (value.empty() || value.size() > 18 ||
         !std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; })))
      return refuse("parameter_malformed", "The parameter \"" + name + "\" must be a whole number.");
  }
  for (const auto& member : members)
    if (member.required && !query.contains(member.name))
      return refuse("parameter_malformed", "The parameter \"" + member.name + "\" is needed.");
  return ok();
}

Json openapi_document() {
  Json paths = Json::object();
  for (const auto& route : routes()) {
    const std::string_view pattern = route.pattern;
    if (!route.is_api() && pattern != "/livez" && pattern != "/readyz" && pattern != "/metrics") continue;
    Json parameters = Json::array();
    for (const auto& step : steps_of(pattern))
      if (is_capture(step))
        parameters.push_back({{"name", step.substr(1, step.size() - 2)},
                              {"in", "path"},
                              {"required", true},
                              {"schema", {{"type", "string"}}}});
    const bool posts = std::string_view(route.method) == "POST";
    Json properties = Json::object(), required = Json::array();
    for (const auto& member : members_of(route)) {
      const Json schema = {{"type", member.type}};
      if (posts) {
        properties[member.name] = schema;
        if (member.required) required.push_back(member.name);
      } else {
        parameters.push_back(
            {{"name", member.name}, {"in", "query"}, {"required", member.required}, {"schema", schema}});
      }
    }
    Json operation = {{"summary", route.sentence}, {"x-roles", route.roles}};
    if (posts) {
      parameters.push_back({{"name", "Idempotency-Key"},
                            {"in", "header"},
                            {"required", true},
                            {"schema", {{"type", "string"}, {"maxLength", 200}}}});
      if (pattern.starts_with("/api/v1/cases/{id}"))
        parameters.push_back({{"name", "If-Match"},
                              {"in", "header"},
                              {"required", false},
                              {"description", "The ETag of the case that was looked at: 412 when it changed since."},
                              {"schema", {{"type", "string"}}}});
      const bool file = pattern.starts_with("/api/v1/uploads/");
      Json schema = {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
      if (!required.empty()) schema["required"] = required;
      if (file)
        operation["requestBody"] = {{"required", true}, {"content", {{"text/csv", Json::object()}}}};
      else
        operation["requestBody"] = {{"required", true}, {"content", {{"application/json", {{"schema", schema}}}}}};
    }
    if (!parameters.empty()) operation["parameters"] = parameters;
    const char* media = pattern == "/metrics" ? "text/plain" : "application/json";
    operation["responses"] = {{"200", {{"description", "Done."}, {"content", {{media, Json::object()}}}}},
                              {"default", {{"$ref", "#/components/responses/problem"}}}};
    std::string method = route.method;
    std::transform(method.begin(), method.end(), method.begin(), [](char c) { return static_cast<char>(c + 32); });
    operation["security"] = route.roles.empty() ? Json::array() : Json::array({{{"certificate", Json::array()}}});
    paths[std::string(pattern)][method] = std::move(operation);
  }
  const Json text = {{"type", "string"}};
  const Json problem = {{"type", "object"},
                        {"properties",
                         {{"type", text},
                          {"title", text},
                          {"status", {{"type", "integer"}}},
                          {"detail", text},
                          {"instance", text},
                          {"code", text},
                          {"traceId", text},
                          {"errors", {{"type", "array"}}}}}};
  return {{"openapi", "3.1.0"},
          {"info",
           {{"title", "Zhida"},
            {"version", "1"},
            {"description",
             "Amounts are yuan as text with two places; members that end in _fen are whole fen as text. Lists give "
             "items and next: hand next back as cursor for more. Every POST needs an Idempotency-Key: the same key "
             "with the same body is answered alike for 24 hours."}}},
          {"paths", paths},
          {"components",
           {{"securitySchemes", {{"certificate", {{"type", "mutualTLS"}}}}},
            {"responses",
             {{"problem",
               {{"description", "RFC 9457 problem details."},
                {"content", {{"application/problem+json", {{"schema", problem}}}}}}}}}}}};
}

}  // namespace zhida::console
