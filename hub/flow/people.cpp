#include "flow/people.h"

#include <algorithm>
#include <utility>

#include "platform/config/yaml.h"

namespace zhida::flow {

const std::vector<std::pair<std::string, std::string>>& known_roles() {
  static const std::vector<std::pair<std::string, std::string>> roles = {
      {"integration_admin", "Looks after adapters, mappings and the quarantine; decides no case."},
      {"operator", "Sees how the hub runs, pulls sources, replays kept records."},
      {"policy_officer", "Looks after policy items: proposes them, and confirms their conditions for a department."},
      {"policy_approver", "The second person: approves what was proposed for force."},
      {"data_officer",
       "For the data department: confirms which data decide an item, and from which sources they come."},
      {"portal", "Acts for firms: confirmation, account, objection."},
      {"reviewer_maker", "First look of a department at a case (经办)."},
      {"reviewer_checker", "Second look of a department at a case (复核); settles objections."},
      {"finance_releaser", "The final yes before money is asked for; corrects what the treasury sent back."},
      {"treasury_officer", "Reconciles, and decides contradictions."},
      {"auditor", "Reads everything and changes nothing."},
  };
  return roles;
}

bool division_within(std::string_view division, std::string_view outer) {
  if (division.size() != 6 || outer.size() != 6) return division == outer;
  if (outer.ends_with("0000")) return division.substr(0, 2) == outer.substr(0, 2);
  if (outer.ends_with("00")) return division.substr(0, 4) == outer.substr(0, 4);
  return division == outer;
}

bool Person::sees(std::string_view division) const {
  return std::any_of(divisions.begin(), divisions.end(),
                     [&](const std::string& own) { return division_within(division, own); });
}

PeopleBook::PeopleBook(std::vector<Person> people) : people_(std::move(people)) {
  for (std::size_t i = 0; i < people_.size(); ++i) {
    by_id_[people_[i].id] = i;
    for (const auto& fingerprint : people_[i].certificate_fingerprints) by_certificate_[fingerprint] = i;
  }
}

const Person* PeopleBook::by_certificate(const std::string& fingerprint) const {
  const auto it = by_certificate_.find(fingerprint);
  return fingerprint.empty() || it == by_certificate_.end() ? nullptr : &people_[it->second];
}

const Person* PeopleBook::by_id(const std::string& id) const {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? nullptr : &people_[it->second];
}

Result<PeopleBook> PeopleBook::load(const std::string& path) {
  const auto file = TRY(config::read_yaml(path));
  CHECK_OK(file.only_keys({"people"}));
  std::vector<Person> people;
  std::set<std::string> ids, fingerprints;
  for (const auto& node : TRY(file.require("people")).items()) {
    CHECK_OK(node.only_keys({"id", "name", "fingerprints", "password_hash", "roles", "departments", "divisions"}));
    Person person;
    person.id = TRY(node.string("id"));
    person.name = TRY(node.string_or("name", person.id));
    person.password_hash = TRY(node.string_or("password_hash", ""));
    for (auto& fingerprint : TRY(node.strings_or_empty("fingerprints"))) {
      if (!fingerprints.insert(fingerprint).second)
        return node.error("people_malformed",
                          "The certificate " + fingerprint.substr(0, 12) + "… stands for two people.");
      person.certificate_fingerprints.insert(std::move(fingerprint));
    }
    for (auto& role : TRY(node.strings_or_empty("roles"))) {
      const auto& known = known_roles();
      if (std::none_of(known.begin(), known.end(), [&](const auto& entry) { return entry.first == role; }))
        return node.error("people_malformed", "There is no role \"" + role + "\".");
      person.roles.insert(std::move(role));
    }
    for (auto& department : TRY(node.strings_or_empty("departments"))) person.departments.insert(std::move(department));
    person.divisions = TRY(node.strings_or_empty("divisions"));
    if (!ids.insert(person.id).second)
      return node.error("people_malformed", "The id \"" + person.id + "\" stands twice.");
    // The trail must be able to tell who lent which hand: one person, one hand.
    const int hands = static_cast<int>(person.has_role("reviewer_maker")) +
                      static_cast<int>(person.has_role("reviewer_checker")) +
                      static_cast<int>(person.has_role("finance_releaser"));
    // Who acts for firms names the account that money goes to, also after the final yes.
    if (hands > 1 || (hands == 1 && (person.has_role("integration_admin") || person.has_role("portal"))))
      return node.error(
          "people_malformed",
          "\"" + person.id + "\" has roles that one person must not unite (经办, 复核, 放行, 管理, 企业).");
    people.push_back(std::move(person));
  }
  return PeopleBook(std::move(people));
}

}  // namespace zhida::flow
