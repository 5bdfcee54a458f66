// What people are shown of an item's way in force.
#include <map>
#include <utility>

#include "flow/items_in_force.h"
#include "flow/policy_desk.h"
#include "stages/matching/policy_store.h"

namespace zhida::flow {

using storage::Transaction;

std::vector<Json> troubles(const PolicyBook& book) {
  std::vector<Json> out;
  for (const auto& one : book.unreadable())
    out.push_back({{"policy", one.id.str()},
                   {"title", one.title},
                   {"version", one.version},
                   {"code", one.code},
                   {"sentence", one.message + " Its cases wait until it is proposed anew."},
                   {"fields", Json::array()},
                   {"waits_for", "policy_officer"}});
  for (const auto& [id, fields] : book.unconfirmed()) {
    const auto policy = book.find(id);
    std::string titles;
    for (const auto& title : fields) titles += (titles.empty() ? "" : ", ") + title;
    out.push_back({{"policy", id.str()},
                   {"title", policy == nullptr ? "" : policy->title},
                   {"version", policy == nullptr ? "" : policy->version},
                   {"code", "data_unconfirmed"},
                   {"sentence", "Its data come from elsewhere, or grow stale later, than was confirmed (" + titles +
                                    "). Nobody meets it until they are confirmed anew."},
                   {"fields", fields},
                   {"waits_for", "data_officer"}});
  }
  return out;
}

Json PolicyDesk::proposal_json(const Proposal& proposal, const std::vector<PolicyHand>& hands) const {
  Json steps = Json::array();
  for (const auto& hand : hands)
    steps.push_back({{"step", hand.hand},
                     {"role", hand.role},
                     {"by", hand.actor},
                     {"reason", hand.reason},
                     {"at", to_rfc3339(hand.at)}});
  return {{"id", proposal.id},
          {"kind", proposal.kind},
          {"policy", proposal.policy.str()},
          {"title", proposal.title},
          {"version", proposal.version},
          {"base_version", proposal.base_version},
          {"state", proposal.state},
          {"proposed_at", to_rfc3339(proposal.proposed_at)},
          {"ended_at", proposal.ended_at ? Json(to_rfc3339(*proposal.ended_at)) : Json(nullptr)},
          {"steps", std::move(steps)}};
}

Result<Json> PolicyDesk::status(Transaction& transaction, const PolicyId& id) const {
  Json out = {{"policy", id.str()},
              {"approval", settings_.by_people ? "required" : "at_start"},
              {"in_force", nullptr},
              {"proposal", nullptr}};
  const auto version = TRY(version_in_force(transaction, id));
  const auto proposal = TRY(newest_proposal(transaction, id));
  if (version.empty() && !proposal)
    return refuse("policy_unknown", "No item " + id.str() + " is in force or proposed.");
  if (!version.empty()) {
    out["in_force"] = {{"version", version}, {"steps", Json::array()}};
    if (const auto by = TRY(proposal_of_version(transaction, id, version)))
      out["in_force"] = proposal_json(*by, TRY(hands_of(transaction, by->id)));
    out["in_force"]["data_confirmed_anew"] = Json::array();
    for (const auto& anew : TRY(data_confirmations(transaction, id, version)))
      out["in_force"]["data_confirmed_anew"].push_back({{"by", anew.actor}, {"at", to_rfc3339(anew.at)}});
    auto& trouble = out["in_force"]["trouble"] = nullptr;
    const auto read = stored_version(transaction, id, version);
    if (!read) {
      trouble = {{"code", read.error().code}, {"sentence", read.error().message}, {"waits_for", "policy_officer"}};
    } else if (settings_.by_people && read.value()) {
      if (const auto changed = TRY(unconfirmed_data(transaction, *read.value(), data_rules())); !changed.empty())
        trouble = {{"code", "data_unconfirmed"},
                   {"sentence", "Its data come from elsewhere, or grow stale later, than was confirmed."},
                   {"waits_for", "data_officer"},
                   {"changed", changed}};
    }
  }
  if (!proposal) return out;
  auto shown = proposal_json(*proposal, TRY(hands_of(transaction, proposal->id)));
  shown["checks"] = TRY(parse_json(proposal->checks));
  shown["data"] = TRY(parse_json(proposal->data));
  const bool open = proposal->state == "proposed" || proposal->state == "approved";
  shown["missing"] = open ? Json(TRY(missing(transaction, *proposal))) : Json::array();
  shown["back_test"] = nullptr;
  if (const auto test = TRY(newest_back_test(transaction, proposal->id))) {
    const auto report = TRY(parse_json(test->report));
    shown["back_test"] = {{"day", test->day.to_string()},
                          {"at", to_rfc3339(test->at)},
                          {"base_version", test->base_version},
                          {"inputs_digest", test->inputs_digest},
                          {"report", report}};
  }
  out["proposal"] = std::move(shown);
  return out;
}

Result<Json> PolicyDesk::status_of_all(Transaction& transaction) const {
  std::map<std::string, Json> items;
  const auto item = [&](const PolicyId& id) -> Json& {
    auto& json = items[id.str()];
    if (json.is_null()) json = {{"policy", id.str()}, {"title", ""}, {"in_force", nullptr}, {"proposal", nullptr}};
    return json;
  };
  for (const auto& stored : TRY(matching::list_policies(transaction))) {
    if (stored.state != "in_force") continue;
    auto& json = item(stored.id);
    json["title"] = stored.title;
    json["in_force"] = stored.version;
    json["trouble"] = nullptr;
  }
  for (const auto& proposal : TRY(list_proposals(transaction))) {
    auto& json = item(proposal.policy);
    if (!json["proposal"].is_null()) continue;  // The newest comes first.
    if (json["title"] == "") json["title"] = proposal.title;
    json["proposal"] = proposal_json(proposal, TRY(hands_of(transaction, proposal.id)));
    const bool open = proposal.state == "proposed" || proposal.state == "approved";
    json["proposal"]["missing"] = open ? Json(TRY(missing(transaction, proposal))) : Json::array();
  }
  for (const auto& one : troubles(book_)) items[one.at("policy").get<std::string>()]["trouble"] = one;
  Json list = Json::array();
  for (auto& [id, json] : items) list.push_back(std::move(json));
  return Json{
      {"approval", settings_.by_people ? "required" : "at_start"}, {"items", std::move(list)}, {"next", nullptr}};
}

Result<Json> PolicyDesk::shown(const PolicyId& id) const {
  Json out;
  CHECK_OK(rooms_.database.read([&](Transaction& transaction) -> Result<void> {
    out = TRY(status(transaction, id));
    return ok();
  }));
  return out;
}

}  // namespace zhida::flow
