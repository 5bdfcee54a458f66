#include "adapters/townspeople/people.h"

#include <vector>

namespace zhida::townspeople {
namespace {

/// A small number that depends on the firm and the item only.
unsigned draw(const Json& item, const char* purpose) {
  const std::string text = item.at("uscc").get<std::string>() + item.at("policy").get<std::string>() +
                           item.at("tranche").get<std::string>() + purpose;
  std::uint32_t hash = 2166136261u;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

/// Somebody else was faster, or the hub moved on: nothing to worry about, the next round looks again.
bool overtaken(const Error& error) {
  return error.code == "case_state_wrong" || error.code == "case_changed" || error.code == "already_reviewed" ||
         error.code == "transition_not_allowed" || error.code == "case_not_in_state";
}

Result<void> did(const Result<Json>& answer, int& counter) {
  if (answer) {
    ++counter;
    return ok();
  }
  if (overtaken(answer.error())) return ok();
  return answer.error();
}

std::string path_of(const Json& item, const std::string& act) {
  return "/api/v1/cases/" + item.at("id").get<std::string>() + "/" + act;
}

Json payee_json(const town::Person& person, bool wrong) {
  return {{"payee",
           {{"account_name", wrong ? person.wrong_account_name : person.account_name},
            {"account_no", wrong && !person.wrong_account_no.empty() ? person.wrong_account_no : person.account_no},
            {"bank_name", person.bank_name},
            {"bank_no", person.bank_no}}}};
}

}  // namespace

People::People(const Town& town, const town::World& world, const Clock& clock, const Calendar& calendar)
    : world_(world),
      clock_(clock),
      calendar_(calendar),
      portal_(town.hub_url, town.certs, "portal", town.patience),
      maker_(town.hub_url, town.certs, "reviewer", town.patience),
      checker_(town.hub_url, town.certs, "checker", town.patience),
      finance_(town.hub_url, town.certs, "finance", town.patience) {}

Result<Acts> People::look_and_act() {
  Acts acts;
  using Act = Result<void> (People::*)(const Json&, Acts&);
  const std::pair<const char*, Act> rounds[] = {
      {"notified", &People::firm_answers},        {"payee_repair", &People::firm_repairs_account},
      {"in_review", &People::departments_review}, {"publicity", &People::public_objects},
      {"held", &People::objection_is_settled},    {"rechecking", &People::finance_gives_up},
  };
  for (const auto& [state, act] : rounds) {
    // The whole list first: acting on a case moves it out of the list that is being read.
    std::vector<Json> waiting;
    CHECK_OK(finance_.each(std::string("/api/v1/cases?state=") + state, [&](const Json& item) -> Result<void> {
      waiting.push_back(item);
      return ok();
    }));
    for (const auto& item : waiting) {
      CHECK_OK((this->*act)(item, acts));
    }
  }
  return acts;
}

Result<void> People::firm_answers(const Json& item, Acts& acts) {
  const auto person = TRY(world_.person(item.at("uscc").get<std::string>()));
  if (!person || person->behaviour == town::Behaviour::silent) return ok();
  const auto since = TRY(parse_rfc3339(TRY(get_string(item, "state_since"))));
  if (clock_.today() < calendar_.plus_working_days(Date::of(since), person->answers_after_days)) return ok();
  if (person->behaviour == town::Behaviour::refuses)
    return did(portal_.post(path_of(item, "decline"), {{"reason", "企业自愿放弃"}}), acts.declined);
  const bool wrong = person->behaviour == town::Behaviour::wrong_account_first;
  return did(portal_.post(path_of(item, "confirm"), payee_json(*person, wrong)), acts.confirmed);
}

Result<void> People::firm_repairs_account(const Json& item, Acts& acts) {
  const auto person = TRY(world_.person(item.at("uscc").get<std::string>()));
  if (!person) return ok();
  return did(portal_.post(path_of(item, "payee"), payee_json(*person, false)), acts.repaired);
}

Result<void> People::departments_review(const Json& item, Acts& acts) {
  for (const auto& open : item.at("next").at("reviews")) {
    const std::string step = open.at("step").get<std::string>();
    const bool refuses = step == "check" && draw(item, "review") % 29 == 0;
    const Json body = {{"department", open.at("department")},
                       {"step", step},
                       {"decision", refuses ? "refuse" : "approve"},
                       {"reason", refuses ? "现场核验与申报情况不符" : "数据一致，同意"}};
    auto& who = step == "make" ? maker_ : checker_;
    CHECK_OK(did(who.post(path_of(item, "reviews"), body), refuses ? acts.refused : acts.reviewed));
    if (refuses) break;
  }
  return ok();
}

Result<void> People::public_objects(const Json& item, Acts& acts) {
  if (item.at("next").at("action") == "approve") return finance_releases(item, acts);
  if (draw(item, "objection") % 23 != 0) return ok();
  const Json full = TRY(portal_.get("/api/v1/cases/" + item.at("id").get<std::string>()));
  if (!full.at("objections").empty()) return ok();  // Once is enough.
  return did(portal_.post(path_of(item, "objections"), {{"raised_by", "某单位"}, {"text", "对该企业的资格有异议"}}),
             acts.objected);
}

Result<void> People::objection_is_settled(const Json& item, Acts& acts) {
  const auto since = TRY(parse_rfc3339(TRY(get_string(item, "state_since"))));
  if (clock_.today() <= Date::of(since)) return ok();  // Looked into overnight.
  const Json full = TRY(checker_.get("/api/v1/cases/" + item.at("id").get<std::string>()));
  const bool upheld = draw(item, "upheld") % 2 == 0;
  for (const auto& objection : full.at("objections")) {
    if (objection.at("state") != "open") continue;
    const std::string number = std::to_string(objection.at("number").get<int>());
    CHECK_OK(did(checker_.post(path_of(item, "objections/" + number + "/settle"),
                               {{"upheld", upheld}, {"reason", upheld ? "异议成立" : "经核查，异议不成立"}}),
                 acts.settled_objections));
  }
  return ok();
}

Result<void> People::finance_releases(const Json& item, Acts& acts) {
  return did(finance_.post(path_of(item, "release"), Json::object()), acts.released);
}

/// Money may come and data may be mended; what is still not known after ten working days is ended by a person.
Result<void> People::finance_gives_up(const Json& item, Acts& acts) {
  const auto since = TRY(parse_rfc3339(TRY(get_string(item, "state_since"))));
  if (clock_.today() < calendar_.plus_working_days(Date::of(since), 10)) return ok();
  return did(finance_.post(path_of(item, "refuse"), {{"reason", "数据长期无法核实，终止办理"}}), acts.refused);
}

}  // namespace zhida::townspeople
