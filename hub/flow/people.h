#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace zhida::flow {

/// Somebody who may act at the desk: by a client certificate, or by a local account of the pages.
struct Person {
  std::string id;    ///< `zhang.maker`
  std::string name;  ///< For people: 张经办
  std::set<std::string> certificate_fingerprints;
  std::string password_hash;  ///< Of the local account; empty: certificate only. As crypto::hash_password writes it.
  std::set<std::string> roles;
  std::set<std::string> departments;  ///< `*`: all.
  std::vector<std::string> divisions;

  bool has_role(const std::string& role) const { return roles.contains(role); }
  bool of_department(const std::string& department) const {
    return departments.contains("*") || departments.contains(department);
  }
  /// A city (`330500`) covers its districts and counties, a province (`330000`) its cities.
  bool sees(std::string_view division) const;
  /// How the trail names the person.
  std::string actor() const { return "user:" + id; }
};

/// True when the division lies in the other one, or is it.
bool division_within(std::string_view division, std::string_view outer);

/// The roles there are, each with one sentence; docs/reference/roles.md is made from this.
const std::vector<std::pair<std::string, std::string>>& known_roles();

/// people.yaml. Immutable; any thread.
class PeopleBook {
 public:
  /// The file:
  ///
  ///     people:
  ///       - id: zhang.maker
  ///         name: 张经办
  ///         fingerprints: [5e88…]
  ///         password_hash: "scrypt$…"
  ///         roles: [reviewer_maker]
  ///         departments: [科技局]
  ///         divisions: ["330500"]
  ///
  /// Errors `people_malformed` with file, line and column.
  static Result<PeopleBook> load(const std::string& path);
  PeopleBook() = default;
  explicit PeopleBook(std::vector<Person> people);

  const Person* by_certificate(const std::string& fingerprint) const;
  const Person* by_id(const std::string& id) const;
  const std::vector<Person>& all() const { return people_; }

 private:
  std::vector<Person> people_;
  std::map<std::string, std::size_t> by_certificate_, by_id_;
};

}  // namespace zhida::flow
