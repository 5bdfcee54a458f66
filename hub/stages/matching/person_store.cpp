#include "stages/matching/person_store.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "stages/matching/list_file.h"

namespace zhida::matching {
namespace {

/// Only known values are kept: what a list does not say of a person is unknown.
Result<std::string> fields_to_text(const PersonRow& person) {
  Json out = Json::object();
  for (const auto& [name, state] : person.fields)
    if (state.value) out[name] = zhida::to_text(state.value->data);
  return canonical_json(out);
}

}  // namespace

Result<bool> keep_person(storage::Transaction& transaction, const KeptPerson& row) {
  const auto fields = TRY(fields_to_text(row.person));
  const auto known = TRY(transaction.query(
      "SELECT fields, as_of, source, keep_until FROM person_row WHERE uscc = ? AND list = ? AND digest = ?",
      {row.uscc, row.list, row.person.digest}, "tttt"));
  if (!known.empty() && known.front().text(0) == fields && known.front().text(1) == row.as_of.to_string() &&
      known.front().text(2) == row.source && known.front().text(3) == row.keep_until.to_string())
    return false;
  CHECK_OK(transaction.execute(
      "INSERT INTO person_row (uscc, list, digest, fields, as_of, source, keep_until) VALUES (?, ?, ?, ?, ?, ?, ?) ON "
      "CONFLICT (uscc, list, digest) DO UPDATE SET fields = excluded.fields, as_of = excluded.as_of, source = "
      "excluded.source, keep_until = excluded.keep_until",
      {row.uscc, row.list, row.person.digest, fields, row.as_of.to_string(), row.source, row.keep_until.to_string()}));
  return true;
}

Result<std::int64_t> drop_persons(storage::Transaction& transaction, const std::string& uscc, const std::string& list,
                                  const std::vector<std::string>& digests) {
  std::int64_t dropped = 0;
  for (const auto& row :
       TRY(transaction.query("SELECT digest FROM person_row WHERE uscc = ? AND list = ?", {uscc, list}, "t"))) {
    if (std::ranges::find(digests, row.text(0)) != digests.end()) continue;
    dropped += TRY(transaction.execute("DELETE FROM person_row WHERE uscc = ? AND list = ? AND digest = ?",
                                       {uscc, list, row.text(0)}));
  }
  return dropped;
}

Result<std::vector<PersonRow>> load_persons(storage::Transaction& transaction, const std::string& uscc,
                                            const Policy& policy) {
  const auto fields = person_fields(policy);
  std::vector<PersonRow> out;
  const auto rows = TRY(transaction.query(
      "SELECT digest, fields, as_of, source FROM person_row WHERE uscc = ? AND list = ? ORDER BY digest",
      {uscc, policy.id.str()}, "tttt"));
  for (const auto& row : rows) {
    PersonRow person;
    person.digest = row.text(0);
    const auto said = TRY(parse_json(row.text(1)));
    for (const auto& [name, field] : fields) {
      const auto cell = said.find(name);
      if (cell == said.end()) continue;  // Unknown of the person, or a field of the firm's own.
      ProfileValue value;
      value.data = TRY(parse_field_data(field.type, cell->get_ref<const std::string&>()));
      value.source = row.text(3);
      value.as_of = TRY(Date::parse(row.text(2)));
      FieldState state;
      state.value = std::move(value);
      person.fields.insert_or_assign(name, std::move(state));
    }
    out.push_back(std::move(person));
  }
  return out;
}

Result<std::vector<std::string>> firms_sharing_persons(storage::Transaction& transaction,
                                                       const std::string& reference) {
  std::vector<std::string> out;
  const auto rows = TRY(transaction.query(
      "SELECT DISTINCT p.uscc FROM person_row p JOIN received_benefit r ON r.subject = p.digest WHERE r.reference = ? "
      "AND r.is_person = 1 ORDER BY p.uscc",
      {reference}, "t"));
  for (const auto& row : rows) out.push_back(row.text(0));
  return out;
}

}  // namespace zhida::matching
