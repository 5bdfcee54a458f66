#include "flow/item_view.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "flow/allocation_desk.h"
#include "flow/items_in_force.h"
#include "flow/proposal_checks.h"
#include "platform/crypto/digest.h"
#include "stages/matching/explain.h"
#include "stages/matching/policy_file.h"
#include "stages/matching/policy_store.h"
#include "stages/profile/profile_store.h"

namespace zhida::flow {
namespace {

using matching::Policy;
using storage::Transaction;

Json day_json(const std::optional<Date>& day) {
  return day ? Json(day->to_string()) : Json(nullptr);
}

/// What an item is, whatever its state.
void put_facts(Json& out, const Policy& policy) {
  out["title"] = policy.title;
  out["issuer"] = policy.issuer;
  out["document"] = policy.document;
  out["document_number"] = policy.document_number;
  out["class"] = policy.policy_class;
  out["valid_from"] = day_json(policy.valid_from);
  out["valid_to"] = day_json(policy.valid_to);
  out["departments"] = policy.handling.review_departments;
  out["funding"] = matching::to_text(policy.handling.funding);
  out["limited"] = needs_rounds(policy);
}

bool unreadable(const Error& error) {
  return error.code == "policy_body_malformed" || error.code == "policy_version_wrong";
}

/// nullopt also where this program cannot read it: that is said beside it, and hides no other item.
Result<std::optional<Policy>> stored(Transaction& transaction, const PolicyId& id, const std::string& version) {
  auto read = stored_version(transaction, id, version);
  if (!read && unreadable(read.error())) return std::optional<Policy>();
  return read;
}

/// As above; `why` says what is wrong with it.
Result<std::optional<Policy>> proposed(const Proposal& proposal, Json& why) {
  auto read = policy_of(proposal.version, proposal.body);
  if (read) return std::optional<Policy>(std::move(read).value());
  if (!unreadable(read.error())) return read.error();
  why = read.error().message;
  return std::optional<Policy>();
}

/// Why an item in force waits for a person; null where it does not.
Json trouble_of(const std::vector<Json>& all, const std::string& id) {
  for (const auto& one : all)
    if (one.at("policy") == id) return one;
  return nullptr;
}

bool under_way(const Json& proposal) {
  return proposal.is_object() && (proposal.at("state") == "proposed" || proposal.at("state") == "approved");
}

const char* state_of(bool in_force, const Json& proposal, bool was_in_force) {
  if (in_force) return "in_force";
  if (under_way(proposal)) return proposal.at("state") == "approved" ? "approved" : "proposed";
  return was_in_force ? "repealed" : "draft";
}

/// A near miss says value and gap as programs want them; people get the sentence that the command line shows.
void put_sentences(Json& proposal, const Policy& policy, const matching::CodeNames* names) {
  auto& test = proposal["back_test"];
  if (!test.is_object()) return;
  for (auto& miss : test["report"]["near_misses"]["named"]) {
    ClauseVerdict clause;
    clause.id = miss.value("clause", "");
    clause.text = miss.value("text", "");
    clause.value = miss.value("value", "");
    clause.gap = miss.value("gap", "");
    clause.verdict = Verdict::not_met;
    miss["sentence"] = matching::explain_clause(policy, clause, names);
  }
}

std::string text_of(const Json& object, const char* name) {
  return object.is_object() && object.contains(name) && object.at(name).is_string() ? object.at(name).get<std::string>()
                                                                                    : std::string();
}

/// Whoever decides by a page must have seen this.
std::string seen_of(const Json& view) {
  std::string out = text_of(view, "version") + "/" + text_of(view.at("folder"), "version");
  if (const Json& status = view.at("status"); status.is_object() && status.at("in_force").is_object())
    if (const Json& trouble = status.at("in_force").at("trouble"); trouble.is_object() && trouble.contains("changed"))
      out += "/" + to_hex(crypto::sha256(trouble.at("changed").dump())).substr(0, 16);
  if (!view.at("status").is_object() || !under_way(view.at("status").at("proposal"))) return out;
  const auto& proposal = view.at("status").at("proposal");
  out += "/" + text_of(proposal, "id");
  if (proposal.at("back_test").is_object())
    out += "/" + text_of(proposal.at("back_test"), "at") + "/" + text_of(proposal.at("back_test"), "inputs_digest");
  return out;
}

}  // namespace

Result<ItemFolder> read_item_folder(const std::string& folder, const FieldCatalogue& fields) {
  ItemFolder out;
  matching::PolicyFindings findings;
  for (auto& source : TRY(matching::load_policies({folder}, fields, findings)))
    out.items.push_back(std::move(source.policy));
  for (const auto& finding : findings.errors) {
    const auto name = std::filesystem::path(finding.file).stem().string();
    out.broken.try_emplace(name, std::to_string(finding.line) + ": " + finding.code + " " + finding.message);
  }
  std::erase_if(out.items, [&](const Policy& policy) { return out.broken.contains(policy.id.str()); });
  return out;
}

Result<Json> items_view(Transaction& transaction, const PolicyDesk& desk, const Rooms& rooms,
                        const ItemFolder* folder) {
  std::map<std::string, Json> items;
  const auto item = [&](const std::string& id) -> Json& {
    auto& json = items[id];
    if (json.is_null())
      json = {{"policy", id},          {"title", id},         {"issuer", ""},      {"departments", Json::array()},
              {"valid_from", nullptr}, {"valid_to", nullptr}, {"limited", false},  {"state", "draft"},
              {"in_force", nullptr},   {"proposal", nullptr}, {"folder", nullptr}, {"broken", nullptr},
              {"trouble", nullptr}};
    return json;
  };
  std::map<std::string, std::string> last;  // The newest version that is or was in force.
  for (const auto& version : TRY(matching::list_policies(transaction))) {
    if (folder == nullptr && version.state != "in_force") continue;
    last[version.id.str()] = version.version;
    auto& json = item(version.id.str());
    json["title"] = version.title;
    if (version.state == "in_force") json["in_force"] = version.version;
  }
  std::map<std::string, const Policy*> drafts;
  if (folder != nullptr) {
    const Json told = TRY(desk.status_of_all(transaction));
    for (const auto& one : told.at("items"))
      if (under_way(one.at("proposal"))) item(text_of(one, "policy"))["proposal"] = one.at("proposal");
    for (const auto& policy : folder->items) {
      item(policy.id.str())["folder"] = policy.version;
      drafts[policy.id.str()] = &policy;
    }
    for (const auto& [name, wrong] : folder->broken) item(name)["broken"] = wrong;
  }

  const auto waiting = troubles(rooms.policies);
  Json out = Json::array();
  for (auto& [id, json] : items) {
    const PolicyId policy_id(id);
    json["trouble"] = trouble_of(waiting, id);
    json["state"] = state_of(!json["in_force"].is_null(), json["proposal"], last.contains(id));
    if (const auto policy = rooms.policies.find(policy_id)) {
      put_facts(json, *policy);
    } else if (json["proposal"].is_object()) {
      Json why;
      const auto proposal = TRY(newest_proposal(transaction, policy_id));
      if (const auto policy_proposed = TRY(proposed(*proposal, why))) put_facts(json, *policy_proposed);
    } else if (last.contains(id)) {
      if (const auto was = TRY(stored(transaction, policy_id, last.at(id)))) put_facts(json, *was);
    } else if (drafts.contains(id)) {
      put_facts(json, *drafts.at(id));
    }
    out.push_back(std::move(json));
  }
  return out;
}

DraftItem read_draft(const std::string& folder, const PolicyId& id, const FieldCatalogue& fields) {
  DraftItem out;
  auto ready = check_item(folder, id, fields);
  if (ready) {
    out.policy = std::move(ready.value().policy);
    out.checks = std::move(ready.value().checks);
    return out;
  }
  if (ready.error().code == "policy_unknown") return out;
  // The folder's place is nobody's business but the hub's.
  std::string wrong = ready.error().message;
  for (auto at = wrong.find(folder + "/"); at != std::string::npos; at = wrong.find(folder + "/"))
    wrong.erase(at, folder.size() + 1);
  const auto first = wrong.find('\n');
  out.wrong = first == std::string::npos ? wrong : wrong.substr(first + 1);
  matching::PolicyFindings findings;
  auto sources = matching::load_policies({folder + "/" + id.str() + ".yaml"}, fields, findings);
  if (sources && !sources.value().empty()) out.policy = std::move(sources.value().front().policy);
  return out;
}

Result<Json> item_view(Transaction& transaction, const PolicyDesk& desk, const Rooms& rooms, const PolicyId& id,
                       const DraftItem* draft) {
  Json view = {{"policy", id.str()},    {"title", id.str()},   {"status", nullptr},  {"version", nullptr},
               {"text", nullptr},       {"next", nullptr},     {"folder", nullptr},  {"versions", Json::array()},
               {"issuer", ""},          {"document", ""},      {"class", ""},        {"document_number", ""},
               {"valid_from", nullptr}, {"valid_to", nullptr}, {"funding", nullptr}, {"departments", Json::array()},
               {"data", Json::array()}, {"limited", false},    {"trouble", nullptr}, {"unreadable_proposal", nullptr}};
  std::optional<Policy> in_force, next, newest;
  for (const auto& version : TRY(matching::list_policies(transaction))) {
    if (version.id != id || (draft == nullptr && version.state != "in_force")) continue;
    const Json told = {{"version", version.version},
                       {"title", version.title},
                       {"state", version.state},
                       {"published_at", to_rfc3339(version.published_at)}};
    view["versions"].insert(view["versions"].begin(), told);
    auto read = TRY(stored(transaction, id, version.version));
    if (version.state == "in_force") {
      in_force = read;
      view["version"] = version.version;
    }
    view["title"] = version.title;
    if (read) newest = std::move(read);
  }
  const bool is_in_force = !view["version"].is_null();
  if (is_in_force) view["trouble"] = trouble_of(troubles(rooms.policies), id.str());
  Json proposal;  // The newest, whatever became of it.
  if (draft != nullptr) {
    auto status = desk.status(transaction, id);
    if (!status && status.error().code != "policy_unknown") return status.error();
    if (status) {
      proposal = status.value().at("proposal");
      if (proposal.is_object()) {
        const auto row = TRY(newest_proposal(transaction, id));
        Json why;
        const auto policy = TRY(proposed(*row, why));
        if (policy) put_sentences(proposal, *policy, rooms.code_names);
        if (under_way(proposal) && row->kind == "publish") {
          next = policy;
          view["unreadable_proposal"] = why;
          if (policy)
            view["next"] = {{"from", "proposal"},
                            {"version", policy->version},
                            {"text", matching::render(*policy, rooms.code_names)}};
        }
        if (!newest) newest = policy;
        if (view["title"] == id.str()) view["title"] = row->title;
      }
      view["status"] = std::move(status).value();
      view["status"]["proposal"] = proposal;
    }
    if (draft->policy || !draft->wrong.empty())
      view["folder"] = {{"version", draft->policy ? Json(draft->policy->version) : Json(nullptr)},
                        {"wrong", draft->wrong},
                        {"checks", draft->checks}};
    if (draft->policy && !under_way(proposal) && view["version"] != draft->policy->version) {
      next = draft->policy;
      view["next"] = {
          {"from", "folder"}, {"version", next->version}, {"text", matching::render(*next, rooms.code_names)}};
    }
  }
  if (in_force) {
    view["text"] = matching::render(*in_force, rooms.code_names);
  }
  view["state"] = state_of(is_in_force, proposal, !view["versions"].empty());
  const auto& shown = in_force ? in_force : next ? next : newest;
  if (shown) {
    const Json stored_title = view["title"];
    put_facts(view, *shown);
    if (is_in_force && !in_force) view["title"] = stored_title;
    view["data"] = needed_data(next ? *next : *shown, rooms.rules.catalogue);
    if (!is_in_force && !next) view["text"] = matching::render(*shown, rooms.code_names);
  } else if (!is_in_force && proposal.is_null() && (draft == nullptr || draft->wrong.empty())) {
    return refuse("policy_unknown", "There is no item " + id.str() + ".");
  }
  view["seen"] = seen_of(view);
  return view;
}

}  // namespace zhida::flow
